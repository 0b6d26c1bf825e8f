"""How an import shares a process with everybody else's requests."""

import asyncio
import time
from types import TracebackType
from typing import Self

REST_SHARE = 1.5
"""Rest per second of work: others have the process most of the time."""
BACKLOG_AT_MOST = 300
"""Events in the relay's hand: whoever does something else must not have to queue behind a file."""


class Pace:
    """Work in short pieces, each followed by a rest in proportion."""

    async def __aenter__(self) -> Self:
        self._began = time.monotonic()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            await asyncio.sleep((time.monotonic() - self._began) * REST_SHARE)
