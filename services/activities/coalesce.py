"""Many asking for the same work at once share one run that begins after each of them asked."""

import asyncio
from collections.abc import Awaitable, Callable


class Coalesced:
    """Runs `work(id)` for whoever asks; callers that come while a run is under way share the next.

    A hundred sign-ups for one session are a hundred events, and a few reconciliations. A fault
    reaches everyone who shared the run.
    """

    def __init__(self, work: Callable[[str], Awaitable[object]]) -> None:
        self._work = work
        self._running: dict[str, asyncio.Task[None]] = {}
        self._next: dict[str, asyncio.Task[None]] = {}

    async def run(self, id: str) -> None:
        """Return when a run that began after this call has ended."""
        if id not in self._running:
            self._begin(id)
            await asyncio.shield(self._running[id])
            return
        if id not in self._next:
            self._next[id] = asyncio.create_task(self._after(id, self._running[id]))
        await asyncio.shield(self._next[id])

    def _begin(self, id: str) -> None:
        task = asyncio.create_task(self._once(id))
        self._running[id] = task

    async def _once(self, id: str) -> None:
        try:
            await self._work(id)
        finally:
            del self._running[id]

    async def _after(self, id: str, before: asyncio.Task[None]) -> None:
        await asyncio.wait([before])
        del self._next[id]
        await self.run(id)
