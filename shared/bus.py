"""From the broker into the service: check who speaks, apply, tell, reconcile, acknowledge (P3-P7, P11).

FastStream carries the messages raw: its own parsing costs more than the effect (measured), so an
event is decoded once, here. Acknowledgement is by hand and always last.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aio_pika
import structlog
from faststream import AckPolicy
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue
from faststream.rabbit.message import RabbitMessage

from shared import failpoints
from shared.contracts.base import Event
from shared.database import Database, DatabaseAway
from shared.failed import FailedMessages
from shared.replica import Replica
from shared.telemetry import tracing_event

log = structlog.get_logger()

PREFETCH = 256
PATIENCE_SECONDS = 0.5
WATCH_EVERY_SECONDS = 10.0
CONSUMERLESS_AT_MOST_SECONDS = 30.0

Reaction = Callable[[Event], Awaitable[None]]


class Forged(Exception):
    """A message whose sender may not say what it says, or that nobody can read."""


@dataclass(frozen=True)
class Subscription:
    """What a service does with the events of one aggregate.

    `replica` keeps the newest snapshot; `tell` runs once per event, from its facts; `reconcile`
    never trusts the event and mends the difference. A resync's snapshots never `tell`.
    """

    aggregate: str
    replica: Replica[Any] | None = None
    tell: Reaction | None = None
    reconcile: Reaction | None = None
    forget: Reaction | None = None

    async def handle(self, event: Event) -> None:
        """Apply one event; every step may be done twice without harm."""
        failpoints.reach(failpoints.BEFORE_EFFECT)
        if self.replica is not None:
            await self.replica.apply(event)
        if self.forget is not None and (event.data.state or {}).get("erased"):
            await self.forget(event)
        if self.tell is not None and not event.is_snapshot:
            await self.tell(event)
        if self.reconcile is not None:
            await self.reconcile(event)
        failpoints.reach(failpoints.AFTER_EFFECT)


class Bus:
    """The consumers of one service."""

    def __init__(
        self,
        service: str,
        url: str,
        database: Database,
        failed: FailedMessages,
        subscriptions: Sequence[Subscription],
    ) -> None:
        self._service = service
        self._url = url
        self._database = database
        self._failed = failed
        self._by_aggregate = {one.aggregate: one for one in subscriptions}
        self.broker = RabbitBroker(
            url,
            reconnect_interval=1,
            apply_types=False,
            logger=None,
            graceful_timeout=5,
            decoder=_as_it_is,
        )
        self.queues = queues_of(service, list(self._by_aggregate))
        for queue in self.queues:
            self._failed.handled_by(queue, self.handle)
            self._subscribe(queue, self._consume)
        self._subscribe(f"{service}.dead", self._consume_dead)

    async def run(self) -> None:
        """Connect for as long as it takes, consume, and watch that every queue keeps a consumer.

        Raises RuntimeError when a queue has been without a consumer for 30 s: the process should
        then be started anew (a robust connection can come back without its consumers).
        """
        while True:
            try:
                await self.broker.start()
                break
            except (OSError, aio_pika.exceptions.AMQPError, TimeoutError) as error:
                log.warning("consumers-broker-away", reason=type(error).__name__)
                await self.broker.stop()
                await asyncio.sleep(1)
        await self._watch()

    async def close(self) -> None:
        """Let the handlers in flight finish, then disconnect."""
        await self.broker.stop()

    async def handle(self, event: Event) -> None:
        """Apply one event that has been checked (also when tried again or replayed)."""
        if event.type == "registry.person.heartbeat":
            await self._heard_heartbeat(event)
            return
        with tracing_event(event):
            await self._by_aggregate[event.aggregate].handle(event)

    async def _heard_heartbeat(self, event: Event) -> None:
        await self._database.collection("heard").update_one(
            {"_id": "registry.person"}, {"$max": {"at": event.time}}, upsert=True
        )

    def _subscribe(self, queue: str, consume: Callable[[RabbitMessage], Awaitable[None]]) -> None:
        subscriber = self.broker.subscriber(
            RabbitQueue(queue, declare=False),
            channel=Channel(prefetch_count=PREFETCH),
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
        )
        subscriber(consume)

    async def _consume(self, message: RabbitMessage) -> None:
        queue = self._queue_of(message)
        while True:
            try:
                await self._take(queue, message)
                break
            except DatabaseAway:
                # Not a failed try: hold the message, and with it the consumer, until it is back.
                await asyncio.sleep(PATIENCE_SECONDS)
                await self._database.wait_until_back()
        await message.ack()

    async def _take(self, queue: str, message: RabbitMessage) -> None:
        try:
            event = checked(message)
        except Forged as forged:
            await self._failed.park(queue, message.message_id, message.body, str(forged))
            return
        try:
            await self.handle(event)
        except DatabaseAway:
            raise
        except Exception as error:
            await self._failed.record(queue, event, error)
            failpoints.reach(failpoints.AFTER_FAILED_ROW)

    async def _consume_dead(self, message: RabbitMessage) -> None:
        """The net below: what the broker gave up delivering joins the failed messages."""
        queue = f"{self._service}.dead"
        while True:
            try:
                await self._failed.park(
                    queue, message.message_id, message.body, "given up by the broker"
                )
                break
            except DatabaseAway:
                await asyncio.sleep(PATIENCE_SECONDS)
        await message.ack()

    def _queue_of(self, message: RabbitMessage) -> str:
        publisher, kind, _ = (message.raw_message.routing_key or "..").split(".", 2)
        return f"{self._service}.{publisher}.{kind}"

    async def _watch(self) -> None:
        missing_since: dict[str, float] = {}
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(WATCH_EVERY_SECONDS)
            for queue in self.queues:
                if await self._consumers(queue) != 0:
                    missing_since.pop(queue, None)
                elif clock() - missing_since.setdefault(queue, clock()) > CONSUMERLESS_AT_MOST_SECONDS:
                    raise RuntimeError(f"nobody consumes {queue}")

    async def _consumers(self, queue: str) -> int | None:
        """How many consume a queue, or None when the broker does not say."""
        try:
            declared = await self.broker.declare_queue(RabbitQueue(queue, declare=False))
            return (await declared.declare(timeout=5)).consumer_count
        except (OSError, aio_pika.exceptions.AMQPError, TimeoutError, RuntimeError):
            return None


def queues_of(service: str, aggregates: Sequence[str]) -> list[str]:
    """The names of a service's queues: one per aggregate, and one for each publisher's snapshots."""
    publishers = sorted({aggregate.split(".")[0] for aggregate in aggregates})
    return [
        *(f"{service}.{aggregate}" for aggregate in aggregates),
        *(f"{service}.{publisher}.snapshot" for publisher in publishers),
    ]


def checked(message: RabbitMessage) -> Event:
    """The event in a message, if its sender owns what it says (P11); else Forged.

    The broker vouches for `user_id`; it does not check CC headers or dead-lettered copies against
    topic permissions, so the key it came with and the type inside must agree with that user.
    """
    raw = message.raw_message
    try:
        event = Event.model_validate_json(message.body)
        owner, _, _ = event.type.split(".")
    except ValueError as error:
        raise Forged("not an event of ours") from error
    if raw.routing_key != event.type:
        raise Forged("routing key and type differ")
    if raw.user_id != owner or event.source != f"/{owner}":
        raise Forged("sender does not own this type")
    if raw.message_id != event.id:
        raise Forged("message id and event id differ")
    return event


async def _as_it_is(message: RabbitMessage) -> RabbitMessage:
    return message
