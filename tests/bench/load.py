"""A load of HTTP requests over kept connections: small enough not to be what is measured."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Load:
    """What a load came to: requests a second, and seconds per request in order of size."""

    per_second: float
    seconds: list[float]
    statuses: dict[int, int]

    def percentile(self, share: float) -> float:
        """The time in milliseconds that `share` of the requests kept to."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))] * 1000


def request(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """One HTTP/1.1 request as bytes."""
    parts = urlsplit(url)
    lines = [f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def run(url: str, requests: Sequence[bytes], connections: int) -> Load:
    """Send all requests, each connection one at a time, and wait for every answer."""
    port = urlsplit(url).port
    waiting = iter(requests)
    seconds: list[float] = []
    statuses: dict[int, int] = {}

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for sent in waiting:
            began = time.perf_counter()
            writer.write(sent)
            status = await _answer(reader)
            seconds.append(time.perf_counter() - began)
            statuses[status] = statuses.get(status, 0) + 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(connections)))
    per_second = len(requests) / (time.perf_counter() - began)
    return Load(per_second, sorted(seconds), statuses)


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        if line[:15].lower() == b"content-length:":
            length = int(line[15:])
    if length:
        await reader.readexactly(length)
    return int(head[9:12])
