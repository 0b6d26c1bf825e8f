"""Activities and sessions follow their meeting place when what may be told of it changes."""

from services.activities.domain.activity import Activity, Whereabouts
from services.activities.domain.relocation import (
    relocate_activity,
    relocate_session,
    whereabouts,
)
from services.activities.domain.session import Session
from services.activities.kinds import ACTIVITY, SESSION
from services.activities.many import each
from services.activities.replicas import Replicas
from shared.database import Document
from shared.kind import By, Change, Stored
from shared.store import Store


class Relocation:
    """Compares with the newest word on the place; the same twice changes nothing."""

    def __init__(self, store: Store, replicas: Replicas) -> None:
        self._store = store
        self._replicas = replicas

    async def place(self, id: str, by: By) -> None:
        """Whatever was, is or will be at this meeting place."""
        where = await self._where(id)
        if where is None:
            return
        query = _told_otherwise(id, where)
        async for activity in each(self._store, ACTIVITY, query):
            await self._activity(activity.id, where, by)
        async for session in each(self._store, SESSION, query):
            await self._session(session.id, where, by)

    async def activity(self, stored: Stored[Activity], by: By) -> Stored[Activity]:
        """One activity that may have been planned on an older word."""
        where = await self._where(stored.state.meeting_place)
        if where is None or relocate_activity(stored.state, where)[0] == stored.state:
            return stored
        return await self._activity(stored.id, where, by)

    async def session(self, stored: Stored[Session], by: By) -> Stored[Session]:
        """One session that may have been planned on an older word."""
        where = await self._where(stored.state.meeting_place)
        if where is None or relocate_session(stored.state, where)[0] == stored.state:
            return stored
        return await self._session(stored.id, where, by)

    async def _where(self, place: str) -> Whereabouts | None:
        known = await self._replicas.places.get(place)
        return whereabouts(known.state) if known else None

    async def _activity(self, id: str, where: Whereabouts, by: By) -> Stored[Activity]:
        return await self._store.change(
            ACTIVITY, id, lambda one: Change(*relocate_activity(one, where)), by
        )

    async def _session(self, id: str, where: Whereabouts, by: By) -> Stored[Session]:
        return await self._store.change(
            SESSION, id, lambda one: Change(*relocate_session(one, where)), by
        )


def _told_otherwise(place: str, where: Whereabouts) -> Document:
    told = where.model_dump(mode="json")
    # The index finds the place's own; few enough to be looked at one by one.
    differs = [{f"state.{name}": {"$ne": value}} for name, value in told.items()]
    return {"keys.meeting_place": place, "$or": differs}
