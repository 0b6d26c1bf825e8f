"""Merging two accounts of one human: one state, and everything else follows by reconcile."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from services.registry.commands.aliases import Aliases
from services.registry.commands.people import People
from services.registry.domain import person_merging as rules
from services.registry.domain.merging import who_yields, winner_of, yielded
from services.registry.domain.organisation_merging import follow_applicant
from services.registry.domain.person import Decision, Person
from services.registry.kinds import ORGANISATION, PERSON
from shared import failpoints
from shared.causes import following
from shared.contracts.problems import NotFound, NotYetKnown, Refused, Unavailable
from shared.deadline import renew_deadline
from shared.kind import By, Change, Stored
from shared.store import Store

PAGE = 200


class PersonMerging:
    """The use cases of merging people's accounts."""

    def __init__(self, store: Store, people: People) -> None:
        self._store = store
        self._people = people
        self._aliases = Aliases(store)

    async def merge(self, id: str, into: str, by: By) -> Stored[Person]:
        """Merge account `id` into `into`; the account it is now, with the roles of both.

        Refused where one of them is merged already, or when another merger of the same moment went
        the other way and was first. NotYetKnown when there is no account `into`.
        """
        winner, now = await self._candidate(into), self._store.clock.now()
        await self._change(id, lambda one: rules.merge(id, one, into, winner, now), by)
        failpoints.reach(failpoints.BETWEEN_CHECKS)
        # What the database has no time for now, its own event does.
        with suppress(Unavailable):
            renew_deadline()
            await self.reconcile(id, following(by))
        if (await self._store.load(PERSON, id)).state.merged is None:
            raise yielded()
        return await self.now(id)

    async def now(self, id: str) -> Stored[Person]:
        """The account that it is now; NotFound when that is erased."""
        return await self._people.load(await self._aliases.person(id))

    async def preview(self, id: str, into: str) -> dict[str, Any]:
        """What would be united, why it is refused if it is, and what the two have in common."""
        loser, winner = (await self._people.load(id)).state, await self._candidate(into)
        refusal: Refused | None = None
        try:
            rules.merge(id, loser, into, winner, self._store.clock.now())
        except Refused as refused:
            refusal = refused
        moves = {"roles": len(loser.roles), "asks_to_join": len(loser.asks)}
        return {"moves": moves, "in_common": rules.in_common(loser, winner), "refusal": refusal}

    async def reconcile(self, id: str, by: By) -> None:
        """See that a merged account's belongings are the winner's, and that an erased human is gone.

        A living account's roles go on where their organisations are now.
        """
        person = (await self._store.load(PERSON, id)).state
        if person.status == "erased":
            await self._people.erase_losers(id, by)
        elif person.merged is not None:
            await self._hand_over(id, by)
        elif named := rules.named(person):
            now = await self._aliases.organisations(named)
            if any(one != into for one, into in now.items()):
                await self._change(id, lambda one: rules.follow_organisations(one, now), by)

    async def _hand_over(self, id: str, by: By) -> None:
        while (winner := await self._winner(id, by)) is not None:
            loser = (await self._store.load(PERSON, id)).state
            if loser.status == "erased":
                return
            after = await self._absorbed(winner, id, loser, by)
            if after.status == "erased":
                await self._people.erase_losers(winner, by)
                return
            if rules.is_handed_over(loser) or id in after.absorbed:
                await self._change(id, rules.hand_over, by)
                await self._move_applications(id, winner, by)
                return

    async def _absorbed(self, winner: str, id: str, loser: Person, by: By) -> Person:
        """The winner with what was the loser's, unless it is itself no more."""
        if rules.is_handed_over(loser):
            return (await self._store.load(PERSON, winner)).state
        return (await self._change(winner, lambda one: rules.absorb(one, id, loser), by)).state

    async def _winner(self, id: str, by: By) -> str | None:
        """Who it is now; None when its merger had to yield to another one."""
        mergers = dict(await self._aliases.mergers(PERSON, id))
        yielding = who_yields(id, mergers)
        if yielding is not None:
            merger = mergers.pop(yielding)
            await self._change(yielding, lambda one: rules.undo(one, merger), by)
        return winner_of(id, mergers) if id in mergers else None

    async def _move_applications(self, id: str, winner: str, by: By) -> None:
        while found := await self._store.find(ORGANISATION, {"keys.applicant": id}, limit=PAGE):
            for one in found:
                await self._store.change(
                    ORGANISATION, one.id, lambda now: Change(*follow_applicant(now, winner)), by
                )

    async def _candidate(self, into: str) -> Person:
        try:
            return (await self._people.load(into)).state
        except NotFound as error:
            raise NotYetKnown(extra={"field": "into"}) from error

    async def _change(self, id: str, rule: Callable[[Person], Decision], by: By) -> Stored[Person]:
        return await self._store.change(PERSON, id, lambda one: Change(*rule(one)), by)
