"""A meeting place at one or several accommodations: proposed → agreed → open ⇄ paused → closed.

The agency and every host sign its agreement, which is in force when all have and its dates have
come. It is open only while the agreement is in force, an accommodation is not closed and the
responsible host (`hosts[0]`) is active.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.registry.domain.meeting_place_parts import (
    Description,
    Signature,
    Terms,
    insist_on_terms,
    numbered_rooms,
)
from shared.clock import STOCKHOLM, local_date
from shared.contracts.base import AccommodationId, Facts, OrganisationId, PersonId
from shared.contracts.problems import Refused
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
ACTIVE = ("open", "open_on_trial")

Cause = Literal["host", "officer", "accommodation_closed", "host_not_active", "agreement_ended"]


class MeetingPlace(BaseModel):
    """The aggregate; `rooms_ever` numbers the rooms, whose ids sessions keep.

    `county` is where it is said to lie; `counties` are those of its accommodations, in their order.
    """

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
    counties: tuple[str, ...] = ()
    agreement: Terms
    signatures: tuple[Signature, ...] = ()
    status: MeetingPlaceStatus = "proposed"


@dataclass(frozen=True)
class Standing:
    """What holds around a meeting place now; `municipality` is what everyone may know of it.

    `counties` are those of its accommodations, in their order.
    """

    counties: tuple[str, ...]
    municipality: str | None
    all_closed: bool
    host: Literal["active", "inactive", "ended"]

    @property
    def county(self) -> str:
        """Where the meeting place is said to lie."""
        return self.counties[0]


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
    insist_on_terms(terms, today)
    if standing.all_closed:
        raise _accommodation_closed()
    if len(set(standing.counties)) > 1:
        raise Refused(
            "several-counties",
            sv="En mötesplats betjänar boenden i ett och samma län. Föreslå en för varje län.",
            en="A meeting place serves accommodations of one county. Propose one for each county.",
        )
    _insist_on_host(standing)
    rooms, ever = numbered_rooms((), 0, description.rooms)
    place = MeetingPlace(
        **_described(description),
        rooms=rooms,
        rooms_ever=ever,
        accommodations=tuple(accommodations),
        hosts=tuple(hosts),
        municipality=standing.municipality,
        county=standing.county,
        counties=standing.counties,
        agreement=terms,
    )
    return place, (MeetingPlaceProposed(accommodations=place.accommodations, hosts=place.hosts),)


def change(place: MeetingPlace, description: Description) -> Decision:
    """Describe it anew; a room keeps its id as long as it is there."""
    _insist(
        place, ("proposed", "agreed", "open", "open_on_trial", "paused"), "ändras", "be changed"
    )
    rooms, ever = numbered_rooms(place.rooms, place.rooms_ever, description.rooms)
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
    """What must follow when an accommodation or the responsible host is no longer what it was.

    Where it lies follows even when it is closed: that decides which officers may still see it.
    """
    after, events = _where(place, standing)
    if place.status == "closed":
        return after, events
    if standing.all_closed or standing.host == "ended":
        cause: Cause = "accommodation_closed" if standing.all_closed else "host_not_active"
        closed, more = _closed(after, cause)
        return closed, (*events, *more)
    if place.status in ACTIVE and standing.host == "inactive":
        return _moved(after, "paused"), (*events, MeetingPlacePaused(cause="host_not_active"))
    return after, events


def _where(place: MeetingPlace, standing: Standing) -> Decision:
    where = {
        "municipality": standing.municipality,
        "county": standing.county,
        "counties": standing.counties,
    }
    moved = tuple(name for name, value in where.items() if value != getattr(place, name))
    if not moved:
        return place, ()
    return place.model_copy(update=where), (MeetingPlaceChanged(fields=moved),)


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


def _closed(place: MeetingPlace, cause: Cause) -> Decision:
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
