"""What is now behind an id that was merged: the registry's own look for shared.aliases."""

from collections.abc import Collection, Mapping
from typing import Any

from services.registry.domain.merging import Merger
from services.registry.kinds import ORGANISATION, PERSON
from shared import aliases
from shared.database import Document
from shared.kind import MERGED, Kind
from shared.store import Store

MOST_LOSERS = 1000


class Aliases:
    """Follows mergers of organisations and of people."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def organisations(self, ids: Collection[str]) -> dict[str, str]:
        """What each of the organisations is now."""
        return await self._now(ORGANISATION, ids)

    async def people(self, ids: Collection[str]) -> dict[str, str]:
        """Who each of the people is now."""
        return await self._now(PERSON, ids)

    async def organisation(self, id: str) -> str:
        """What the organisation is now."""
        return (await self.organisations([id]))[id]

    async def person(self, id: str) -> str:
        """Who the person is now."""
        return (await self.people([id]))[id]

    async def losers(self, kind: Kind[Any], winner: str) -> list[str]:
        """All that were merged into the winner, by whatever way."""
        found: list[str] = []
        wanted = [winner]
        while wanted:
            query: Document = {"keys.merged_into": {"$in": wanted}}
            rows = await self._store.of(kind).find(query, projection={"_id": 1}, limit=MOST_LOSERS)
            wanted = [row["_id"] for row in rows if row["_id"] not in (*found, winner)]
            found += wanted
        return found

    async def mergers(self, kind: Kind[Any], id: str) -> Mapping[str, Merger]:
        """The mergers that lead from the id to what it is now."""
        found: dict[str, Merger] = {}

        async def look(ids: Collection[str]) -> Mapping[str, str]:
            some = await self._merged(kind, ids)
            found.update(some)
            return {one: merger.into for one, merger in some.items()}

        await aliases.chains([id], look)
        return found

    async def _now(self, kind: Kind[Any], ids: Collection[str]) -> dict[str, str]:
        async def look(some: Collection[str]) -> Mapping[str, str]:
            merged = await self._merged(kind, some)
            return {id: merger.into for id, merger in merged.items()}

        return await aliases.now(ids, look) if ids else {}

    async def _merged(self, kind: Kind[Any], ids: Collection[str]) -> dict[str, Merger]:
        query: Document = {"_id": {"$in": list(ids)}, "keys.merged_into": MERGED}
        found = await self._store.find(kind, query, limit=max(1, len(ids)))
        return {one.id: one.state.merged for one in found}
