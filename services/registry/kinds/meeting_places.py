"""What the store must know of meeting places, and what the public may."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from services.registry.domain import meeting_place as rules
from services.registry.domain.meeting_place import AGENCY, MeetingPlace
from shared.contracts.registry import Agreement, MeetingPlaceSnapshot
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
        agreed=rules.in_force(one),
    )


def _agreement(one: MeetingPlace) -> Agreement:
    signed_by = {signature.party: signature.by for signature in one.signatures}
    return Agreement(
        from_=one.agreement.from_,
        until=one.agreement.until,
        signed_by_agency=signed_by.get(AGENCY),
        signed_by_hosts=tuple(host for host in one.hosts if host in signed_by),
    )


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
    wakes_at=rules.wakes_at,
    keys=_keys,
    indexes=(
        IndexModel([("keys.name", ASCENDING), ("_id", ASCENDING)], name="name"),
        *(_by(field) for field in ("status", "county", "counties", "accommodations", "hosts")),
    ),
)
