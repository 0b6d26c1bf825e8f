"""What the registry says of invitations by mail and, apart, the address that one goes to."""

from datetime import datetime
from typing import Literal

from shared.contracts.base import Facts, PersonId, Snapshot
from shared.contracts.registry.people import RoleName, Scope

InvitationStatus = Literal["open", "accepted", "withdrawn", "expired"]
InvitationLanguage = Literal["sv", "en"]


class InvitationSnapshot(Snapshot, aggregate="registry.invitation"):
    """To what somebody is invited, by whom and until when; never who, nor at which address.

    `expires_at` changes each time it is sent: a link holds for the sending it names.
    """

    role: RoleName
    scope: Scope
    language: InvitationLanguage = "sv"
    status: InvitationStatus
    expires_at: datetime
    invited_by: PersonId


class InvitationContactSnapshot(Snapshot, aggregate="registry.invitation_contact"):
    """Travels on samverkan.contacts; without an address once the invitation is open no more."""

    mail: str | None = None


class InvitationSent(Facts, type="registry.invitation.sent"):
    """`invitation` is its own id: whom it is told to has none yet. A link holds until `expires_at`."""

    invitation: str
    expires_at: datetime


class InvitationAccepted(Facts, type="registry.invitation.accepted"):
    person: PersonId


class InvitationWithdrawn(Facts, type="registry.invitation.withdrawn"):
    pass


class InvitationExpired(Facts, type="registry.invitation.expired"):
    pass


class InvitationContactChanged(Facts, type="registry.invitation_contact.changed"):
    pass
