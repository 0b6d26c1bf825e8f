"""The live inbox (P24): server-sent events, read from the collections, woken by hints.

`id:` is a cursor (time, id). Every few seconds a read goes back a minute behind the last one, so that
what became visible late is not lost; in between it goes back a moment, so that a burst costs no more
for each of its messages. What this stream has sent already is not sent again.
"""

import asyncio
import contextlib
import random
import re
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import Gauge
from pydantic_core import to_json
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from services.notifications.hints import Hints
from services.notifications.queries import CHANGES_KNOWN, Changed, Inbox, Key
from services.notifications.tables import NOTIFICATIONS_KEPT
from shared import telemetry
from shared.access import Access
from shared.caller import Caller
from shared.clock import Clock
from shared.contracts.base import PersonId
from shared.contracts.problems import NotAllowed, Text, TooMany
from shared.database import DatabaseAway
from shared.deadline import renew_deadline

HEARTBEAT_SECONDS = 15.0
HALF_WRITTEN_SECONDS = 0.05
READ_AGAIN = timedelta(minutes=1)
READ_AGAIN_EVERY = timedelta(seconds=3)
JUST_BEFORE = timedelta(seconds=2)
STREAMS_OF_ONE = 12
REMEMBERED = 2 * CHANGES_KNOWN
SHOWN_AFTER_RESYNC = 50
RETRY_MILLISECONDS = (1_000, 5_000)

_CURSOR = re.compile(r"([0-9]{13})\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
open_streams = Gauge("samverkan_open_streams", "Live inboxes.", registry=telemetry.metrics)


class TooManyStreams(TooMany):
    """429: the person has as many live inboxes open as one can need."""

    code = "too-many-streams"
    detail = Text(
        f"Du har redan {STREAMS_OF_ONE} öppna inkorgar. Stäng några flikar och försök igen.",
        f"You already have {STREAMS_OF_ONE} inboxes open. Close some tabs and try again.",
    )


class Streams:
    """The live inboxes of this process."""

    def __init__(self, inbox: Inbox, hints: Hints, clock: Clock) -> None:
        self._inbox = inbox
        self._hints = hints
        self._clock = clock
        self._open: Counter[PersonId] = Counter()

    def of(self, caller: Caller, access: Access, last_event_id: str | None) -> "LiveResponse":
        """The answer that goes on until the caller leaves or may no longer listen.

        Raises TooManyStreams.
        """
        if self._open[caller.person_id] >= STREAMS_OF_ONE:
            raise TooManyStreams()
        return LiveResponse(self._events(caller, access, last_event_id))

    async def _events(
        self, caller: Caller, access: Access, last_event_id: str | None
    ) -> AsyncGenerator[bytes, None]:
        person = caller.person_id
        held = {grant.id for grant in caller.grants}
        # Who loses a role must not go on listening as if they had it.
        revoked = asyncio.create_task(
            access.until_revoked(
                caller.token, lambda now: held <= {grant.id for grant in now.grants}
            )
        )
        self._open[person] += 1
        open_streams.inc()
        try:
            with self._hints.of(person) as hint:
                revoked.add_done_callback(lambda _: hint.set())
                yield _retry()
                news = _News(self._inbox, self._clock, person, last_event_id)
                while not revoked.done():
                    hint.clear()
                    async for event in news.read():
                        yield event
                    if not await _woken(hint, news.look_again_seconds):
                        yield b": \n\n"
            yield _event("closed", {"reason": _reason(revoked.result())})
        finally:
            revoked.cancel()
            open_streams.dec()
            self._open[person] -= 1
            if not self._open[person]:
                del self._open[person]


class _News:
    """What one stream has sent, and from where it reads on."""

    def __init__(
        self, inbox: Inbox, clock: Clock, person: PersonId, last_event_id: str | None
    ) -> None:
        self._inbox = inbox
        self._clock = clock
        self._person = person
        self._sent: set[Key] = set()
        self._order: deque[Key] = deque()
        self._since = clock.now()
        self._read_whole_at = self._since - READ_AGAIN_EVERY
        self._resync = False
        self._unread: int | None = None
        self._patience = HALF_WRITTEN_SECONDS
        self.look_again_seconds = HEARTBEAT_SECONDS
        if last_event_id is not None:
            self._resume(last_event_id)

    def _resume(self, last_event_id: str) -> None:
        """From where the client left; a place that cannot be ours is answered by the list anew."""
        cursor = _CURSOR.fullmatch(last_event_id)
        at = datetime.fromtimestamp(int(cursor[1]) / 1000, UTC) if cursor else None
        now = self._clock.now()
        # What is older may have been removed without a trace.
        if at is None or not now - NOTIFICATIONS_KEPT < at <= now + READ_AGAIN:
            self._resync = True
        else:
            self._since = at

    async def read(self) -> AsyncIterator[bytes]:
        """The events that are new now."""
        renew_deadline()
        began = self._clock.now()
        try:
            changes = await self._inbox.changed_since(
                self._person, self._since - self._back(began), self._sent.__contains__
            )
            if self._resync or changes.too_many:
                yield _event("resync", {})
                # What the list stands for is not news when the minute is read again.
                self._remember(changes.too_many)
                changes = await self._inbox.newest(self._person, SHOWN_AFTER_RESYNC)
            for one in changes.changed:
                self._remember([one.key])
                yield _event("notification", one.item, _cursor(one))
            if changes.changed or self._unread is None:
                yield await self._count()
        except DatabaseAway:
            # The next look goes on from the same place.
            self._look_again_in(1.0)
        else:
            self._resync, self._since = False, began
            # What is half written by another copy will be whole in a moment, or never.
            self._patience = self._patience * 2 if changes.partial else HALF_WRITTEN_SECONDS
            self._look_again_in(self._patience if changes.partial else HEARTBEAT_SECONDS)

    def _back(self, now: datetime) -> timedelta:
        """How far behind the last read this one begins."""
        if now - self._read_whole_at < READ_AGAIN_EVERY:
            return JUST_BEFORE
        self._read_whole_at = now
        return READ_AGAIN

    def _look_again_in(self, seconds: float) -> None:
        self.look_again_seconds = min(seconds, HEARTBEAT_SECONDS)

    async def _count(self) -> bytes:
        self._unread = await self._inbox.unread(self._person)
        return _event("unread", {"unread": self._unread})

    def _remember(self, keys: Sequence[Key]) -> None:
        for key in keys:
            if key not in self._sent:
                self._sent.add(key)
                self._order.append(key)
        while len(self._order) > REMEMBERED:
            self._sent.discard(self._order.popleft())


class LiveResponse(StreamingResponse):
    """Sends events until they end or the client is gone, and then cleans up at once."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        # Buffering off for whatever proxy stands between: each event leaves by itself.
        super().__init__(
            events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        sending = asyncio.create_task(self.stream_response(send))
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await sending
            await self._events.aclose()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _woken(hint: asyncio.Event, seconds: float) -> bool:
    """Whether there was a hint before the time was out."""
    try:
        async with asyncio.timeout(seconds):
            await hint.wait()
    except TimeoutError:
        return False
    return True


def _reason(code: str) -> str:
    return "role-ended" if code == NotAllowed.code else code


def _cursor(one: Changed) -> str:
    return f"{round(one.at.timestamp() * 1000):013d}.{one.notification.id}"


def _retry() -> bytes:
    """Each client is told its own pause, so that all do not come back in step."""
    return f"retry: {random.randint(*RETRY_MILLISECONDS)}\n\n".encode()


def _event(name: str, data: dict[str, Any], id: str | None = None) -> bytes:
    head = f"event: {name}\n" if id is None else f"id: {id}\nevent: {name}\n"
    return head.encode() + b"data: " + to_json(data) + b"\n\n"
