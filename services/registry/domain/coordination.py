"""That a member has somebody who coordinates it: nobody vanishes from there in silence."""

from datetime import datetime

from services.registry.domain.organisation import MEMBER, Decision, Organisation
from services.registry.domain.person import Person, works_in
from shared.contracts.base import OrganisationId
from shared.contracts.registry import OrganisationCoordinated, OrganisationUncoordinated


def note(organisation: Organisation, coordinated: bool) -> Decision:
    """Say once that a member has lost its last coordinator, and once that it has one again."""
    if organisation.status not in MEMBER or organisation.uncoordinated != coordinated:
        return organisation, ()
    changed = organisation.model_copy(update={"uncoordinated": not coordinated})
    event = OrganisationCoordinated() if coordinated else OrganisationUncoordinated()
    return changed, (event,)


def coordinates(person: Person, organisation: OrganisationId, now: datetime) -> bool:
    """Whether the person coordinates it, or will; a paused account does not."""
    roles = works_in(person, organisation, now)
    return person.status == "active" and any(held.role == "coordinator" for held in roles)
