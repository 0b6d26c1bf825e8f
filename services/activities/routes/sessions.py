"""Sessions: see them, take a seat, cancel."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict

from services.activities import queries
from services.activities.domain.seats import RoleNeed
from services.activities.domain.session import Cancellation, Session
from services.activities.permissions import (
    LEAD_SESSION,
    OWN_SEAT,
    READ_SESSIONS,
    RUN_SESSION,
    SIGN_UP,
)
from services.activities.routes.bodies import PersonBody, Reason, SignUpBody, StandInBody
from services.activities.routes.here import here
from services.activities.views import SESSION_FIELDS, session_shown, session_view
from shared.caller import Caller
from shared.causes import by
from shared.http import Room, page_answer, reply
from shared.kind import Stored
from shared.permissions import Permission, allow

router = Room(tags=["sessions"])


class SeatsBody(RoleNeed):
    """How many seats a role has."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "helper", "minimum": 1, "maximum": 3}]}
    )


@router.get("/sessions", openapi_extra=queries.SESSIONS.openapi)
async def listed(
    request: Request, caller: Annotated[Caller, Depends(allow(READ_SESSIONS))]
) -> Response:
    """Sessions by start; `from` and `to` are local days."""
    page = queries.SESSIONS.page(request)
    return await _list(request, caller, *await queries.sessions(here(request).store, page))


@router.get("/me/sessions", openapi_extra=queries.MY_SESSIONS.openapi)
async def mine(request: Request, caller: Annotated[Caller, Depends(allow(OWN_SEAT))]) -> Response:
    """One's own shifts: held, coming, waited for, given back, cancelled."""
    page = queries.MY_SESSIONS.page(request)
    found = await queries.sessions(here(request).store, page, caller.person_id)
    return await _list(request, caller, *found)


@router.get("/sessions/{id}")
async def read(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_SESSIONS))]
) -> Response:
    """One session: numbers, one's own seat, and for its coordinators who."""
    return await _shown(request, await here(request).sessions.load(id), caller)


@router.get("/sessions/{id}/timeline")
async def timeline(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(RUN_SESSION))]
) -> Response:
    """Who did what when."""
    await _checked(request, id, caller, RUN_SESSION)
    rows = await here(request).sessions.timeline(id)
    return reply({"items": [queries.as_step(row) for row in rows]})


@router.post("/sessions/{id}/sign-up", status_code=201)
async def sign_up(
    request: Request,
    id: str,
    body: SignUpBody,
    caller: Annotated[Caller, Depends(allow(SIGN_UP))],
) -> Response:
    """Take a seat, or a place in the queue; the answer says which, and where."""
    stored = SIGN_UP.check(caller, await here(request).sessions.load_shared(id))
    done = await here(request).sessions.sign_up(stored, body.role, await by(request, caller))
    return _standing(done, 201)


@router.post("/sessions/{id}/withdraw")
async def withdraw(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(OWN_SEAT))]
) -> Response:
    """Give one's seat back, decline an offered one, or leave the queue."""
    stored = await here(request).sessions.load(id)
    return _standing(await here(request).sessions.withdraw(stored, await by(request, caller)))


@router.post("/sessions/{id}/confirm")
async def confirm(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(OWN_SEAT))]
) -> Response:
    """Say yes to an offered seat."""
    stored = await here(request).sessions.load(id)
    return _standing(await here(request).sessions.confirm(stored, await by(request, caller)))


@router.post("/sessions/{id}/keep")
async def keep(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(OWN_SEAT))]
) -> Response:
    """Keep one's seat after the session has moved; withdraw gives it back."""
    stored = await here(request).sessions.load(id)
    return _standing(await here(request).sessions.keep(stored, await by(request, caller)))


@router.post("/sessions/{id}/seats")
async def set_seats(
    request: Request,
    id: str,
    body: SeatsBody,
    caller: Annotated[Caller, Depends(allow(RUN_SESSION))],
) -> Response:
    """Raise or lower how many seats a role has; the queue moves up."""
    stored = await _checked(request, id, caller, RUN_SESSION)
    need = RoleNeed(**dict(body))
    done = await here(request).sessions.set_seats(stored, need, await by(request, caller))
    return await _shown(request, done, caller)


@router.post("/sessions/{id}/remove")
async def remove(
    request: Request,
    id: str,
    body: PersonBody,
    caller: Annotated[Caller, Depends(allow(RUN_SESSION))],
) -> Response:
    """Take somebody off the session or its queue."""
    stored = await _checked(request, id, caller, RUN_SESSION)
    done = await here(request).sessions.remove(stored, body.person, await by(request, caller))
    return await _shown(request, done, caller)


@router.post("/sessions/{id}/add")
async def add(
    request: Request,
    id: str,
    body: StandInBody,
    caller: Annotated[Caller, Depends(allow(LEAD_SESSION))],
) -> Response:
    """Write up who stepped in, once the session has begun."""
    stored = await _checked(request, id, caller, LEAD_SESSION)
    command = await by(request, caller)
    done = await here(request).sessions.add(stored, body.person, body.role, command)
    return await _shown(request, done, caller)


@router.post("/sessions/{id}/cancel")
async def cancel(
    request: Request,
    id: str,
    body: Reason,
    caller: Annotated[Caller, Depends(allow(LEAD_SESSION))],
) -> Response:
    """Cancel one session; everyone who had or wanted a seat is told."""
    stored = await _checked(request, id, caller, LEAD_SESSION)
    what = Cancellation(reason=body.reason, words=body.words, at=caller.now, by=caller.person_id)
    done = await here(request).sessions.cancel(stored, what, await by(request, caller))
    return await _shown(request, done, caller)


async def _checked(
    request: Request, id: str, caller: Caller, permission: Permission[Stored[Session]]
) -> Stored[Session]:
    return permission.check(caller, await here(request).sessions.load(id))


async def _list(
    request: Request, caller: Caller, found: list[Stored[Session]], cursor: str | None
) -> Response:
    names = await queries.names(here(request).replicas, caller, found)
    return reply(page_answer([session_shown(caller, one, names) for one in found], cursor))


async def _shown(request: Request, stored: Stored[Session], caller: Caller) -> Response:
    names = await queries.names(here(request).replicas, caller, [stored])
    tag = SESSION_FIELDS.etag(stored, session_view(caller, stored))
    return reply(session_shown(caller, stored, names), etag=tag)


def _standing(stored: Stored[Session], status: int = 200) -> Response:
    """What became of it for the caller; the same when the request is repeated."""
    return reply({"session": stored.id, **stored.result}, status)
