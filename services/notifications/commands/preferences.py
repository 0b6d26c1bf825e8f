"""What people want by mail: everything, until they say otherwise."""

from collections.abc import Collection

from services.notifications.domain.preferences import MailWanted, Preferences
from services.notifications.kinds import PREFERENCES
from shared.contracts.base import PersonId
from shared.contracts.problems import NotFound
from shared.database import Taken
from shared.kind import By, Change, Stored
from shared.store import Store

UNTOUCHED = Preferences()


class PreferencesOf:
    """The use cases of preferences."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, person: PersonId) -> Stored[Preferences]:
        """A person's choices; version 1 is what everyone begins with."""
        try:
            return await self._store.load(PREFERENCES, person)
        except NotFound:
            return Stored(person, 1, UNTOUCHED)

    async def of_all(self, people: Collection[PersonId]) -> dict[PersonId, Preferences]:
        """The choices of those who have made any."""
        found = await self._store.find(
            PREFERENCES, {"_id": {"$in": list(people)}}, limit=max(1, len(people))
        )
        return {one.id: one.state for one in found}

    async def change(self, person: PersonId, mail: MailWanted, by: By) -> Stored[Preferences]:
        """New choices; raises Stale when somebody changed them meanwhile."""

        def rule(before: Preferences) -> Change[Preferences]:
            return Change(before.model_copy(update={"mail": mail}))

        try:
            return await self._store.change(PREFERENCES, person, rule, by)
        except NotFound:
            await self._begin(person)
        return await self._store.change(PREFERENCES, person, rule, by)

    async def forget(self, person: PersonId) -> None:
        """Remove an erased person's choices."""
        await self._store.of(PREFERENCES).delete_many({"_id": person})

    async def _begin(self, person: PersonId) -> None:
        try:
            await self._store.create(PREFERENCES, person, Change(UNTOUCHED), By())
        except Taken:
            return
