"""What is sent to describe and propose meeting places."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.registry.domain.meeting_place_parts import Description, Terms
from shared.contracts.texts import Body, Line

DESCRIPTION_EXAMPLE: JsonDict = {
    "name": "Församlingshemmet demo",
    "door": "Vaktmästaren öppnar klockan 17.",
    "rooms": [{"name": "Matsalen", "capacity": 40}],
    "opening_hours": [{"weekday": 2, "opens": "17:00", "closes": "20:00"}],
    "days_apart": [{"on": "2026-12-26", "reason": "public_holiday"}],
}
PROPOSAL_EXAMPLE: JsonDict = {
    **DESCRIPTION_EXAMPLE,
    "accommodations": ["0b0e4f0e-9d0b-5a3e-8f6e-0d2d1c8f7a11"],
    "hosts": ["6a1f8f0e-0d6f-5b6c-9a75-6d5c1f0b9e22"],
    "agreement": {"from": "2026-12-01", "until": "2027-11-30", "reference": "Diarienummer 12 demo"},
}


class DescriptionBody(Description, Body):
    """What is said of a meeting place; a room keeps its id, a new one has none."""

    model_config = ConfigDict(json_schema_extra={"examples": [DESCRIPTION_EXAMPLE]})


Accommodations = Annotated[tuple[Line, ...], Field(min_length=1, max_length=10)]
Hosts = Annotated[tuple[Line, ...], Field(min_length=1, max_length=5)]


class Proposal(DescriptionBody):
    """A meeting place to be agreed on; `hosts[0]` is the responsible host."""

    model_config = ConfigDict(json_schema_extra={"examples": [PROPOSAL_EXAMPLE]})

    accommodations: Accommodations
    hosts: Hosts
    agreement: Terms


class ServedBody(Body):
    """The accommodations it serves from now on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"accommodations": PROPOSAL_EXAMPLE["accommodations"]}]}
    )

    accommodations: Accommodations


class ResponsibleBody(Body):
    """Which of its hosts answers for it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"host": "6a1f8f0e-0d6f-5b6c-9a75-6d5c1f0b9e22"}]}
    )

    host: Line
