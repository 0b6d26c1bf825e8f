"""A series under way: move, extend, and see first whom it touches."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import ConfigDict

from services.activities import queries
from services.activities.commands.series import Touched
from services.activities.domain.activity import Activity
from services.activities.domain.recurrence import Meeting
from services.activities.domain.series import More, Move
from services.activities.permissions import RUN_ACTIVITY
from services.activities.routes.activities import shown
from services.activities.routes.dates import meeting_shown
from services.activities.routes.here import here
from services.activities.routes.previews import hint_shown
from shared.caller import Caller
from shared.causes import by
from shared.http import Room, reply
from shared.http.language import language_of
from shared.kind import Stored
from shared.permissions import allow

router = Room(prefix="/activities", tags=["activities"])
Coordinator = Annotated[Caller, Depends(allow(RUN_ACTIVITY))]


class MoveBody(Move):
    """Where a meeting goes, and which others go along."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"number": 4, "reach": "following", "day": "2027-02-04", "start": "18:00"},
                {"number": 2, "day": "2027-03-23", "start": "19:00", "end": "21:00"},
            ]
        }
    )


class MoreBody(More):
    """What is added to the season."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"meetings": 10},
                {"extra": [{"day": "2027-03-27", "start": "14:00", "end": "16:00"}]},
            ]
        }
    )


@router.post("/{id}/move")
async def move(request: Request, id: str, body: MoveBody, caller: Coordinator) -> Response:
    """Move one meeting, this and following, or all that come; everyone concerned is told once."""
    stored = await _checked(request, id, caller)
    wish = Move(**body.model_dump())
    return shown(await here(request).series.move(stored, wish, await by(request, caller)), caller)


@router.post("/{id}/move/preview")
async def look(request: Request, id: str, body: MoveBody, caller: Coordinator) -> Response:
    """Whom a move touches, who is asked and who would be in two places, saving nothing."""
    stored = await _checked(request, id, caller)
    touched = await here(request).series.look(stored, Move(**body.model_dump()))
    names = await queries.names(here(request).replicas, caller, [one.session for one in touched])
    told = {person for one in touched for person in one.concerned}
    meetings = [_touched(one, names) for one in touched]
    hints = await _hints(request, stored, [one.meeting for one in touched])
    return reply({"told": len(told), "meetings": meetings, "hints": hints})


@router.post("/{id}/extend")
async def extend(request: Request, id: str, body: MoreBody, caller: Coordinator) -> Response:
    """Add meetings to the season; their sessions are there when this answers."""
    stored = await _checked(request, id, caller)
    wish = More(**body.model_dump())
    return shown(await here(request).series.extend(stored, wish, await by(request, caller)), caller)


@router.post("/{id}/extend/preview")
async def look_further(request: Request, id: str, body: MoreBody, caller: Coordinator) -> Response:
    """The dates that would be added, saving nothing."""
    stored = await _checked(request, id, caller)
    added = await here(request).series.look_further(stored, More(**body.model_dump()))
    hints = await _hints(request, stored, added)
    return reply({"meetings": [meeting_shown(one) for one in added], "hints": hints})


async def _hints(
    request: Request, stored: Stored[Activity], dates: Sequence[Meeting]
) -> list[dict[str, Any]]:
    found = await here(request).previews.hints(stored.state, dates)
    return [hint_shown(one, language_of(request.scope)) for one in found]


async def _checked(request: Request, id: str, caller: Caller) -> Stored[Activity]:
    return RUN_ACTIVITY.check(caller, await here(request).activities.load(id))


def _touched(one: Touched, names: dict[str, str]) -> dict[str, Any]:
    session = one.session.state
    return {
        "session": one.session.id,
        "was": {"start": session.start, "end": session.end, "room": session.room},
        "will": meeting_shown(one.meeting),
        "told": len(one.concerned),
        "asks": one.asks,
        "clashes": [
            {"person": person, "name": names.get(person), "session": other}
            for person, other in sorted(one.elsewhere.items())
        ],
    }
