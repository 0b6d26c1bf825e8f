"""Likely duplicates of an organisation: a look before applying, a check before welcoming."""

from typing import Annotated

from fastapi import Depends, Request, Response

from services.registry.domain.organisation_profile import Profile
from services.registry.permissions.organisations import APPLY, DECIDE_MEMBERSHIP
from services.registry.queries.likenesses import likely_duplicates
from services.registry.routes.here import here
from services.registry.routes.organisations import OrganisationBody
from shared.caller import Caller
from shared.http import Room, reply, single_values
from shared.permissions import allow

router = Room(prefix="/organisations", tags=["organisations"])


@router.post("/likely-duplicates")
async def before_applying(
    request: Request, body: OrganisationBody, caller: Annotated[Caller, Depends(allow(APPLY))]
) -> Response:
    """Is it in the network already? Nothing is kept of what is asked with."""
    profile = Profile(**dict(body))
    return reply({"items": await likely_duplicates(here(request).store, profile, caller)})


@router.get("/{id}/likely-duplicates")
async def of_one(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(DECIDE_MEMBERSHIP))]
) -> Response:
    """Organisations that an application may be a double of, former members among them."""
    single_values(request, set())
    stored = await here(request).organisations.load(id)
    one = DECIDE_MEMBERSHIP.check(caller, stored)
    found = await likely_duplicates(here(request).store, one.state, caller, besides=id)
    return reply({"items": found})
