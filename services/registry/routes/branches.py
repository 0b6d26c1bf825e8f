"""Branches of a national organisation: those that wait, confirmed many at a time; moved."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import Field

from services.registry.commands.branches import Verdict
from services.registry.permissions.organisations import (
    CONFIRM_BRANCHES,
    MOVE_BRANCH,
    sees_organisation,
)
from services.registry.queries.organisations import BRANCHES, awaiting_branches
from services.registry.routes.here import here
from services.registry.views.organisations import (
    ORGANISATION_FIELDS,
    organisation_view,
    show_organisation,
)
from shared.caller import Caller
from shared.causes import by
from shared.contracts.base import OrganisationId
from shared.contracts.texts import Body
from shared.http import Room, page_answer, reply
from shared.http.answers import problem_body
from shared.http.language import language_of
from shared.permissions import allow

router = Room(prefix="/organisations", tags=["organisations"])

MOST_AT_ONCE = 100


class Confirmed(Body):
    """The branches to welcome."""

    branches: Annotated[tuple[OrganisationId, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]


class Moved(Body):
    """The national organisation that a branch comes under; null lets it stand on its own."""

    parent: OrganisationId | None


@router.get("/{id}/branches/awaiting", openapi_extra=BRANCHES.openapi)
async def awaiting(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(CONFIRM_BRANCHES))]
) -> Response:
    """A national organisation's branches that wait for its word, å ä ö last."""
    CONFIRM_BRANCHES.check(caller, await here(request).organisations.load(id))
    found, cursor = await awaiting_branches(here(request).store, BRANCHES.page(request), id)
    items = [show_organisation(one, organisation_view(caller, one)) for one in found]
    return reply(page_answer(items, cursor))


@router.post("/{id}/branches/confirm")
async def confirm(
    request: Request,
    id: str,
    body: Confirmed,
    caller: Annotated[Caller, Depends(allow(CONFIRM_BRANCHES))],
) -> Response:
    """Welcome many branches at once; each gets its own verdict, and sent again it is the same."""
    CONFIRM_BRANCHES.check(caller, await here(request).organisations.load(id))
    verdicts = await here(request).branches.confirm(
        id, body.branches, lambda one: sees_organisation(caller, one), await by(request, caller)
    )
    return reply({"items": [_verdict(one, request) for one in verdicts]})


@router.post("/{id}/move")
async def move(
    request: Request,
    id: str,
    body: Moved,
    caller: Annotated[Caller, Depends(allow(MOVE_BRANCH))],
) -> Response:
    """Put a branch under another national organisation, or let it stand on its own."""
    MOVE_BRANCH.check(caller, await here(request).organisations.load(id))
    stored = await here(request).organisations.move(id, body.parent, await by(request, caller))
    view = organisation_view(caller, stored)
    return reply(show_organisation(stored, view), etag=ORGANISATION_FIELDS.etag(stored, view))


def _verdict(one: Verdict, request: Request) -> dict[str, Any]:
    if one.problem is None:
        return {"id": one.id, "verdict": "confirmed"}
    told = problem_body(one.problem, language_of(request.scope))
    return {"id": one.id, "verdict": told["code"], "detail": told["detail"]}
