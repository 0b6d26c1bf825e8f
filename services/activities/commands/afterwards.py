"""What is said of a session once it has begun: how many came, who helped, how it went."""

from collections.abc import Callable, Mapping

from services.activities.domain import afterwards as rules
from services.activities.domain.afterwards import Presence
from services.activities.domain.count import CountBody, counted, no_surprise
from services.activities.domain.reflection import ReflectionBody, reflected
from services.activities.domain.session import Decision, Session, insist_countable, record_count
from services.activities.kinds import SESSION
from services.activities.replicas import Replicas
from shared.contracts.base import PersonId, SessionId
from shared.kind import By, Change, Stored
from shared.store import Store


class Afterwards:
    """Use cases of a session that has begun."""

    def __init__(self, store: Store, replicas: Replicas) -> None:
        self._store = store
        self._replicas = replicas

    async def count(self, stored: Stored[Session], body: CountBody, by: By) -> Stored[Session]:
        """How many came: first time, again, or corrected."""
        insist_countable(stored.state, self._store.clock.now())
        residents = await self._replicas.residents(stored.state.accommodations)

        def rule(one: Session) -> Decision:
            now = self._store.clock.now()
            expected = no_surprise(residents, one.places)
            count = counted(one.count, body, _actor(by), now, expected)
            rules.insist_real_times(one, count, now)
            return record_count(one, count, now)

        return await self._change(stored.id, rule, by)

    async def mark(
        self, stored: Stored[Session], marks: Mapping[PersonId, Presence], by: By
    ) -> Stored[Session]:
        """Who of those seated came, stayed away or was excused."""
        return await self._change(
            stored.id, lambda one: rules.mark(one, marks, self._store.clock.now()), by
        )

    async def reflect(
        self, stored: Stored[Session], body: ReflectionBody, by: By
    ) -> Stored[Session]:
        """How it went and what was missing."""

        def rule(one: Session) -> Decision:
            now = self._store.clock.now()
            insist_countable(one, now)
            return rules.reflect(one, reflected(one.reflection, body, _actor(by), now), now)

        return await self._change(stored.id, rule, by)

    async def _change(
        self, id: SessionId, rule: Callable[[Session], Decision], by: By
    ) -> Stored[Session]:
        return await self._store.change(SESSION, id, lambda one: Change(*rule(one)), by)


def _actor(by: By) -> PersonId:
    assert by.actor is not None
    return by.actor
