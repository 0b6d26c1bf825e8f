"""Keeping coverage true: recomputed from what is known whenever something may have changed it."""

from collections.abc import Iterable

from services.activities.coalesce import Coalesced
from services.activities.domain.coverage import Coverage, Known, coverage, recomputed, window
from services.activities.kinds import COVERAGE, SESSION
from services.activities.replicas import Replicas
from shared.causes import by_event
from shared.contracts.problems import NotFound, Stale
from shared.database import Taken
from shared.due import in_parallel
from shared.kind import By, Change, Stored
from shared.store import Store

SESSIONS_AT_MOST = 2000
BURST_SECONDS = 0.02


class Coverages:
    """Use cases of the coverage read model; its id is the accommodation's."""

    def __init__(self, store: Store, replicas: Replicas) -> None:
        self._store = store
        self._replicas = replicas
        self._shared = Coalesced(self._recompute, rest_seconds=BURST_SECONDS)

    async def load(self, accommodation: str) -> Stored[Coverage]:
        """One accommodation's coverage; NotFound when it is not known here."""
        return await self._store.load(COVERAGE, accommodation)

    async def recompute(self, accommodations: Iterable[str]) -> None:
        """Work out the coverage of these houses anew; many asking at once share one run."""
        await in_parallel([lambda id=id: self._shared.run(id) for id in set(accommodations)])  # type: ignore[misc]

    async def recompute_place(self, place: str) -> None:
        """The houses that a meeting place serves, and those that it served."""
        known = await self._replicas.places.get(place)
        rows = await self._store.of(COVERAGE).find(
            {"keys.places": place}, projection={"_id": 1}, limit=1000
        )
        serves = known.state.accommodations if known else ()
        await self.recompute({*serves, *(row["_id"] for row in rows)})

    async def _recompute(self, id: str) -> None:
        # Read the version first: whoever read older facts than the newest writer starts over.
        while True:
            before = await self._present(id)
            known = await self._known(id)
            if known is None:
                return
            after = coverage(known, self._store.clock.now())
            try:
                await self._save(id, before, after)
                return
            except (Stale, Taken):
                continue

    async def _present(self, id: str) -> Stored[Coverage] | None:
        try:
            return await self.load(id)
        except NotFound:
            return None

    async def _known(self, id: str) -> Known | None:
        accommodation = await self._replicas.accommodations.get(id)
        if accommodation is None:
            return None
        places = await self._replicas.places_of(id)
        start, end = window(self._store.clock.now())
        query = {"keys.accommodations": id, "keys.start": {"$gte": start, "$lt": end}}
        sessions = await self._store.find(SESSION, query, limit=SESSIONS_AT_MOST)
        return Known(accommodation.state, places, [one.state for one in sessions])

    async def _save(self, id: str, before: Stored[Coverage] | None, after: Coverage) -> None:
        by = by_event()
        if before is None:
            await self._store.create(COVERAGE, id, Change(*recomputed(None, after)), by)
            return
        expected = By(
            correlation=by.correlation,
            cause=by.cause,
            traceparent=by.traceparent,
            expected=before.version,
        )
        await self._store.change(
            COVERAGE, id, lambda one: Change(*recomputed(one, after)), expected
        )
