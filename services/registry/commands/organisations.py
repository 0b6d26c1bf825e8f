"""What can be done with organisations: load what the rule needs, ask it, store."""

from collections.abc import Callable, Collection
from contextlib import suppress

from services.registry.commands.meeting_places import MeetingPlaces
from services.registry.commands.roles import Roles
from services.registry.domain import organisation as rules
from services.registry.domain.organisation import Organisation, Profile
from services.registry.kinds import ORGANISATION
from shared.causes import following
from shared.contracts.problems import NotYetKnown, Refused, Unavailable
from shared.contracts.registry import RoleGrant, Scope
from shared.database import Document, Taken
from shared.deadline import renew_deadline
from shared.kind import By, Change, Stored, derived_id, new_id
from shared.store import Store

MOST_KNOWN = 10_000


class Organisations:
    """Use cases of the organisation aggregate."""

    def __init__(self, store: Store, roles: Roles, meeting_places: MeetingPlaces) -> None:
        self._store = store
        self._roles = roles
        self._meeting_places = meeting_places

    async def load(self, id: str) -> Stored[Organisation]:
        """One organisation; NotFound when there is none."""
        return await self._store.load(ORGANISATION, id)

    async def apply(self, profile: Profile, by: By) -> Stored[Organisation]:
        """Someone applies; NotYetKnown for an unknown parent, Refused for a number in use.

        Refused also while too many applications of the same person wait for an answer.
        """
        await self._insist_on_national_parent(profile)
        assert by.actor is not None
        id = new_id(by)
        await self._insist_on_few_undecided(by.actor, id)
        organisation, events = rules.apply(profile, by.actor)
        return await self._create(id, Change(organisation, events), by)

    async def enter(
        self, id: str, profile: Profile, import_id: str, by: By
    ) -> Stored[Organisation]:
        """An import's row becomes a member; the derived id makes a second try the same member."""
        organisation, events = rules.enter(profile, import_id)
        try:
            return await self._create(id, Change(organisation, events), by)
        except (Taken, Refused):
            if found := await self._store.find(ORGANISATION, {"_id": id}, limit=1):
                return found[0]
            raise

    async def known_among(
        self, numbers: Collection[str], names: Collection[str]
    ) -> list[Stored[Organisation]]:
        """The members that have one of these numbers or (as sort keys) names."""
        query: Document = {
            "keys.status": {"$nin": list(rules.ENDED)},
            "$or": [
                {"keys.number": {"$in": list(numbers)}},
                {"keys.name": {"$in": list(names)}},
            ],
        }
        return await self._store.find(ORGANISATION, query, limit=MOST_KNOWN)

    async def change(self, id: str, profile: Profile, by: By) -> Stored[Organisation]:
        """The organisation describes itself anew."""
        return await self._change(id, lambda one: rules.change(one, profile), by)

    async def review(self, id: str, by: By) -> Stored[Organisation]:
        """Begin to look at an application."""
        return await self._change(id, rules.review, by)

    async def request_information(self, id: str, words: str, by: By) -> Stored[Organisation]:
        """Ask the applicant for what is missing."""
        return await self._change(id, lambda one: rules.request_information(one, words), by)

    async def approve(self, id: str, by: By) -> Stored[Organisation]:
        """Welcome it; its applicant becomes its coordinator before this returns."""
        parent_id = (await self.load(id)).state.parent
        parent = (await self.load(parent_id)).state if parent_id else None
        stored = await self._change(id, lambda one: rules.approve(one, parent), by)
        await self.reconcile(id, by)
        return stored

    async def decline(self, id: str, words: str, by: By) -> Stored[Organisation]:
        """Say no, with the reason."""
        return await self._change(id, lambda one: rules.decline(one, words), by)

    async def pause(self, id: str, by: By) -> Stored[Organisation]:
        """Pause the membership; what it hosts is paused before this returns."""
        return await self._with_its_places(id, rules.pause, by)

    async def resume(self, id: str, by: By) -> Stored[Organisation]:
        """Resume the membership."""
        return await self._with_its_places(id, rules.resume, by)

    async def leave(self, id: str, by: By) -> Stored[Organisation]:
        """Leave the network; what it hosts is closed before this returns."""
        return await self._with_its_places(id, rules.leave, by)

    async def exclude(self, id: str, by: By) -> Stored[Organisation]:
        """End the membership."""
        return await self._with_its_places(id, rules.exclude, by)

    async def reconcile(self, id: str, by: By) -> None:
        """See that what an organisation's state calls for is so: its applicant coordinates it.

        Done once: the grant's id follows from the organisation, and the person remembers it, so that
        a role that was revoked since does not come back.
        """
        organisation = (await self.load(id)).state
        if organisation.status != "approved" or organisation.applicant is None:
            return
        grant = RoleGrant(
            id=derived_id(id, "founder"),
            role="coordinator",
            scope=Scope(kind="organisation", ids=(id,)),
            from_=self._store.clock.now(),
            granted_by=by.actor,
        )
        await self._roles.grant_once(organisation.applicant, grant, following(by))

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
        """What has been done with it, by whom and when."""
        return await self._store.timeline(ORGANISATION, id)

    async def _create(self, id: str, change: Change[Organisation], by: By) -> Stored[Organisation]:
        try:
            return await self._store.create(ORGANISATION, id, change, by)
        except Taken as taken:
            if taken.field == "_id":
                raise
            raise _number_in_use() from taken

    async def _change(
        self, id: str, rule: Callable[[Organisation], rules.Decision], by: By
    ) -> Stored[Organisation]:
        try:
            return await self._store.change(ORGANISATION, id, lambda one: Change(*rule(one)), by)
        except Taken as taken:
            raise _number_in_use() from taken

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

    async def _insist_on_national_parent(self, profile: Profile) -> None:
        if profile.parent is None:
            return
        found = await self._store.find(ORGANISATION, {"_id": profile.parent}, limit=1)
        if not found:
            raise NotYetKnown(extra={"field": "parent"})
        if found[0].state.kind != "national":
            raise Refused(
                "parent-not-national",
                sv="En lokalförening kan bara höra till en riksorganisation.",
                en="A branch can only belong to a national organisation.",
            )


def _number_in_use() -> Refused:
    return Refused(
        "number-in-use",
        sv="Organisationsnumret finns redan i nätverket. Sök efter organisationen, eller fråga "
        "nätverkets administratör.",
        en="The organisation number is in the network already. Look for the organisation, or ask "
        "the network administrator.",
    )
