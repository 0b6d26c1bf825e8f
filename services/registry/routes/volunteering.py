"""Before the first shift: the register extract that was shown, and the pledge."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import Field

from services.registry.domain.conditions import pledge_version
from services.registry.domain.volunteering import has_valid_extract
from services.registry.permissions.organisations import CHANGE_ORGANISATION, READ_ORGANISATIONS
from services.registry.permissions.people import OWN_PROFILE, READ_PERSON, SEE_EXTRACT
from services.registry.routes.here import here
from shared.caller import Caller
from shared.causes import by
from shared.clock import local_date
from shared.contracts.problems import NotAllowed, NotFound, Refused
from shared.contracts.texts import Body, Line, ProseTranslations
from shared.http import Room, reply, single_values
from shared.permissions import allow

router = Room(tags=["volunteering"])


class ExtractBody(Body):
    """That an extract was shown to the organisation. `issued_on` stands on it, and is not kept."""

    organisation: Line
    issued_on: date
    shown_on: date | None = None


class OfOrganisation(Body):
    """Which organisation it is about."""

    organisation: Line


class Interval(Body):
    """For how many months a shown extract counts."""

    months: Annotated[int, Field(ge=1, le=60)]


class PledgeBody(Body):
    """The text on confidentiality and conduct, by language."""

    text: ProseTranslations


class Accepted(Body):
    """The version that was read."""

    version: Annotated[int, Field(ge=1)]


@router.post("/people/{id}/extract", status_code=204)
async def show_extract(
    request: Request,
    id: str,
    body: ExtractBody,
    caller: Annotated[Caller, Depends(allow(SEE_EXTRACT))],
) -> Response:
    """Note that a volunteer has shown you their extract; what it says is noted nowhere."""
    await _own_volunteer(request, id, body.organisation, caller)
    await here(request).volunteering.show_extract(
        id, body.organisation, body.shown_on, body.issued_on, await by(request, caller)
    )
    return Response(status_code=204)


@router.post("/people/{id}/extract/take-back", status_code=204)
async def take_back_extract(
    request: Request,
    id: str,
    body: OfOrganisation,
    caller: Annotated[Caller, Depends(allow(SEE_EXTRACT))],
) -> Response:
    """It was noted by mistake."""
    await _own_volunteer(request, id, body.organisation, caller)
    await here(request).volunteering.take_back_extract(
        id, body.organisation, await by(request, caller)
    )
    return Response(status_code=204)


@router.get("/people/{id}/extract")
async def extract(
    request: Request,
    id: str,
    caller: Annotated[Caller, Depends(allow(READ_PERSON))],
    on: date | None = None,
) -> Response:
    """Whether an extract counts on a date (`on`, today unless given), and nothing more."""
    single_values(request, {"on"})
    person = READ_PERSON.check(caller, await here(request).people.load(id))
    day = on or local_date(caller.now)
    return reply({"on": day, "valid": has_valid_extract(person.state, day)})


@router.post("/organisations/{id}/extract-interval", status_code=204)
async def set_extract_interval(
    request: Request,
    id: str,
    body: Interval,
    caller: Annotated[Caller, Depends(allow(CHANGE_ORGANISATION))],
) -> Response:
    """For how long a shown extract counts with this organisation; a year unless it says otherwise."""
    CHANGE_ORGANISATION.check(caller, await here(request).organisations.load(id))
    await here(request).volunteering.set_extract_interval(
        id, body.months, await by(request, caller)
    )
    return Response(status_code=204)


@router.get("/organisations/{id}/pledge")
async def pledge(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_ORGANISATIONS))]
) -> Response:
    """What the organisation's volunteers promise, in the version of today."""
    one = READ_ORGANISATIONS.check(caller, await here(request).organisations.load(id)).state
    if not one.pledges:
        raise NotFound()
    return reply(one.pledges[-1])


@router.post("/organisations/{id}/pledge")
async def publish_pledge(
    request: Request,
    id: str,
    body: PledgeBody,
    caller: Annotated[Caller, Depends(allow(CHANGE_ORGANISATION))],
) -> Response:
    """A new version of the text; every volunteer is asked again before the next shift."""
    CHANGE_ORGANISATION.check(caller, await here(request).organisations.load(id))
    stored = await here(request).volunteering.publish_pledge(
        id, body.text, await by(request, caller)
    )
    return reply({"id": stored.id, "version": pledge_version(stored.state)})


@router.post("/organisations/{id}/pledge/accept", status_code=204)
async def accept_pledge(
    request: Request,
    id: str,
    body: Accepted,
    caller: Annotated[Caller, Depends(allow(OWN_PROFILE))],
) -> Response:
    """Promise what the text of this version says."""
    READ_ORGANISATIONS.check(caller, await here(request).organisations.load(id))
    await here(request).volunteering.accept_pledge(
        caller.person_id, id, body.version, await by(request, caller)
    )
    return Response(status_code=204)


async def _own_volunteer(request: Request, id: str, organisation: str, caller: Caller) -> None:
    """Coordinators note it of their own organisation's people, and somebody else of theirs."""
    SEE_EXTRACT.check(caller, await here(request).people.load(id))
    if not caller.coordinates(organisation):
        raise NotAllowed()
    if id == caller.person_id:
        raise Refused(
            "seen-by-another",
            sv="Ditt eget utdrag visar du för någon annan som samordnar. Be den personen notera det.",
            en="Show your own extract to another coordinator. Ask that person to note it.",
        )
