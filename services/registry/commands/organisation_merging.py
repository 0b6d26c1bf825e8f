"""Merging two entries for one organisation: one state, and everything else follows by reconcile."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from services.registry.commands.aliases import Aliases
from services.registry.commands.meeting_places import MeetingPlaces
from services.registry.commands.organisations import Organisations, number_in_use
from services.registry.domain import organisation_merging as rules
from services.registry.domain.merging import who_yields, winner_of, yielded
from services.registry.domain.organisation import UNDECIDED, Decision, Organisation
from services.registry.domain.person_merging import follow_organisations
from services.registry.kinds import MEETING_PLACE, ORGANISATION, PERSON
from shared import failpoints
from shared.causes import following
from shared.contracts.problems import NotFound, NotYetKnown, Refused, Unavailable
from shared.database import Document, Taken
from shared.deadline import renew_deadline
from shared.due import in_parallel
from shared.kind import By, Change, Stored
from shared.store import Store

PAGE = 200
COUNTED = 10_000
NAMING = (
    "coordinator", "volunteer", "left:coordinator", "first:coordinator", "asked", "joined", "extract",
)  # fmt: skip
"""How an organisation stands in the keys of people (see kinds.people)."""


class OrganisationMerging:
    """The use cases of merging organisations."""

    def __init__(
        self, store: Store, organisations: Organisations, meeting_places: MeetingPlaces
    ) -> None:
        self._store = store
        self._organisations = organisations
        self._meeting_places = meeting_places
        self._aliases = Aliases(store)

    async def candidate(self, into: str) -> Stored[Organisation]:
        """The one that is to remain; NotYetKnown when there is none."""
        try:
            return await self._store.load(ORGANISATION, into)
        except NotFound as error:
            raise NotYetKnown(extra={"field": "into"}) from error

    async def merge(self, id: str, into: str, by: By) -> Stored[Organisation]:
        """Merge `id` into `into`; the organisation it is now, most of whose new belongings are there.

        Refused where the two do not fit, or when another merger of the same moment went the other
        way and was first.
        """
        winner, now = (await self.candidate(into)).state, self._store.clock.now()
        await self._change(id, lambda one: rules.merge(id, one, into, winner, now), by)
        failpoints.reach(failpoints.BETWEEN_CHECKS)
        # Thousands of people are more than one request has time for: its own event does the rest.
        with suppress(Unavailable):
            renew_deadline()
            await self.reconcile(id, following(by))
        if (await self._store.load(ORGANISATION, id)).state.merged is None:
            raise yielded()
        return await self.now(id)

    async def now(self, id: str) -> Stored[Organisation]:
        """The organisation that it is now."""
        return await self._store.load(ORGANISATION, await self._aliases.organisation(id))

    async def preview(self, id: str, into: str) -> dict[str, Any]:
        """What would move, in numbers, and why it is refused if it is."""
        loser, winner = await self._store.load(ORGANISATION, id), await self.candidate(into)
        refusal: Refused | None = None
        try:
            rules.merge(id, loser.state, into, winner.state, self._store.clock.now())
        except Refused as refused:
            refusal = refused
        return {"moves": await self._moves(id), "refusal": refusal}

    async def reconcile(self, id: str, by: By) -> None:
        """See that a merged organisation's belongings are the winner's, and whose this one's are."""
        stored = await self._store.load(ORGANISATION, id)
        await self._follow(stored, by)
        mergers = dict(await self._aliases.mergers(ORGANISATION, id))
        yielding = who_yields(id, mergers)
        if yielding is not None:
            merger = mergers.pop(yielding)
            await self._change(yielding, lambda one: rules.undo(one, merger), by)
        if id in mergers:
            await self._hand_over(stored, winner_of(id, mergers), by)

    async def _hand_over(self, stored: Stored[Organisation], winner: str, by: By) -> None:
        id, applicant = stored.id, stored.state.applicant
        if rules.was_member(stored.state) and applicant is not None:
            await self._organisations.grant_founder(id, applicant, by)
        await self._move_people(id, winner, by)
        await self._meeting_places.follow_host(id, by)
        branches: Document = {"keys.parent": id}
        while found := await self._store.find(ORGANISATION, branches, limit=PAGE):
            for one in found:
                await self._change(one.id, lambda now: rules.follow_parent(now, winner), by)

    async def _move_people(self, id: str, winner: str, by: By) -> None:
        query = {"keys.scopes": {"$in": [f"{what}:{id}" for what in NAMING]}}
        while found := await self._store.find(PERSON, query, limit=PAGE):
            await in_parallel(
                [partial(self._move_person, one.id, {id: winner}, by) for one in found]
            )

    async def _move_person(self, person: str, now: dict[str, str], by: By) -> None:
        await self._store.change(
            PERSON, person, lambda one: Change(*follow_organisations(one, now)), by
        )

    async def _follow(self, stored: Stored[Organisation], by: By) -> None:
        """What this organisation names itself may have been merged at the same moment."""
        parent, applicant = stored.state.parent, stored.state.applicant
        if parent is not None and (now := await self._aliases.organisation(parent)) != parent:
            await self._change(stored.id, lambda one: rules.follow_parent(one, now), by)
        if applicant is not None and (who := await self._aliases.person(applicant)) != applicant:
            await self._change(stored.id, lambda one: rules.follow_applicant(one, who), by)

    async def _moves(self, id: str) -> dict[str, int]:
        async def people(*naming: str) -> int:
            query = {"keys.scopes": {"$in": [f"{what}:{id}" for what in naming]}}
            return await self._store.of(PERSON).count(query, COUNTED)

        branches = self._store.of(ORGANISATION)
        undecided = {"keys.parent": id, "keys.status": {"$in": list(UNDECIDED)}}
        return {
            "people_with_roles": await people("coordinator", "volunteer"),
            "asks_to_join": await people("asked"),
            "meeting_places": await self._store.of(MEETING_PLACE).count(
                {"keys.hosts": id}, COUNTED
            ),
            "branches": await branches.count({"keys.parent": id}, COUNTED),
            "open_applications": await branches.count(undecided, COUNTED),
        }

    async def _change(self, id: str, rule: Callable[[Organisation], Decision], by: By) -> None:
        try:
            await self._store.change(ORGANISATION, id, lambda one: Change(*rule(one)), by)
        except Taken as taken:
            raise number_in_use() from taken
