"""A meeting place at one or several accommodations: proposed → agreed → open ⇄ paused → closed.

It is open only while an agreement is in force or it is on trial (proposed → open on trial → open or
closed), an accommodation is not closed and the responsible host (`hosts[0]`) is active. What the
parties agree on stands in `agreement`, what time does to it in `meeting_place_time`.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from services.registry.domain.meeting_place_parts import (
    DayApart,
    Description,
    Terms,
    insist_on_days,
    insist_on_terms,
    numbered_rooms,
)
from services.registry.domain.meeting_place_state import (
    ACTIVE,
    Cause,
    Decision,
    MeetingPlace,
    Standing,
    closed,
    insist,
    insist_on_host,
    insist_on_house,
    moved,
)
from services.registry.domain.meeting_place_time import wake
from shared.clock import local_date
from shared.contracts.base import AccommodationId, OrganisationId
from shared.contracts.problems import Refused
from shared.contracts.registry import (
    MeetingPlaceChanged,
    MeetingPlaceOpened,
    MeetingPlaceOpenedOnTrial,
    MeetingPlacePaused,
    MeetingPlaceProposed,
    MeetingPlaceResumed,
    OpeningHours,
)

NOT_CLOSED = ("proposed", "agreed", "open", "open_on_trial", "paused")


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
    insist_on_house(standing)
    insist_on_host(standing)
    rooms, ever = numbered_rooms((), 0, description.rooms)
    place = MeetingPlace.model_validate(
        {
            **_described(description),
            "rooms": rooms,
            "rooms_ever": ever,
            "accommodations": tuple(accommodations),
            "hosts": tuple(hosts),
            "municipality": standing.municipality,
            "county": standing.county,
            "counties": standing.counties,
            "agreement": terms,
        }
    )
    return place, (MeetingPlaceProposed(accommodations=place.accommodations, hosts=place.hosts),)


def change(place: MeetingPlace, description: Description) -> Decision:
    """Describe it anew; a room keeps its id as long as it is there."""
    insist(place, NOT_CLOSED, "ändras", "be changed")
    if description.door is None and place.status not in ("proposed", "agreed"):
        raise _door_missing()
    rooms, ever = numbered_rooms(place.rooms, place.rooms_ever, description.rooms)
    fields = {**_described(description), "rooms": rooms}
    changed = tuple(name for name, value in fields.items() if value != getattr(place, name))
    if not changed:
        return place, ()
    after = place.model_copy(update={**fields, "rooms_ever": ever})
    newly = tuple(sorted(_closed_days(after.days_apart) - _closed_days(place.days_apart)))
    return after, (MeetingPlaceChanged(fields=changed, closed_days=newly),)


def serve(
    place: MeetingPlace, accommodations: Sequence[AccommodationId], standing: Standing
) -> Decision:
    """It serves these accommodations from now on; `standing` is theirs."""
    insist(place, NOT_CLOSED, "ändras", "be changed")
    insist_on_house(standing)
    if tuple(accommodations) == place.accommodations:
        return place, ()
    served = place.model_copy(update={"accommodations": tuple(accommodations)})
    after, _ = _where(served, standing)
    return after, (MeetingPlaceChanged(fields=("accommodations",)),)


def take_responsibility(place: MeetingPlace, host: OrganisationId, standing: Standing) -> Decision:
    """Another of its hosts answers for it; who the parties are is as it was signed."""
    insist(place, NOT_CLOSED, "ändras", "be changed")
    if host not in place.hosts:
        raise Refused(
            "not-a-host",
            sv="Organisationen är inte värd här. Välj en av värdarna.",
            en="The organisation does not host here. Choose one of the hosts.",
        )
    if host == place.hosts[0]:
        return place, ()
    insist_on_host(standing)
    hosts = (host, *(one for one in place.hosts if one != host))
    return place.model_copy(update={"hosts": hosts}), (MeetingPlaceChanged(fields=("hosts",)),)


def open_(place: MeetingPlace, standing: Standing, now: datetime) -> Decision:
    """The host opens it, under an agreement in force."""
    place, before = wake(place, now)
    if place.status == "open":
        return place, before
    insist(place, ("agreed",), "öppnas", "be opened")
    _insist_on_openness(place, standing)
    opened = place.model_copy(update={"status": "open", "open_since": local_date(now)})
    return opened, (*before, MeetingPlaceOpened(county=place.county))


def open_on_trial(place: MeetingPlace, standing: Standing, now: datetime) -> Decision:
    """The host opens it for the days that an officer has said yes to; they count from today."""
    place, before = wake(place, now)
    if place.status == "open_on_trial":
        return place, before
    insist(place, ("proposed",), "öppnas på prov", "be opened on trial")
    if place.trial is None:
        raise Refused(
            "trial-not-allowed",
            sv="En handläggare säger först ja till att öppna på prov. Fråga Migrationsverket.",
            en="An officer first says yes to a trial. Ask the Migration Agency.",
        )
    _insist_on_openness(place, standing)
    today = local_date(now)
    until = today + timedelta(days=place.trial.days - 1)
    trial = place.trial.model_copy(update={"since": today, "until": until})
    opened = place.model_copy(update={"status": "open_on_trial", "trial": trial})
    return opened, (*before, MeetingPlaceOpenedOnTrial(county=place.county, until=until))


def pause(place: MeetingPlace, cause: Literal["host", "officer"]) -> Decision:
    """For a while nothing happens there."""
    if place.status == "paused":
        return place, ()
    insist(place, ("open",), "pausas", "be paused")
    return moved(place, "paused"), (MeetingPlacePaused(cause=cause),)


def resume(place: MeetingPlace, standing: Standing, now: datetime) -> Decision:
    """Open again after a pause, on the same conditions as the first time."""
    place, before = wake(place, now)
    if place.status == "open":
        return place, before
    insist(place, ("paused",), "återupptas", "be resumed")
    _insist_on_openness(place, standing)
    return moved(place, "open"), (*before, MeetingPlaceResumed())


def close(place: MeetingPlace, cause: Literal["host", "officer"]) -> Decision:
    """For good; also a proposal that comes to nothing."""
    if place.status == "closed":
        return place, ()
    return closed(place, cause)


def reconcile(place: MeetingPlace, standing: Standing) -> Decision:
    """What must follow when an accommodation or the responsible host is no longer what it was.

    Where it lies follows even when it is closed: that decides which officers may still see it. On
    trial there is no pause: without an active host it is over.
    """
    after, events = _where(place, standing)
    if place.status == "closed":
        return after, events
    on_trial_alone = place.status == "open_on_trial" and standing.host != "active"
    if standing.all_closed or standing.host == "ended" or on_trial_alone:
        cause: Cause = "accommodation_closed" if standing.all_closed else "host_not_active"
        over, more = closed(after, cause)
        return over, (*events, *more)
    if place.status in ACTIVE and standing.host == "inactive":
        return moved(after, "paused"), (*events, MeetingPlacePaused(cause="host_not_active"))
    return after, events


def _where(place: MeetingPlace, standing: Standing) -> Decision:
    where = {
        "municipality": standing.municipality,
        "county": standing.county,
        "counties": standing.counties,
    }
    changed = tuple(name for name, value in where.items() if value != getattr(place, name))
    if not changed:
        return place, ()
    return place.model_copy(update=where), (MeetingPlaceChanged(fields=changed),)


def _described(description: Description) -> dict[str, object]:
    insist_on_days(description.days_apart)
    return {
        "name": description.name,
        "door": description.door,
        "opening_hours": tuple(OpeningHours(**dict(one)) for one in description.opening_hours),
        "days_apart": tuple(sorted(description.days_apart, key=lambda one: one.on)),
        "accessibility": description.accessibility,
    }


def _closed_days(days: Sequence[DayApart]) -> set[date]:
    return {one.on for one in days if one.closed}


def _insist_on_openness(place: MeetingPlace, standing: Standing) -> None:
    if place.door is None:
        raise _door_missing()
    insist_on_house(standing)
    insist_on_host(standing)


def _door_missing() -> Refused:
    return Refused(
        "door-missing",
        sv="Skriv först vem som öppnar dörren, och hur.",
        en="First say who opens the door, and how.",
    )
