"""What helpers wish, and the questions that each of them is asked."""

from collections.abc import Collection

from services.activities.domain import helper as rules
from services.activities.domain.helper import Helper, Wishes
from services.activities.kinds import HELPER
from services.activities.replicas import Replicas
from shared.contracts.base import PersonId, SessionId
from shared.contracts.problems import NotFound
from shared.database import Taken
from shared.kind import By, Change, Rule, Stored
from shared.store import Store

UNTOUCHED = Helper()


class Helping:
    """The use cases of the helper aggregate."""

    def __init__(self, store: Store, replicas: Replicas) -> None:
        self._store = store
        self._replicas = replicas

    async def load(self, person: PersonId) -> Helper:
        """What somebody wishes; everyone begins with no wishes at all."""
        return (await self.of([person])).get(person, UNTOUCHED)

    async def of(self, people: Collection[PersonId]) -> dict[PersonId, Helper]:
        """Those of the people who have wished something or been asked."""
        query = {"_id": {"$in": list(people)}}
        found = await self._store.find(HELPER, query, limit=max(1, len(people)))
        return {one.id: one.state for one in found}

    async def wish(self, person: PersonId, wishes: Wishes, seen: int, by: By) -> Helper:
        """New wishes, made on those with the revision `seen`; raises Stale when they are newer."""
        done = await self._change(person, lambda one: Change(rules.wish(one, wishes, seen)), by)
        return done.state

    async def ask(self, person: PersonId, session: SessionId, by: By) -> bool:
        """Take up a helper's next question for a session; False when they were asked too lately."""

        def rule(one: Helper) -> Change[Helper]:
            asked, may = rules.ask(one, session, self._store.clock.now())
            return Change(asked, result={"may": may})

        return bool((await self._change(person, rule, by)).result["may"])

    async def unite(self, person: PersonId, into: PersonId, by: By) -> None:
        """What one account wished and was asked is the other's, who is the same human."""
        other = (await self.of([person])).get(person)
        if other is not None:
            await self._change(into, lambda one: Change(rules.united(one, other)), by)
            await self.forget(person)

    async def forget(self, person: PersonId) -> None:
        """Nothing of an erased person is left."""
        await self._store.of(HELPER).delete_many({"_id": person})

    async def _change(self, person: PersonId, rule: Rule[Helper], by: By) -> Stored[Helper]:
        try:
            return await self._store.change(HELPER, person, rule, by)
        except NotFound:
            await self._begin(person)
        done = await self._store.change(HELPER, person, rule, by)
        # Asked after the write: either we see the tombstone, or its arrival sees what we wrote.
        if await self._replicas.erased([person]):
            await self.forget(person)
        return done

    async def _begin(self, person: PersonId) -> None:
        try:
            await self._store.create(HELPER, person, Change(UNTOUCHED), By())
        except Taken:
            return
