"""What the routes find at hand: the use cases of this process."""

from dataclasses import dataclass

from starlette.requests import Request

from services.registry.commands.accommodations import Accommodations
from services.registry.commands.accounts import Accounts
from services.registry.commands.agreements import Agreements
from services.registry.commands.branches import Branches
from services.registry.commands.closing_plans import ClosingPlans
from services.registry.commands.complaints import Complaints
from services.registry.commands.coordination import Coordination
from services.registry.commands.granting import Granting
from services.registry.commands.grounds import Grounds
from services.registry.commands.imports import Imports
from services.registry.commands.incidents import Incidents
from services.registry.commands.invitations import Invitations
from services.registry.commands.leaving import Leaving
from services.registry.commands.meeting_places import MeetingPlaces
from services.registry.commands.organisation_merging import OrganisationMerging
from services.registry.commands.organisations import Organisations
from services.registry.commands.people import People
from services.registry.commands.person_merging import PersonMerging
from services.registry.commands.places_of import Places
from services.registry.commands.site_contacts import SiteContacts
from services.registry.commands.support_cases import SupportCases
from services.registry.commands.volunteering import Volunteering
from services.registry.commands.ways import Ways
from shared.links import Links
from shared.store import Store


@dataclass(frozen=True)
class Merging:
    """The use cases of making two into one."""

    organisations: OrganisationMerging
    people: PersonMerging


@dataclass(frozen=True)
class Registry:
    """The registry's use cases."""

    store: Store
    links: Links
    public_url: str
    organisations: Organisations
    branches: Branches
    people: People
    accounts: Accounts
    leaving: Leaving
    accommodations: Accommodations
    closing_plans: ClosingPlans
    meeting_places: MeetingPlaces
    agreements: Agreements
    grounds: Grounds
    ways: Ways
    site_contacts: SiteContacts
    imports: Imports
    support_cases: SupportCases
    granting: Granting
    volunteering: Volunteering
    coordination: Coordination
    invitations: Invitations
    places: Places
    incidents: Incidents
    complaints: Complaints
    merging: Merging


def here(request: Request) -> Registry:
    """The registry of this process."""
    registry: Registry = request.app.state.registry
    return registry
