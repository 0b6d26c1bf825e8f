"""Gone for good: what lies beside a person goes with them once their tombstone stands (P16)."""

from datetime import timedelta

from services.registry.commands.incidents import READS as INCIDENT_READS
from services.registry.commands.ways import READS
from services.registry.kinds import ACCOUNT, PERSON
from shared.contracts.registry import ContactErased, PersonErased
from shared.failed import FailedMessages, NotThereYet
from shared.retention import Kept
from shared.store import Store

TOMBSTONES = (PersonErased.type, ContactErased.type)
SNAPSHOTS = ("registry.snapshot.person", "registry.snapshot.contact")
PEOPLES_HISTORY_KEPT = Kept(
    "history",
    since="time",
    time=timedelta(days=5 * 366),
    only={"aggregate": "registry.person"},
)
"""Who was given which role by whom may be asked for years, not for ever."""


class Leaving:
    """What the registry does when it hears that somebody was erased, here or by a restore."""

    def __init__(self, store: Store, failed: FailedMessages) -> None:
        self._store = store
        self._failed = failed

    async def forget(self, id: str) -> None:
        """Remove it; doing it again changes nothing.

        NotThereYet while earlier events are on their way to the history, from which they go too.
        """
        on_their_way = {"type": {"$nin": [*TOMBSTONES, *SNAPSHOTS]}}
        people, database = self._store.of(PERSON), self._store.database
        if await people.count({"_id": id, "pending": {"$elemMatch": on_their_way}}, 1):
            raise NotThereYet("the person's earlier events, which are still being told")
        told_before = {"subject": id, "type": {"$nin": list(TOMBSTONES)}}
        await database.collection("history").delete_many(told_before)
        for reads in (READS, INCIDENT_READS):
            await database.collection(reads).delete_many({"person": id})
        await self._store.of(ACCOUNT).delete_many({"_id": id})
        # What their repeated requests were answered, for which only they could ask.
        await people.update_one({"_id": id}, {"$set": {"recent": []}})
        await self._failed.forget(id)
