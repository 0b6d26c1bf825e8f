"""How much the machine itself keeps everyone waiting, so that a promise about time is judged fairly."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx

EVERY_SECONDS = 0.05


class Pulse:
    """The slowest answer to a question that needs no database: it is refused at the service's door."""

    def __init__(self) -> None:
        self.slowest_seconds = 0.0

    async def feel(self, http: httpx.AsyncClient, url: str) -> None:
        """Ask again and again."""
        while True:
            began = time.monotonic()
            await http.get(url)
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
            await asyncio.sleep(EVERY_SECONDS)


@asynccontextmanager
async def felt(urls: Sequence[str]) -> AsyncIterator[Pulse]:
    """Feel the pulse at these addresses while the block runs."""
    pulse = Pulse()
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        tasks = [asyncio.create_task(pulse.feel(http, url)) for url in urls]
        try:
            yield pulse
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
