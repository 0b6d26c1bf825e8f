"""What a meeting place is made of: rooms, hours, the terms of its agreement, signatures."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.base import OrganisationId, PersonId
from shared.contracts.problems import FieldError, Invalid, Text
from shared.contracts.registry import ClosedReason, EndReason, Room
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


class Span(BaseModel):
    """From when until when in local time; closes ≤ opens means the next day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opens: Hour
    closes: Hour


class DayApart(BaseModel):
    """A date that is not as its weekday: other hours, or closed, and then it says why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: date
    hours: Annotated[tuple[Span, ...], Field(max_length=10)] = ()
    reason: ClosedReason | None = None

    @property
    def closed(self) -> bool:
        """Nothing is open that day."""
        return not self.hours


class Description(BaseModel):
    """What is said of a meeting place; `door` is who opens and how, needed before it opens."""

    model_config = ConfigDict(frozen=True)

    name: Name
    door: Prose | None = None
    rooms: Annotated[tuple[WantedRoom, ...], Field(min_length=1, max_length=50)]
    opening_hours: Annotated[tuple[Hours, ...], Field(max_length=50)] = ()
    days_apart: Annotated[tuple[DayApart, ...], Field(max_length=400)] = ()
    accessibility: Line | None = None


class Terms(BaseModel):
    """When the agreement holds, first and last day in local dates.

    `reference` says where its text is kept; `notice_days` how long before either party must say that
    it ends early.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    from_: date = Field(alias="from")
    until: date
    reference: Line | None = None
    notice_days: Annotated[int, Field(ge=0, le=180)] = 30


class Renewal(BaseModel):
    """The agreement that takes over on its first day if all its parties have signed by then."""

    model_config = ConfigDict(frozen=True)

    hosts: tuple[OrganisationId, ...]
    terms: Terms


class Trial(BaseModel):
    """An officer's yes to so many days without an agreement; the days count from when it opens."""

    model_config = ConfigDict(frozen=True)

    days: int
    by: PersonId
    at: datetime
    since: date | None = None
    until: date | None = None


class Ending(BaseModel):
    """A party has said that the agreement ends early; `on` is its last day."""

    model_config = ConfigDict(frozen=True)

    party: str
    on: date
    reason: EndReason
    words: Prose | None = None
    by: PersonId
    at: datetime


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


def insist_on_days(days: Sequence[DayApart]) -> None:
    """Invalid when a date is said twice, or closed without a reason."""
    twice = Text("Datumet finns redan. Ange det en gång.", "The date is there. Say it once.")
    why = Text("Välj varför det är stängt.", "Choose why it is closed.")
    dates = [one.on for one in days]
    faults = [
        FieldError(f"days_apart.{place}.on", "said-twice", twice)
        for place, on in enumerate(dates)
        if on in dates[:place]
    ]
    faults += [
        FieldError(f"days_apart.{place}.reason", "closed-without-reason", why)
        for place, one in enumerate(days)
        if one.closed and one.reason is None
    ]
    if faults:
        raise Invalid(fields=tuple(faults))


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
