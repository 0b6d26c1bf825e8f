"""Activities: plan a season, see its dates first, cancel what is left."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field

from services.activities import queries
from services.activities.commands.activities import session_id
from services.activities.domain.activity import Activity, Plan
from services.activities.domain.description import Description
from services.activities.domain.schedule import Day, Schedule
from services.activities.domain.series import Number
from services.activities.permissions import PLAN, READ_ACTIVITIES, RUN_ACTIVITY
from services.activities.routes.bodies import Reason
from services.activities.routes.dates import SEASON, meeting_shown
from services.activities.routes.here import here
from services.activities.views import ACTIVITY_FIELDS, activity_view
from shared.caller import Caller
from shared.causes import by
from shared.contracts.texts import Body
from shared.http import Room, expected_version, not_modified, page_answer, reply
from shared.kind import Stored
from shared.permissions import allow

router = Room(prefix="/activities", tags=["activities"])


class PlanBody(Plan):
    """A season of an activity at a meeting place; `draft` puts it down without planning it."""

    draft: bool = False

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "language_cafe",
                    "title": {"sv": "Språkcafé på tisdagar", "en": "Language café on Tuesdays"},
                    "target_groups": ["all"],
                    "languages": ["sv", "prs", "ti"],
                    "places": 20,
                    "organiser": "6f1c2d1e-8d0a-4c0f-9a51-3f1f0b8f2a10",
                    "meeting_place": "0a7f3c58-77c1-4b73-8a5e-19a5c4f6f8d2",
                    "room": "dining-room",
                    "schedule": SEASON,
                    "roles": [
                        {"role": "leader", "minimum": 1, "maximum": 1},
                        {"role": "helper", "minimum": 1, "maximum": 2},
                    ],
                }
            ]
        }
    )


class DescriptionBody(Description):
    """What is said of an activity, all of it; `schedule` only while it is a draft."""

    schedule: Schedule | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "language_cafe",
                    "title": {"sv": "Språkcafé med barnhörna"},
                    "childcare": True,
                    "bring": {"sv": "En sak att berätta om"},
                    "places": 25,
                    "roles": [{"role": "helper", "minimum": 2, "maximum": 4}],
                }
            ]
        }
    )


class AgainBody(Body):
    """Last season once more, from a date on; without `last` with as many meetings as before."""

    first: Annotated[Day, Field(examples=["2027-09-07"])]
    last: Day | None = None


class CancelBody(Reason):
    """Why what is left of the activity is cancelled; with `number` only that meeting and what follows."""

    number: Number | None = None


@router.post("", status_code=201)
async def plan(
    request: Request, body: PlanBody, caller: Annotated[Caller, Depends(allow(PLAN))]
) -> Response:
    """Plan an activity; all its sessions are there when this answers."""
    PLAN.check(caller, body.organiser)
    wish = Plan(**body.model_dump(exclude={"draft"}))
    command = await by(request, caller)
    if body.draft:
        return shown(await here(request).drafts.draft(wish, command), caller, status=201)
    return shown(await here(request).activities.plan(wish, command), caller, status=201)


@router.get("", openapi_extra=queries.ACTIVITIES.openapi)
async def listed(
    request: Request, caller: Annotated[Caller, Depends(allow(READ_ACTIVITIES))]
) -> Response:
    """Activities by their first start."""
    page = queries.ACTIVITIES.page(request)
    found, cursor = await queries.activities(here(request).store, page, caller)
    items = [ACTIVITY_FIELDS.show(one, activity_view(caller, one)) for one in found]
    return reply(page_answer(items, cursor))


@router.get("/{id}")
async def read(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_ACTIVITIES))]
) -> Response:
    """One activity with its meetings."""
    stored = READ_ACTIVITIES.check(caller, await here(request).activities.load(id))
    tag = ACTIVITY_FIELDS.etag(stored, activity_view(caller, stored))
    return not_modified(request, tag) or shown(stored, caller)


@router.put("/{id}")
async def edit(
    request: Request,
    id: str,
    body: DescriptionBody,
    caller: Annotated[Caller, Depends(allow(RUN_ACTIVITY))],
) -> Response:
    """Describe it anew (If-Match); its coming sessions follow, what was held stays as it was."""
    stored = await _checked(request, id, caller)
    command = await by(request, caller, expected_version(request))
    wish = Description(**body.model_dump(exclude={"schedule"}))
    edited = await here(request).drafts.edit(stored, wish, body.schedule, command)
    return shown(edited, caller)


@router.post("/{id}/publish")
async def publish(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(RUN_ACTIVITY))]
) -> Response:
    """Plan a draft: all its sessions are there when this answers."""
    stored = await _checked(request, id, caller)
    return shown(await here(request).drafts.publish(stored, await by(request, caller)), caller)


@router.post("/{id}/copy", status_code=201)
async def copy(
    request: Request,
    id: str,
    body: AgainBody,
    caller: Annotated[Caller, Depends(allow(RUN_ACTIVITY))],
) -> Response:
    """As last season: a draft on the same weekdays from another date on."""
    stored = await _checked(request, id, caller)
    command = await by(request, caller)
    draft = await here(request).drafts.copy(stored, body.first, body.last, command)
    return shown(draft, caller, status=201)


@router.get("/{id}/timeline")
async def timeline(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(RUN_ACTIVITY))]
) -> Response:
    """Who did what when."""
    await _checked(request, id, caller)
    rows = await here(request).activities.timeline(id)
    return reply({"items": [queries.as_step(row) for row in rows]})


@router.post("/{id}/cancel")
async def cancel(
    request: Request,
    id: str,
    body: CancelBody,
    caller: Annotated[Caller, Depends(allow(RUN_ACTIVITY))],
) -> Response:
    """Cancel what is left of it: each coming session, with everyone concerned told once."""
    stored, command = await _checked(request, id, caller), await by(request, caller)
    if body.number is not None:
        shorter = await here(request).series.call_off(
            stored, body.number, body.reason, body.words, command
        )
        return shown(shorter, caller)
    done = await here(request).activities.cancel(id, body.reason, body.words, command)
    return shown(done, caller)


async def _checked(request: Request, id: str, caller: Caller) -> Stored[Activity]:
    return RUN_ACTIVITY.check(caller, await here(request).activities.load(id))


def shown(stored: Stored[Activity], caller: Caller, status: int = 200) -> Response:
    """An activity with its meetings, as this caller sees it."""
    view = activity_view(caller, stored)
    dates = [
        {"session": session_id(stored.id, one.number), **meeting_shown(one)}
        for one in stored.state.meetings
    ]
    return reply(
        {**ACTIVITY_FIELDS.show(stored, view), "meetings": dates},
        status,
        etag=ACTIVITY_FIELDS.etag(stored, view),
        location=f"/api/activities/activities/{stored.id}" if status == 201 else None,
    )
