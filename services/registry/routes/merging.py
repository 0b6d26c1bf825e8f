"""Merging: two entries for one organisation, two accounts of one human; first what would move."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from starlette.types import Scope

from services.registry.permissions.organisations import (
    MERGE_ORGANISATIONS,
    Pair,
    sees_organisation,
)
from services.registry.permissions.people import MERGE_PEOPLE
from services.registry.routes.here import here
from services.registry.views.organisations import ORGANISATION_FIELDS, organisation_view
from services.registry.views.people import PERSON_FIELDS, person_view, show_person
from shared.caller import Caller
from shared.causes import by
from shared.contracts.problems import NotFound, NotYetKnown, Problem
from shared.contracts.texts import Body, Line
from shared.http import Room, also, reply
from shared.http.answers import problem_body
from shared.http.language import language_of
from shared.permissions import allow

router = Room(tags=["merging"])

MergesOrganisations = Annotated[Caller, Depends(allow(MERGE_ORGANISATIONS))]
MergesPeople = Annotated[Caller, Depends(allow(MERGE_PEOPLE))]
Into = Annotated[str, Query(min_length=1, max_length=64)]


class MergeBody(Body):
    """The one that is to remain."""

    into: Line


@router.get("/organisations/{id}/merge", openapi_extra=also(409))
async def preview_organisations(
    request: Request, id: str, into: Into, caller: MergesOrganisations
) -> Response:
    """What would move, in numbers; `refused` says why it cannot be, else null."""
    await _check_pair(request, id, into, caller)
    preview = await here(request).merging.organisations.preview(id, into)
    return reply(_shown(preview, into, request.scope))


@router.post("/organisations/{id}/merge")
async def merge_organisations(
    request: Request, id: str, body: MergeBody, caller: MergesOrganisations
) -> Response:
    """Make it one with another: that one is answered, and everything of this one is its own now."""
    await _check_pair(request, id, body.into, caller)
    command = await by(request, caller)
    now = await here(request).merging.organisations.merge(id, body.into, command)
    view = organisation_view(caller, now)
    return reply(ORGANISATION_FIELDS.show(now, view), etag=ORGANISATION_FIELDS.etag(now, view))


@router.get("/people/{id}/merge", openapi_extra=also(409))
async def preview_people(request: Request, id: str, into: Into, caller: MergesPeople) -> Response:
    """What would be united and what the two have in common; `refused` says why it cannot be."""
    MERGE_PEOPLE.check(caller, await here(request).people.load(id))
    preview = await here(request).merging.people.preview(id, into)
    return reply(_shown(preview, into, request.scope))


@router.post("/people/{id}/merge")
async def merge_people(
    request: Request, id: str, body: MergeBody, caller: MergesPeople
) -> Response:
    """Two accounts of one human: whoever signed in to this one signs in to the other from now on."""
    MERGE_PEOPLE.check(caller, await here(request).people.load(id))
    now = await here(request).merging.people.merge(id, body.into, await by(request, caller))
    view = person_view(caller, now)
    return reply(show_person(now, view, caller), etag=PERSON_FIELDS.etag(now, view))


async def _check_pair(request: Request, id: str, into: str, caller: Caller) -> None:
    merging = here(request).merging.organisations
    loser = await here(request).organisations.load(id)
    if not sees_organisation(caller, loser):
        raise NotFound()
    winner = await merging.candidate(into)
    if not sees_organisation(caller, winner):
        raise NotYetKnown(extra={"field": "into"})
    MERGE_ORGANISATIONS.check(caller, Pair(loser, winner))


def _shown(preview: dict[str, Any], into: str, scope: Scope) -> dict[str, Any]:
    refusal: Problem | None = preview.pop("refusal")
    refused = problem_body(refusal, language_of(scope)) if refusal else None
    return {"into": into, **preview, "refused": refused}
