"""What the store must know of accommodations, and of where they lie, which nobody is told."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from services.registry.domain import accommodation as rules
from services.registry.domain.accommodation import Accommodation
from services.registry.domain.location import Location
from shared.contracts.registry import AccommodationSnapshot
from shared.kind import Kind
from shared.words import sort_key


def _snapshot(one: Accommodation) -> AccommodationSnapshot:
    return AccommodationSnapshot(
        code=one.code,
        name=one.name,
        kind=one.kind,
        status=one.status,
        municipality=rules.shown_municipality(one),
        county=one.county,
        confidentiality=one.confidentiality,
        capacity=one.capacity,
        opens_on=one.opens_on,
        closes_on=one.closes_on,
        languages=one.languages,
        residents=one.residents,
    )


def _keys(one: Accommodation) -> dict[str, Any]:
    return {
        "name": sort_key(one.name),
        "code": one.code.casefold(),
        "status": one.status,
        "county": one.county,
        # What may be filtered by is what everyone may see.
        "municipality": rules.shown_municipality(one),
    }


def _by(field: str) -> IndexModel:
    order = [(f"keys.{field}", ASCENDING), ("keys.name", ASCENDING), ("_id", ASCENDING)]
    return IndexModel(order, name=field)


ACCOMMODATION = Kind(
    name="registry.accommodation",
    state=Accommodation,
    snapshots={"registry.accommodation": _snapshot},
    wakes_at=rules.wakes_at,
    keys=_keys,
    indexes=(
        IndexModel([("keys.name", ASCENDING), ("_id", ASCENDING)], name="name"),
        IndexModel([("keys.code", ASCENDING)], name="code", unique=True),
        _by("status"),
        _by("county"),
        _by("municipality"),
    ),
)

LOCATION = Kind(name="registry.location", state=Location)
