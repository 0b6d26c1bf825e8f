"""What can be done with incidents; each reading of what was written is logged."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from pymongo import ASCENDING, IndexModel

from services.registry.commands.aliases import Aliases
from services.registry.commands.places_of import Places
from services.registry.commands.presence import Presence
from services.registry.domain import incident as rules
from services.registry.domain.incident import Incident, Report, Where
from services.registry.kinds import INCIDENT
from shared import failpoints
from shared.caller import Caller
from shared.causes import following
from shared.contracts.base import AccommodationId
from shared.contracts.problems import NotAllowed
from shared.database import Database, Document
from shared.kind import By, Change, Stored, new_id
from shared.retention import Kept
from shared.store import Store

PAGE = 200
READS = "incident_reads"
KEPT_FOR = timedelta(days=2 * 366)
READS_KEPT = Kept("incident_reads", since="at", time=KEPT_FOR)
READS_INDEXES = (
    IndexModel([("incident", ASCENDING), ("at", ASCENDING)], name="incident"),
    IndexModel([("person", ASCENDING), ("at", ASCENDING)], name="person"),
    IndexModel([("at", ASCENDING)], name="kept", expireAfterSeconds=int(KEPT_FOR.total_seconds())),
)


class Incidents:
    """Use cases of the incident aggregate."""

    def __init__(
        self, store: Store, database: Database, presence: Presence, places: Places
    ) -> None:
        self._store = store
        self._aliases = Aliases(store)
        self._reads = database.collection(READS)
        self._presence = presence
        self._places = places

    async def load(self, id: str) -> Stored[Incident]:
        """One incident; NotFound when there is none."""
        return await self._store.load(INCIDENT, id)

    async def report(self, told: Report, where: Where, caller: Caller, by: By) -> Stored[Incident]:
        """Who has a role at the place tells of it; NotAllowed for all others."""
        if not await self._presence.is_there(caller, where):
            raise _not_there()
        now = self._store.clock.now()
        change = Change(*rules.report(told, where, caller.person_id, now))
        stored = await self._store.create(INCIDENT, new_id(by), change, by)
        failpoints.reach(failpoints.BETWEEN_CHECKS)
        # A house may have moved to another county meanwhile.
        after = await self._reconcile(stored.id, following(by))
        return Stored(after.id, after.version, after.state, stored.result, stored.repeated)

    async def log_reading(self, id: str, caller: Caller) -> None:
        """Write down who reads what was written, before it is shown."""
        row: Document = {"_id": str(uuid4()), "incident": id, "person": caller.person_id}
        await self._reads.insert_one({**row, "at": caller.now})

    async def see(self, id: str, by: By) -> Stored[Incident]:
        """Somebody who answers for the place has seen it."""
        assert by.actor is not None
        person, now = by.actor, self._store.clock.now()
        return await self._change(id, lambda one: rules.see(one, person, now), by)

    async def handle(self, id: str, words: str, by: By) -> Stored[Incident]:
        """What was done about it."""
        assert by.actor is not None
        person, now = by.actor, self._store.clock.now()
        return await self._change(id, lambda one: rules.handle(one, person, words, now), by)

    async def close(self, id: str, by: By) -> Stored[Incident]:
        """Nothing more is to be done."""
        assert by.actor is not None
        person, now = by.actor, self._store.clock.now()
        return await self._change(id, lambda one: rules.close(one, person, now), by)

    async def wake(self, id: str, by: By) -> None:
        """The time of its words is over."""
        now = self._store.clock.now()
        await self._change(id, lambda one: rules.wake(one, now), by)

    async def reconcile_accommodation(self, id: AccommodationId, by: By) -> None:
        """An accommodation may have moved: who answers for it now may read what happened there."""
        last = ""
        while True:
            query: Document = {"keys.accommodations": id, "_id": {"$gt": last}}
            page = await self._store.find(INCIDENT, query, sort=[("_id", 1)], limit=PAGE)
            for one in page:
                await self._reconcile(one.id, following(by))
            if len(page) < PAGE:
                return
            last = page[-1].id

    async def follow_person(self, id: str, by: By) -> None:
        """Someone who was merged sees what they have reported under the account that they are now."""
        now = await self._aliases.people([id])
        if now[id] == id:
            return
        while page := await self._store.find(INCIDENT, {"keys.reporter": id}, limit=PAGE):
            for one in page:
                await self._change(one.id, lambda it: rules.follow(it, now), following(by))

    async def timeline(self, id: str) -> list[Document]:
        """What has been done with it, by whom and when."""
        return await self._store.timeline(INCIDENT, id)

    async def _reconcile(self, id: str, by: By) -> Stored[Incident]:
        counties = await self._places.counties((await self.load(id)).state.accommodations)
        return await self._change(id, lambda one: rules.reconcile(one, counties), by)

    async def _change(
        self, id: str, rule: Callable[[Incident], rules.Decision], by: By
    ) -> Stored[Incident]:
        return await self._store.change(INCIDENT, id, lambda one: Change(*rule(one)), by)


def _not_there() -> NotAllowed:
    return NotAllowed(
        "no-role-there",
        sv="Här rapporterar den som har en uppgift på platsen. Ring 112 vid fara; berätta annars "
        "för din samordnare.",
        en="Those who have a task at the place report here. Ring 112 when there is danger; "
        "otherwise tell your coordinator.",
    )
