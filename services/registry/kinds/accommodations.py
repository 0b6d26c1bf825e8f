"""What the store must know of accommodations, and of where they lie, which nobody is told."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from services.registry.domain import accommodation as rules
from services.registry.domain.accommodation import Accommodation
from services.registry.domain.external import external_keys
from services.registry.domain.location import Location
from services.registry.domain.site_contact import SiteContact
from shared.contracts.registry import AccommodationSnapshot, ContactSnapshot, Routine
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
        operator=one.operator,
        facilities=one.facilities,
        rhythm=tuple(Routine(**dict(routine)) for routine in one.rhythm),
    )


def _keys(one: Accommodation) -> dict[str, Any]:
    external = external_keys(one.external_ids)
    return {
        # Left out where there are none: an empty list would be a key, too, and unique.
        **({"external": external} if external else {}),
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
        IndexModel(
            [("keys.external", ASCENDING)],
            name="external",
            unique=True,
            partialFilterExpression={"keys.external": {"$exists": True}},
        ),
        _by("status"),
        _by("county"),
        _by("municipality"),
    ),
)

LOCATION = Kind(name="registry.location", state=Location)


def _contact_snapshot(one: SiteContact) -> ContactSnapshot:
    mail, phone = (one.contact.mail, one.contact.phone) if one.contact else (None, None)
    return ContactSnapshot(mail=mail, phone=phone, accommodation=one.accommodation)


SITE_CONTACT = Kind(
    name="registry.site_contact",
    state=SiteContact,
    snapshots={"registry.contact": _contact_snapshot},
)
