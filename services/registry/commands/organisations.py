"""What can be done with organisations: load what the rule needs, ask it, store."""

from collections.abc import Callable, Collection
from contextlib import suppress

from services.registry.commands.aliases import Aliases
from services.registry.commands.meeting_places import MeetingPlaces
from services.registry.commands.roles import Roles
from services.registry.domain import branch
from services.registry.domain import organisation as rules
from services.registry.domain.membership import Act
from services.registry.domain.organisation import Organisation
from services.registry.domain.organisation_profile import Profile
from services.registry.kinds import MEETING_PLACE, ORGANISATION, PERSON
from shared.causes import following
from shared.contracts.problems import (
    FieldError,
    Invalid,
    NotYetKnown,
    Refused,
    Text,
    Unavailable,
)
from shared.contracts.registry import RoleGrant, Scope
from shared.database import Document, Taken
from shared.deadline import renew_deadline
from shared.kind import By, Change, Rule, Stored, derived_id, new_id
from shared.store import Store

MOST_KNOWN = 10_000
_PARENT_NOT_NATIONAL = Text(
    "En lokalförening kan bara höra till en riksorganisation.",
    "A branch can only belong to a national organisation.",
)


class Organisations:
    """Use cases of the organisation aggregate."""

    def __init__(self, store: Store, roles: Roles, meeting_places: MeetingPlaces) -> None:
        self._store = store
        self._roles = roles
        self._meeting_places = meeting_places
        self._aliases = Aliases(store)

    async def load(self, id: str) -> Stored[Organisation]:
        """One organisation; NotFound when there is none."""
        return await self._store.load(ORGANISATION, id)

    async def apply(self, profile: Profile, by: By) -> Stored[Organisation]:
        """Someone applies; NotYetKnown for an unknown parent, Refused for a number in use.

        Refused also while too many applications of the same person wait for an answer.
        """
        profile = await self._with_parent_as_now(profile)
        await self._insist_on_national_parent(profile, by)
        assert by.actor is not None
        id = new_id(by)
        await self._insist_on_few_undecided(by.actor, id)
        organisation, events = rules.apply(profile, self._act(by))
        return await self._create(id, Change(organisation, events), by)

    async def change_by_import(
        self, id: str, rule: Rule[Organisation], by: By
    ) -> Stored[Organisation]:
        """An import's row changes one; what it hosts follows."""

        def decision(one: Organisation) -> rules.Decision:
            change = rule(one)
            return change.state, change.events

        return await self._with_its_places(id, decision, by)

    async def is_needed(self, id: str) -> bool:
        """Whether it hosts a meeting place, has branches, or people with a role or wish there."""
        hosted: Document = {"keys.hosts": id, "keys.status": {"$ne": "closed"}}
        branches: Document = {"keys.parent": id, "keys.status": {"$nin": list(rules.ENDED)}}
        scopes = [f"{word}:{id}" for word in ("coordinator", "volunteer", "asked")]
        return bool(
            await self._store.find(MEETING_PLACE, hosted, limit=1)
            or await self._store.find(ORGANISATION, branches, limit=1)
            or await self._store.find(PERSON, {"keys.scopes": {"$in": scopes}}, limit=1)
        )

    async def known_among(
        self, numbers: Collection[str], names: Collection[str], external: Collection[str]
    ) -> list[Stored[Organisation]]:
        """The members that have one of these numbers, names (sort keys) or external keys."""
        query: Document = {
            "keys.status": {"$nin": list(rules.ENDED)},
            "$or": [
                {"keys.number": {"$in": list(numbers)}},
                {"keys.name": {"$in": list(names)}},
                {"keys.external": {"$in": list(external)}},
            ],
        }
        return await self._store.find(ORGANISATION, query, limit=MOST_KNOWN)

    async def change(self, id: str, profile: Profile, by: By) -> Stored[Organisation]:
        """The organisation describes itself anew."""
        return await self._change(id, lambda one: rules.change(one, profile), by)

    async def review(self, id: str, by: By) -> Stored[Organisation]:
        """Begin to look at an application."""
        return await self._change(id, lambda one: rules.review(one, self._act(by)), by)

    async def request_information(self, id: str, words: str, by: By) -> Stored[Organisation]:
        """Ask the applicant for what is missing."""
        act = self._act(by, words)
        return await self._change(id, lambda one: rules.request_information(one, act), by)

    async def answer(self, id: str, words: str, by: By) -> Stored[Organisation]:
        """Whoever applied answers what was asked."""
        act = self._act(by, words)
        return await self._change(id, lambda one: rules.answer(one, act), by)

    async def approve(self, id: str, by: By, alone: bool = False) -> Stored[Organisation]:
        """Welcome it, a branch as an independent one if `alone`; AlreadyDecided if a colleague has.

        Its applicant becomes its coordinator before this returns.
        """
        act = self._act(by)
        parent = None if alone else await self.parent_of(await self.load(id))

        def rule(one: Organisation) -> rules.Decision:
            return branch.approve_alone(one, act) if alone else rules.approve(one, parent, act)

        stored = await self._change(id, rule, by)
        await self.reconcile(id, by)
        return stored

    async def decline(self, id: str, words: str, by: By) -> Stored[Organisation]:
        """Say no, with the reason; AlreadyDecided when a colleague has answered."""
        act = self._act(by, words)
        return await self._change(id, lambda one: rules.decline(one, act), by)

    async def pause(self, id: str, words: str | None, by: By) -> Stored[Organisation]:
        """Pause the membership; what it hosts is paused before this returns."""
        act = self._act(by, words)
        return await self._with_its_places(id, lambda one: rules.pause(one, act), by)

    async def resume(self, id: str, words: str | None, by: By) -> Stored[Organisation]:
        """Resume the membership."""
        act = self._act(by, words)
        return await self._with_its_places(id, lambda one: rules.resume(one, act), by)

    async def leave(self, id: str, words: str | None, by: By) -> Stored[Organisation]:
        """Leave the network; what it hosts is closed before this returns."""
        act = self._act(by, words)
        return await self._with_its_places(id, lambda one: rules.leave(one, act), by)

    async def exclude(self, id: str, words: str | None, by: By) -> Stored[Organisation]:
        """End the membership."""
        act = self._act(by, words)
        return await self._with_its_places(id, lambda one: rules.exclude(one, act), by)

    async def move(self, id: str, parent: str | None, by: By) -> Stored[Organisation]:
        """Put a branch under another national organisation, or let it stand alone.

        Invalid for a parent that is itself or no national organisation: no circle can arise.
        """
        above = await self._above(id, parent) if parent else None
        return await self._with_its_places(id, lambda one: branch.move(one, parent, above), by)

    async def inherit(self, id: str, above: Organisation | None, by: By) -> Stored[Organisation]:
        """A branch has what its national organisation, as it is now, hands down."""
        return await self._change(id, lambda one: branch.inherit(one, above), by)

    async def reconcile(self, id: str, by: By) -> None:
        """See that what an organisation's state calls for is so: its applicant coordinates it.

        Done once: the grant's id follows from the organisation, and the person remembers it, so that
        a role that was revoked since does not come back.
        """
        organisation = (await self.load(id)).state
        if organisation.status == "approved" and organisation.applicant is not None:
            await self.grant_founder(id, organisation.applicant, by)

    async def grant_founder(self, id: str, applicant: str, by: By) -> None:
        """Whoever applied coordinates the organisation, or what it is now."""
        grant = RoleGrant(
            id=derived_id(id, "founder"),
            role="coordinator",
            scope=Scope(kind="organisation", ids=(id,)),
            from_=self._store.clock.now(),
            granted_by=by.actor,
        )
        await self._roles.grant_once(applicant, grant, following(by))

    async def parent_of(self, stored: Stored[Organisation]) -> Organisation | None:
        """The national organisation of a branch; None for all others."""
        parent = stored.state.parent
        return (await self.load(parent)).state if parent else None

    async def _above(self, id: str, parent: str) -> Organisation:
        found = await self._store.find(ORGANISATION, {"_id": parent}, limit=1)
        if not found:
            raise NotYetKnown(extra={"field": "parent"})
        if parent == id or found[0].state.kind != "national":
            fault = FieldError("parent", "parent-not-national", _PARENT_NOT_NATIONAL)
            raise Invalid(fields=(fault,))
        return found[0].state

    def _act(self, by: By, words: str | None = None) -> Act:
        return Act(by.actor, self._store.clock.now(), words)

    async def _with_its_places(
        self, id: str, rule: Callable[[Organisation], rules.Decision], by: By
    ) -> Stored[Organisation]:
        stored = await self._change(id, rule, by)
        # A national organisation's places can be more than one request has time for: the
        # organisation's own event does the rest.
        with suppress(Unavailable):
            renew_deadline()
            await self._meeting_places.reconcile_organisation(id, following(by))
        return stored

    async def timeline(self, id: str) -> list[Document]:
        """What has been done with it, by whom and when; and with what was merged into it.

        The lines of those say so in `merged_from`.
        """
        rows = await self._store.timeline(ORGANISATION, id)
        for loser in await self._aliases.losers(ORGANISATION, id):
            theirs = await self._store.timeline(ORGANISATION, loser)
            rows += [{**row, "merged_from": loser} for row in theirs]
        return sorted(rows, key=lambda row: (row["time"], row["version"]))

    async def _create(self, id: str, change: Change[Organisation], by: By) -> Stored[Organisation]:
        try:
            return await self._store.create(ORGANISATION, id, change, by)
        except Taken as taken:
            if taken.field == "_id":
                raise
            raise number_in_use() from taken

    async def _change(
        self, id: str, rule: Callable[[Organisation], rules.Decision], by: By
    ) -> Stored[Organisation]:
        try:
            return await self._store.change(ORGANISATION, id, lambda one: Change(*rule(one)), by)
        except Taken as taken:
            raise number_in_use() from taken

    async def _insist_on_few_undecided(self, applicant: str, id: str) -> None:
        """A repeated request for one that is there already is not one more."""
        query: Document = {"keys.applicant": applicant, "keys.status": {"$in": rules.UNDECIDED}}
        found = await self._store.find(ORGANISATION, query, limit=rules.MOST_UNDECIDED)
        if len(found) < rules.MOST_UNDECIDED:
            return
        if not await self._store.find(ORGANISATION, {"_id": id}, limit=1):
            raise Refused(
                "too-many-applications",
                sv=f"Du har redan {rules.MOST_UNDECIDED} ansökningar som väntar på svar. "
                "Vänta tills någon av dem har fått sitt.",
                en=f"You have {rules.MOST_UNDECIDED} applications waiting for an answer already. "
                "Wait until one of them has got its own.",
            )

    async def _with_parent_as_now(self, profile: Profile) -> Profile:
        if profile.parent is None:
            return profile
        return profile.model_copy(
            update={"parent": await self._aliases.organisation(profile.parent)}
        )

    async def _insist_on_national_parent(self, profile: Profile, by: By) -> None:
        if profile.parent is None:
            return
        found = await self._store.find(ORGANISATION, {"_id": profile.parent}, limit=1)
        if not found or not _may_be_named(found[0].state, by):
            raise NotYetKnown(extra={"field": "parent"})
        if found[0].state.kind != "national":
            raise Refused("parent-not-national", _PARENT_NOT_NATIONAL)


def _may_be_named(parent: Organisation, by: By) -> bool:
    """A branch names a member; or what the same person has applied for beside it."""
    waits = parent.status in rules.UNDECIDED and parent.applicant == by.actor
    return parent.status in rules.MEMBER or waits


def number_in_use() -> Refused:
    """Another one that has not ended has the organisation number."""
    return Refused(
        "number-in-use",
        sv="Organisationsnumret finns redan i nätverket. Sök efter organisationen, eller fråga "
        "nätverkets administratör.",
        en="The organisation number is in the network already. Look for the organisation, or ask "
        "the network administrator.",
    )
