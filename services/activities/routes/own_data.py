"""One's own data in activities, to take away; also when one's account is suspended."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from services.activities.domain.asking import question
from services.activities.domain.session import Session
from services.activities.kinds import ACTIVITY, SESSION
from services.activities.routes.here import here
from shared.access import PersonNotKnown
from shared.http import Room, reply
from shared.kind import Stored
from shared.permissions import signed_in
from shared.store import Store
from shared.tokens import Token

router = Room(tags=["own data"])
PAGE = 200
MOST_SESSIONS = 10_000


@router.get("/me/export")
async def export(request: Request, token: Annotated[Token, Depends(signed_in)]) -> Response:
    """Every session that names oneself: seats, queue, counts, how it went; what one leads; what is known of one."""
    me = await here(request).replicas.people.by_identity(token.identity.key)
    if me is None:
        raise PersonNotKnown()
    store = here(request).store
    content = {
        "id": me.id,
        "you_as_known_here": me.state,
        "helping": await here(request).helping.load(me.id),
        "sessions": await _sessions(store, me.id),
        "activities_you_lead": [
            {"id": one.id, "title": one.state.title}
            for one in await store.find(ACTIVITY, {"keys.leader": me.id}, limit=PAGE)
        ],
    }
    return reply(content, headers={"Cache-Control": "private, no-store"})


async def _sessions(store: Store, me: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    last = ""
    while len(lines) < MOST_SESSIONS:
        query = {"keys.named": me, "_id": {"$gt": last}}
        page = await store.find(SESSION, query, sort=[("_id", 1)], limit=PAGE)
        lines += [_line(one, me) for one in page]
        if len(page) < PAGE:
            break
        last = page[-1].id
    return sorted(lines, key=lambda line: line["start"])


def _line(one: Stored[Session], me: str) -> dict[str, Any]:
    session = one.state
    cancelled, reflection = session.cancelled, session.reflection
    return {
        "id": one.id,
        "title": session.title,
        "start": session.start,
        "end": session.end,
        "status": session.status,
        "your_seats": [seat for seat in session.seats if seat.person == me],
        "you_were_asked": question(session, me),
        "you_lead": session.leader == me,
        "your_counts": [count for count in session.counts if count.by == me],
        "your_reflection": reflection if reflection and reflection.by == me else None,
        "cancelled_by_you": cancelled is not None and cancelled.by == me,
    }
