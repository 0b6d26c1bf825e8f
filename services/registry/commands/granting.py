"""Whether somebody's own roles let them give a role, now: for grants and for invitations alike."""

from collections.abc import Sequence

from services.registry.commands.active import network_of
from services.registry.commands.meeting_places import MeetingPlaces
from services.registry.kinds import ORGANISATION, PERSON
from shared.caller import covers, in_effect
from shared.contracts.problems import NotAllowed, NotYetKnown
from shared.contracts.registry import PersonSnapshot, RoleGrant
from shared.people import known_person, organisations_of
from shared.store import Store


class Granting:
    """Judges who may give which role."""

    def __init__(self, store: Store, meeting_places: MeetingPlaces) -> None:
        self._store = store
        self._meeting_places = meeting_places

    async def parent_of(self, role: RoleGrant) -> str | None:
        """The national organisation above the branch that the role is about.

        NotYetKnown when the role is about an organisation that is not there.
        """
        if role.scope.kind != "organisation":
            return None
        found = await self._store.find(ORGANISATION, {"_id": role.scope.ids[0]}, limit=1)
        if not found:
            raise NotYetKnown(extra={"field": "scope"})
        return found[0].state.parent

    async def only_as_first(self, own: Sequence[RoleGrant], role: RoleGrant) -> str | None:
        """None when roles `own` let their holder give `role` outright; else the parent organisation
        whose right it is to appoint a branch's first coordinator.

        Raises NotAllowed when neither is so, NotYetKnown when the role is about what is not there.
        """
        parent = await self.parent_of(role)
        if covers(own, role):
            if role.scope.kind == "accommodations":
                await self._meeting_places.accommodations(role.scope.ids)
            return None
        if parent is None or not covers(own, role, parent):
            raise NotAllowed()
        return parent

    async def roles_of(self, person_id: str) -> tuple[RoleGrant, ...]:
        """The person's roles in effect now; none of who is not there or suspended."""
        found = await self._store.find(PERSON, {"_id": person_id}, limit=1)
        if not found or found[0].state.status != "active":
            return ()
        snapshot = PERSON.snapshots["registry.person"](found[0].state)
        assert isinstance(snapshot, PersonSnapshot)
        network = await network_of(self._store, organisations_of([snapshot]))
        person = known_person(person_id, snapshot, network)
        return in_effect(person, self._store.clock.now())
