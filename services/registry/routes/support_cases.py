"""Questions to the network: asked, taken, answered, closed, opened again."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field

from services.registry.domain.support_case import Side, SupportCase
from services.registry.permissions.support_cases import (
    ANSWER_CASE,
    ASK_NETWORK,
    ASK_ON,
    CLOSE_CASE,
    READ_CASES,
    asks_for,
)
from services.registry.queries.support_cases import SUPPORT_CASES, support_cases
from services.registry.queries.timelines import steps
from services.registry.routes.here import here
from services.registry.views.support_cases import (
    SUPPORT_CASE_FIELDS,
    show_support_case,
    support_case_line,
    support_case_view,
)
from shared.caller import Caller
from shared.causes import by
from shared.contracts.texts import Body, Line, Name, Prose
from shared.http import Room, not_modified, page_answer, reply
from shared.kind import Stored
from shared.permissions import Permission, allow

router = Room(prefix="/support-cases", tags=["support cases"])

QUESTION = "Får vi bjuda de boende på julbord i församlingshemmet?"
ANSWER = "Ja, gärna. Säg till boendet en vecka före, så står det på anslagstavlan."

Reader = Annotated[Caller, Depends(allow(READ_CASES))]
Administrator = Annotated[Caller, Depends(allow(ANSWER_CASE))]


class Question(Body):
    """A question to the network, for an organisation that the caller coordinates."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "6a1f8f0e-0d6f-5b6c-9a75-6d5c1f0b9e22",
                    "subject": "Julbord",
                    "words": QUESTION,
                }
            ]
        }
    )

    organisation: Line
    subject: Name
    words: Prose


class Words(Body):
    """Words that reach the other side as they are."""

    words: Annotated[Prose, Field(examples=[ANSWER])]


class Gift(Body):
    """The administrator who is to answer."""

    to: Annotated[Line, Field(examples=["9d1f8f0e-0d6f-5b6c-9a75-6d5c1f0b9e33"])]


@router.post("", status_code=201)
async def ask(
    request: Request, body: Question, caller: Annotated[Caller, Depends(allow(ASK_NETWORK))]
) -> Response:
    """Ask the network; an answer comes within two weekdays, or the question is lifted."""
    ASK_NETWORK.check(caller, body.organisation)
    command = await by(request, caller)
    cases = here(request).support_cases
    stored = await cases.ask(body.organisation, body.subject, body.words, command)
    return _shown(stored, caller, status=201)


@router.get("", openapi_extra=SUPPORT_CASES.openapi)
async def listed(request: Request, caller: Reader) -> Response:
    """Administrators: everybody's; others: their own. Open first, the longest waiting first."""
    page = SUPPORT_CASES.page(request)
    found, cursor = await support_cases(here(request).store, page, caller)
    items = [support_case_line(one, support_case_view(caller)) for one in found]
    return reply(page_answer(items, cursor))


@router.get("/{id}")
async def read(request: Request, id: str, caller: Reader) -> Response:
    """One question, with everything that was said."""
    stored = await _checked(request, id, caller, READ_CASES)
    tag = SUPPORT_CASE_FIELDS.etag(stored, support_case_view(caller))
    return not_modified(request, tag) or _shown(stored, caller)


@router.get("/{id}/timeline")
async def timeline(request: Request, id: str, caller: Reader) -> Response:
    """Who did what when."""
    stored = await _checked(request, id, caller, READ_CASES)
    rows = await here(request).support_cases.timeline(id)
    oversees, parties = caller.is_administrator, [stored.state.organisation]
    return reply({"items": await steps(here(request).store, rows, caller, parties, oversees)})


@router.post("/{id}/take")
async def take(request: Request, id: str, caller: Administrator) -> Response:
    """Take it: the caller will answer."""
    await _checked(request, id, caller, ANSWER_CASE)
    command = await by(request, caller)
    stored = await here(request).support_cases.give(id, caller.person_id, command)
    return _shown(stored, caller)


@router.post("/{id}/give")
async def give(request: Request, id: str, body: Gift, caller: Administrator) -> Response:
    """Give it to an administrator, who will answer."""
    await _checked(request, id, caller, ANSWER_CASE)
    stored = await here(request).support_cases.give(id, body.to, await by(request, caller))
    return _shown(stored, caller)


@router.post("/{id}/answer")
async def answer(request: Request, id: str, body: Words, caller: Administrator) -> Response:
    """Answer it."""
    await _checked(request, id, caller, ANSWER_CASE)
    stored = await here(request).support_cases.answer(id, body.words, await by(request, caller))
    return _shown(stored, caller)


@router.post("/{id}/close")
async def close(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(CLOSE_CASE))]
) -> Response:
    """Close it: whoever asked at any time, an administrator once it is answered."""
    stored = await _checked(request, id, caller, CLOSE_CASE)
    side: Side = "asker" if asks_for(caller, stored) else "network"
    command = await by(request, caller)
    return _shown(await here(request).support_cases.close(id, side, command), caller)


@router.post("/{id}/reopen")
async def reopen(
    request: Request, id: str, body: Words, caller: Annotated[Caller, Depends(allow(ASK_ON))]
) -> Response:
    """Ask on, within 30 days."""
    await _checked(request, id, caller, ASK_ON)
    stored = await here(request).support_cases.reopen(id, body.words, await by(request, caller))
    return _shown(stored, caller)


async def _checked(
    request: Request, id: str, caller: Caller, permission: Permission[Stored[SupportCase]]
) -> Stored[SupportCase]:
    return permission.check(caller, await here(request).support_cases.load(id))


def _shown(stored: Stored[SupportCase], caller: Caller, status: int = 200) -> Response:
    view = support_case_view(caller)
    return reply(
        show_support_case(stored, view),
        status,
        etag=SUPPORT_CASE_FIELDS.etag(stored, view),
        location=f"/api/registry/support-cases/{stored.id}" if status == 201 else None,
    )
