"""What the store must know of meeting places, and what the public may."""

from collections.abc import Sequence
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.registry.domain.meeting_place_parts import Signature
from services.registry.domain.meeting_place_state import AGENCY, MeetingPlace, in_force
from services.registry.domain.meeting_place_time import wakes_at
from shared.contracts.registry import (
    Agreement,
    DayApart,
    MeetingPlaceSnapshot,
    OpenSpan,
    Renewal,
    TrialPeriod,
)
from shared.database import Document
from shared.kind import Kind
from shared.words import sort_key


def _snapshot(one: MeetingPlace) -> MeetingPlaceSnapshot:
    return MeetingPlaceSnapshot(
        name=one.name,
        status=one.status,
        accommodations=one.accommodations,
        municipality=one.municipality,
        county=one.county,
        hosts=one.hosts,
        rooms=one.rooms,
        opening_hours=one.opening_hours,
        agreement=_agreement(one),
        agreed=in_force(one),
        days_apart=tuple(
            DayApart(
                on=day.on,
                hours=tuple(OpenSpan(**dict(span)) for span in day.hours),
                reason=day.reason,
            )
            for day in one.days_apart
        ),
        renewal=_renewal(one),
        trial=_trial(one),
        open_since=one.open_since,
    )


def _agreement(one: MeetingPlace) -> Agreement:
    return Agreement(
        from_=one.agreement.from_,
        until=one.agreement.until,
        ends_on=one.ending.on if one.ending else None,
        **_signed(one.hosts, one.signatures),
    )


def _renewal(one: MeetingPlace) -> Renewal | None:
    if one.renewal is None:
        return None
    hosts, terms = one.renewal.hosts, one.renewal.terms
    signed = _signed(hosts, one.renewal_signatures)
    return Renewal(from_=terms.from_, until=terms.until, hosts=hosts, **signed)


def _signed(hosts: Sequence[str], signatures: Sequence[Signature]) -> dict[str, Any]:
    signed_by = {signature.party: signature.by for signature in signatures}
    return {
        "signed_by_agency": signed_by.get(AGENCY),
        "signed_by_hosts": tuple(host for host in hosts if host in signed_by),
    }


def _trial(one: MeetingPlace) -> TrialPeriod | None:
    trial = one.trial
    if trial is None or trial.since is None or trial.until is None:
        return None
    return TrialPeriod(since=trial.since, until=trial.until)


def _with_opening_day(state: Document) -> Document:
    """Before the opening day was kept, the agreement's first day is the nearest that is known."""
    opened = state["status"] in ("open", "paused")
    return {**state, "open_since": state["agreement"]["from"] if opened else None}


def _keys(one: MeetingPlace) -> dict[str, Any]:
    return {
        "name": sort_key(one.name),
        "status": one.status,
        "county": one.county,
        "accommodations": list(one.accommodations),
        "counties": sorted(set(one.counties)),
        # Who speaks for the agency must do so for each of them.
        "served": [
            {"county": county, "accommodation": id}
            for county, id in zip(one.counties, one.accommodations, strict=False)
        ],
        "hosts": list(one.hosts),
    }


def _by(field: str) -> IndexModel:
    order = [(f"keys.{field}", ASCENDING), ("keys.name", ASCENDING), ("_id", ASCENDING)]
    return IndexModel(order, name=field)


MEETING_PLACE = Kind(
    name="registry.meeting_place",
    state=MeetingPlace,
    snapshots={"registry.meeting_place": _snapshot},
    wakes_at=wakes_at,
    schema=2,
    upcasts={1: _with_opening_day},
    keys=_keys,
    indexes=(
        IndexModel([("keys.name", ASCENDING), ("_id", ASCENDING)], name="name"),
        *(_by(field) for field in ("status", "county", "counties", "accommodations", "hosts")),
    ),
)
