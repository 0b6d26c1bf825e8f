"""From pending to published: confirmed, written to the history, struck (P2, P9).

Freshly committed events come straight from the store's hand; what a killed process or a lost
broker left behind comes from the due loop's sweep. Both go through one queue in this process, in
batches of two database round trips, and none of it stands in a request's way.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import aio_pika
import aiormq
import structlog
from aio_pika.abc import AbstractRobustChannel, AbstractRobustConnection
from aiormq import spec
from pydantic_core import to_json
from pymongo import ASCENDING, IndexModel, UpdateOne

from shared import failpoints
from shared.clock import Clock
from shared.contracts.base import DATASCHEMA
from shared.database import Database, Document
from shared.store import By, Kind, event_id, snapshots_of

log = structlog.get_logger()

EVENTS_EXCHANGE = "samverkan.events"
CONTACTS_EXCHANGE = "samverkan.contacts"
CONTENT_TYPE = "application/cloudevents+json"
CONFIRM_TIMEOUT_SECONDS = 4.0
BATCH = 256
BATCH_WAIT_SECONDS = 0.002
BATCHES_IN_FLIGHT = 3
CHANNELS = 2
WAITING_AT_MOST = 20_000
HISTORY_INDEXES = (IndexModel([("subject", ASCENDING), ("version", ASCENDING)], name="timeline"),)


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
        if not self.connected or len(self._waiting) > WAITING_AT_MOST:
            return
        for one in pending:
            if one["id"] not in self._in_hand:
                self._in_hand.add(one["id"])
                self._waiting.append(Outgoing(kind, id, version, state, one))
        self._something.set()

    async def run(self) -> None:
        """Connect (for as long as it takes) and publish until cancelled."""
        await self._connect()
        while True:
            await self._something.wait()
            await self._slots.acquire()
            if len(self._waiting) < BATCH:
                await asyncio.sleep(BATCH_WAIT_SECONDS)
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            if not self._waiting:
                self._something.clear()
            task = asyncio.create_task(self._settle(batch))
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)

    async def close(self) -> None:
        """Finish the batches in flight, then disconnect."""
        if self._batches:
            await asyncio.wait(self._batches, timeout=CONFIRM_TIMEOUT_SECONDS)
        if self._connection is not None:
            await self._connection.close()

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
        await asyncio.gather(self._publish(event, body, self._channels[0]), return_exceptions=True)

    async def _connect(self) -> None:
        while True:
            try:
                self._connection = await aio_pika.connect_robust(
                    self._url, reconnect_interval=1, timeout=5
                )
                self._channels = [
                    await self._connection.channel(publisher_confirms=True, on_return_raises=True)
                    for _ in range(CHANNELS)
                ]
                return
            except (OSError, aio_pika.exceptions.AMQPError, TimeoutError) as error:
                log.warning("relay-broker-away", reason=type(error).__name__)
                if self._connection is not None:
                    await self._connection.close()
                await asyncio.sleep(1)

    async def _settle(self, batch: Sequence[Outgoing]) -> None:
        """Publish, write the history, strike; what fails stays pending for the sweep."""
        try:
            confirmed = await self._publish_all(batch)
            failpoints.reach(failpoints.AFTER_CONFIRM)
            told = [one for one in confirmed if not _is_snapshot(one.pending["type"])]
            await self._history.insert_new([_history_row(one) for one in told])
            failpoints.reach(failpoints.AFTER_HISTORY)
            await self._strike(confirmed)
        except Exception as error:
            log.warning("relay-batch-left-for-sweep", reason=type(error).__name__, size=len(batch))
        finally:
            self._in_hand.difference_update(one.pending["id"] for one in batch)
            self._slots.release()

    async def _publish_all(self, batch: Sequence[Outgoing]) -> list[Outgoing]:
        publishing = [
            asyncio.ensure_future(
                self._publish(one.pending, self._encode(one), self._channels[i % CHANNELS])
            )
            for i, one in enumerate(batch)
        ]
        await asyncio.sleep(0)
        failpoints.reach(failpoints.AFTER_PUBLISH)
        outcomes = await asyncio.gather(*publishing, return_exceptions=True)
        faults = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if faults:
            log.warning("relay-not-confirmed", reason=type(faults[0]).__name__, size=len(faults))
        return [one for one, fault in zip(batch, outcomes, strict=True) if fault is None]

    def _encode(self, one: Outgoing) -> bytes:
        snapshots = snapshots_of(one.kind, one.state, one.version, [one.pending])
        state = next(iter(snapshots.values()), None)
        return encode(self.service, one.subject, one.pending["version"], one.pending, state)

    async def _publish(
        self, event: Document, body: bytes, channel: AbstractRobustChannel
    ) -> None:
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
            timeout=CONFIRM_TIMEOUT_SECONDS,
            wait=False,
        )

    async def _strike(self, confirmed: Sequence[Outgoing]) -> None:
        by_kind: dict[str, dict[str, list[str]]] = {}
        for one in confirmed:
            ids = by_kind.setdefault(one.kind.collection, {})
            ids.setdefault(one.subject, []).append(one.pending["id"])
        await _all(
            self._database.collection(name).bulk(
                [UpdateOne({"_id": id}, _struck(ids)) for id, ids in subjects.items()]
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


def _struck(event_ids: Sequence[str]) -> list[Document]:
    """Remove the events by id; with none left, the document is next due at its own wake-up."""
    left = {"$filter": {"input": "$pending", "cond": {"$not": {"$in": ["$$this.id", list(event_ids)]}}}}
    due = {"$cond": [{"$eq": [{"$size": "$pending"}, 0]}, "$wakes_at", "$due"]}
    return [{"$set": {"pending": left}}, {"$set": {"due": due}}]


def _history_row(one: Outgoing) -> Document:
    return {
        "_id": one.pending["id"],
        "aggregate": one.kind.name,
        "subject": one.subject,
        **{key: value for key, value in one.pending.items() if key != "id"},
    }


def _is_snapshot(event_type: str) -> bool:
    return event_type.split(".")[1] == "snapshot"


def _is_contact(event_type: str) -> bool:
    return "contact" in event_type.split(".")[1:]


async def _all(work: Iterable[Awaitable[Any]]) -> None:
    await asyncio.gather(*work)


