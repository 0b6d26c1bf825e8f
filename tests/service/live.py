"""A client of the live inbox inside the process: each event as it leaves the service."""

import asyncio
import json
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from fastapi import FastAPI


@dataclass(frozen=True)
class Event:
    """One server-sent event; a comment or `retry` has no name."""

    name: str
    id: str | None
    data: Any


class Live:
    """GET /inbox/stream, read event by event; leaving the block is the client going away."""

    def __init__(self, app: FastAPI, authorization: str, last_event_id: str | None = None) -> None:
        self._app = app
        headers = {"authorization": authorization}
        if last_event_id is not None:
            headers["last-event-id"] = last_event_id
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._gone = asyncio.Event()
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._rest = b""
        self.status = 0
        self.body = b""
        self.started = asyncio.Event()

    async def __aenter__(self) -> Self:
        path = "/api/notifications/inbox/stream"
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": self._headers,
            "client": ("127.0.0.1", 1),
            "server": ("notifications", 80),
            "state": {},
        }
        self._task = asyncio.create_task(self._app(scope, self._receive, self._send))  # type: ignore[arg-type]
        await asyncio.wait_for(self.started.wait(), 10)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._gone.set()
        await asyncio.wait_for(self._task, 10)

    async def next(self, name: str | None = None, seconds: float = 10) -> Event:
        """The next event, or the next of a name; fails at the stream's end."""
        async with asyncio.timeout(seconds):
            while True:
                event = await self._events.get()
                assert event is not None, "the stream has ended"
                if name is None or event.name == name:
                    return event

    async def ended(self, seconds: float = 10) -> None:
        """Wait for the service to end the stream."""
        await asyncio.wait_for(asyncio.shield(self._task), seconds)

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.started.set()
            return
        self.body += message.get("body", b"")
        self._rest += message.get("body", b"")
        *whole, self._rest = self._rest.split(b"\n\n")
        for block in whole:
            event = _parsed(block.decode())
            if event.name:
                self._events.put_nowait(event)
        if not message.get("more_body"):
            self._events.put_nowait(None)


def _parsed(block: str) -> Event:
    fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
    data = json.loads(fields["data"]) if "data" in fields else None
    return Event(fields.get("event", ""), fields.get("id"), data)
