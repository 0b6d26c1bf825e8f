"""A meeting place's agreement: signed, given other terms, renewed, ended; and the yes to a trial."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field

from services.registry.domain.agreement import LONGEST_TRIAL_DAYS
from services.registry.domain.meeting_place_parts import Terms
from services.registry.domain.meeting_place_state import AGENCY
from services.registry.permissions.meeting_places import (
    PROPOSE_PLACE,
    RUN_PLACE,
    SIGN_RENEWAL,
    SPEAK_FOR_AGENCY,
    Place,
    speaks_for_agency,
)
from services.registry.routes.here import here
from services.registry.routes.meeting_place_bodies import Hosts
from services.registry.routes.meeting_places import checked, shown
from shared.caller import Caller
from shared.causes import by
from shared.contracts.problems import NotAllowed
from shared.contracts.registry import EndReason
from shared.contracts.texts import Body, Line, Prose
from shared.http import Room, expected_version
from shared.permissions import allow

router = Room(prefix="/meeting-places/{id}", tags=["agreements"])

HOST_EXAMPLE = "6a1f8f0e-0d6f-5b6c-9a75-6d5c1f0b9e22"

Runner = Annotated[Caller, Depends(allow(RUN_PLACE))]
Officer = Annotated[Caller, Depends(allow(SPEAK_FOR_AGENCY))]


class SigningBody(Body):
    """For whom the caller signs: `agency`, or the id of a host.

    With the `edition` that they have read, nobody signs terms that have changed meanwhile.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"party": AGENCY, "edition": 1}]})

    party: Line
    edition: Annotated[int, Field(ge=1)] | None = None


class AgreementBody(Body):
    """Who hosts, the responsible one first, and on which terms."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "hosts": [HOST_EXAMPLE],
                    "agreement": {"from": "2027-12-01", "until": "2028-11-30"},
                }
            ]
        }
    )

    hosts: Hosts
    agreement: Terms


class TrialBody(Body):
    """For how many days it may be open without an agreement."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"days": 30}]})

    days: Annotated[int, Field(ge=1, le=LONGEST_TRIAL_DAYS)]


class EndingBody(Body):
    """For whom the caller ends it, its last day, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"party": AGENCY, "on": "2027-06-30", "reason": "not_needed"}]
        }
    )

    party: Line
    on: date
    reason: EndReason
    words: Prose | None = None


@router.post("/sign")
async def sign(request: Request, id: str, body: SigningBody, caller: Runner) -> Response:
    """Sign the agreement for the agency, or for a host."""
    _, place = await checked(request, id, caller, RUN_PLACE)
    _insist_on_voice(caller, place, body.party)
    command = await by(request, caller)
    stored = await here(request).agreements.sign(id, body.party, body.edition, command)
    return await shown(request, stored, caller)


@router.put("/agreement")
async def rewrite(request: Request, id: str, body: AgreementBody, caller: Runner) -> Response:
    """Other hosts or terms before it is in force; whoever has signed signs again (If-Match)."""
    _, place = await checked(request, id, caller, RUN_PLACE)
    hosts = tuple(dict.fromkeys(body.hosts))
    PROPOSE_PLACE.check(caller, Place(hosts, place.accommodations, place.stored))
    command = await by(request, caller, expected_version(request))
    stored = await here(request).agreements.rewrite(id, hosts, body.agreement, command)
    return await shown(request, stored, caller)


@router.post("/renew")
async def renew(request: Request, id: str, body: AgreementBody, caller: Runner) -> Response:
    """Propose what takes over when the agreement in force ends, or earlier, with hosts of its own."""
    await checked(request, id, caller, RUN_PLACE)
    hosts = tuple(dict.fromkeys(body.hosts))
    command = await by(request, caller)
    stored = await here(request).agreements.renew(id, hosts, body.agreement, command)
    return await shown(request, stored, caller)


@router.post("/sign-renewal")
async def sign_renewal(
    request: Request,
    id: str,
    body: SigningBody,
    caller: Annotated[Caller, Depends(allow(SIGN_RENEWAL))],
) -> Response:
    """Sign what is to take over, for the agency or for one of its hosts."""
    _, place = await checked(request, id, caller, SIGN_RENEWAL)
    _insist_on_voice(caller, place, body.party)
    command = await by(request, caller)
    stored = await here(request).agreements.sign_renewal(id, body.party, body.edition, command)
    return await shown(request, stored, caller)


@router.post("/end")
async def end(request: Request, id: str, body: EndingBody, caller: Runner) -> Response:
    """End the agreement early, with its notice and a reason."""
    _, place = await checked(request, id, caller, RUN_PLACE)
    _insist_on_voice(caller, place, body.party)
    command = await by(request, caller)
    stored = await here(request).agreements.end(
        id, body.party, body.on, body.reason, body.words, command
    )
    return await shown(request, stored, caller)


@router.post("/allow-trial")
async def allow_trial(request: Request, id: str, body: TrialBody, caller: Officer) -> Response:
    """Say yes to opening it on trial while the agreement is not signed."""
    await checked(request, id, caller, SPEAK_FOR_AGENCY)
    command = await by(request, caller)
    stored = await here(request).agreements.allow_trial(id, body.days, command)
    return await shown(request, stored, caller)


def _insist_on_voice(caller: Caller, place: Place, party: str) -> None:
    """NotAllowed unless the caller speaks for the party."""
    mine = speaks_for_agency(caller, place) if party == AGENCY else caller.coordinates(party)
    if not mine:
        raise NotAllowed()
