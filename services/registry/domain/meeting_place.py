"""A meeting place at one or several accommodations: proposed → agreed → open ⇄ paused → closed.

The agency and every host sign its agreement, which is in force when all have and its dates have
come. It is open only while the agreement is in force, an accommodation is not closed and the
responsible host (`hosts[0]`) is active.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import STOCKHOLM, local_date
from shared.contracts.base import AccommodationId, Facts, OrganisationId, PersonId
from shared.contracts.problems import FieldError, Invalid, Refused, Text
from shared.contracts.registry import (
    MeetingPlaceAgreed,
    MeetingPlaceChanged,
    MeetingPlaceClosed,
    MeetingPlaceOpened,
    MeetingPlacePaused,
    MeetingPlaceProposed,
    MeetingPlaceResumed,
    MeetingPlaceSigned,
    MeetingPlaceStatus,
    OpeningHours,
    Room,
)
from shared.contracts.texts import Line, Name, Prose

AGENCY = "agency"
LONGEST_AGREEMENT = timedelta(days=3 * 366)
ACTIVE = ("open", "open_on_trial")

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


class MeetingPlace(BaseModel):
    """The aggregate; `rooms_ever` numbers the rooms, whose ids sessions keep."""

    model_config = ConfigDict(frozen=True)

    name: Name
    door: Prose
    rooms: tuple[Room, ...] = ()
    rooms_ever: int = 0
    opening_hours: tuple[OpeningHours, ...] = ()
    accessibility: Line | None = None
    accommodations: tuple[AccommodationId, ...]
    hosts: tuple[OrganisationId, ...]
    municipality: str | None = None
    county: str
    agreement: Terms
    signatures: tuple[Signature, ...] = ()
    status: MeetingPlaceStatus = "proposed"


@dataclass(frozen=True)
class Standing:
    """What holds around a meeting place now; `municipality` is what everyone may know of it."""

    county: str
    municipality: str | None
    one_county: bool
    all_closed: bool
    host: Literal["active", "inactive", "ended"]


Decision = tuple[MeetingPlace, tuple[Facts, ...]]


def propose(
    description: Description,
    accommodations: Sequence[AccommodationId],
    hosts: Sequence[OrganisationId],
    terms: Terms,
    standing: Standing,
    today: date,
) -> Decision:
    """A host or an officer proposes it; then the agency and every host sign."""
    _insist_on_terms(terms, today)
    if standing.all_closed:
        raise _accommodation_closed()
    if not standing.one_county:
        raise Refused(
            "several-counties",
            sv="En mötesplats betjänar boenden i ett och samma län. Föreslå en för varje län.",
            en="A meeting place serves accommodations of one county. Propose one for each county.",
        )
    _insist_on_host(standing)
    rooms, ever = _rooms((), 0, description.rooms)
    place = MeetingPlace(
        **_described(description),
        rooms=rooms,
        rooms_ever=ever,
        accommodations=tuple(accommodations),
        hosts=tuple(hosts),
        municipality=standing.municipality,
        county=standing.county,
        agreement=terms,
    )
    return place, (MeetingPlaceProposed(accommodations=place.accommodations, hosts=place.hosts),)


def change(place: MeetingPlace, description: Description) -> Decision:
    """Describe it anew; a room keeps its id as long as it is there."""
    _insist(
        place, ("proposed", "agreed", "open", "open_on_trial", "paused"), "ändras", "be changed"
    )
    rooms, ever = _rooms(place.rooms, place.rooms_ever, description.rooms)
    fields = {**_described(description), "rooms": rooms}
    changed = tuple(name for name, value in fields.items() if value != getattr(place, name))
    if not changed:
        return place, ()
    after = place.model_copy(update={**fields, "rooms_ever": ever})
    return after, (MeetingPlaceChanged(fields=changed),)


def sign(place: MeetingPlace, party: str, person: PersonId, now: datetime) -> Decision:
    """One party signs, once; with the last signature the agreement is in force if its time is."""
    if party not in (AGENCY, *place.hosts):
        raise Refused(
            "not-a-party",
            sv="Den organisationen är inte part i överenskommelsen.",
            en="That organisation is not a party to the agreement.",
        )
    if any(one.party == party for one in place.signatures):
        return place, ()
    _insist(place, ("proposed",), "skrivas under", "be signed")
    signature = Signature(party=party, by=person, at=now)
    signed = place.model_copy(update={"signatures": (*place.signatures, signature)})
    after, more = wake(signed, now)
    return after, (MeetingPlaceSigned(party=party), *more)


def open_(place: MeetingPlace, standing: Standing, today: date) -> Decision:
    """The host opens it, under an agreement in force."""
    if place.status == "open":
        return place, ()
    _insist(place, ("agreed",), "öppnas", "be opened")
    _insist_on_openness(place, standing, today)
    return _moved(place, "open"), (MeetingPlaceOpened(county=place.county),)


def pause(place: MeetingPlace, cause: Literal["host", "officer"]) -> Decision:
    """For a while nothing happens there."""
    if place.status == "paused":
        return place, ()
    _insist(place, ACTIVE, "pausas", "be paused")
    return _moved(place, "paused"), (MeetingPlacePaused(cause=cause),)


def resume(place: MeetingPlace, standing: Standing, today: date) -> Decision:
    """Open again after a pause, on the same conditions as the first time."""
    if place.status == "open":
        return place, ()
    _insist(place, ("paused",), "återupptas", "be resumed")
    _insist_on_openness(place, standing, today)
    return _moved(place, "open"), (MeetingPlaceResumed(),)


def close(place: MeetingPlace, cause: Literal["host", "officer"]) -> Decision:
    """For good; also a proposal that comes to nothing."""
    if place.status == "closed":
        return place, ()
    return _closed(place, cause)


def wake(place: MeetingPlace, now: datetime) -> Decision:
    """The agreement begins on its first day if all have signed, and everything ends after its last."""
    today = local_date(now)
    if place.status == "closed":
        return place, ()
    if today > place.agreement.until:
        return _closed(place, "agreement_ended")
    if place.status == "proposed" and all_signed(place) and place.agreement.from_ <= today:
        return _moved(place, "agreed"), (MeetingPlaceAgreed(),)
    return place, ()


def wakes_at(place: MeetingPlace) -> datetime | None:
    """The local midnight at which the agreement begins or is over."""
    if place.status == "closed":
        return None
    begins = place.status == "proposed" and all_signed(place)
    day = place.agreement.from_ if begins else place.agreement.until + timedelta(days=1)
    return datetime.combine(day, time(), STOCKHOLM)


def reconcile(place: MeetingPlace, standing: Standing) -> Decision:
    """What must follow when an accommodation or the responsible host is no longer what it was."""
    if place.status == "closed":
        return place, ()
    if standing.all_closed:
        return _closed(place, "accommodation_closed")
    if standing.host == "ended":
        return _closed(place, "host_not_active")
    where = {"municipality": standing.municipality, "county": standing.county}
    moved = tuple(name for name, value in where.items() if value != getattr(place, name))
    after = place.model_copy(update=where)
    events: tuple[Facts, ...] = (MeetingPlaceChanged(fields=moved),) if moved else ()
    if place.status in ACTIVE and standing.host == "inactive":
        return _moved(after, "paused"), (*events, MeetingPlacePaused(cause="host_not_active"))
    return after, events


def all_signed(place: MeetingPlace) -> bool:
    """The agency and every host have."""
    return {AGENCY, *place.hosts} <= {one.party for one in place.signatures}


def in_force(place: MeetingPlace) -> bool:
    """The agreement holds now (the wake-ups keep the state in step with the calendar)."""
    return place.status in ("agreed", "open", "paused")


def _described(description: Description) -> dict[str, object]:
    hours = tuple(OpeningHours(**dict(one)) for one in description.opening_hours)
    return {
        "name": description.name,
        "door": description.door,
        "opening_hours": hours,
        "accessibility": description.accessibility,
    }


def _rooms(
    known: Sequence[Room], ever: int, wanted: Sequence[WantedRoom]
) -> tuple[tuple[Room, ...], int]:
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


def _closed(
    place: MeetingPlace,
    cause: Literal["host", "officer", "accommodation_closed", "host_not_active", "agreement_ended"],
) -> Decision:
    return _moved(place, "closed"), (MeetingPlaceClosed(cause=cause),)


def _moved(place: MeetingPlace, status: MeetingPlaceStatus) -> MeetingPlace:
    return place.model_copy(update={"status": status})


def _insist(place: MeetingPlace, allowed: Sequence[str], sv: str, en: str) -> None:
    if place.status not in allowed:
        raise Refused(
            "wrong-status",
            sv=f"Mötesplatsen kan inte {sv} som läget är nu. Läs om sidan.",
            en=f"The meeting place cannot {en} as things stand. Reload the page.",
            extra={"status": place.status},
        )


def _insist_on_openness(place: MeetingPlace, standing: Standing, today: date) -> None:
    if not place.agreement.from_ <= today <= place.agreement.until:
        raise Refused(
            "agreement-not-in-force",
            sv=f"Överenskommelsen gäller {place.agreement.from_} till {place.agreement.until}. "
            "Föreslå en ny.",
            en=f"The agreement holds from {place.agreement.from_} to {place.agreement.until}. "
            "Propose a new one.",
        )
    if standing.all_closed:
        raise _accommodation_closed()
    _insist_on_host(standing)


def _insist_on_host(standing: Standing) -> None:
    if standing.host != "active":
        raise Refused(
            "host-not-active",
            sv="Den ansvariga organisationen är inte med i nätverket just nu. "
            "Återuppta den först, eller välj en annan.",
            en="The responsible host is not active in the network now. "
            "Resume it first, or choose another.",
        )


def _accommodation_closed() -> Refused:
    return Refused(
        "accommodation-closed",
        sv="Boendet är stängt. Välj ett boende som är öppet.",
        en="The accommodation is closed. Choose one that is open.",
    )


def _insist_on_terms(terms: Terms, today: date) -> None:
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
