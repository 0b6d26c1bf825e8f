"""One's own inbox: read it, mark it, and have it live."""

from typing import Annotated

from fastapi import Depends, Request, Response

from services.notifications.permissions import OWN_INBOX
from services.notifications.queries import INBOX
from services.notifications.routes import examples
from services.notifications.routes.here import access, here
from shared.caller import Caller
from shared.contracts.texts import Body, Moment
from shared.http import Room, page_answer, reply, single_values
from shared.permissions import allow

router = Room(prefix="/inbox", tags=["inbox"])
Own = Annotated[Caller, Depends(allow(OWN_INBOX))]


class Until(Body):
    """Up to which moment: the `at` of the newest one that the reader has seen."""

    until: Moment | None = None


@router.get("", openapi_extra=INBOX.openapi, responses=examples.INBOX)
async def inbox(request: Request, caller: Own) -> Response:
    """One's notifications, newest first; `unread` counts to 100, which means a hundred or more."""
    page = INBOX.page(request)
    items, cursor = await here(request).inbox.page(caller.person_id, page)
    unread = await here(request).inbox.unread(caller.person_id)
    return reply({**page_answer(items, cursor), "unread": unread})


@router.get("/stream", response_class=Response, responses=examples.STREAM)
async def stream(request: Request, caller: Own) -> Response:
    """The inbox live, as server-sent events; go on by sending the last id as Last-Event-ID.

    `notification` carries what GET /inbox/{id} shows; the same id again replaces it. `unread` is the
    count. `resync`: too old a place; the newest follow. `closed`: the end, with the reason.
    """
    single_values(request, set())
    return here(request).streams.of(caller, access(request), request.headers.get("last-event-id"))


@router.post("/read-all", status_code=204)
async def read_all(request: Request, caller: Own, body: Until | None = None) -> Response:
    """Mark all as read, or all until a moment."""
    await here(request).marking.read_all(caller.person_id, body.until if body else None)
    return Response(status_code=204)


@router.get("/{id}", responses=examples.ITEM)
async def one(request: Request, caller: Own, id: str) -> Response:
    """One of them, with what became of its mail."""
    return reply(await here(request).inbox.one(caller.person_id, id))


@router.post("/{id}/read", status_code=204)
async def read(request: Request, caller: Own, id: str) -> Response:
    """Mark it as read."""
    await here(request).marking.read(caller.person_id, id)
    return Response(status_code=204)


@router.post("/{id}/archive", status_code=204)
async def archive(request: Request, caller: Own, id: str) -> Response:
    """Put it away."""
    await here(request).marking.archive(caller.person_id, id)
    return Response(status_code=204)
