"""An invitation by mail to take on a role: open → accepted | withdrawn | expired.

The role is the one that stands here, whatever a link says. The address is kept no longer than the
invitation is open. Sending it again makes every earlier link worthless: a link names one sending by
the moment at which it expires.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from services.registry.domain.contact import MailAddress
from shared.contracts.base import Facts, PersonId
from shared.contracts.problems import Gone, Refused
from shared.contracts.registry import (
    InvitationAccepted,
    InvitationContactChanged,
    InvitationExpired,
    InvitationLanguage,
    InvitationSent,
    InvitationStatus,
    InvitationWithdrawn,
    RoleGrant,
    RoleName,
    Scope,
)

HOLDS = timedelta(days=14)
MOST_SENDINGS = 10
MOST_OPEN = 200
"""Invitations that one person may have waiting."""


class Offer(BaseModel):
    """The role that is offered. `from_` None: from when it is accepted."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    role: RoleName
    scope: Scope
    from_: datetime | None = Field(None, alias="from")
    until: datetime | None = None


class Invitation(Offer):
    """The aggregate. `mail` is None once it is open no more.

    `first`: accepted as a branch's first coordinator, which holds only if there is no other.
    """

    mail: MailAddress | None
    language: InvitationLanguage = "sv"
    invited_by: PersonId
    status: InvitationStatus = "open"
    sendings: int = 1
    expires_at: datetime
    accepted_by: PersonId | None = None
    accepted_at: datetime | None = None
    first: bool = False


Decision = tuple[Invitation, tuple[Facts, ...]]


def invite(
    id: str,
    offer: Offer,
    mail: MailAddress,
    language: InvitationLanguage,
    by: PersonId,
    now: datetime,
) -> Decision:
    """Somebody who may give the role offers it to whoever reads the mail at an address."""
    _insist_on_time_left(offer, now)
    invitation = Invitation(
        **dict(offer),
        mail=mail,
        language=language,
        invited_by=by,
        expires_at=_expiry(offer, now),
    )
    return invitation, _sent(id, invitation)


def resend(
    id: str, invitation: Invitation, mail: MailAddress | None, by: PersonId, now: datetime
) -> Decision:
    """Send it anew, to a corrected address if given; from now on it is `by` who invites."""
    _insist_on_open(invitation, now)
    _insist_on_time_left(invitation, now)
    if invitation.sendings >= MOST_SENDINGS:
        raise Refused(
            "sent-too-often",
            sv=f"Inbjudan har skickats {MOST_SENDINGS} gånger. Ta tillbaka den och fråga på annat sätt.",
            en=f"The invitation was sent {MOST_SENDINGS} times. Withdraw it and ask another way.",
        )
    again = invitation.model_copy(
        update={
            "mail": mail or invitation.mail,
            "invited_by": by,
            "sendings": invitation.sendings + 1,
            # A link names its sending by this moment, so that no two sendings may share it.
            "expires_at": max(
                _expiry(invitation, now), invitation.expires_at + timedelta(milliseconds=1)
            ),
        }
    )
    return again, _sent(id, again)


def withdraw(invitation: Invitation) -> Decision:
    """The link is worth nothing from now on; withdrawing again changes nothing."""
    if invitation.status in ("withdrawn", "expired"):
        return invitation, ()
    if invitation.status == "accepted":
        raise Refused(
            "already-accepted",
            sv="Inbjudan är redan antagen. Ta tillbaka rollen i stället.",
            en="The invitation is accepted already. Take back the role instead.",
        )
    return _ended(invitation, "withdrawn"), (InvitationWithdrawn(), InvitationContactChanged())


def expire(invitation: Invitation, now: datetime) -> Decision:
    """Nobody has answered in time."""
    if invitation.status != "open" or now < invitation.expires_at:
        return invitation, ()
    return _ended(invitation, "expired"), (InvitationExpired(), InvitationContactChanged())


def accept(
    invitation: Invitation,
    person: PersonId,
    link_until: datetime,
    addresses: Collection[str],
    first: bool,
    now: datetime,
) -> Decision:
    """The one who was invited takes on the role, once; see `insist_on_acceptable`."""
    insist_on_acceptable(invitation, link_until, addresses, now)
    accepted = _ended(invitation, "accepted").model_copy(
        update={"accepted_by": person, "accepted_at": now, "first": first}
    )
    return accepted, (InvitationAccepted(person=person), InvitationContactChanged())


def insist_on_acceptable(
    invitation: Invitation, link_until: datetime, addresses: Collection[str], now: datetime
) -> None:
    """Gone unless it is open and the link is of its last sending; Refused for somebody else.

    `addresses` are the person's own, and the one they say it was sent to.
    """
    insist_on_link(invitation, link_until, now)
    assert invitation.mail is not None
    if folded(invitation.mail) not in {folded(address) for address in addresses}:
        raise Refused(
            "other-address",
            sv="Inbjudan skickades till en annan adress än din. Är den ändå till dig: "
            "ange adressen som den skickades till (sent_to).",
            en="The invitation was sent to another address than yours. If it is for you all the "
            "same: give the address it was sent to (sent_to).",
        )


def insist_on_link(invitation: Invitation, link_until: datetime, now: datetime) -> None:
    """Gone unless it is open and the link is of its last sending."""
    if link_until != invitation.expires_at:
        raise Gone()
    _insist_on_open(invitation, now)


def offered(grant_id: str, invitation: Invitation, now: datetime) -> RoleGrant:
    """The role as whoever accepts gets it."""
    begins = invitation.from_ or invitation.accepted_at or now
    return RoleGrant(
        id=grant_id,
        role=invitation.role,
        scope=invitation.scope,
        from_=begins,
        until=invitation.until,
        granted_by=invitation.invited_by,
    )


def wakes_at(invitation: Invitation) -> datetime | None:
    """When an open one expires."""
    return invitation.expires_at if invitation.status == "open" else None


def folded(mail: str) -> str:
    """Addresses that differ in case alone are one for whoever typed them."""
    return mail.casefold()


def _expiry(offer: Offer, now: datetime) -> datetime:
    end = min(now + HOLDS, offer.until or now + HOLDS)
    # As the database and a link keep it.
    return end.replace(microsecond=end.microsecond // 1000 * 1000)


def _insist_on_time_left(offer: Offer, now: datetime) -> None:
    if offer.until is not None and offer.until <= max(now, offer.from_ or now):
        raise Refused(
            "ends-before-it-begins",
            sv="Rollen slutar innan den börjar. Välj ett senare slut.",
            en="The role ends before it begins. Choose a later end.",
        )


def _insist_on_open(invitation: Invitation, now: datetime) -> None:
    if invitation.status != "open" or invitation.expires_at <= now:
        raise Gone()


def _sent(id: str, invitation: Invitation) -> tuple[Facts, ...]:
    sent = InvitationSent(invitation=id, expires_at=invitation.expires_at)
    return sent, InvitationContactChanged()


def _ended(invitation: Invitation, status: InvitationStatus) -> Invitation:
    return invitation.model_copy(update={"status": status, "mail": None})
