"""The list of the invitations that concern somebody, and what one invites to in words."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.registry.domain.invitation import Invitation
from services.registry.kinds import INVITATION, ORGANISATION
from shared.caller import Caller
from shared.clock import local_date
from shared.contracts.problems import Text
from shared.contracts.registry import RoleName
from shared.contracts.roles import ROLE_WORDS
from shared.database import Document
from shared.http import Listing, Page, Position
from shared.kind import Stored
from shared.store import Store

INVITATIONS = Listing("invitations", sorts=("id",))


async def invitations(
    store: Store, page: Page, caller: Caller
) -> tuple[list[Stored[Invitation]], str | None]:
    """One's own, and those to organisations that one coordinates; administrators see all."""
    query: Document = {}
    if not caller.is_administrator:
        query["keys.readers"] = {"$in": [caller.person_id, *sorted(caller.organisations)]}
    if page.after is not None:
        query["_id"] = {"$gt": page.after.id}
    found = await store.find(INVITATION, query, sort=[("_id", 1)], limit=page.limit + 1)
    shown, cursor = page.cut(found, lambda one: Position(one.id, one.id))
    return list(shown), cursor


@dataclass(frozen=True, slots=True)
class Invited:
    """What an invitation is about, for whoever holds its link; `last_day` is the last to answer."""

    id: str
    role: RoleName
    organisation: str | None
    last_day: date

    @property
    def what(self) -> Text:
        """`volontär i Föreningen`."""
        role = ROLE_WORDS[self.role]
        if self.organisation is None:
            return role
        return Text(f"{role.sv} i {self.organisation}", f"{role.en} in {self.organisation}")

    def shown(self, stored: Stored[Invitation]) -> dict[str, Any]:
        """For a web page that leads through it: nothing but what the link names."""
        return {
            "id": self.id,
            "role": self.role,
            "scope": stored.state.scope,
            "organisation": self.organisation,
            "from": stored.state.from_,
            "until": stored.state.until,
            "expires_at": stored.state.expires_at,
        }


async def invited(store: Store, stored: Stored[Invitation]) -> Invited:
    """What it invites to, with the organisation's name of today."""
    one = stored.state
    ids = list(one.scope.ids) if one.scope.kind == "organisation" else []
    found = await store.find(ORGANISATION, {"_id": {"$in": ids}}, limit=1) if ids else []
    name = found[0].state.name if found else None
    return Invited(stored.id, one.role, name, local_date(one.expires_at))
