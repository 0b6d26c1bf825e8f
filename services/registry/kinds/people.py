"""What the store must know of people; what the public may know of them, and contacts apart."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from services.registry.domain import person as persons
from services.registry.domain.external import external_keys
from services.registry.domain.person import Person
from shared.contracts.registry import (
    AcceptedPledge,
    ContactSnapshot,
    ExtractValidity,
    PersonSnapshot,
    RoleGrant,
)
from shared.kind import Kind, merged_index


def _person_snapshot(one: Person) -> PersonSnapshot:
    if one.merged is not None:
        return PersonSnapshot(name="—", identity=one.identity, merged_into=one.merged.into)
    return PersonSnapshot(
        name=persons.initials(one.name) if one.protected else one.name,
        identity=one.identity,
        languages=one.languages,
        preferred_language=one.preferred_language,
        municipality=None if one.protected else one.municipality,
        protected=one.protected,
        suspended=one.status == "suspended",
        roles=one.roles,
        absorbed=one.absorbed,
        extracts=tuple(
            ExtractValidity(organisation=it.organisation, valid_until=it.valid_until)
            for it in one.extracts
        ),
        pledges=tuple(
            AcceptedPledge(organisation=it.organisation, version=it.version) for it in one.pledges
        ),
    )


def _contact_snapshot(one: Person) -> ContactSnapshot:
    if one.merged is not None:
        return ContactSnapshot()
    return ContactSnapshot(mail=one.mail, phone=one.phone)


def _person_keys(one: Person) -> dict[str, Any]:
    scopes = [] if one.merged else sorted(_scopes(one))
    external = [] if one.merged else external_keys(one.external_ids)
    return {
        **({"external": external} if external else {}),
        "identity": one.identity,
        "mail": one.mail.casefold() if one.mail and not one.merged else None,
        "scopes": scopes,
        "merged_into": one.merged_into,
    }


def _scopes(one: Person) -> set[str]:
    """`coordinator:ID` for a role, `left:coordinator:ID` while it is unsettled, `asked:ID`,
    `joined:ID`, `extract:ID` for one that was shown there.
    """
    asked = {f"asked:{ask.organisation}" for ask in one.asks}
    asked |= {f"joined:{id}" for id in one.joined}
    asked |= {f"extract:{extract.organisation}" for extract in one.extracts}
    unsettled = {f"{doubt.kind}:{key}" for doubt in one.unsettled for key in _places(doubt.grant)}
    return asked | unsettled | {key for grant in one.roles for key in _places(grant)}


def _places(grant: RoleGrant) -> set[str]:
    return {f"{grant.role}:{id}" for id in (grant.scope.ids or (persons.NETWORK,))}


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
        IndexModel(
            [("keys.mail", ASCENDING), ("_id", ASCENDING)],
            name="mail",
            partialFilterExpression={"keys.mail": {"$type": "string"}},
        ),
        IndexModel(
            [("keys.external", ASCENDING)],
            name="external",
            unique=True,
            partialFilterExpression={"keys.external": {"$exists": True}},
        ),
        IndexModel([("keys.scopes", ASCENDING), ("_id", ASCENDING)], name="scopes"),
        merged_index("keys.merged_into"),
    ),
)
