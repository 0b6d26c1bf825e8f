"""Helpers for a session: who might come, ask them, and say no."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import Field

from services.activities.domain.description import Id
from services.activities.permissions import OWN_SEAT, RUN_SESSION
from services.activities.routes.here import here
from services.activities.views_helping import possible_shown, verdicts_shown
from shared.caller import Caller
from shared.causes import by
from shared.contracts.texts import Body
from shared.http import Room, reply
from shared.http.language import language_of
from shared.permissions import allow

router = Room(tags=["helping"])
SHOWN_AT_MOST = 20


class AskBody(Body):
    """Whom to ask."""

    people: Annotated[
        tuple[Id, ...],
        Field(
            min_length=1,
            max_length=SHOWN_AT_MOST,
            examples=[["8c3f5a3e-5b8e-4c55-9f1b-2f8b7e2d9c11"]],
        ),
    ]


@router.get("/sessions/{id}/possible-helpers")
async def possible(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(RUN_SESSION))]
) -> Response:
    """The twenty who fit best of those who may be asked, with why; who was asked, and what they said."""
    room = here(request)
    stored = RUN_SESSION.check(caller, await room.sessions.load(id))
    ranked = (await room.asking.possible(stored))[:SHOWN_AT_MOST]
    ids = {one.person for one, _ in ranked} | {one.person for one in stored.state.asked}
    known = await room.replicas.people.persons.many(sorted(ids)) if ids else {}
    names = {id: one.state.name for id, one in known.items()}
    return reply(possible_shown(stored.state, ranked, names, language_of(request.scope)))


@router.post("/sessions/{id}/ask-helpers")
async def ask(
    request: Request,
    id: str,
    body: AskBody,
    caller: Annotated[Caller, Depends(allow(RUN_SESSION))],
) -> Response:
    """Ask these people; the answer says of each whether they were, or why not."""
    room = here(request)
    stored = RUN_SESSION.check(caller, await room.sessions.load(id))
    verdicts = await room.asking.ask(stored, body.people, await by(request, caller))
    return reply(verdicts_shown(verdicts, language_of(request.scope)))


@router.post("/sessions/{id}/not-this-time")
async def not_this_time(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(OWN_SEAT))]
) -> Response:
    """Say no to a shift one was asked for; a no is a good answer, and one may still change one's mind."""
    command = await by(request, caller)
    await here(request).asking.not_this_time(id, caller.person_id, command)
    return reply({"session": id, "answer": "not_this_time"})
