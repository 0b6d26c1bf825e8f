"""What stands on a broker now, read in one go."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.topology.management import Management
from deploy.topology.plan import Arguments, Binding, Exchange, Rights, TopicRights

ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class FoundQueue:
    """A queue as it is; `durable` is False for any queue that a restart or a leaving client takes away."""

    name: str
    type: str
    durable: bool
    arguments: Arguments


@dataclass(frozen=True)
class FoundBinding:
    """A binding as it is, with what its deletion needs."""

    source: str
    destination: str
    destination_type: str
    key: str
    properties_key: str
    plain: bool

    @property
    def planned_form(self) -> Binding | None:
        """The binding in the plan's terms; None when the plan cannot hold such a one."""
        ours = self.plain and self.destination_type == "queue"
        return Binding(self.source, self.destination, self.key) if ours else None


@dataclass(frozen=True)
class FoundUser:
    """A user as it is; the hash tells whether a password is still the same."""

    name: str
    password_hash: str
    algorithm: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class State:
    """One vhost and the node's users."""

    exchanges: Mapping[str, Exchange] = field(default_factory=dict)
    fragile_exchanges: tuple[str, ...] = ()
    queues: Mapping[str, FoundQueue] = field(default_factory=dict)
    bindings: tuple[FoundBinding, ...] = ()
    rights: Mapping[str, Rights] = field(default_factory=dict)
    topic_rights: tuple[TopicRights, ...] = ()
    users: Mapping[str, FoundUser] = field(default_factory=dict)
    flags_off: tuple[str, ...] = ()


async def look(broker: Management, vhost: str) -> State:
    """Read the vhost; an absent one reads as empty."""
    users, flags, *own = await asyncio.gather(
        broker.get("users"),
        broker.get("feature-flags"),
        broker.get("exchanges", vhost),
        broker.get("queues", vhost),
        broker.get("bindings", vhost),
        broker.get("vhosts", vhost, "permissions"),
        broker.get("vhosts", vhost, "topic-permissions"),
    )
    exchanges, queues, bindings, rights, topic_rights = (
        [] if each is None else each for each in own
    )
    named = [each for each in exchanges if each["name"] and not each["name"].startswith("amq.")]
    return State(
        exchanges={
            each["name"]: Exchange(each["name"], each["type"], _arguments(each)) for each in named
        },
        fragile_exchanges=tuple(
            each["name"] for each in named if each["auto_delete"] or not each["durable"]
        ),
        queues={each["name"]: _queue(each) for each in queues},
        bindings=tuple(_binding(each) for each in bindings if each["source"]),
        rights={each["user"]: _rights(each) for each in rights},
        topic_rights=tuple(
            TopicRights(each["user"], each["exchange"], each["write"], each["read"])
            for each in topic_rights
        ),
        users={each["name"]: _user(each) for each in users or []},
        flags_off=tuple(each["name"] for each in flags or [] if each["state"] == "disabled"),
    )


def _arguments(found: dict[str, Any]) -> Arguments:
    return tuple(sorted(found["arguments"].items()))


def _queue(found: dict[str, Any]) -> FoundQueue:
    lasting = found["durable"] and not found["auto_delete"] and not found["exclusive"]
    return FoundQueue(found["name"], found.get("type", "classic"), lasting, _arguments(found))


def _binding(found: dict[str, Any]) -> FoundBinding:
    return FoundBinding(
        source=found["source"],
        destination=found["destination"],
        destination_type=found["destination_type"],
        key=found["routing_key"],
        properties_key=found["properties_key"],
        plain=not found["arguments"],
    )


def _rights(found: dict[str, Any]) -> Rights:
    return Rights(found["user"], found["configure"], found["write"], found["read"])


def _user(found: dict[str, Any]) -> FoundUser:
    tags = found["tags"] if isinstance(found["tags"], list) else found["tags"].split(",")
    return FoundUser(
        found["name"],
        found["password_hash"],
        found["hashing_algorithm"],
        tuple(tag for tag in tags if tag),
    )
