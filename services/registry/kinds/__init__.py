"""What the store must know of the registry's aggregates, and what the public may."""

from typing import Any

from services.registry.kinds.accommodations import ACCOMMODATION, LOCATION, SITE_CONTACT
from services.registry.kinds.accounts import ACCOUNT
from services.registry.kinds.closing_plans import CLOSING_PLAN
from services.registry.kinds.complaints import COMPLAINT, NOTICEBOARD
from services.registry.kinds.imports import IMPORT
from services.registry.kinds.incidents import INCIDENT
from services.registry.kinds.invitations import INVITATION
from services.registry.kinds.meeting_places import MEETING_PLACE
from services.registry.kinds.organisations import ORGANISATION
from services.registry.kinds.people import PERSON
from services.registry.kinds.support_cases import SUPPORT_CASE
from shared.kind import Kind

KINDS: tuple[Kind[Any], ...] = (
    ORGANISATION,
    PERSON,
    ACCOUNT,
    ACCOMMODATION,
    LOCATION,
    SITE_CONTACT,
    CLOSING_PLAN,
    MEETING_PLACE,
    IMPORT,
    SUPPORT_CASE,
    INVITATION,
    INCIDENT,
    COMPLAINT,
    NOTICEBOARD,
)

__all__ = [
    "ACCOMMODATION",
    "ACCOUNT",
    "CLOSING_PLAN",
    "COMPLAINT",
    "IMPORT",
    "INCIDENT",
    "INVITATION",
    "KINDS",
    "LOCATION",
    "MEETING_PLACE",
    "NOTICEBOARD",
    "ORGANISATION",
    "PERSON",
    "SITE_CONTACT",
    "SUPPORT_CASE",
]
