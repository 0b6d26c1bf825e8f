"""How an import shares a process with everybody else's requests."""

import asyncio
import time
from types import TracebackType
from typing import Self

REST_SHARE = 1.0
"""Rest per second that the event loop has worked: others have the process at least half of the time."""
BACKLOG_AT_MOST = 300
"""Events in the relay's hand: whoever does something else must not have to queue behind a file."""


class Pace:
    """Work in short pieces, each followed by a rest in proportion."""

    async def __aenter__(self) -> Self:
        # What is waited for in the database holds nobody up, and needs no rest.
        self._began = time.thread_time()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            await asyncio.sleep((time.thread_time() - self._began) * REST_SHARE)
