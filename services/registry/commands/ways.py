"""Where accommodations lie: set by officers, read on one page only, each reading logged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.registry.commands.first_or_match import found, put
from services.registry.commands.grounds import Ground, Grounds
from services.registry.domain import location as rules
from services.registry.domain.accommodation import Accommodation
from services.registry.domain.location import Location, Whereabouts
from services.registry.kinds import LOCATION
from shared.caller import Caller
from shared.contracts.problems import NotAllowed
from shared.database import Database, Document
from shared.http import Page, Position
from shared.kind import By, Change, Stored
from shared.retention import Kept
from shared.store import Store

READS = "reads"
KEPT_FOR = timedelta(days=2 * 366)
READS_KEPT = Kept("reads", since="at", time=KEPT_FOR)
READS_INDEXES = (
    IndexModel(
        [("accommodation", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)], name="newest"
    ),
    IndexModel([("person", ASCENDING), ("at", ASCENDING)], name="person"),
    IndexModel([("at", ASCENDING)], name="kept", expireAfterSeconds=int(KEPT_FOR.total_seconds())),
)


@dataclass(frozen=True)
class WayThere:
    """Where it lies, if anyone has said; and on which ground the caller may know."""

    ground: Ground
    location: Stored[Location] | None


class Ways:
    """Tells where an accommodation lies to those who may know it now, and keeps who has read it."""

    def __init__(self, store: Store, database: Database, grounds: Grounds) -> None:
        self._store = store
        self._grounds = grounds
        self._reads = database.collection(READS)

    async def set(self, id: str, whereabouts: Whereabouts, by: By) -> Stored[Location]:
        """Say where it lies; with If-Match from the second time on (PreconditionRequired, Stale)."""
        assert by.actor is not None
        location = rules.at(whereabouts, by.actor, self._store.clock.now())
        return await put(self._store, LOCATION, id, Change(location), by)

    async def read(self, house: Stored[Accommodation], caller: Caller) -> WayThere:
        """The way there for who may know it now; NotAllowed for all others, known address or not.

        Each reading is logged before it is answered.
        """
        ground = await self._grounds.of(house, caller)
        if ground is None:
            raise _not_now()
        await self._log(house.id, caller, ground)
        return WayThere(ground, await found(self._store, LOCATION, house.id))

    async def reads(self, id: str, page: Page) -> tuple[Sequence[Document], str | None]:
        """Who has read the way to an accommodation, newest first."""
        query: Document = {"accommodation": id}
        if page.after is not None:
            at, last = page.after.value, page.after.id
            query["$or"] = [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": last}}]
        rows = await self._reads.find(query, sort=[("at", -1), ("_id", -1)], limit=page.limit + 1)
        return page.cut(rows, lambda row: Position(row["at"], row["_id"]))

    async def _log(self, id: str, caller: Caller, ground: Ground) -> None:
        await self._reads.insert_one(
            {
                "_id": str(uuid4()),
                "person": caller.person_id,
                "accommodation": id,
                "right": ground.right,
                "because_of": ground.because_of,
                "at": caller.now,
            }
        )


def _not_now() -> NotAllowed:
    return NotAllowed(
        "way-not-shown-now",
        sv="Vägen dit visas för den som har ett pass där, från 48 timmar före tills passet är slut.",
        en="The way there is shown to whoever has a shift there, from 48 hours before until its end.",
    )
