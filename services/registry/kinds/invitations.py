"""What the store must know of invitations; what the public may, and the address apart."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from services.registry.domain import invitation as rules
from services.registry.domain.invitation import Invitation
from shared.contracts.registry import InvitationContactSnapshot, InvitationSnapshot
from shared.kind import Kind


def _snapshot(one: Invitation) -> InvitationSnapshot:
    return InvitationSnapshot(
        role=one.role,
        scope=one.scope,
        language=one.language,
        status=one.status,
        expires_at=one.expires_at,
        invited_by=one.invited_by,
    )


def _contact_snapshot(one: Invitation) -> InvitationContactSnapshot:
    return InvitationContactSnapshot(mail=one.mail)


def _keys(one: Invitation) -> dict[str, Any]:
    """`readers`: who may list it; `mail` and `open_by` only while it is open."""
    places = one.scope.ids if one.scope.kind == "organisation" else ()
    return {
        "readers": sorted({one.invited_by, *places}),
        "mail": rules.folded(one.mail) if one.mail else None,
        "open_by": one.invited_by if one.status == "open" else None,
    }


INVITATION = Kind(
    name="registry.invitation",
    state=Invitation,
    snapshots={
        "registry.invitation": _snapshot,
        "registry.invitation_contact": _contact_snapshot,
    },
    wakes_at=rules.wakes_at,
    keys=_keys,
    indexes=(
        IndexModel([("keys.readers", ASCENDING), ("_id", ASCENDING)], name="readers"),
        IndexModel(
            [("keys.mail", ASCENDING)],
            name="mail",
            partialFilterExpression={"keys.mail": {"$type": "string"}},
        ),
        IndexModel(
            [("keys.open_by", ASCENDING)],
            name="open_by",
            partialFilterExpression={"keys.open_by": {"$type": "string"}},
        ),
    ),
)
