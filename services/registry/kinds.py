"""What the store must know of the registry's aggregates, and what the public may."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from services.registry.domain import person as persons
from services.registry.domain.organisation import ENDED, Organisation
from services.registry.domain.person import Person
from shared.contracts.registry import ContactSnapshot, OrganisationSnapshot, PersonSnapshot
from shared.store import Kind
from shared.words import sort_key


def _organisation_snapshot(one: Organisation) -> OrganisationSnapshot:
    return OrganisationSnapshot(
        name=one.name,
        kind=one.kind,
        status=one.status,
        parent=one.parent,
        languages=one.languages,
        competences=one.competences,
        target_groups=one.target_groups,
        counties=one.counties,
        municipalities=one.municipalities,
    )


def _organisation_keys(one: Organisation) -> dict[str, Any]:
    return {
        "name": sort_key(one.name),
        "status": one.status,
        "parent": one.parent,
        # Unique among the not-ended only, so that who has left may come back.
        "number": None if one.status in ENDED else one.number,
    }


ORGANISATION = Kind(
    name="registry.organisation",
    state=Organisation,
    snapshots={"registry.organisation": _organisation_snapshot},
    keys=_organisation_keys,
    indexes=(
        IndexModel([("keys.name", ASCENDING), ("_id", ASCENDING)], name="name"),
        IndexModel(
            [("keys.status", ASCENDING), ("keys.name", ASCENDING), ("_id", ASCENDING)],
            name="status",
        ),
        IndexModel([("keys.parent", ASCENDING)], name="parent"),
        IndexModel(
            [("keys.number", ASCENDING)],
            name="number",
            unique=True,
            partialFilterExpression={"keys.number": {"$type": "string"}},
        ),
    ),
)


def _person_snapshot(one: Person) -> PersonSnapshot:
    return PersonSnapshot(
        name=persons.initials(one.name) if one.protected else one.name,
        identity=one.identity,
        languages=one.languages,
        preferred_language=one.preferred_language,
        municipality=None if one.protected else one.municipality,
        protected=one.protected,
        suspended=one.status == "suspended",
        roles=one.roles,
    )


def _contact_snapshot(one: Person) -> ContactSnapshot:
    return ContactSnapshot(mail=one.mail, phone=one.phone)


def _person_keys(one: Person) -> dict[str, Any]:
    return {
        "identity": one.identity,
        "scopes": sorted({f"{g.role}:{id}" for g in one.roles for id in (g.scope.ids or ("*",))}),
    }


PERSON = Kind(
    name="registry.person",
    state=Person,
    snapshots={"registry.person": _person_snapshot, "registry.contact": _contact_snapshot},
    wakes_at=persons.wakes_at,
    keys=_person_keys,
    erased=lambda one: one.status == "erased",
    indexes=(
        IndexModel(
            [("keys.identity", ASCENDING)],
            name="identity",
            unique=True,
            partialFilterExpression={"keys.identity": {"$type": "string"}},
        ),
        IndexModel([("keys.scopes", ASCENDING), ("_id", ASCENDING)], name="scopes"),
    ),
)

KINDS: tuple[Kind[Any], ...] = (ORGANISATION, PERSON)
