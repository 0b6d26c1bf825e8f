"""Organisations: apply, be welcomed, say what one can offer, leave."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field

from services.registry.domain.merging import refuse_merged
from services.registry.domain.organisation import Organisation
from services.registry.domain.organisation_profile import Profile
from services.registry.permissions.organisations import (
    APPLY,
    CHANGE_ORGANISATION,
    DECIDE_MEMBERSHIP,
    END_MEMBERSHIP,
    LEAVE_NETWORK,
    MOVE_BRANCH,
    READ_ORGANISATIONS,
    READ_STEPS,
)
from services.registry.queries.decisions import naming, with_words
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
from shared.contracts.texts import Body, Prose
from shared.http import Room, expected_version, not_modified, page_answer, reply
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


class Words(Body):
    """Words that reach the other side as they are."""

    words: Annotated[
        Prose, Field(examples=["Vi saknar era stadgar. Skicka dem, så fortsätter vi."])
    ]


class Why(Body):
    """Why, in words that the organisation's own people get to read."""

    words: Prose | None = None


class Welcome(Body):
    """How to welcome a branch whose national organisation is not there for it: on its own."""

    as_independent: bool = False


@router.post("", status_code=201)
async def apply(
    request: Request, body: OrganisationBody, caller: Annotated[Caller, Depends(allow(APPLY))]
) -> Response:
    """Apply for an organisation; whoever applies becomes its coordinator when it is approved."""
    stored = await here(request).organisations.apply(_profile(body), await by(request, caller))
    return _shown(stored, caller, status=201)


@router.get("", openapi_extra=ORGANISATIONS.openapi)
async def listed(
    request: Request, caller: Annotated[Caller, Depends(allow(READ_ORGANISATIONS))]
) -> Response:
    """The network's organisations, å ä ö last."""
    page = ORGANISATIONS.page(request)
    found, cursor = await organisations(here(request).store, page, caller)
    items = [show_organisation(one, organisation_view(caller, one)) for one in found]
    return reply(page_answer(items, cursor))


@router.get("/{id}")
async def read(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_ORGANISATIONS))]
) -> Response:
    """One organisation, as much of it as the caller may see; 308 to what a merged one is now."""
    stored = await here(request).organisations.load(id)
    if stored.state.merged is not None:
        return await _is_another(request, id, caller)
    READ_ORGANISATIONS.check(caller, stored)
    tag = ORGANISATION_FIELDS.etag(stored, organisation_view(caller, stored))
    return not_modified(request, tag) or _shown(stored, caller)


@router.put("/{id}")
async def change(
    request: Request,
    id: str,
    body: OrganisationBody,
    caller: Annotated[Caller, Depends(allow(CHANGE_ORGANISATION))],
) -> Response:
    """Describe the organisation anew (If-Match)."""
    await _checked(request, id, caller, CHANGE_ORGANISATION)
    command = await by(request, caller, expected_version(request))
    stored = await here(request).organisations.change(id, _profile(body), command)
    return _shown(stored, caller)


@router.get("/{id}/timeline")
async def timeline(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_STEPS))]
) -> Response:
    """Who did what when, and why where somebody has said so."""
    stored = await _checked(request, id, caller, READ_STEPS)
    rows = await here(request).organisations.timeline(stored.id)
    parties = [id, *filter(None, [stored.state.parent])]
    shown = await steps(here(request).store, rows, caller, parties, caller.is_administrator)
    return reply({"items": with_words(shown, stored.state)})


@router.post("/{id}/review")
async def review(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(DECIDE_MEMBERSHIP))]
) -> Response:
    """Begin to look at an application."""
    await _checked(request, id, caller, DECIDE_MEMBERSHIP)
    command = await by(request, caller)
    with_name = naming(here(request).store, caller)
    return _shown(await with_name(here(request).organisations.review(id, command)), caller)


@router.post("/{id}/request-information")
async def request_information(
    request: Request,
    id: str,
    body: Words,
    caller: Annotated[Caller, Depends(allow(DECIDE_MEMBERSHIP))],
) -> Response:
    """Ask the applicant for what is missing."""
    await _checked(request, id, caller, DECIDE_MEMBERSHIP)
    command = await by(request, caller)
    with_name = naming(here(request).store, caller)
    stored = await with_name(
        here(request).organisations.request_information(id, body.words, command)
    )
    return _shown(stored, caller)


@router.post("/{id}/answer")
async def answer(
    request: Request,
    id: str,
    body: Words,
    caller: Annotated[Caller, Depends(allow(CHANGE_ORGANISATION))],
) -> Response:
    """Answer what was asked; whoever reviews the application reads it."""
    await _checked(request, id, caller, CHANGE_ORGANISATION)
    command = await by(request, caller)
    return _shown(await here(request).organisations.answer(id, body.words, command), caller)


@router.post("/{id}/approve")
async def approve(
    request: Request,
    id: str,
    caller: Annotated[Caller, Depends(allow(DECIDE_MEMBERSHIP))],
    body: Welcome | None = None,
) -> Response:
    """Welcome the organisation to the network; a branch on its own only by an administrator."""
    await _checked(request, id, caller, DECIDE_MEMBERSHIP)
    alone = body is not None and body.as_independent
    if alone:
        MOVE_BRANCH.admit(caller)
    command = await by(request, caller)
    with_name = naming(here(request).store, caller)
    stored = await with_name(here(request).organisations.approve(id, command, alone))
    return _shown(stored, caller)


@router.post("/{id}/decline")
async def decline(
    request: Request,
    id: str,
    body: Words,
    caller: Annotated[Caller, Depends(allow(DECIDE_MEMBERSHIP))],
) -> Response:
    """Say no; the reason goes to the applicant word for word."""
    await _checked(request, id, caller, DECIDE_MEMBERSHIP)
    command = await by(request, caller)
    with_name = naming(here(request).store, caller)
    stored = await with_name(here(request).organisations.decline(id, body.words, command))
    return _shown(stored, caller)


@router.post("/{id}/pause")
async def pause(
    request: Request,
    id: str,
    caller: Annotated[Caller, Depends(allow(END_MEMBERSHIP))],
    body: Why | None = None,
) -> Response:
    """Pause a membership: its people's roles have no effect meanwhile."""
    await _checked(request, id, caller, END_MEMBERSHIP)
    command = await by(request, caller)
    return _shown(await here(request).organisations.pause(id, _words(body), command), caller)


@router.post("/{id}/resume")
async def resume(
    request: Request,
    id: str,
    caller: Annotated[Caller, Depends(allow(END_MEMBERSHIP))],
    body: Why | None = None,
) -> Response:
    """Resume a paused membership."""
    await _checked(request, id, caller, END_MEMBERSHIP)
    command = await by(request, caller)
    return _shown(await here(request).organisations.resume(id, _words(body), command), caller)


@router.post("/{id}/leave")
async def leave(
    request: Request,
    id: str,
    caller: Annotated[Caller, Depends(allow(LEAVE_NETWORK))],
    body: Why | None = None,
) -> Response:
    """Leave the network."""
    stored = await _checked(request, id, caller, LEAVE_NETWORK)
    left = await here(request).organisations.leave(id, _words(body), await by(request, caller))
    # The caller's own role ends with it: show what they saw when they asked.
    return reply(show_organisation(left, organisation_view(caller, stored)))


@router.post("/{id}/exclude")
async def exclude(
    request: Request,
    id: str,
    caller: Annotated[Caller, Depends(allow(END_MEMBERSHIP))],
    body: Why | None = None,
) -> Response:
    """End a membership."""
    await _checked(request, id, caller, END_MEMBERSHIP)
    command = await by(request, caller)
    return _shown(await here(request).organisations.exclude(id, _words(body), command), caller)


async def _checked(
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


def _words(body: Why | None) -> str | None:
    return body.words if body else None


def _profile(body: OrganisationBody) -> Profile:
    return Profile(**dict(body))


def _shown(stored: Stored[Organisation], caller: Caller, status: int = 200) -> Response:
    view = organisation_view(caller, stored)
    return reply(
        show_organisation(stored, view),
        status,
        etag=ORGANISATION_FIELDS.etag(stored, view),
        location=f"/api/registry/organisations/{stored.id}" if status == 201 else None,
    )
