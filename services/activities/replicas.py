"""What activities knows of the registry: people and organisations, houses and meeting places."""

from collections.abc import Collection, Sequence
from datetime import datetime

from pymongo import ASCENDING, IndexModel

from shared.clock import Clock
from shared.contracts.registry import AccommodationSnapshot, MeetingPlaceSnapshot, PersonSnapshot
from shared.database import Database, Document
from shared.people import ReplicaPeople, organisations_of
from shared.replica import Known, Replica

HELPER_INDEXES = (
    IndexModel(
        [("state.roles.scope.ids", ASCENDING), ("state.municipality", ASCENDING)], name="helpers"
    ),
)
PLACE_INDEXES = (IndexModel([("state.accommodations", ASCENDING)], name="accommodations"),)
BRANCH_INDEXES = (IndexModel([("state.parent", ASCENDING)], name="parent"),)
HELPING_ROLES = ("volunteer", "coordinator")


class Replicas:
    """The newest snapshots of the registry's aggregates."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.people = ReplicaPeople(database, clock)
        self.accommodations = Replica(database, AccommodationSnapshot)
        self.places = Replica(database, MeetingPlaceSnapshot, PLACE_INDEXES)

    async def helpers(
        self, ids: Collection[str], organisation: str, now: datetime
    ) -> frozenset[str]:
        """Those of the people who may hold a seat at the organisation: role in force, not paused."""
        if not ids:
            return frozenset()
        network = await self.people.network_of([organisation])
        if network.now(organisation) not in network.active:
            return frozenset()
        known = await self.people.persons.many(list(ids))
        same = {organisation, network.now(organisation)}
        helping = {id for id, one in known.items() if helps(one.state, same, now)}
        rest = [known[id] for id in known.keys() - helping]
        return frozenset(helping | await self._by_another_name(rest, same, now))

    async def _by_another_name(
        self, people: Sequence[Known[PersonSnapshot]], same: Collection[str], now: datetime
    ) -> set[str]:
        """Those of them whose roles are told under what was merged into one of these organisations."""
        theirs = organisations_of(one.state for one in people)
        network = await self.people.network_of(theirs)
        others = [id for id in theirs if network.now(id) in same]
        return {one.id for one in people if helps(one.state, others, now)}

    async def helpers_of(
        self, organisation: str, places: Collection[str], most: int, now: datetime
    ) -> dict[str, PersonSnapshot]:
        """Those who may hold a seat at the organisation: first who live in these places, then others."""
        if organisation not in await self.people.active_of([organisation]):
            return {}
        theirs: Document = {"state.roles.scope.ids": organisation}
        near = {**theirs, "state.municipality": {"$in": sorted(places)}}
        found = await self.people.persons.find(near, limit=most)
        if len(found) < most:
            found += await self.people.persons.find(theirs, limit=most)
        return {one.id: one.state for one in found if helps(one.state, [organisation], now)}

    async def helped_by(self, person: str, now: datetime) -> frozenset[str]:
        """The active organisations where a person may hold a seat."""
        known = await self.people.persons.get(person)
        if known is None:
            return frozenset()
        network = await self.people.network_of(organisations_of([known.state], formerly=True))
        return frozenset(
            id
            for organisation in network.organisations
            if helps(known.state, [organisation], now)
            for id in (organisation, network.now(organisation))
            if id in network.active
        )

    async def erased(self, ids: Collection[str]) -> frozenset[str]:
        """Those of the people whose tombstone has arrived."""
        if not ids:
            return frozenset()
        rows = await self.people.persons.collection.find(
            {"_id": {"$in": list(ids)}, "erased": True}, projection={"_id": 1}, limit=len(ids)
        )
        return frozenset(row["_id"] for row in rows)

    async def branches(self, organisation: str) -> list[str]:
        """The branches of a national organisation."""
        found = await self.people.organisations.find({"state.parent": organisation}, limit=5000)
        return [one.id for one in found]

    async def places_of(self, accommodation: str) -> dict[str, MeetingPlaceSnapshot]:
        """The meeting places that serve a house."""
        found = await self.places.find({"state.accommodations": accommodation}, limit=100)
        return {one.id: one.state for one in found}

    async def all_closing(self, place: MeetingPlaceSnapshot) -> bool:
        """Whether every house that a place serves is closing or closed."""
        known = await self.accommodations.many(list(place.accommodations))
        return bool(known) and all(
            one.state.status in ("closing", "closed") for one in known.values()
        )

    async def residents(self, accommodations: Collection[str]) -> int | None:
        """How many live in these houses by their newest figures; None when one is not known."""
        known = await self.accommodations.many(list(accommodations))
        figures = [one.state.residents[-1].total for one in known.values() if one.state.residents]
        return sum(figures) if figures and len(figures) == len(accommodations) else None


def helps(person: PersonSnapshot, organisations: Collection[str], now: datetime) -> bool:
    """A volunteer or coordinator of one of the organisations, at `now`, whose account is open.

    Also of one that they name as merged into their own before its own word on that has come.
    """
    return not person.suspended and any(
        grant.role in HELPING_ROLES
        and grant.scope.kind == "organisation"
        and any(id in organisations for id in (*grant.scope.ids, *grant.formerly))
        and grant.from_ <= now
        and (grant.until is None or now < grant.until)
        for grant in person.roles
    )
