"""From pending to published: confirmed, written to the history, struck (P2, P9).

Freshly committed events come straight from the store's hand; what a killed process or a lost
broker left behind comes from the due loop's sweep. Both go through one queue in this process, in
batches of two database round trips, and none of it stands in a request's way.
"""

import asyncio
import contextlib
from asyncio import FIRST_COMPLETED
from collections import deque
from collections.abc import Awaitable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import aio_pika
import aiormq
import structlog
from aio_pika.abc import AbstractRobustChannel, AbstractRobustConnection
from aiormq import spec
from pydantic_core import to_json
from pymongo import ASCENDING, IndexModel, UpdateOne
from yarl import URL

from shared import failpoints
from shared.clock import Clock
from shared.contracts.base import DATASCHEMA, is_contact
from shared.database import Database, DatabaseAway, Document
from shared.kind import By, Kind, event_id, is_snapshot, snapshots_of
from shared.store import REMEMBERED_FOR, history_row

log = structlog.get_logger()

EVENTS_EXCHANGE = "samverkan.events"
CONTACTS_EXCHANGE = "samverkan.contacts"
CONTENT_TYPE = "application/cloudevents+json"
CONFIRM_TIMEOUT_SECONDS = 4.0
BATCH = 256
BATCH_WAIT_SECONDS = 0.002
RUSH_WAIT_SECONDS = 0.02
BATCHES_IN_FLIGHT = 3
CHANNELS = 2
WAITING_AT_MOST = 20_000
HEARTBEAT_SECONDS = 10
BROKER_TROUBLE = (OSError, aio_pika.exceptions.AMQPError, TimeoutError)
UNCONFIRMED = (*BROKER_TROUBLE, asyncio.CancelledError, RuntimeError)
HISTORY_INDEXES = (
    IndexModel([("subject", ASCENDING), ("version", ASCENDING)], name="timeline"),
    IndexModel([("aggregate", ASCENDING), ("_id", ASCENDING), ("time", ASCENDING)], name="replay"),
    IndexModel(
        [("time", ASCENDING)],
        name="people",
        partialFilterExpression={"aggregate": "registry.person"},
    ),
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One pending event of one aggregate, with the state it may be told with."""

    kind: Kind[Any]
    subject: str
    version: int
    state: Any
    pending: Document


class Relay:
    """Publishes this service's pending events with the broker's confirmation."""

    def __init__(self, service: str, url: str, database: Database, clock: Clock) -> None:
        self.service = service
        self._url = url
        self._database = database
        self._clock = clock
        self._history = database.collection("history")
        self._waiting: deque[Outgoing] = deque()
        # A resync's flood never stands before what has just happened.
        self._snapshots: deque[Outgoing] = deque()
        self._in_hand: set[str] = set()
        self._something = asyncio.Event()
        self._slots = asyncio.Semaphore(BATCHES_IN_FLIGHT)
        self._batches: set[asyncio.Task[None]] = set()
        self._connection: AbstractRobustConnection | None = None
        self._channels: list[AbstractRobustChannel] = []
        self.struck = 0

    @property
    def connected(self) -> bool:
        """Whether events can be published now."""
        connection = self._connection
        return connection is not None and connection.connected.is_set() and bool(self._channels)

    @property
    def backlog(self) -> int:
        """Events in this process's hand, not yet struck."""
        return len(self._in_hand)

    def committed(
        self, kind: Kind[Any], id: str, version: int, state: Any, pending: list[Document]
    ) -> None:
        """Take events right after their commit, or from the sweep. Never waits, may decline.

        While the broker is away, or too many wait, it takes nothing: the sweep finds them later.
        """
        if not self.connected or self.backlog > WAITING_AT_MOST:
            return
        for one in pending:
            if one["id"] not in self._in_hand:
                self._in_hand.add(one["id"])
                queue = self._snapshots if is_snapshot(one["type"]) else self._waiting
                queue.append(Outgoing(kind, id, version, state, one))
        self._something.set()

    async def run(self) -> None:
        """Connect (for as long as it takes) and publish until cancelled."""
        await self._connect()
        while True:
            await self._something.wait()
            await self._slots.acquire()
            if len(self._waiting) < BATCH:
                await self._gather()
            self._start(self._next_batch())

    async def _gather(self) -> None:
        """Let a batch grow: a little when all is quiet, until the one before is done in a rush."""
        await asyncio.sleep(BATCH_WAIT_SECONDS)
        if self._batches:
            await asyncio.wait(
                self._batches, timeout=RUSH_WAIT_SECONDS, return_when=FIRST_COMPLETED
            )

    async def close(self) -> None:
        """Publish what waits as far as the time of one confirmation goes, then disconnect.

        Call it when `run` has been cancelled; what is left stays pending for another copy.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONFIRM_TIMEOUT_SECONDS):
                while self.connected and (batch := self._next_batch()):
                    await self._slots.acquire()
                    self._start(batch)
                while self._batches:
                    await asyncio.wait(self._batches)
        if self._connection is not None:
            await self._connection.close()

    def _next_batch(self) -> list[Outgoing]:
        batch = [
            queue.popleft()
            for queue in (self._waiting, self._snapshots)
            for _ in range(min(BATCH, len(queue)))
        ]
        if not self._waiting and not self._snapshots:
            self._something.clear()
        return batch

    def _start(self, batch: list[Outgoing]) -> None:
        task = asyncio.create_task(self._settle(batch))
        self._batches.add(task)
        task.add_done_callback(self._batches.discard)

    async def say(self, type: str, subject: str, state: Document) -> None:
        """Publish one passing event that nothing depends on (a heartbeat); lost when away."""
        if not self.connected:
            return
        now = self._clock.now()
        by = By()
        event = {
            "id": event_id(subject, int(now.timestamp() * 1000), type),
            "type": type,
            "time": now,
            "actor": None,
            "correlation": by.correlation,
            "cause": None,
            "traceparent": "",
            "facts": {},
        }
        body = encode(self.service, subject, 1, event, state)
        await _within_time([self._publish(event, body, self._channels[0])])

    async def _connect(self) -> None:
        while True:
            try:
                # Made by hand, so that it can be closed also when connecting is broken off.
                url = URL(with_heartbeat(self._url)).update_query(reconnect_interval=1, fail_fast=1)
                self._connection = aio_pika.RobustConnection(url)
                await self._connection.connect(timeout=5)
                self._channels = [
                    await self._connection.channel(publisher_confirms=True, on_return_raises=True)
                    for _ in range(CHANNELS)
                ]
                return
            except (*BROKER_TROUBLE, asyncio.CancelledError) as error:
                if is_cancelled():
                    raise
                log.warning("relay-broker-away", reason=type(error).__name__)
                if self._connection is not None:
                    await self._connection.close()
                    self._connection = None
                await asyncio.sleep(1)

    async def _settle(self, batch: Sequence[Outgoing]) -> None:
        """Publish, write the history, strike; what fails stays pending for the sweep."""
        try:
            confirmed = await self._publish_all(batch) if self.connected else []
            failpoints.reach(failpoints.AFTER_CONFIRM)
            told = [one for one in confirmed if not is_snapshot(one.pending["type"])]
            await self._history.insert_new(
                [history_row(one.kind, one.subject, one.pending) for one in told]
            )
            failpoints.reach(failpoints.AFTER_HISTORY)
            await self._strike(confirmed)
        except DatabaseAway:
            log.warning("relay-batch-left-for-sweep", size=len(batch))
        except Exception:
            log.exception("relay-batch-left-for-sweep", size=len(batch))
        finally:
            self._in_hand.difference_update(one.pending["id"] for one in batch)
            self._slots.release()

    async def _publish_all(self, batch: Sequence[Outgoing]) -> list[Outgoing]:
        outcomes = await _within_time(
            [self._tell(one, self._channels[i % CHANNELS]) for i, one in enumerate(batch)]
        )
        self._note_faults([fault for fault in outcomes if fault is not None])
        return [one for one, fault in zip(batch, outcomes, strict=True) if fault is None]

    def _note_faults(self, faults: Sequence[BaseException]) -> None:
        defects = [one for one in faults if not isinstance(one, UNCONFIRMED)]
        if defects:
            log.error("event-cannot-be-told", reason=type(defects[0]).__name__, size=len(defects))
        if faults:
            log.warning("relay-not-confirmed", reason=type(faults[0]).__name__, size=len(faults))

    async def _tell(self, one: Outgoing, channel: AbstractRobustChannel) -> None:
        snapshots = snapshots_of(one.kind, one.state, one.version, [one.pending])
        state = next(iter(snapshots.values()), None)
        body = encode(self.service, one.subject, one.pending["version"], one.pending, state)
        await self._publish(one.pending, body, channel)

    async def _publish(self, event: Document, body: bytes, channel: AbstractRobustChannel) -> None:
        # wait=False, which only the class has: frames are queued, and their confirms gathered.
        underlay = cast(aiormq.Channel, await channel.get_underlay_channel())
        await underlay.basic_publish(
            body,
            exchange=CONTACTS_EXCHANGE if _is_contact(event["type"]) else EVENTS_EXCHANGE,
            routing_key=event["type"],
            properties=spec.Basic.Properties(
                content_type=CONTENT_TYPE,
                delivery_mode=2,
                message_id=event["id"],
                user_id=self.service,
            ),
            mandatory=True,
            wait=False,
        )

    async def _strike(self, confirmed: Sequence[Outgoing]) -> None:
        by_kind: dict[str, dict[str, list[str]]] = {}
        for one in confirmed:
            ids = by_kind.setdefault(one.kind.collection, {})
            ids.setdefault(one.subject, []).append(one.pending["id"])
        old = self._clock.now() - REMEMBERED_FOR
        await _all(
            self._database.collection(name).bulk(
                [UpdateOne({"_id": id}, _struck(ids, old)) for id, ids in subjects.items()]
            )
            for name, subjects in by_kind.items()
        )
        self.struck += len(confirmed)


def encode(
    service: str, subject: str, version: int, event: Document, state: Document | None
) -> bytes:
    """A CloudEvent in structured JSON mode."""
    return to_json(
        {
            "specversion": "1.0",
            "id": event["id"],
            "source": f"/{service}",
            "type": event["type"],
            "subject": subject,
            "time": event["time"],
            "aggregateversion": version,
            "dataschema": DATASCHEMA.format(type=event["type"]),
            "datacontenttype": "application/json",
            "traceparent": event["traceparent"],
            "actor": event["actor"],
            "correlationid": event["correlation"],
            "causationid": event["cause"],
            "data": {"facts": event["facts"], "state": state},
        }
    )


def _struck(event_ids: Sequence[str], forget_before: datetime) -> list[Document]:
    """Remove the events by id; with none left, the document is next due at its own wake-up.

    Results that are no longer to be repeated leave it on the way.
    """
    left = _only("$pending", {"$not": {"$in": ["$$this.id", list(event_ids)]}})
    recent = _only("$recent", {"$gt": ["$$this.at", forget_before]})
    due = {"$cond": [{"$eq": [{"$size": "$pending"}, 0]}, "$wakes_at", "$due"]}
    return [{"$set": {"pending": left, "recent": recent}}, {"$set": {"due": due}}]


def _only(array: str, condition: Document) -> Document:
    return {"$filter": {"input": array, "cond": condition}}


def _is_contact(event_type: str) -> bool:
    _, kind, what = event_type.split(".")
    return is_contact(what if kind == "snapshot" else kind)


def with_heartbeat(url: str) -> str:
    """The broker's URL with our heartbeat, unless it names one: a half-open connection is then
    noticed after three."""
    return str(URL(url).update_query({"heartbeat": HEARTBEAT_SECONDS, **URL(url).query}))


def is_cancelled() -> bool:
    """Whether somebody cancels this task; aiormq also cancels what waits on a lost connection."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _within_time(
    publishing: Sequence[Coroutine[Any, Any, None]],
) -> list[BaseException | None]:
    """Publish together; for each None when confirmed, else why not. One timer for all of them."""
    tasks = [asyncio.ensure_future(one) for one in publishing]
    await asyncio.sleep(0)
    failpoints.reach(failpoints.AFTER_PUBLISH)
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=CONFIRM_TIMEOUT_SECONDS)
        for one in late:
            one.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def _all(work: Iterable[Awaitable[Any]]) -> None:
    await asyncio.gather(*work)
