"""Accommodations: planned, opened, counted, closed."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict
from pydantic.config import JsonDict

from services.registry.domain.accommodation import Accommodation, Code, Details
from services.registry.domain.residents import Figure
from services.registry.permissions.accommodations import (
    READ_ACCOMMODATIONS,
    REGISTER_ACCOMMODATION,
    RUN_ACCOMMODATION,
)
from services.registry.queries.accommodations import ACCOMMODATIONS, accommodations
from services.registry.queries.common import as_step
from services.registry.routes.here import here
from services.registry.views.accommodations import (
    accommodation_tag,
    accommodation_view,
    show_accommodation,
)
from shared.caller import Caller
from shared.causes import by
from shared.contracts.places import county_of
from shared.contracts.texts import Body, Line
from shared.http import Room, expected_version, not_modified, page_answer, reply
from shared.kind import Stored
from shared.permissions import Permission, allow

router = Room(prefix="/accommodations", tags=["accommodations"])

DETAILS_EXAMPLE: JsonDict = {
    "name": "Björknäs demo",
    "kind": "asylum_centre",
    "municipality": "2582",
    "capacity": 200,
    "opens_on": "2026-12-02",
    "languages": ["prs", "ti"],
    "facilities": ["Samlingssal", "Lekplats"],
    "rhythm": [
        {"what": "meal", "at": "12:00", "until": "13:00"},
        {"what": "last_bus", "weekdays": [1, 2, 3, 4, 5], "at": "20:40"},
    ],
    "external_ids": {"lokalregistret": "4711"},
}

Reader = Annotated[Caller, Depends(allow(READ_ACCOMMODATIONS))]
Officer = Annotated[Caller, Depends(allow(RUN_ACCOMMODATION))]


class DetailsBody(Details, Body):
    """What is said of an accommodation."""

    model_config = ConfigDict(json_schema_extra={"examples": [DETAILS_EXAMPLE]})


class NewAccommodation(DetailsBody):
    """An accommodation to plan; without a code it is given one."""

    code: Code | None = None


class FigureBody(Figure, Body):
    """Residents on a date; a group that is left out is not known yet. `reason` with a correction."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"on": "2026-12-02", "total": 180, "women": 60, "men": 80, "girls": 20, "boys": 20}
            ]
        }
    )

    reason: Line | None = None


class ClosingBody(Body):
    """The first day on which it is closed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"closes_on": "2027-03-31"}]})

    closes_on: date


@router.post("", status_code=201)
async def register(
    request: Request,
    body: NewAccommodation,
    caller: Annotated[Caller, Depends(allow(REGISTER_ACCOMMODATION))],
) -> Response:
    """Plan an accommodation; its county follows from its municipality."""
    REGISTER_ACCOMMODATION.check(caller, county_of(body.municipality))
    stored = await here(request).accommodations.register(
        _details(body), body.code, await by(request, caller)
    )
    return _shown(stored, caller, status=201)


@router.get("", openapi_extra=ACCOMMODATIONS.openapi)
async def listed(request: Request, caller: Reader) -> Response:
    """Accommodations by name, å ä ö last."""
    page = ACCOMMODATIONS.page(request)
    found, cursor = await accommodations(here(request).store, page, caller)
    items = [show_accommodation(one, accommodation_view(caller, one)) for one in found]
    return reply(page_answer(items, cursor))


@router.get("/{id}")
async def read(request: Request, id: str, caller: Reader) -> Response:
    """One accommodation; figures in bands for others than officers in scope."""
    stored = await _checked(request, id, caller, READ_ACCOMMODATIONS)
    tag = accommodation_tag(stored, accommodation_view(caller, stored))
    return not_modified(request, tag) or _shown(stored, caller)


@router.put("/{id}")
async def change(request: Request, id: str, body: DetailsBody, caller: Officer) -> Response:
    """Describe it anew (If-Match); into another county only by an officer of both."""
    stored = await _checked(request, id, caller, RUN_ACCOMMODATION)
    if (county := county_of(body.municipality)) != stored.state.county:
        REGISTER_ACCOMMODATION.check(caller, county)
    command = await by(request, caller, expected_version(request))
    return _shown(await here(request).accommodations.change(id, _details(body), command), caller)


@router.get("/{id}/timeline")
async def timeline(request: Request, id: str, caller: Officer) -> Response:
    """Who did what when, with the changes of whom to call there (never who that is)."""
    await _checked(request, id, caller, RUN_ACCOMMODATION)
    rows = [
        *await here(request).accommodations.timeline(id),
        *await here(request).site_contacts.timeline(id),
    ]
    rows.sort(key=lambda row: row["time"])
    return reply({"items": [as_step(row) for row in rows]})


@router.post("/{id}/open")
async def open_(request: Request, id: str, caller: Officer) -> Response:
    """People move in."""
    await _checked(request, id, caller, RUN_ACCOMMODATION)
    return _shown(await here(request).accommodations.open(id, await by(request, caller)), caller)


@router.post("/{id}/residents")
async def residents(request: Request, id: str, body: FigureBody, caller: Officer) -> Response:
    """How many live there on a date; another figure for the same date corrects it, with a reason."""
    await _checked(request, id, caller, RUN_ACCOMMODATION)
    figure = Figure(**{name: getattr(body, name) for name in Figure.model_fields})
    command = await by(request, caller)
    stored = await here(request).accommodations.report(id, figure, body.reason, command)
    return _shown(stored, caller)


@router.post("/{id}/close")
async def close(request: Request, id: str, body: ClosingBody, caller: Officer) -> Response:
    """It closes on a date, which may be moved; until then it counts."""
    await _checked(request, id, caller, RUN_ACCOMMODATION)
    command = await by(request, caller)
    return _shown(await here(request).accommodations.close(id, body.closes_on, command), caller)


@router.post("/{id}/reopen")
async def reopen(request: Request, id: str, caller: Officer) -> Response:
    """It goes on after all, or again."""
    await _checked(request, id, caller, RUN_ACCOMMODATION)
    return _shown(await here(request).accommodations.reopen(id, await by(request, caller)), caller)


async def _checked(
    request: Request, id: str, caller: Caller, permission: Permission[Stored[Accommodation]]
) -> Stored[Accommodation]:
    return permission.check(caller, await here(request).accommodations.load(id))


def _details(body: DetailsBody) -> Details:
    return Details(**{name: getattr(body, name) for name in Details.model_fields})


def _shown(stored: Stored[Accommodation], caller: Caller, status: int = 200) -> Response:
    view = accommodation_view(caller, stored)
    return reply(
        show_accommodation(stored, view),
        status,
        etag=accommodation_tag(stored, view),
        location=f"/api/registry/accommodations/{stored.id}" if status == 201 else None,
    )
