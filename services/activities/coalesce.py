"""Many asking for the same work at once share one run that begins after each of them asked."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Coalesced(Generic[T]):
    """Runs `work(id)` for whoever asks; callers that come while a run is under way share the next.

    A hundred sign-ups for one session are a hundred events, and a few reconciliations. Each run
    waits `rest_seconds` first, so that a burst gathers. A fault reaches everyone who shared the run.
    """

    def __init__(self, work: Callable[[str], Awaitable[T]], rest_seconds: float = 0) -> None:
        self._work = work
        self._rest_seconds = rest_seconds
        self._running: dict[str, asyncio.Task[T]] = {}
        self._gathering: dict[str, asyncio.Task[T]] = {}

    async def run(self, id: str) -> T:
        """The result of a run that began after this call."""
        if id not in self._gathering:
            turn = asyncio.create_task(self._turn(id, self._running.get(id)))
            turn.add_done_callback(_look_at_fault)
            self._gathering[id] = turn
        return await asyncio.shield(self._gathering[id])

    async def _turn(self, id: str, before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        await asyncio.sleep(self._rest_seconds)
        # From here on a run is under way: who asks now has the next.
        task = self._running[id] = self._gathering.pop(id)
        try:
            return await self._work(id)
        finally:
            if self._running.get(id) is task:
                del self._running[id]


def _look_at_fault(turn: asyncio.Task[T]) -> None:
    """Its callers may all have gone meanwhile; then nobody else looks, and that is no alarm."""
    if not turn.cancelled():
        turn.exception()
