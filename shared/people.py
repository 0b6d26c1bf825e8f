"""People and roles as every service but the registry knows them: replicas, and how old they are (P14)."""

from collections.abc import Collection, Iterable, Mapping

from pymongo import ASCENDING, IndexModel

from shared.caller import KnownPerson
from shared.clock import Clock
from shared.contracts.registry import OrganisationSnapshot, PersonSnapshot
from shared.database import Collection as Rows
from shared.database import Database
from shared.replica import Replica

HEARD = "heard"
HEARTBEAT = "registry.person.heartbeat"
HEARTBEAT_SECONDS = 5.0
PERSON_INDEXES = (
    IndexModel([("state.identity", ASCENDING)], name="identity"),
    IndexModel(
        [("state.roles.scope.ids", ASCENDING), ("state.roles.role", ASCENDING)], name="scope"
    ),
)


class ReplicaPeople:
    """Answers shared.access from this service's replicas of persons and organisations."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.persons = Replica(database, PersonSnapshot, PERSON_INDEXES)
        self.organisations = Replica(database, OrganisationSnapshot)
        self._heard: Rows = database.collection(HEARD)
        self._clock = clock

    async def people_of(self, identity_keys: Collection[str]) -> Mapping[str, KnownPerson]:
        """The known persons with these identity keys, with what is active of their organisations."""
        keys = list(identity_keys)
        found = await self.persons.find({"state.identity": {"$in": keys}}, limit=len(keys) + 1)
        active = await self.active_of(organisations_of(one.state for one in found))
        return {
            one.state.identity: known_person(one.id, one.state, active)
            for one in found
            if one.state.identity
        }

    async def active_of(self, ids: Collection[str]) -> frozenset[str]:
        """Those of the organisations that are approved and whose parent, if any, is approved too."""
        own = await self.organisations.many(list(ids)) if ids else {}
        parents = {one.state.parent for one in own.values() if one.state.parent} - own.keys()
        above = await self.organisations.many([id for id in parents if id]) if parents else {}
        return active_among({id: one.state for id, one in {**above, **own}.items()})

    async def replica_age(self) -> float | None:
        """Seconds since the registry was last heard; `inf` before the first time."""
        heard = await self._heard.find_one({"_id": "registry.person"})
        if heard is None:
            return float("inf")
        age: float = (self._clock.now() - heard["at"]).total_seconds()
        return max(0.0, age)


def active_among(organisations: Mapping[str, OrganisationSnapshot]) -> frozenset[str]:
    """A branch is active only while it and its parent are approved."""

    def approved(id: str | None) -> bool:
        return id is not None and id in organisations and organisations[id].status == "approved"

    return frozenset(
        id
        for id, one in organisations.items()
        if approved(id) and (one.parent is None or approved(one.parent))
    )


def organisations_of(persons: Iterable[PersonSnapshot]) -> set[str]:
    """The organisations that the persons' roles are about."""
    return {
        id
        for person in persons
        for grant in person.roles
        if grant.scope.kind == "organisation"
        for id in grant.scope.ids
    }


def known_person(id: str, person: PersonSnapshot, active: frozenset[str]) -> KnownPerson:
    """What access judges a person by."""
    return KnownPerson(
        id=id,
        protected=person.protected,
        suspended=person.suspended,
        roles=person.roles,
        active_organisations=active & organisations_of([person]),
    )
