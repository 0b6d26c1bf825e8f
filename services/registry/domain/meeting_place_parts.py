"""What a meeting place is made of: rooms, hours, the terms of its agreement, signatures."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.base import PersonId
from shared.contracts.problems import FieldError, Invalid, Text
from shared.contracts.registry import Room
from shared.contracts.texts import Line, Name, Prose

LONGEST_AGREEMENT = timedelta(days=3 * 366)

Hour = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class WantedRoom(BaseModel):
    """A room as it is described; without an id it is a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^r[0-9]{1,4}$")] | None = None
    name: Name
    capacity: Annotated[int, Field(ge=1, le=5_000)] | None = None


class Hours(BaseModel):
    """Weekly opening in local time; closes ≤ opens means the next day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekday: Annotated[int, Field(ge=1, le=7)]
    opens: Hour
    closes: Hour


class Description(BaseModel):
    """What is said of a meeting place; `door` is who opens and how."""

    model_config = ConfigDict(frozen=True)

    name: Name
    door: Prose
    rooms: Annotated[tuple[WantedRoom, ...], Field(min_length=1, max_length=50)]
    opening_hours: Annotated[tuple[Hours, ...], Field(max_length=50)] = ()
    accessibility: Line | None = None


class Terms(BaseModel):
    """When the agreement holds, first and last day in local dates."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    from_: date = Field(alias="from")
    until: date


class Signature(BaseModel):
    """A party (the agency, or a host) signed, by a person."""

    model_config = ConfigDict(frozen=True)

    party: str
    by: PersonId
    at: datetime


def numbered_rooms(
    known: Sequence[Room], ever: int, wanted: Sequence[WantedRoom]
) -> tuple[tuple[Room, ...], int]:
    """The rooms as wanted, and how many there have ever been; Invalid for an id that is not there."""
    ids = {room.id for room in known}
    rooms: list[Room] = []
    for place, room in enumerate(wanted):
        if room.id is None:
            ever += 1
        elif room.id not in ids or any(room.id == other.id for other in rooms):
            text = Text(
                "Rummet finns inte här. Utelämna id för ett nytt rum.",
                "There is no such room here. Leave out the id for a new room.",
            )
            raise Invalid(fields=(FieldError(f"rooms.{place}.id", "no-such-room", text),))
        rooms.append(Room(id=room.id or f"r{ever}", name=room.name, capacity=room.capacity))
    return tuple(rooms), ever


def insist_on_terms(terms: Terms, today: date) -> None:
    """Invalid unless the agreement begins before it ends, is not over, and not too long."""
    faults: list[FieldError] = []
    if terms.until < max(terms.from_, today):
        text = Text(
            "Överenskommelsen slutar innan den börjar, eller har redan slutat.",
            "The agreement ends before it begins, or has ended already.",
        )
        faults.append(FieldError("agreement.until", "ends-before-it-begins", text))
    elif terms.until - max(terms.from_, today) > LONGEST_AGREEMENT:
        text = Text("Välj högst tre år.", "Choose at most three years.")
        faults.append(FieldError("agreement.until", "too-long", text))
    if faults:
        raise Invalid(fields=tuple(faults))
