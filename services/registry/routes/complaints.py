"""Complaints, as those read them who answer for the house and, mostly, the responsible host."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import Field

from services.registry.domain.complaint import Answer, Complaint
from services.registry.permissions.complaints import READ_COMPLAINTS
from services.registry.queries.complaints import COMPLAINTS, complaints
from services.registry.routes.here import here
from services.registry.views.complaints import COMPLAINT_FIELDS, complaint_view
from shared.caller import Caller
from shared.causes import by
from shared.contracts.texts import Body
from shared.http import Room, not_modified, page_answer, reply
from shared.kind import Stored
from shared.permissions import allow

router = Room(prefix="/complaints", tags=["complaints"])

PRIVATE = {"Cache-Control": "private, no-store"}
Reader = Annotated[Caller, Depends(allow(READ_COMPLAINTS))]


class AnswerBody(Body):
    """What became of it; unless it is about a person it stands on the noticeboard."""

    answer: Annotated[Answer, Field(examples=["put_right"])]


@router.get("", openapi_extra=COMPLAINTS.openapi)
async def listed(request: Request, caller: Reader) -> Response:
    """Those that the caller may read: unseen first, the oldest first."""
    page = COMPLAINTS.page(request)
    found, cursor = await complaints(here(request).store, page, caller)
    items = [COMPLAINT_FIELDS.show(one, complaint_view(caller, one)) for one in found]
    return reply(page_answer(items, cursor), headers=PRIVATE)


@router.get("/{id}")
async def read(request: Request, id: str, caller: Reader) -> Response:
    """One complaint, with who has done what when."""
    stored = await _checked(request, id, caller)
    tag = COMPLAINT_FIELDS.etag(stored, complaint_view(caller, stored))
    return not_modified(request, tag) or _shown(stored, caller)


@router.post("/{id}/see")
async def see(request: Request, id: str, caller: Reader) -> Response:
    """Say that it has been read."""
    await _checked(request, id, caller)
    return _shown(await here(request).complaints.see(id, await by(request, caller)), caller)


@router.post("/{id}/answer")
async def answer(request: Request, id: str, body: AnswerBody, caller: Reader) -> Response:
    """Say what became of it, in words from the list."""
    await _checked(request, id, caller)
    command = await by(request, caller)
    return _shown(await here(request).complaints.answer(id, body.answer, command), caller)


@router.post("/{id}/close")
async def close(request: Request, id: str, caller: Reader) -> Response:
    """Close it."""
    await _checked(request, id, caller)
    return _shown(await here(request).complaints.close(id, await by(request, caller)), caller)


async def _checked(request: Request, id: str, caller: Caller) -> Stored[Complaint]:
    return READ_COMPLAINTS.check(caller, await here(request).complaints.load(id))


def _shown(stored: Stored[Complaint], caller: Caller) -> Response:
    view = complaint_view(caller, stored)
    tag = COMPLAINT_FIELDS.etag(stored, view)
    return reply(COMPLAINT_FIELDS.show(stored, view), etag=tag, headers=PRIVATE)
