"""The steps of a membership: reviewed, asked, answered, welcomed or not; paused, resumed, ended."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import Field

from services.registry.permissions.organisations import (
    CHANGE_ORGANISATION,
    DECIDE_MEMBERSHIP,
    END_MEMBERSHIP,
    LEAVE_NETWORK,
    MOVE_BRANCH,
)
from services.registry.queries.decisions import naming
from services.registry.routes.here import here
from services.registry.routes.organisations import checked, shown
from services.registry.views.organisations import organisation_view, show_organisation
from shared.caller import Caller
from shared.causes import by
from shared.contracts.texts import Body, Prose
from shared.http import Room, reply
from shared.permissions import allow

router = Room(prefix="/organisations", tags=["organisations"])


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


@router.post("/{id}/review")
async def review(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(DECIDE_MEMBERSHIP))]
) -> Response:
    """Begin to look at an application."""
    await checked(request, id, caller, DECIDE_MEMBERSHIP)
    command = await by(request, caller)
    with_name = naming(here(request).store, caller)
    return shown(await with_name(here(request).organisations.review(id, command)), caller)


@router.post("/{id}/request-information")
async def request_information(
    request: Request,
    id: str,
    body: Words,
    caller: Annotated[Caller, Depends(allow(DECIDE_MEMBERSHIP))],
) -> Response:
    """Ask the applicant for what is missing."""
    await checked(request, id, caller, DECIDE_MEMBERSHIP)
    command = await by(request, caller)
    with_name = naming(here(request).store, caller)
    stored = await with_name(
        here(request).organisations.request_information(id, body.words, command)
    )
    return shown(stored, caller)


@router.post("/{id}/answer")
async def answer(
    request: Request,
    id: str,
    body: Words,
    caller: Annotated[Caller, Depends(allow(CHANGE_ORGANISATION))],
) -> Response:
    """Answer what was asked; whoever reviews the application reads it."""
    await checked(request, id, caller, CHANGE_ORGANISATION)
    command = await by(request, caller)
    return shown(await here(request).organisations.answer(id, body.words, command), caller)


@router.post("/{id}/approve")
async def approve(
    request: Request,
    id: str,
    caller: Annotated[Caller, Depends(allow(DECIDE_MEMBERSHIP))],
    body: Welcome | None = None,
) -> Response:
    """Welcome the organisation to the network; a branch on its own only by an administrator."""
    await checked(request, id, caller, DECIDE_MEMBERSHIP)
    alone = body is not None and body.as_independent
    if alone:
        MOVE_BRANCH.admit(caller)
    command = await by(request, caller)
    with_name = naming(here(request).store, caller)
    stored = await with_name(here(request).organisations.approve(id, command, alone))
    return shown(stored, caller)


@router.post("/{id}/decline")
async def decline(
    request: Request,
    id: str,
    body: Words,
    caller: Annotated[Caller, Depends(allow(DECIDE_MEMBERSHIP))],
) -> Response:
    """Say no; the reason goes to the applicant word for word."""
    await checked(request, id, caller, DECIDE_MEMBERSHIP)
    command = await by(request, caller)
    with_name = naming(here(request).store, caller)
    stored = await with_name(here(request).organisations.decline(id, body.words, command))
    return shown(stored, caller)


@router.post("/{id}/pause")
async def pause(
    request: Request,
    id: str,
    caller: Annotated[Caller, Depends(allow(END_MEMBERSHIP))],
    body: Why | None = None,
) -> Response:
    """Pause a membership: its people's roles have no effect meanwhile."""
    await checked(request, id, caller, END_MEMBERSHIP)
    command = await by(request, caller)
    return shown(await here(request).organisations.pause(id, _words(body), command), caller)


@router.post("/{id}/resume")
async def resume(
    request: Request,
    id: str,
    caller: Annotated[Caller, Depends(allow(END_MEMBERSHIP))],
    body: Why | None = None,
) -> Response:
    """Resume a paused membership."""
    await checked(request, id, caller, END_MEMBERSHIP)
    command = await by(request, caller)
    return shown(await here(request).organisations.resume(id, _words(body), command), caller)


@router.post("/{id}/leave")
async def leave(
    request: Request,
    id: str,
    caller: Annotated[Caller, Depends(allow(LEAVE_NETWORK))],
    body: Why | None = None,
) -> Response:
    """Leave the network."""
    stored = await checked(request, id, caller, LEAVE_NETWORK)
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
    await checked(request, id, caller, END_MEMBERSHIP)
    command = await by(request, caller)
    return shown(await here(request).organisations.exclude(id, _words(body), command), caller)


def _words(body: Why | None) -> str | None:
    return body.words if body else None
