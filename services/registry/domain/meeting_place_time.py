"""What time alone does to a meeting place: agreements begin, pass on and end; a trial is over."""

from datetime import date, datetime, time, timedelta

from services.registry.domain.meeting_place_state import (
    Decision,
    MeetingPlace,
    all_signed,
    closed,
    in_force,
    last_day,
    moved,
    renewal_signed,
)
from shared.clock import STOCKHOLM, local_date
from shared.contracts.registry import (
    MeetingPlaceAgreed,
    MeetingPlaceOpened,
    MeetingPlaceRenewed,
)


def wake(place: MeetingPlace, now: datetime) -> Decision:
    """What the calendar has come to; the same however late it is asked."""
    today = local_date(now)
    if place.status == "closed":
        return place, ()
    if place.status == "open_on_trial":
        return _on_trial(place, today)
    after, events = _taken_over(place, today)
    if today > last_day(after):
        over, more = closed(after, "agreement_ended")
        return over, (*events, *more)
    if after.status == "proposed" and _begun(after, today):
        return moved(after, "agreed"), (MeetingPlaceAgreed(),)
    return after, events


def wakes_at(place: MeetingPlace) -> datetime | None:
    """The local midnight at which time next does something to it."""
    if place.status == "closed":
        return None
    ends = last_day(place)
    if place.status == "open_on_trial" and place.trial and place.trial.until:
        ends = place.trial.until
    days = [ends + timedelta(days=1)]
    if not in_force(place) and all_signed(place):
        days.append(place.agreement.from_)
    return datetime.combine(min(days), time(), STOCKHOLM)


def _on_trial(place: MeetingPlace, today: date) -> Decision:
    """An agreement that begins within the trial makes it an open place; without one it closes.

    What begins later than the trial's last day comes too late, also when time is noticed late.
    """
    assert place.trial is not None
    assert place.trial.until is not None
    ends = place.trial.until
    if _begun(place, min(today, ends)) and today <= place.agreement.until:
        opened = place.model_copy(update={"status": "open", "open_since": today})
        return opened, (MeetingPlaceAgreed(), MeetingPlaceOpened(county=place.county))
    return closed(place, "trial_ended") if today > ends else (place, ())


def _taken_over(place: MeetingPlace, today: date) -> Decision:
    renewal = place.renewal
    if renewal is None or not in_force(place) or not renewal_signed(place):
        return place, ()
    if today < renewal.terms.from_:
        return place, ()
    after = place.model_copy(
        update={
            "hosts": renewal.hosts,
            "agreement": renewal.terms,
            "signatures": place.renewal_signatures,
            "renewal": None,
            "renewal_signatures": (),
            "ending": None,
        }
    )
    return after, (MeetingPlaceRenewed(hosts=after.hosts, until=after.agreement.until),)


def _begun(place: MeetingPlace, day: date) -> bool:
    return all_signed(place) and place.agreement.from_ <= day
