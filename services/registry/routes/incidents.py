"""Incidents: three choices first; what is reported is read by those who answer for the place."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field

from services.registry.commands.places_of import where
from services.registry.domain.accommodation import Accommodation, shown_municipality
from services.registry.domain.first_choices import NO_NAMES, Way, first_choices
from services.registry.domain.incident import Incident, Report
from services.registry.permissions.incidents import (
    FIRST_CHOICES,
    HANDLE_INCIDENT,
    READ_INCIDENTS,
    REPORT_INCIDENT,
)
from services.registry.queries.incidents import INCIDENTS, incidents
from services.registry.queries.timelines import steps
from services.registry.routes.here import here
from services.registry.views.incidents import INCIDENT_FIELDS, incident_line, incident_view
from shared.caller import Caller
from shared.causes import by
from shared.contracts.places import MUNICIPALITIES
from shared.contracts.problems import FieldError, Invalid, Language, NotFound, NotYetKnown, Text
from shared.contracts.texts import Body, Line
from shared.contracts.unnamed import UnnamedProse
from shared.http import Room, not_modified, page_answer, reply, single_values
from shared.http.language import language_of
from shared.kind import Stored
from shared.permissions import Permission, allow

router = Room(prefix="/incidents", tags=["incidents"])

PRIVATE = {"Cache-Control": "private, no-store"}
HAPPENED = "Två personer utifrån gick runt i korridoren och knackade på."
HANDLED = "Vi har talat med den som driver boendet. Dörren låses nu klockan 20."
ONE_PLACE = Text(
    "Ange antingen ett boende eller en mötesplats.",
    "Name either an accommodation or a meeting place.",
)

Reader = Annotated[Caller, Depends(allow(READ_INCIDENTS))]
Overseer = Annotated[Caller, Depends(allow(HANDLE_INCIDENT))]


class ReportBody(Report, Body):
    """What happened, at an accommodation or a meeting place. Write no names."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "accommodation": "0b0e4f0e-9d0b-5a3e-8f6e-0d2d1c8f7a11",
                    "kind": "intruder",
                    "happened_at": "2026-12-01T18:30:00Z",
                    "going_on": False,
                    "words": HAPPENED,
                }
            ]
        }
    )

    accommodation: Line | None = None
    meeting_place: Line | None = None


class Words(Body):
    """What was done. Write no names."""

    words: Annotated[UnnamedProse, Field(examples=[HANDLED])]


@router.get("/choices")
async def choices(
    request: Request, caller: Annotated[Caller, Depends(allow(FIRST_CHOICES))]
) -> Response:
    """The three choices to begin with; `?accommodation=` or `?meeting_place=` names the place."""
    given = single_values(request, {"accommodation", "meeting_place"})
    _insist_on_one(given.get("accommodation"), given.get("meeting_place"), fewest=0)
    houses = await _houses(request, given.get("accommodation"), given.get("meeting_place"), caller)
    language = language_of(request.scope)
    ways = [_in_words(one, language) for one in first_choices(_municipality(houses))]
    headers = {**PRIVATE, "Content-Language": language, "Vary": "Accept-Language"}
    return reply({"items": ways, "notice": NO_NAMES.in_language(language)}, headers=headers)


@router.post("", status_code=201)
async def report(
    request: Request, body: ReportBody, caller: Annotated[Caller, Depends(allow(REPORT_INCIDENT))]
) -> Response:
    """Report an incident, without names; personal numbers, mail addresses and phones are refused."""
    _insist_on_one(body.accommodation, body.meeting_place, fewest=1)
    try:
        houses = await _houses(request, body.accommodation, body.meeting_place, caller)
    except NotFound as missing:
        field = "accommodation" if body.accommodation else "meeting_place"
        raise NotYetKnown(extra={"field": field}) from missing
    told = Report(**{name: getattr(body, name) for name in Report.model_fields})
    place, command = where(houses, body.meeting_place), await by(request, caller)
    stored = await here(request).incidents.report(told, place, caller, command)
    return await _shown(request, stored, caller, status=201)


@router.get("", openapi_extra=INCIDENTS.openapi)
async def listed(request: Request, caller: Reader) -> Response:
    """Those one answers for, and those one has reported: unseen first, the oldest first."""
    page = INCIDENTS.page(request)
    found, cursor = await incidents(here(request).store, page, caller)
    items = [incident_line(one, incident_view(caller, one)) for one in found]
    return reply(page_answer(items, cursor), headers=PRIVATE)


@router.get("/{id}")
async def read(request: Request, id: str, caller: Reader) -> Response:
    """One incident; each reading by those who answer for the place is logged."""
    stored = await _checked(request, id, caller, READ_INCIDENTS)
    tag = INCIDENT_FIELDS.etag(stored, incident_view(caller, stored))
    return not_modified(request, tag) or await _shown(request, stored, caller)


@router.get("/{id}/timeline")
async def timeline(request: Request, id: str, caller: Overseer) -> Response:
    """Who did what when."""
    await _checked(request, id, caller, HANDLE_INCIDENT)
    rows = await here(request).incidents.timeline(id)
    shown = await steps(here(request).store, rows, caller, (), caller.is_administrator)
    return reply({"items": shown}, headers=PRIVATE)


@router.post("/{id}/see")
async def see(request: Request, id: str, caller: Overseer) -> Response:
    """Say that it has been seen; whoever reported it sees that."""
    await _checked(request, id, caller, HANDLE_INCIDENT)
    stored = await here(request).incidents.see(id, await by(request, caller))
    return await _shown(request, stored, caller)


@router.post("/{id}/handle")
async def handle(request: Request, id: str, body: Words, caller: Overseer) -> Response:
    """Say what was done about it."""
    await _checked(request, id, caller, HANDLE_INCIDENT)
    stored = await here(request).incidents.handle(id, body.words, await by(request, caller))
    return await _shown(request, stored, caller)


@router.post("/{id}/close")
async def close(request: Request, id: str, caller: Overseer) -> Response:
    """Close it."""
    await _checked(request, id, caller, HANDLE_INCIDENT)
    stored = await here(request).incidents.close(id, await by(request, caller))
    return await _shown(request, stored, caller)


async def _checked(
    request: Request, id: str, caller: Caller, permission: Permission[Stored[Incident]]
) -> Stored[Incident]:
    return permission.check(caller, await here(request).incidents.load(id))


async def _houses(
    request: Request, accommodation: str | None, meeting_place: str | None, caller: Caller
) -> list[Stored[Accommodation]]:
    places = here(request).places
    if accommodation is not None:
        return await places.accommodation(accommodation, caller)
    return await places.meeting_place(meeting_place, caller) if meeting_place is not None else []


def _insist_on_one(accommodation: str | None, meeting_place: str | None, fewest: int) -> None:
    if not fewest <= (accommodation is not None) + (meeting_place is not None) <= 1:
        raise Invalid(fields=(FieldError("accommodation", "one-place", ONE_PLACE),))


def _municipality(houses: list[Stored[Accommodation]]) -> str | None:
    """The name of the municipality where all of them lie, as everyone may know it."""
    codes = {shown_municipality(one.state) for one in houses}
    code = codes.pop() if len(codes) == 1 else None
    return None if code is None else MUNICIPALITIES[code].name


def _in_words(way: Way, language: Language) -> dict[str, str | None]:
    return {
        "choice": way.choice,
        "title": way.title.in_language(language),
        "words": way.words.in_language(language),
        "phone": way.phone,
        "path": way.path,
    }


async def _shown(
    request: Request, stored: Stored[Incident], caller: Caller, status: int = 200
) -> Response:
    view = incident_view(caller, stored)
    if view != "reporter":
        await here(request).incidents.log_reading(stored.id, caller)
    return reply(
        INCIDENT_FIELDS.show(stored, view),
        status,
        etag=INCIDENT_FIELDS.etag(stored, view),
        location=f"/api/registry/incidents/{stored.id}" if status == 201 else None,
        headers=PRIVATE,
    )
