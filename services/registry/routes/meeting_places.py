"""Meeting places: proposed, signed, opened, paused, closed."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import Depends, Request, Response

from services.registry.domain.accommodation import Accommodation
from services.registry.domain.meeting_place_parts import Description
from services.registry.domain.meeting_place_state import MeetingPlace
from services.registry.permissions.accommodations import sees_accommodation
from services.registry.permissions.meeting_places import (
    OPEN_PLACE,
    PROPOSE_PLACE,
    READ_PLACES,
    RUN_PLACE,
    SPEAK_FOR_AGENCY,
    Place,
    hosts_it,
    speaks_for_agency,
)
from services.registry.queries.meeting_places import MEETING_PLACES, meeting_places
from services.registry.queries.timelines import steps
from services.registry.routes.here import here
from services.registry.routes.meeting_place_bodies import (
    DescriptionBody,
    Proposal,
    ResponsibleBody,
    ServedBody,
)
from services.registry.views.meeting_places import (
    MEETING_PLACE_FIELDS,
    meeting_place_view,
    show_meeting_place,
)
from shared.caller import Caller
from shared.causes import by
from shared.contracts.problems import NotAllowed, NotYetKnown
from shared.http import Room, expected_version, not_modified, page_answer, reply
from shared.kind import Stored
from shared.permissions import Permission, allow

router = Room(prefix="/meeting-places", tags=["meeting places"])

Reader = Annotated[Caller, Depends(allow(READ_PLACES))]
Runner = Annotated[Caller, Depends(allow(RUN_PLACE))]
Host = Annotated[Caller, Depends(allow(OPEN_PLACE))]


@router.post("", status_code=201)
async def propose(
    request: Request, body: Proposal, caller: Annotated[Caller, Depends(allow(PROPOSE_PLACE))]
) -> Response:
    """Propose a meeting place; the agency and every host sign it."""
    places = here(request).meeting_places
    ids, hosts = tuple(dict.fromkeys(body.accommodations)), tuple(dict.fromkeys(body.hosts))
    houses = await places.accommodations(ids)
    if not all(sees_accommodation(caller, one) for one in houses):
        raise NotYetKnown(extra={"field": "accommodations"})
    PROPOSE_PLACE.check(caller, Place(hosts, houses))
    stored = await places.propose(
        _description(body),
        ids,
        hosts,
        body.agreement,
        await by(request, caller),
    )
    return await shown(request, stored, caller, status=201)


@router.get("", openapi_extra=MEETING_PLACES.openapi)
async def listed(request: Request, caller: Reader) -> Response:
    """Meeting places by name, å ä ö last."""
    page = MEETING_PLACES.page(request)
    found, cursor = await meeting_places(here(request).store, page, caller)
    ids = {id for one in found for id in one.state.accommodations}
    houses = {one.id: one for one in await here(request).meeting_places.accommodations(list(ids))}
    items = [
        show_meeting_place(one, meeting_place_view(caller, _among(one, houses)), caller)
        for one in found
    ]
    return reply(page_answer(items, cursor))


@router.get("/{id}")
async def read(request: Request, id: str, caller: Reader) -> Response:
    """One meeting place; door and signatures for its parties."""
    stored = (await checked(request, id, caller, READ_PLACES))[0]
    tag = MEETING_PLACE_FIELDS.etag(stored, await _view(request, stored, caller))
    return not_modified(request, tag) or await shown(request, stored, caller)


@router.put("/{id}")
async def change(request: Request, id: str, body: DescriptionBody, caller: Runner) -> Response:
    """Describe it anew (If-Match)."""
    await checked(request, id, caller, RUN_PLACE)
    command = await by(request, caller, expected_version(request))
    stored = await here(request).meeting_places.change(id, _description(body), command)
    return await shown(request, stored, caller)


@router.get("/{id}/timeline")
async def timeline(request: Request, id: str, caller: Runner) -> Response:
    """Who did what when."""
    stored, place = await checked(request, id, caller, RUN_PLACE)
    rows = await here(request).meeting_places.timeline(stored.id)
    oversees = meeting_place_view(caller, place) == "overseer"
    return reply({"items": await steps(here(request).store, rows, caller, place.hosts, oversees)})


@router.post("/{id}/open")
async def open_(request: Request, id: str, caller: Host) -> Response:
    """Open it, under an agreement in force."""
    await checked(request, id, caller, OPEN_PLACE)
    stored = await here(request).meeting_places.open(id, await by(request, caller))
    return await shown(request, stored, caller)


@router.post("/{id}/open-on-trial")
async def open_on_trial(request: Request, id: str, caller: Host) -> Response:
    """Open it for the days that an officer has said yes to."""
    await checked(request, id, caller, OPEN_PLACE)
    stored = await here(request).meeting_places.open_on_trial(id, await by(request, caller))
    return await shown(request, stored, caller)


@router.post("/{id}/serve")
async def serve(
    request: Request,
    id: str,
    body: ServedBody,
    caller: Annotated[Caller, Depends(allow(SPEAK_FOR_AGENCY))],
) -> Response:
    """It serves other accommodations from now on, such as one in the place of one that closes."""
    _, place = await checked(request, id, caller, SPEAK_FOR_AGENCY)
    places, ids = here(request).meeting_places, tuple(dict.fromkeys(body.accommodations))
    houses = await places.accommodations(ids)
    if not all(sees_accommodation(caller, one) for one in houses):
        raise NotYetKnown(extra={"field": "accommodations"})
    SPEAK_FOR_AGENCY.check(caller, Place(place.hosts, houses, place.stored))
    stored = await places.serve(id, ids, await by(request, caller))
    return await shown(request, stored, caller)


@router.post("/{id}/take-responsibility")
async def take_responsibility(
    request: Request, id: str, body: ResponsibleBody, caller: Runner
) -> Response:
    """Another of its hosts answers for it: they say so themselves, or an officer does."""
    _, place = await checked(request, id, caller, RUN_PLACE)
    if not (caller.coordinates(body.host) or speaks_for_agency(caller, place)):
        raise NotAllowed()
    command = await by(request, caller)
    stored = await here(request).meeting_places.take_responsibility(id, body.host, command)
    return await shown(request, stored, caller)


@router.post("/{id}/pause")
async def pause(request: Request, id: str, caller: Runner) -> Response:
    """Pause it."""
    _, place = await checked(request, id, caller, RUN_PLACE)
    command = await by(request, caller)
    stored = await here(request).meeting_places.pause(id, _side(caller, place), command)
    return await shown(request, stored, caller)


@router.post("/{id}/resume")
async def resume(request: Request, id: str, caller: Host) -> Response:
    """Open it again after a pause."""
    await checked(request, id, caller, OPEN_PLACE)
    stored = await here(request).meeting_places.resume(id, await by(request, caller))
    return await shown(request, stored, caller)


@router.post("/{id}/close")
async def close(request: Request, id: str, caller: Runner) -> Response:
    """Close it for good, or withdraw a proposal."""
    _, place = await checked(request, id, caller, RUN_PLACE)
    command = await by(request, caller)
    stored = await here(request).meeting_places.close(id, _side(caller, place), command)
    return await shown(request, stored, caller)


async def checked(
    request: Request, id: str, caller: Caller, permission: Permission[Place]
) -> tuple[Stored[MeetingPlace], Place]:
    """The meeting place, if the permission holds for it."""
    stored = await here(request).meeting_places.load(id)
    return stored, permission.check(caller, await _place(request, stored))


async def _place(request: Request, stored: Stored[MeetingPlace]) -> Place:
    houses = await here(request).meeting_places.accommodations(stored.state.accommodations)
    return _among(stored, {one.id: one for one in houses})


def _among(stored: Stored[MeetingPlace], houses: Mapping[str, Stored[Accommodation]]) -> Place:
    state = stored.state
    return Place(state.hosts, [houses[id] for id in state.accommodations], stored)


async def _view(request: Request, stored: Stored[MeetingPlace], caller: Caller) -> str:
    return meeting_place_view(caller, await _place(request, stored))


def _side(caller: Caller, place: Place) -> Literal["host", "officer"]:
    return "host" if hosts_it(caller, place) else "officer"


def _description(body: DescriptionBody) -> Description:
    return Description(**{name: getattr(body, name) for name in Description.model_fields})


async def shown(
    request: Request, stored: Stored[MeetingPlace], caller: Caller, status: int = 200
) -> Response:
    """The answer that shows the meeting place as the caller sees it."""
    view = await _view(request, stored, caller)
    return reply(
        show_meeting_place(stored, view, caller),
        status,
        etag=MEETING_PLACE_FIELDS.etag(stored, view),
        location=f"/api/registry/meeting-places/{stored.id}" if status == 201 else None,
    )
