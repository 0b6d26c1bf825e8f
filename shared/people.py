"""People and roles as every service but the registry knows them: replicas, and how old they are (P14)."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pymongo import ASCENDING, IndexModel

from shared.aliases import follow
from shared.caller import KnownPerson
from shared.clock import Clock
from shared.contracts.registry import OrganisationSnapshot, PersonSnapshot, RoleGrant
from shared.database import Collection as Rows
from shared.database import Database
from shared.kind import merged_index
from shared.replica import Known, Replica

HEARD = "heard"
HEARTBEAT = "registry.person.heartbeat"
HEARTBEAT_SECONDS = 5.0
PERSON_INDEXES = (
    IndexModel([("state.identity", ASCENDING)], name="identity"),
    IndexModel(
        [("state.roles.scope.ids", ASCENDING), ("state.roles.role", ASCENDING)], name="scope"
    ),
)

ORGANISATION_INDEXES = (merged_index("state.merged_into"),)


class ReplicaPeople:
    """Answers shared.access from this service's replicas of persons and organisations."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.persons = Replica(database, PersonSnapshot, PERSON_INDEXES)
        self.organisations = Replica(database, OrganisationSnapshot, ORGANISATION_INDEXES)
        self._heard: Rows = database.collection(HEARD)
        self._clock = clock

    async def people_of(self, identity_keys: Collection[str]) -> Mapping[str, KnownPerson]:
        """The known persons with these identity keys, with what is active of their organisations."""
        keys = list(identity_keys)
        found = await self.persons.find({"state.identity": {"$in": keys}}, limit=len(keys) + 1)
        now = await self._as_now(found)
        by_identity = {one.state.identity: now[one.id] for one in found if one.id in now}
        theirs = organisations_of((one.state for one in by_identity.values()), formerly=True)
        network = await self.network_of(theirs)
        return {
            key: known_person(one.id, one.state, network)
            for key, one in by_identity.items()
            if key is not None
        }

    async def by_identity(self, identity_key: str) -> Known[PersonSnapshot] | None:
        """Whoever signs in with this identity, suspended or not; None when not known here."""
        found = await self.persons.find({"state.identity": identity_key}, limit=1)
        return next(iter((await self._as_now(found)).values()), None)

    async def active_of(self, ids: Collection[str]) -> frozenset[str]:
        """Those of the organisations that are approved and whose parent, if any, is approved too."""
        return (await self.network_of(ids)).active & frozenset(ids)

    async def network_of(self, ids: Collection[str]) -> "Network":
        """These organisations, their parents, and what those were merged into."""

        async def look(some: Collection[str]) -> Mapping[str, OrganisationSnapshot]:
            return {
                id: one.state for id, one in (await self.organisations.many(list(some))).items()
            }

        return await network(ids, look)

    async def _as_now(
        self, found: Sequence[Known[PersonSnapshot]]
    ) -> dict[str, Known[PersonSnapshot]]:
        """By id; whoever was merged as the account that they are now, if that is known here."""
        living = {one.id: one for one in found if one.state.merged_into is None}
        merged = [one.id for one in found if one.id not in living]
        now = await self.persons.now(merged)
        winners = await self.persons.many(list(now.values())) if now else {}
        return living | {id: winners[winner] for id, winner in now.items() if winner in winners}

    async def replica_age(self) -> float | None:
        """Seconds since the registry was last heard; `inf` before the first time."""
        heard = await self._heard.find_one({"_id": "registry.person"})
        if heard is None:
            return float("inf")
        age: float = (self._clock.now() - heard["at"]).total_seconds()
        return max(0.0, age)


def active_among(organisations: Mapping[str, OrganisationSnapshot]) -> frozenset[str]:
    """A branch is active only while it and its parent are approved."""

    into = {id: one.merged_into for id, one in organisations.items() if one.merged_into}

    def approved(id: str) -> bool:
        return id in organisations and organisations[id].status == "approved"

    return frozenset(
        id
        for id, one in organisations.items()
        if approved(id) and (one.parent is None or approved(follow(one.parent, into)))
    )


def organisations_of(persons: Iterable[PersonSnapshot], formerly: bool = False) -> set[str]:
    """The organisations that the persons' roles are about, with what was merged into them or not."""
    return {
        id
        for person in persons
        for grant in person.roles
        if grant.scope.kind == "organisation"
        for id in (*grant.scope.ids, *(grant.formerly if formerly else ()))
    }


@dataclass(frozen=True)
class Network:
    """Some organisations as they are known: which of them are active, and what each is now."""

    organisations: Mapping[str, OrganisationSnapshot]

    @cached_property
    def active(self) -> frozenset[str]:
        """Those that are approved and whose parent, if any, is approved too."""
        return active_among(self.organisations)

    def now(self, id: str) -> str:
        """What the organisation is now, mergers followed."""
        return follow(id, self._into)

    @cached_property
    def _into(self) -> dict[str, str]:
        known = self.organisations.items()
        return {id: one.merged_into for id, one in known if one.merged_into}


async def network(
    ids: Collection[str],
    look: Callable[[Collection[str]], Awaitable[Mapping[str, OrganisationSnapshot]]],
) -> Network:
    """The organisations with these ids, and all that decides about them."""
    known: dict[str, OrganisationSnapshot] = {}
    asked: set[str] = set()
    wanted = set(ids)
    while wanted:
        found = await look(wanted)
        known.update(found)
        asked |= wanted
        named = {id for one in found.values() for id in (one.parent, one.merged_into) if id}
        wanted = named - asked
    return Network(known)


def known_person(id: str, person: PersonSnapshot, network: Network) -> KnownPerson:
    """What access judges a person by; roles in a merged organisation hold in what it is now.

    And in what was merged into theirs, as long as that is not known here.
    """
    roles = tuple(_held_now(grant, network) for grant in person.roles)
    held = {id for one in roles if one.scope.kind == "organisation" for id in one.scope.ids}
    return KnownPerson(
        id=id,
        protected=person.protected,
        suspended=person.suspended,
        roles=roles,
        active_organisations=network.active & held,
    )


def _held_now(grant: RoleGrant, network: Network) -> RoleGrant:
    if grant.scope.kind != "organisation":
        return grant
    as_before = [id for id in grant.formerly if id in network.active]
    ids = tuple(dict.fromkeys([*map(network.now, grant.scope.ids), *as_before]))
    if ids == grant.scope.ids:
        return grant
    return grant.model_copy(update={"scope": grant.scope.model_copy(update={"ids": ids})})
