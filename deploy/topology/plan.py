"""The plan: every exchange, queue, binding and right, as a pure function of who publishes and who listens.

Only arguments that RabbitMQ 3.10 and 4.x both know and read alike.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from shared.contracts.base import is_contact

EVENTS = "samverkan.events"
CONTACTS = "samverkan.contacts"
UNROUTED = "samverkan.unrouted"
DEAD = "samverkan.dead"

CONTACT_READERS = ("notifications",)
SNAPSHOT = "snapshot"

# Well above what restarts and kills of a consumer cost; 4.x would drop after 20.
DELIVERY_LIMIT = 200
# As good as none, which only 4.x can be told: behind these queues no further net hangs.
LAST_DELIVERY_LIMIT = 1_000_000
UNROUTED_MAX_MESSAGES = 10_000
UNROUTED_MAX_BYTES = 64 * 1024 * 1024

# RabbitMQ reads an empty right as this, too; written out it cannot be mistaken for "anything".
NOTHING = "^$"
# The last word of a routing key: what happened.
WORD = "[a-z][a-z0-9_]*"

Argument = str | int
Arguments = tuple[tuple[str, Argument], ...]


@dataclass(frozen=True)
class Exchange:
    """A durable exchange."""

    name: str
    type: Literal["topic", "fanout", "direct"]
    arguments: Arguments = ()


@dataclass(frozen=True)
class Queue:
    """A durable quorum queue."""

    name: str
    arguments: Arguments


@dataclass(frozen=True, order=True)
class Binding:
    """What an exchange hands to a queue."""

    exchange: str
    queue: str
    key: str


@dataclass(frozen=True)
class Rights:
    """What a service's user may do to queues and exchanges; regular expressions over their names."""

    user: str
    configure: str
    write: str
    read: str


@dataclass(frozen=True)
class TopicRights:
    """Which routing keys a user may publish with (`write`) and bind with (`read`) on one exchange.

    An exchange without such a row is open to every key, so each user has one for each topic exchange.
    """

    user: str
    exchange: str
    write: str
    read: str


@dataclass(frozen=True)
class Topology:
    """All that stands on the broker; anything else found in its vhost is drift."""

    services: tuple[str, ...]
    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]
    rights: tuple[Rights, ...]
    topic_rights: tuple[TopicRights, ...]


Publishes = Mapping[str, Iterable[str]]
Listens = Mapping[str, Iterable[str]]


def event_queue(consumer: str, aggregate: str) -> str:
    """The queue in which a consumer finds the events of an aggregate (`registry.person`)."""
    return f"{consumer}.{aggregate}"


def snapshot_queue(consumer: str, publisher: str) -> str:
    """The queue of a publisher's resync snapshots, apart so that a flood never stands before a revocation."""
    return f"{consumer}.{publisher}.{SNAPSHOT}"


def dead_queue(consumer: str) -> str:
    """The net below a consumer's queues."""
    return f"{consumer}.dead"


def topology(publishes: Publishes, listens: Listens) -> Topology:
    """The plan for these services.

    `publishes` holds bare aggregates per service (`{"registry": ("person",)}`), `listens` full ones
    (`{"notifications": ("registry.person",)}`). Raises ValueError, in one sentence, when somebody
    listens to what nobody publishes, or to contacts without being their reader.
    """
    services = tuple(sorted({*publishes, *listens}))
    published = {service: tuple(sorted(set(publishes.get(service, ())))) for service in services}
    heard = {service: tuple(sorted(set(listens.get(service, ())))) for service in services}
    _check(published, heard)
    bindings = {
        service: sorted({each for name in heard[service] for each in _bindings(service, name)})
        for service in services
    }
    queues = {service: sorted({each.queue for each in bindings[service]}) for service in services}
    return Topology(
        services=services,
        exchanges=_exchanges(),
        queues=(
            *(_consumer_queue(service, name) for service in services for name in queues[service]),
            *(_dead_queue(service) for service in services),
            _unrouted_queue(),
        ),
        bindings=(
            *(each for service in services for each in bindings[service]),
            *(Binding(DEAD, dead_queue(service), dead_queue(service)) for service in services),
            Binding(UNROUTED, UNROUTED, ""),
        ),
        rights=tuple(_rights(each, published[each], queues[each]) for each in services),
        topic_rights=tuple(
            TopicRights(each, exchange, _keys(each, exchange, published[each]), NOTHING)
            for each in services
            for exchange in (EVENTS, CONTACTS)
        ),
    )


def _check(
    publishes: Mapping[str, tuple[str, ...]], listens: Mapping[str, tuple[str, ...]]
) -> None:
    known = {f"{service}.{name}" for service, names in publishes.items() for name in names}
    for name in (*publishes, *listens, *(each for names in publishes.values() for each in names)):
        if not re.fullmatch(WORD, name) or name == SNAPSHOT:
            raise ValueError(
                f"'{name}' cannot name a service or aggregate: use lower-case letters, and not 'snapshot'."
            )
    for service, names in listens.items():
        for name in names:
            if name not in known:
                raise ValueError(f"{service} listens to {name}, which no service publishes.")
            if is_contact(name) and service not in CONTACT_READERS:
                raise ValueError(
                    f"{service} listens to {name}: only {', '.join(CONTACT_READERS)} may read contacts."
                )


def _bindings(consumer: str, aggregate: str) -> list[Binding]:
    publisher, name = aggregate.split(".")
    exchange = exchange_of(aggregate)
    events = Binding(exchange, event_queue(consumer, aggregate), f"{aggregate}.*")
    snapshots = events.queue if is_contact(aggregate) else snapshot_queue(consumer, publisher)
    return [events, Binding(exchange, snapshots, f"{publisher}.{SNAPSHOT}.{name}")]


def exchange_of(aggregate: str) -> str:
    """Where an aggregate (`registry.person`) travels: contacts apart, everything else together."""
    return CONTACTS if is_contact(aggregate) else EVENTS


def _exchanges() -> tuple[Exchange, ...]:
    net = (("alternate-exchange", UNROUTED),)
    return (
        Exchange(EVENTS, "topic", net),
        Exchange(CONTACTS, "topic", net),
        Exchange(UNROUTED, "fanout"),
        Exchange(DEAD, "direct"),
    )


def _quorum(name: str, delivery_limit: int, **arguments: Argument) -> Queue:
    dashed = {f"x-{key.replace('_', '-')}": value for key, value in arguments.items()}
    return Queue(
        name,
        tuple(
            sorted({"x-queue-type": "quorum", "x-delivery-limit": delivery_limit, **dashed}.items())
        ),
    )


def _consumer_queue(consumer: str, name: str) -> Queue:
    return _quorum(
        name,
        DELIVERY_LIMIT,
        dead_letter_exchange=DEAD,
        dead_letter_routing_key=dead_queue(consumer),
        dead_letter_strategy="at-least-once",
        overflow="reject-publish",  # at-least-once needs it
    )


def _dead_queue(consumer: str) -> Queue:
    return _quorum(dead_queue(consumer), LAST_DELIVERY_LIMIT, overflow="reject-publish")


def _unrouted_queue() -> Queue:
    return _quorum(
        UNROUTED,
        LAST_DELIVERY_LIMIT,
        max_length=UNROUTED_MAX_MESSAGES,
        max_length_bytes=UNROUTED_MAX_BYTES,
        overflow="drop-head",
    )


def _rights(service: str, aggregates: tuple[str, ...], queues: Iterable[str]) -> Rights:
    """Write on the exchanges it publishes to, read on its own queues; so it can bind, declare and delete nothing."""
    exchanges = {exchange_of(f"{service}.{name}") for name in aggregates}
    readable = (*queues, dead_queue(service))
    return Rights(
        service,
        configure=NOTHING,
        write=_any_of(map(re.escape, exchanges)),
        read=_any_of(map(re.escape, readable)),
    )


def _keys(service: str, exchange: str, aggregates: tuple[str, ...]) -> str:
    """The closed list of routing keys. A black list would let `#` and `*.contact.*` through: patterns are only text."""
    own = [name for name in aggregates if exchange_of(f"{service}.{name}") == exchange]
    names = "|".join(own)
    return _any_of(
        [rf"{service}\.({names})\.{WORD}", rf"{service}\.{SNAPSHOT}\.({names})"] if own else []
    )


def _any_of(patterns: Iterable[str]) -> str:
    """A regular expression anchored at both ends of the name, whichever alternative matches."""
    choices = "|".join(sorted(patterns))
    return f"^({choices})$" if choices else NOTHING
