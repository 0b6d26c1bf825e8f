"""The dates of a season and what is to be known of them, before anything is saved."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field

from services.activities.commands.previews import Preview
from services.activities.domain.activity import Plan
from services.activities.domain.description import Ages, Id
from services.activities.domain.hints import Hint
from services.activities.domain.schedule import Schedule
from services.activities.domain.seats import RoleNeed
from services.activities.permissions import PLAN, RUN_ACTIVITY
from services.activities.routes.dates import SEASON, meeting_shown
from services.activities.routes.here import here
from shared.caller import Caller
from shared.contracts.activities import ActivityKind, TargetGroup
from shared.contracts.problems import Language
from shared.http import Room, reply
from shared.http.language import language_of
from shared.permissions import allow

router = Room(prefix="/activities", tags=["activities"])


class SeasonBody(Schedule):
    """A season whose dates one wants to see first.

    With a place also what is to be known of the days there; with the organiser as well, what planning it
    would be refused for.
    """

    kind: ActivityKind | None = None
    meeting_place: Id | None = None
    organiser: Id | None = None
    room: Id | None = None
    leader: Id | None = None
    target_groups: Annotated[tuple[TargetGroup, ...], Field(min_length=1, max_length=10)] = ("all",)
    ages: Ages | None = None
    childcare: bool = False
    roles: Annotated[tuple[RoleNeed, ...], Field(max_length=5)] = ()

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                SEASON,
                {
                    "recurrence": "FREQ=WEEKLY;BYDAY=TU",
                    "start": "18:00",
                    "end": "20:00",
                    "first": "2027-01-12",
                    "meetings": 8,
                    "skip_holidays": True,
                    "kind": "language_cafe",
                    "meeting_place": "0a7f3c58-77c1-4b73-8a5e-19a5c4f6f8d2",
                },
            ]
        }
    )


@router.post("/preview")
async def preview(
    request: Request, body: SeasonBody, caller: Annotated[Caller, Depends(allow(PLAN))]
) -> Response:
    """The dates of a season and what is to be known of them, saving nothing."""
    schedule = Schedule(**body.model_dump(include=set(Schedule.model_fields)))
    previews = here(request).previews
    if body.organiser is None or body.meeting_place is None:
        found = await previews.season(schedule, body.kind, body.meeting_place)
        return _shown(found, language_of(request.scope))
    PLAN.check(caller, body.organiser)
    asked = body.model_dump(exclude={*Schedule.model_fields, "kind"})
    # Neither title nor places matter to any date.
    wish = Plan(**asked, kind=body.kind or "other", title={"sv": "-"}, places=1, schedule=schedule)
    return _shown(await previews.plan(wish), language_of(request.scope))


@router.post("/{id}/preview")
async def of_draft(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(RUN_ACTIVITY))]
) -> Response:
    """A draft's dates, what is to be known of them, and what publishing it would be refused for."""
    stored = RUN_ACTIVITY.check(caller, await here(request).activities.load(id))
    found = await here(request).previews.plan(stored.state, stored.id)
    return _shown(found, language_of(request.scope))


def _shown(found: Preview, language: Language) -> Response:
    content = {
        "meetings": [meeting_shown(one) for one in found.meetings],
        "left_out": [{"date": day, "why": why} for day, why in found.left_out],
        "hints": [hint_shown(one, language) for one in found.hints],
    }
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    return reply(content, headers=headers)


def hint_shown(one: Hint, language: Language) -> dict[str, Any]:
    """One thing to know, in words."""
    return {
        "code": one.code,
        "text": one.text.in_language(language),
        "dates": one.dates,
        "refused": one.refused,
    }
