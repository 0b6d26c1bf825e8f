"""Organisations: apply, say what one can offer, be read; the steps of a membership stand apart."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict

from services.registry.domain.merging import refuse_merged
from services.registry.domain.organisation import Organisation
from services.registry.domain.organisation_profile import Profile
from services.registry.permissions.organisations import (
    APPLY,
    CHANGE_ORGANISATION,
    READ_ORGANISATIONS,
    READ_STEPS,
)
from services.registry.queries.decisions import with_words
from services.registry.queries.organisations import ORGANISATIONS, organisations
from services.registry.queries.timelines import steps
from services.registry.routes.here import here
from services.registry.views.organisations import (
    ORGANISATION_FIELDS,
    organisation_view,
    show_organisation,
)
from shared.caller import Caller
from shared.causes import by
from shared.contracts.texts import Body
from shared.http import MERGED, Room, expected_version, not_modified, page_answer, reply
from shared.kind import Stored
from shared.permissions import Permission, allow

router = Room(prefix="/organisations", tags=["organisations"])


class OrganisationBody(Profile, Body):
    """What an organisation says of itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Majblomman demo",
                    "kind": "independent",
                    "number": "802400-0005",
                    "mail": "hej@majblomman.example",
                    "languages": ["sv", "prs"],
                    "competences": ["language_cafe"],
                    "counties": ["25"],
                    "around": {"municipality": "2582", "km": 60},
                    "activities_a_week": 3,
                }
            ]
        }
    )


@router.post("", status_code=201)
async def apply(
    request: Request, body: OrganisationBody, caller: Annotated[Caller, Depends(allow(APPLY))]
) -> Response:
    """Apply for an organisation; whoever applies becomes its coordinator when it is approved."""
    stored = await here(request).organisations.apply(_profile(body), await by(request, caller))
    return shown(stored, caller, status=201)


@router.get("", openapi_extra=ORGANISATIONS.openapi)
async def listed(
    request: Request, caller: Annotated[Caller, Depends(allow(READ_ORGANISATIONS))]
) -> Response:
    """The network's organisations, å ä ö last."""
    page = ORGANISATIONS.page(request)
    found, cursor = await organisations(here(request).store, page, caller)
    items = [show_organisation(one, organisation_view(caller, one)) for one in found]
    return reply(page_answer(items, cursor))


@router.get("/{id}", responses=MERGED)
async def read(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_ORGANISATIONS))]
) -> Response:
    """One organisation, as much of it as the caller may see; 308 to what a merged one is now."""
    stored = await here(request).organisations.load(id)
    if stored.state.merged is not None:
        return await _is_another(request, id, caller)
    READ_ORGANISATIONS.check(caller, stored)
    tag = ORGANISATION_FIELDS.etag(stored, organisation_view(caller, stored))
    return not_modified(request, tag) or shown(stored, caller)


@router.put("/{id}")
async def change(
    request: Request,
    id: str,
    body: OrganisationBody,
    caller: Annotated[Caller, Depends(allow(CHANGE_ORGANISATION))],
) -> Response:
    """Describe the organisation anew (If-Match)."""
    await checked(request, id, caller, CHANGE_ORGANISATION)
    command = await by(request, caller, expected_version(request))
    stored = await here(request).organisations.change(id, _profile(body), command)
    return shown(stored, caller)


@router.get("/{id}/timeline")
async def timeline(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_STEPS))]
) -> Response:
    """Who did what when, and why where somebody has said so."""
    stored = await checked(request, id, caller, READ_STEPS)
    rows = await here(request).organisations.timeline(stored.id)
    parties = [id, *filter(None, [stored.state.parent])]
    lines = await steps(here(request).store, rows, caller, parties, caller.is_administrator)
    return reply({"items": await with_words(here(request).store, lines, stored)})


async def checked(
    request: Request, id: str, caller: Caller, permission: Permission[Stored[Organisation]]
) -> Stored[Organisation]:
    """The organisation, when the caller may do this to it; Refused (409) for one that was merged."""
    stored = await here(request).organisations.load(id)
    if stored.state.merged is not None:
        READ_ORGANISATIONS.check(caller, await here(request).merging.organisations.now(id))
        refuse_merged(stored.state.merged)
    return permission.check(caller, stored)


async def _is_another(request: Request, id: str, caller: Caller) -> Response:
    """What the merged organisation is now, for whoever may see that."""
    now = READ_ORGANISATIONS.check(caller, await here(request).merging.organisations.now(id))
    location = f"/api/registry/organisations/{now.id}"
    return reply({"merged_into": now.id}, 308, location=location)


def _profile(body: OrganisationBody) -> Profile:
    return Profile(**dict(body))


def shown(stored: Stored[Organisation], caller: Caller, status: int = 200) -> Response:
    """The organisation as the caller sees it, with its ETag."""
    view = organisation_view(caller, stored)
    return reply(
        show_organisation(stored, view),
        status,
        etag=ORGANISATION_FIELDS.etag(stored, view),
        location=f"/api/registry/organisations/{stored.id}" if status == 201 else None,
    )
