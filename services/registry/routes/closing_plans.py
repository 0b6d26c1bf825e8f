"""A closing wave: one plan over many accommodations, looked at first, then decided."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field

from services.registry.commands.closing_plans import Houses
from services.registry.domain.closing_plan import MOST_HOUSES, ClosingPlan, Wanted
from services.registry.permissions.closing_plans import (
    CLOSE_MANY,
    RUN_CLOSING_PLAN,
    insist_on_known,
)
from services.registry.queries.closing_plans import CLOSING_PLANS, closing_plans
from services.registry.queries.common import as_step
from services.registry.routes.here import here
from services.registry.views.closing_plans import VIEW, plan_line, plan_shown, preview_shown
from shared.caller import Caller
from shared.causes import by
from shared.contracts.base import AccommodationId
from shared.contracts.texts import Body, Name
from shared.http import Room, etag, expected_version, page_answer, reply
from shared.http.language import language_of
from shared.kind import Stored
from shared.permissions import allow

router = Room(prefix="/closing-plans", tags=["accommodations"])

HOUSE = "6a1f8f0e-0d6f-5b6c-9a75-6d5c1f0b9e22"
Decider = Annotated[Caller, Depends(allow(CLOSE_MANY))]
Officer = Annotated[Caller, Depends(allow(RUN_CLOSING_PLAN))]


class WaveBody(Body):
    """Accommodations, each with the first day on which it is to be closed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"houses": [{"accommodation": HOUSE, "closes_on": "2027-03-31"}]}]
        }
    )

    houses: Annotated[tuple[Wanted, ...], Field(min_length=1, max_length=MOST_HOUSES)]


class PlanBody(WaveBody):
    """A plan with a name of its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Vintern 2027 demo",
                    "houses": [{"accommodation": HOUSE, "closes_on": "2027-03-31"}],
                }
            ]
        }
    )

    name: Name


class UndoBody(Body):
    """Accommodations of the plan that are not to close after all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"accommodations": [HOUSE]}]})

    accommodations: Annotated[
        tuple[AccommodationId, ...], Field(min_length=1, max_length=MOST_HOUSES)
    ]


@router.post("/preview")
async def preview(request: Request, body: WaveBody, caller: Decider) -> Response:
    """Whom the plan would touch and what speaks against it; nothing is changed."""
    houses = await _wanted(request, body, caller)
    seen = await here(request).closing_plans.preview(body.houses, houses)
    return reply(preview_shown(body.houses, houses, seen, language_of(request.scope)))


@router.post("", status_code=201)
async def decide(request: Request, body: PlanBody, caller: Decider) -> Response:
    """Decide it: every accommodation closes on its day, and has heard so when this is answered."""
    houses = await _wanted(request, body, caller)
    command = await by(request, caller)
    plan = await here(request).closing_plans.decide(body.name, body.houses, houses, command)
    return await _shown(request, plan, status=201)


@router.get("", openapi_extra=CLOSING_PLANS.openapi)
async def listed(request: Request, caller: Officer) -> Response:
    """Closing plans by name, å ä ö last."""
    found, cursor = await closing_plans(here(request).store, CLOSING_PLANS.page(request), caller)
    return reply(page_answer([plan_line(one) for one in found], cursor))


@router.get("/{id}")
async def read(request: Request, id: str, caller: Officer) -> Response:
    """One plan, and how each of its accommodations stands now."""
    return await _shown(request, await _checked(request, id, caller))


@router.put("/{id}")
async def change(request: Request, id: str, body: PlanBody, caller: Officer) -> Response:
    """Other days, more accommodations or fewer (If-Match); who is left out opens again."""
    await _checked(request, id, caller)
    houses = await _wanted(request, body, caller)
    command = await by(request, caller, expected_version(request))
    plan = await here(request).closing_plans.change(id, body.name, body.houses, houses, command)
    return await _shown(request, plan)


@router.post("/{id}/undo")
async def undo(request: Request, id: str, body: UndoBody, caller: Officer) -> Response:
    """These are not to close after all; what has been changed by hand since stays as it is."""
    await _checked(request, id, caller)
    command = await by(request, caller)
    plan = await here(request).closing_plans.undo(id, body.accommodations, command)
    return await _shown(request, plan)


@router.get("/{id}/timeline")
async def timeline(request: Request, id: str, caller: Officer) -> Response:
    """Who did what when."""
    await _checked(request, id, caller)
    rows = await here(request).closing_plans.timeline(id)
    return reply({"items": [as_step(row) for row in rows]})


async def _wanted(request: Request, body: WaveBody, caller: Caller) -> Houses:
    ids = [one.accommodation for one in body.houses]
    houses = await here(request).closing_plans.houses(ids)
    insist_on_known(caller, list(houses.values()))
    CLOSE_MANY.check(caller, list(houses.values()))
    return houses


async def _checked(request: Request, id: str, caller: Caller) -> Stored[ClosingPlan]:
    plan = await here(request).closing_plans.load(id)
    RUN_CLOSING_PLAN.check(caller, list((await _houses_of(request, plan)).values()))
    return plan


async def _houses_of(request: Request, plan: Stored[ClosingPlan]) -> Houses:
    ids: Iterable[str] = (line.accommodation for line in plan.state.lines)
    return await here(request).closing_plans.houses(list(ids))


async def _shown(request: Request, plan: Stored[ClosingPlan], status: int = 200) -> Response:
    return reply(
        plan_shown(plan, await _houses_of(request, plan)),
        status,
        etag=etag(plan.version, VIEW),
        location=f"/api/registry/closing-plans/{plan.id}" if status == 201 else None,
    )
