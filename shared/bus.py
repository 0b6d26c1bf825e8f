"""From the broker into the service: check who speaks, apply, tell, reconcile, acknowledge (P3-P7, P11).

FastStream keeps the subscribers and their order of stopping, and hands each message over as it came:
an event is decoded once, here. Acknowledgement is by hand and always last.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustConnection
from faststream import AckPolicy
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue
from faststream.rabbit.subscriber import RabbitSubscriber

from shared import failpoints
from shared.contracts.base import Event
from shared.database import Database, DatabaseAway
from shared.failed import FailedMessages, GivenUp
from shared.relay import BROKER_TROUBLE, is_cancelled, with_heartbeat
from shared.replica import Replica
from shared.telemetry import tracing_event

log = structlog.get_logger()

PREFETCH = 256
STOP_SECONDS = 7.0
PATIENCE_SECONDS = 0.5
DEFECT_PAUSE_SECONDS = 5.0
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
        self._closing = False
        self.consuming = False
        self._connection: AbstractRobustConnection | None = None
        self.broker = RabbitBroker(
            with_heartbeat(url),
            reconnect_interval=1,
            apply_types=False,
            logger=None,
            graceful_timeout=5,
        )
        self.queues = queues_of(service, list(self._by_aggregate))
        for queue in self.queues:
            self._failed.handled_by(queue, self.handle)
            self._subscribe(queue, self._take)
        self._subscribe(f"{service}.dead", self._take_dead)

    async def run(self) -> None:
        """Connect for as long as it takes, consume, and watch that every queue keeps a consumer.

        Raises RuntimeError when a queue has been without a consumer for 30 s: the process should
        then be started anew (a robust connection can come back without its consumers).
        """
        while True:
            try:
                await self.broker.start()
                self._connection = await self.broker.connect()
                self.consuming = True
                break
            except (*BROKER_TROUBLE, asyncio.CancelledError) as error:
                if is_cancelled():
                    raise
                log.warning("consumers-broker-away", reason=type(error).__name__)
                await self.broker.stop()
                await asyncio.sleep(1)
        await self._watch()

    async def close(self) -> None:
        """Let the handlers in flight finish, then disconnect; what is unacknowledged comes again."""
        self._closing = True
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.broker.stop()
        except (*BROKER_TROUBLE, RuntimeError) as error:
            log.warning("consumers-not-stopped-in-order", reason=type(error).__name__)
        finally:
            # Without its broker the library leaves a connection behind that tries for ever.
            if self._connection is not None:
                await self._connection.close()

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

    def _subscribe(
        self, queue: str, take: Callable[[str, AbstractIncomingMessage], Awaitable[None]]
    ) -> None:
        async def consume(message: AbstractIncomingMessage) -> None:
            await self._consume(message, lambda: take(queue, message))

        subscriber = self.broker.subscriber(
            RabbitQueue(queue, declare=False),
            channel=Channel(prefetch_count=PREFETCH),
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
        )
        subscriber(consume)
        _straight(subscriber, consume)

    async def _consume(
        self, message: AbstractIncomingMessage, take: Callable[[], Awaitable[None]]
    ) -> None:
        while not self._closing:
            try:
                await take()
                break
            except DatabaseAway:
                # Not a failed try: hold the message, and with it the consumer, until it is back.
                await asyncio.sleep(PATIENCE_SECONDS)
            except Exception:
                # Could not even be written down as failed: a defect of ours, and no acknowledgement.
                log.exception("message-not-taken", message=message.message_id)
                await asyncio.sleep(DEFECT_PAUSE_SECONDS)
        else:
            return
        with contextlib.suppress(*BROKER_TROUBLE):
            # Else its channel is gone, and the message comes again by another.
            await message.ack()

    async def _take(self, queue: str, message: AbstractIncomingMessage) -> None:
        try:
            event = checked(message)
            self._insist_on_queue(queue, event)
        except Forged as forged:
            await self._failed.park(queue, message.message_id or "", message.body, str(forged))
            return
        try:
            await self.handle(event)
        except DatabaseAway:
            raise
        except Exception as error:
            await self._failed.record(queue, event, error)
            await self._forget_if_erased(event)
            failpoints.reach(failpoints.AFTER_FAILED_ROW)

    async def _forget_if_erased(self, event: Event) -> None:
        """Asked after the row is there: what fails late must not keep what was erased (P16)."""
        replica = self._by_aggregate[event.aggregate].replica
        if replica is not None and await replica.is_erased(event.subject):
            await self._failed.forget(event.subject)

    def _insist_on_queue(self, queue: str, event: Event) -> None:
        """A `CC` header brings a sender's own event where nobody asked for it."""
        if queue not in queues_of(self._service, [event.aggregate]):
            raise Forged("came by a queue of other events")

    async def _take_dead(self, queue: str, message: AbstractIncomingMessage) -> None:
        """The net below: what the broker gave up delivering joins the failed messages."""
        try:
            event = checked(message, dead=True)
            if event.aggregate not in self._by_aggregate:
                raise Forged("nobody asked for it")
        except Forged as forged:
            await self._failed.park(queue, message.message_id or "", message.body, str(forged))
            return
        log.error("message-given-up-by-broker", message=event.id, type=event.type)
        await self._failed.record(f"{self._service}.{event.aggregate}", event, GivenUp())
        await self._forget_if_erased(event)

    async def _watch(self) -> None:
        missing_since: dict[str, float] = {}
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(WATCH_EVERY_SECONDS)
            for queue in self.queues:
                if await self._consumers(queue) != 0:
                    missing_since.pop(queue, None)
                elif (
                    clock() - missing_since.setdefault(queue, clock())
                    > CONSUMERLESS_AT_MOST_SECONDS
                ):
                    raise RuntimeError(f"nobody consumes {queue}")

    async def _consumers(self, queue: str) -> int | None:
        """How many consume a queue, or None when the broker does not say."""
        if self._closing:
            return None
        try:
            declared = await self.broker.declare_queue(RabbitQueue(queue, declare=False))
            return (await declared.declare(timeout=5)).consumer_count
        except (*BROKER_TROUBLE, RuntimeError, asyncio.CancelledError):
            # A connection that is given up cancels whoever waits on it; nobody asked us to end.
            if is_cancelled():
                raise
            return None


def queues_of(service: str, aggregates: Sequence[str]) -> list[str]:
    """The names of a service's queues: one per aggregate, and one for each publisher's snapshots."""
    publishers = sorted({aggregate.split(".")[0] for aggregate in aggregates})
    return [
        *(f"{service}.{aggregate}" for aggregate in aggregates),
        *(f"{service}.{publisher}.snapshot" for publisher in publishers),
    ]


def checked(message: AbstractIncomingMessage, dead: bool = False) -> Event:
    """The event in a message, if its sender owns what it says (P11); else Forged.

    The broker vouches for `user_id`; it does not check CC headers or dead-lettered copies against
    topic permissions, so the key it came with and the type inside must agree with that user. A
    `dead` letter has lost its key.
    """
    try:
        event = Event.model_validate_json(message.body)
        owner, _, _ = event.type.split(".")
    except ValueError as error:
        raise Forged("not an event of ours") from error
    if message.user_id != owner or event.source != f"/{owner}":
        raise Forged("sender does not own this type")
    if message.message_id != event.id:
        raise Forged("message id and event id differ")
    if not dead and message.routing_key != event.type:
        raise Forged("routing key and type differ")
    if "CC" in message.headers:
        raise Forged("sent to further keys")
    return event


def _straight(
    subscriber: RabbitSubscriber, consume: Callable[[AbstractIncomingMessage], Awaitable[None]]
) -> None:
    """Have the subscriber hand its messages over as they come.

    Its parsers, contexts and middlewares, of which nothing is used here, were 70 % of a consumer's
    CPU. Its lock stays: a stopping broker waits for the handlers in flight by it.
    """

    async def process_message(message: AbstractIncomingMessage) -> None:
        with subscriber.lock:
            await consume(message)

    subscriber.process_message = process_message  # type: ignore[method-assign,assignment]
