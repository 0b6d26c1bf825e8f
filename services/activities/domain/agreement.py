"""On which days a meeting place may be open: under its agreements, or on trial.

Worked out from what its snapshot says of the days, so that nothing flickers at the midnight at which
one agreement takes over from another.
"""

from datetime import date, timedelta

from shared.contracts.registry import Agreement, MeetingPlaceSnapshot


def in_force(place: MeetingPlaceSnapshot, day: date) -> bool:
    """An agreement signed by the agency and every host holds that day."""
    return place.agreement.from_ <= day <= _last_agreed(place) and _signed(
        place.agreement, place.hosts
    )


def on_trial(place: MeetingPlaceSnapshot, day: date) -> bool:
    """It is open without an agreement, and the day is one of its trial's."""
    trial = place.trial
    return place.status == "open_on_trial" and (
        trial is not None and trial.since <= day <= trial.until
    )


def covered_until(place: MeetingPlaceSnapshot) -> date | None:
    """The last day on which it may be open, as far as is agreed now; None when that is not known."""
    agreed = _last_agreed(place)
    if place.status != "open_on_trial":
        return agreed
    if place.trial is None:
        return None
    in_time = _signed(place.agreement, place.hosts) and place.agreement.from_ <= place.trial.until
    return agreed if in_time else place.trial.until


def _last_agreed(place: MeetingPlaceSnapshot) -> date:
    agreement, renewal = place.agreement, place.renewal
    ends = min(agreement.until, agreement.ends_on or agreement.until)
    if renewal is None or not _signed(renewal, renewal.hosts):
        return ends
    return renewal.until if renewal.from_ <= ends + timedelta(days=1) else ends


def _signed(agreement: Agreement, hosts: tuple[str, ...]) -> bool:
    return agreement.signed_by_agency is not None and set(hosts) <= set(agreement.signed_by_hosts)
