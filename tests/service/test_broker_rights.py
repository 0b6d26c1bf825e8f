"""What each service may say and hear on a real broker, 3.10 and 4.0, after the admin step."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any, TypeVar

import aio_pika
import httpx
import pytest
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import (
    AMQPError,
    ChannelPreconditionFailed,
    ProbableAuthenticationError,
)
from aiormq.exceptions import ChannelAccessRefused

from deploy.topology import Outcome, Topology, TopologyConflict, apply, drift, topology
from deploy.topology.plan import DELIVERY_LIMIT, UNROUTED_MAX_MESSAGES
from tests.rabbitmq4 import PASSWORDS, Broker
from tests.topology_words import PLAN

pytestmark = [
    pytest.mark.broker,
    pytest.mark.promise("P10"),
    pytest.mark.promise("P11"),
    pytest.mark.case("X27"),
]

WAIT_SECONDS = 10.0
T = TypeVar("T")
EVENTS, CONTACTS = "samverkan.events", "samverkan.contacts"
FULL = {"configure": ".*", "write": ".*", "read": ".*"}


class World:
    """A vhost in which the plan has been applied, and connections as each user."""

    def __init__(
        self, broker: Broker, admin: httpx.AsyncClient, open_until_the_end: AsyncExitStack
    ) -> None:
        self.broker = broker
        self.admin = admin
        self._open = open_until_the_end
        self._connections: dict[str, AbstractConnection] = {}

    async def connected(self, user: str, password: str | None = None) -> AbstractConnection:
        """A connection that does not come back by itself."""
        url = self.broker.url_for(user, password or PASSWORDS.get(user, user))
        connection = await aio_pika.connect(self.broker.url if user == "admin" else url)
        self._open.push_async_callback(_closed_quietly, connection)
        return connection

    async def channel(self, user: str) -> AbstractChannel:
        """A fresh channel as the user: a refusal closes it."""
        if user not in self._connections:
            self._connections[user] = await self.connected(user)
        return await self._connections[user].channel(on_return_raises=True)

    async def apply(
        self, plan: Topology = PLAN, passwords: dict[str, str] = PASSWORDS
    ) -> tuple[str, ...]:
        """Run the admin step; the sentences it says."""
        outcome = await apply(plan, self.broker.admin_url, self.broker.name, passwords)
        return (*outcome.changed, *outcome.left)

    async def a_user_with_every_right(self) -> str:
        """Somebody with too many rights, unknown to the plan; named after the vhost, so that no other test knows it."""
        name = f"stranger-{self.broker.name}"
        await self._forget_afterwards(name)
        await self.ask("PUT", f"users/{name}", {"password": name, "tags": ""})
        await self.ask("PUT", f"permissions/{self.broker.name}/{name}", FULL)
        return name

    async def a_service(self) -> str:
        """A service no other test knows, since users belong to the whole broker."""
        name = f"s{self.broker.name}"
        await self._forget_afterwards(name)
        return name

    async def _forget_afterwards(self, user: str) -> None:
        self._open.push_async_callback(self.admin.delete, f"/api/users/{user}")

    async def ask(self, method: str, what: str, body: dict[str, Any] | None = None) -> Any:
        """A request to the management API as the administrator."""
        response = await self.admin.request(method, f"/api/{what}", json=body)
        response.raise_for_status()
        return response.json() if response.content else None

    async def taken(self, user: str, queue: str) -> AbstractIncomingMessage:
        """The next message of a queue, acknowledged."""
        source = await (await self.channel(user)).get_queue(queue, ensure=False)
        message = await eventually(lambda: source.get(fail=False))
        await message.ack()
        return message

    async def ready(self, queue: str) -> int:
        """How many messages wait in a queue."""
        declared = await (await self.channel("admin")).declare_queue(queue, passive=True)
        return declared.declaration_result.message_count or 0


async def _closed_quietly(connection: AbstractConnection) -> None:
    try:
        await connection.close()
    except (AMQPError, OSError):
        return


async def eventually(ask: Callable[[], Awaitable[T | None]]) -> T:
    """Ask until there is an answer."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not (answer := await ask()):
            await asyncio.sleep(0.02)
    return answer


@pytest.fixture
async def empty(broker: Broker) -> AsyncIterator[World]:
    """A fresh vhost with nothing in it."""
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(
            httpx.AsyncClient(base_url=broker.admin_url, timeout=30)
        )
        yield World(broker, admin, stack)


@pytest.fixture
async def world(empty: World) -> World:
    """The plan, applied to a fresh vhost."""
    await empty.apply()
    return empty


async def publish(
    channel: AbstractChannel,
    exchange: str,
    key: str,
    *,
    user: str | None,
    headers: dict[str, Any] | None = None,
    body: bytes = b"{}",
) -> None:
    """As the relay does: persistent, mandatory, confirmed, signed with the user."""
    message = Message(
        body,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id="an-event",
        user_id=user,
        headers=headers,
    )
    where = (
        channel.default_exchange
        if exchange == ""
        else await channel.get_exchange(exchange, ensure=False)
    )
    await where.publish(message, key, mandatory=True, timeout=5)


@contextmanager
def refused(what: str) -> Iterator[None]:
    """The broker says 403, and closes the channel."""
    try:
        yield
    except ChannelAccessRefused:
        return
    pytest.fail(f"allowed: {what}")


async def _ignore(_: AbstractIncomingMessage) -> None:
    return


READINGS: dict[str, Callable[[AbstractQueue], Awaitable[Any]]] = {
    "take from": lambda queue: queue.get(fail=False),
    "consume": lambda queue: queue.consume(_ignore),
    "empty": lambda queue: queue.purge(),
    "delete": lambda queue: queue.delete(if_unused=False, if_empty=False),
}


# -- what a service may do ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("publisher", "exchange", "key", "queues"),
    [
        (
            "activities",
            EVENTS,
            "activities.session.cancelled",
            [
                "registry.activities.session",
                "activities.activities.session",
                "notifications.activities.session",
            ],
        ),
        ("registry", EVENTS, "registry.person.heartbeat", ["activities.registry.person"]),
        ("registry", EVENTS, "registry.snapshot.person", ["activities.registry.snapshot"]),
        ("registry", CONTACTS, "registry.contact.changed", ["notifications.registry.contact"]),
        ("registry", CONTACTS, "registry.snapshot.contact", ["notifications.registry.contact"]),
    ],
)
async def test_what_a_service_says_reaches_those_who_listen_and_is_signed_by_the_broker(
    world: World, publisher: str, exchange: str, key: str, queues: list[str]
) -> None:
    await publish(await world.channel(publisher), exchange, key, user=publisher)
    for queue in queues:
        message = await world.taken(queue.split(".")[0], queue)
        assert (message.routing_key, message.user_id) == (key, publisher)


# -- what it may not ---------------------------------------------------------------------------

FOREIGN_KEYS = [
    ("activities", EVENTS, "registry.organisation.approved"),
    ("activities", EVENTS, "registry.snapshot.person"),
    ("activities", EVENTS, "activities.registry.organisation.approved"),
    ("activities", EVENTS, "activities.session"),
    ("activities", EVENTS, "xactivities.session.cancelled"),
    ("activities", EVENTS, ""),
    ("activities", CONTACTS, "registry.contact.changed"),
    ("activities", CONTACTS, "activities.session.cancelled"),
    ("activities", "", "registry.registry.organisation"),
    ("activities", "", "activities.activities.session"),
    ("activities", "samverkan.dead", "registry.dead"),
    ("activities", "samverkan.unrouted", "anything"),
    ("activities", "amq.topic", "activities.session.cancelled"),
    ("registry", EVENTS, "registry.contact.changed"),
    ("registry", EVENTS, "registry.snapshot.contact"),
    ("registry", EVENTS, "activities.session.cancelled"),
    ("registry", CONTACTS, "registry.person.registered"),
    ("notifications", EVENTS, "registry.organisation.approved"),
    ("notifications", CONTACTS, "registry.contact.changed"),
    ("notifications", "", "registry.dead"),
]
FOREIGN_QUEUES = [
    ("activities", "notifications.registry.contact"),
    ("activities", "registry.registry.person"),
    ("activities", "notifications.dead"),
    ("activities", "samverkan.unrouted"),
    ("registry", "notifications.registry.contact"),
    ("notifications", "registry.activities.session"),
]
BINDING_KEYS = [
    "registry.contact.#",
    "registry.#",
    "registry.*.*",
    "#",
    "*.contact.*",
    "registry.person.*",
]


async def test_nobody_publishes_with_another_ones_key_or_past_the_exchanges(world: World) -> None:
    for publisher, exchange, key in FOREIGN_KEYS:
        with refused(f"{publisher} publishes {key} on '{exchange}'"):
            await publish(await world.channel(publisher), exchange, key, user=publisher)


async def test_nobody_reads_another_ones_queue(world: World) -> None:
    for reader, name in FOREIGN_QUEUES:
        for what, look in READINGS.items():
            queue = await (await world.channel(reader)).get_queue(name, ensure=False)
            with refused(f"{reader} may {what} {name}"):
                await look(queue)


async def test_nobody_binds_anything(world: World) -> None:
    for exchange in (EVENTS, CONTACTS, "amq.topic"):
        for key in BINDING_KEYS:
            channel = await world.channel("activities")
            queue = await channel.get_queue("activities.registry.person", ensure=False)
            with refused(f"a queue bound to {exchange} with {key}"):
                await queue.bind(exchange, key)
            channel = await world.channel("activities")
            with refused(f"an exchange bound to {exchange} with {key}"):
                await (await channel.get_exchange(EVENTS, ensure=False)).bind(exchange, key)


ATTEMPTS: dict[str, Callable[[AbstractChannel], Awaitable[Any]]] = {
    "declare a queue": lambda channel: channel.declare_queue("activities.spy"),
    "declare a queue the broker names": lambda channel: channel.declare_queue(exclusive=True),
    "declare a queue that dead-letters into the events": lambda channel: channel.declare_queue(
        "activities.dead",
        arguments={
            "x-dead-letter-exchange": EVENTS,
            "x-dead-letter-routing-key": "registry.organisation.approved",
        },
    ),
    "declare an exchange": lambda channel: channel.declare_exchange("activities.exchange"),
    "delete the events": lambda channel: channel.exchange_delete(EVENTS),
    "delete its own queue": lambda channel: channel.queue_delete("activities.registry.person"),
}


async def test_a_service_configures_nothing(world: World) -> None:
    for what, attempt in ATTEMPTS.items():
        with refused(what):
            await attempt(await world.channel("activities"))


# -- forgeries ---------------------------------------------------------------------------------


async def test_the_broker_refuses_a_false_signature(world: World) -> None:
    with pytest.raises(ChannelPreconditionFailed):
        await publish(
            await world.channel("activities"),
            EVENTS,
            "activities.session.cancelled",
            user="registry",
        )


async def test_a_key_forged_by_a_cc_header_is_refused_or_arrives_with_the_forgers_signature(
    world: World,
) -> None:
    """RabbitMQ 3.10 judges only the message's own key; 4.0 those in the header, too."""

    async def forge() -> None:
        await publish(
            await world.channel("activities"),
            EVENTS,
            "activities.session.cancelled",
            user="activities",
            headers={"CC": ["registry.organisation.approved"]},
        )

    if world.broker.version == "4.0":
        with pytest.raises(ChannelAccessRefused):
            await forge()
        return
    await forge()
    forged = await world.taken("notifications", "notifications.registry.organisation")
    assert (forged.routing_key, forged.user_id) == ("activities.session.cancelled", "activities")


async def test_a_key_forged_by_dead_lettering_arrives_with_the_forgers_signature(
    world: World,
) -> None:
    """Possible only with a right that no service has: to declare a queue."""
    stranger = await world.a_user_with_every_right()
    channel = await world.channel(stranger)
    forge: dict[str, Any] = {
        "x-dead-letter-exchange": EVENTS,
        "x-dead-letter-routing-key": "registry.organisation.approved",
        "x-message-ttl": 0,
    }
    await channel.declare_queue("forge", arguments=forge, durable=True)
    await publish(channel, "", "forge", user=stranger)
    forged = await world.taken("notifications", "notifications.registry.organisation")
    assert (forged.routing_key, forged.user_id) == ("registry.organisation.approved", stranger)


# -- the nets ----------------------------------------------------------------------------------


async def test_what_nobody_binds_is_kept_in_one_bounded_place(world: World) -> None:
    channel = await world.channel("registry")
    beyond = UNROUTED_MAX_MESSAGES + 100
    for start in range(0, beyond, 500):
        numbers = range(start, min(start + 500, beyond))
        await asyncio.gather(
            *(
                publish(
                    channel, EVENTS, "registry.import.done", user="registry", body=b"%d" % number
                )
                for number in numbers
            )
        )

    async def full() -> bool:
        return await world.ready("samverkan.unrouted") == UNROUTED_MAX_MESSAGES

    await eventually(full)
    assert int((await world.taken("admin", "samverkan.unrouted")).body) == 100


async def test_what_cannot_be_delivered_ends_in_the_dead_queue_with_its_signature(
    world: World,
) -> None:
    await publish(
        await world.channel("activities"), EVENTS, "activities.session.cancelled", user="activities"
    )
    queue = await (await world.channel("registry")).get_queue(
        "registry.activities.session", ensure=False
    )
    for _ in range(DELIVERY_LIMIT + 1):
        message = await eventually(lambda: queue.get(fail=False))
        await message.reject(requeue=True)
    dead = await world.taken("registry", "registry.dead")
    assert dead.user_id == "activities"
    assert dead.headers["x-first-death-reason"] == "delivery_limit"
    assert dead.headers["x-first-death-queue"] == "registry.activities.session"


# -- the admin step ----------------------------------------------------------------------------


async def test_applied_twice_nothing_changes(world: World) -> None:
    assert await world.apply() == ()
    assert await drift(PLAN, world.broker.admin_url, world.broker.name, PASSWORDS) == Outcome(())


async def test_a_binding_made_before_a_right_was_withdrawn_delivers_no_more(world: World) -> None:
    stranger = await world.a_user_with_every_right()
    connection = await world.connected(stranger)
    channel = await connection.channel()
    spy = await channel.declare_queue("activities.spy", durable=True)
    await spy.bind(CONTACTS, "#")
    channel_exchange = await channel.declare_exchange("spies", "topic", durable=True)
    await channel_exchange.bind(EVENTS, "a/b %.#")

    said = await world.apply()

    assert f"rights of {stranger} withdrawn" in said
    assert "queue activities.spy unbound from samverkan.contacts ('#')" in said
    assert "exchange spies unbound from samverkan.events ('a/b %.#')" in said
    assert "queue activities.spy removed" in said
    await _closes(connection)
    left = await world.ask("GET", f"bindings/{world.broker.name}")
    assert not [each for each in left if each["source"] and each["routing_key"] in {"#", "a/b %.#"}]
    assert await world.apply() == ()


async def test_rights_given_by_hand_are_taken_back_and_the_users_connections_closed(
    empty: World,
) -> None:
    service = await empty.a_service()
    plan = topology({service: ("thing",)}, {service: (f"{service}.thing",)})
    await empty.apply(plan, {service: service})
    place = empty.broker.name
    await empty.ask("PUT", f"permissions/{place}/{service}", FULL)
    too_much = {"exchange": EVENTS, "write": ".*", "read": ".*"}
    await empty.ask("PUT", f"topic-permissions/{place}/{service}", too_much)
    connection = await empty.connected(service)

    assert await empty.apply(plan, {service: service}) == (
        f"rights of {service} set",
        f"rights of {service} on samverkan.events set",
        f"connections of {service} closed",
    )
    await _closes(connection)


async def test_a_queue_no_longer_planned_is_removed_only_when_empty(empty: World) -> None:
    service = await empty.a_service()
    passwords = {service: service}
    publishes = {service: ("idle", "busy")}
    listens = {service: (f"{service}.idle", f"{service}.busy")}
    await empty.apply(topology(publishes, listens), passwords)
    busy = f"{service}.{service}.busy"
    await publish(await empty.channel(service), EVENTS, f"{service}.busy.seen", user=service)

    said = await empty.apply(topology(publishes, {}), passwords)

    assert f"queue {service}.{service}.idle removed" in said
    assert f"queue {busy} removed" not in said
    assert said[-1] == (
        f"queue {busy} is no longer in the plan but holds messages: look at them, then delete it by hand"
    )
    stranger = await empty.a_user_with_every_right()
    await publish(await empty.channel(stranger), EVENTS, f"{service}.busy.seen", user=stranger)
    assert await empty.ready(busy) == 1


async def test_a_queue_with_other_arguments_is_named_and_left_with_its_messages(
    broker: Broker,
) -> None:
    async with httpx.AsyncClient(base_url=broker.admin_url, timeout=30) as admin:
        old = {"durable": True, "arguments": {"x-queue-type": "quorum", "x-delivery-limit": 20}}
        where = f"/api/queues/{broker.name}/registry.activities.session"
        (await admin.put(where, json=old)).raise_for_status()
        with pytest.raises(TopologyConflict) as refusal:
            await apply(PLAN, broker.admin_url, broker.name, PASSWORDS)
        assert len((await admin.get(f"/api/queues/{broker.name}")).json()) == 1
    [sentence] = str(refusal.value).splitlines()
    assert sentence.startswith(
        "Queue registry.activities.session has x-dead-letter-exchange unset where the plan"
    )
    assert "x-delivery-limit 20 where the plan says 200" in sentence
    assert "delete it and run this step again" in sentence


async def test_a_new_password_closes_what_the_old_one_opened(empty: World) -> None:
    service = await empty.a_service()
    plan = topology({service: ()}, {})
    await empty.apply(plan, {service: "old"})
    connection = await empty.connected(service, "old")

    assert await empty.apply(plan, {service: "new"}) == (
        f"user {service} given its password and no tags",
        f"connections of {service} closed",
    )
    await _closes(connection)
    with pytest.raises(ProbableAuthenticationError):
        await empty.connected(service, "old")
    assert (await empty.connected(service, "new")).connected.is_set()


async def _closes(connection: AbstractConnection) -> None:
    async def closed() -> bool:
        return not connection.connected.is_set()

    await eventually(closed)
