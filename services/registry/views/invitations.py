"""Which field of an invitation whom is shown: all of it to whom it concerns, nothing to others."""

from services.registry.domain.invitation import Invitation
from shared.views import FieldTable

VIEW = "concerned"

INVITATION_FIELDS = FieldTable[Invitation](
    (VIEW,),
    dict.fromkeys(
        (
            "role",
            "scope",
            "from_",
            "until",
            "mail",
            "language",
            "invited_by",
            "status",
            "sendings",
            "expires_at",
            "accepted_by",
            "accepted_at",
        ),
        (VIEW,),
    ),
)
