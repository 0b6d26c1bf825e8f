"""What must change for a broker to equal the plan: a pure function of the two."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from deploy.topology.management import path
from deploy.topology.plan import Rights, Topology
from deploy.topology.state import ADMINISTRATOR, FoundUser, State

OWN_PREFIX = "samverkan."


class Stage(IntEnum):
    """The order of the work: nothing is bound before it exists, nobody binds anew after an unbinding."""

    ACCESS = 0
    DECLARE = 1
    BIND = 2
    USERS = 3
    RIGHTS = 4
    CLOSE = 5
    UNBIND = 6
    REMOVE = 7


@dataclass(frozen=True)
class Change:
    """One request to the management API and the sentence that tells of it."""

    stage: Stage
    sentence: str
    method: str
    where: str
    body: dict[str, Any] | None = field(default=None, repr=False)
    user: str | None = None  # whose password or rights it changes
    queue: str | None = None  # which queue it takes away: only an empty one may go


def changes(
    plan: Topology, state: State, vhost: str, admin: str, passwords: Mapping[str, str]
) -> list[Change]:
    """Everything to do, in order."""
    found = [
        *_admin_access(state, vhost, admin),
        *_declarations(plan, state, vhost),
        *_users(plan, state, passwords),
        *_rights(plan, state, vhost, admin),
        *_unbindings(plan, state, vhost),
        *_removals(plan, state, vhost),
    ]
    return sorted([*found, *_closings(state, found)], key=lambda change: change.stage)


def _admin_access(state: State, vhost: str, admin: str) -> Iterator[Change]:
    if state.rights.get(admin) != (everything := Rights(admin, ".*", ".*", ".*")):
        yield Change(
            Stage.ACCESS,
            f"{admin} may do everything in vhost {vhost}",
            "PUT",
            path("permissions", vhost, admin),
            _body(everything),
        )


def _declarations(plan: Topology, state: State, vhost: str) -> Iterator[Change]:
    for exchange in plan.exchanges:
        if exchange.name not in state.exchanges:
            body = {
                "type": exchange.type,
                "durable": True,
                "auto_delete": False,
                "arguments": dict(exchange.arguments),
            }
            yield Change(
                Stage.DECLARE,
                f"exchange {exchange.name} created",
                "PUT",
                path("exchanges", vhost, exchange.name),
                body,
            )
    for queue in plan.queues:
        if queue.name not in state.queues:
            body = {"durable": True, "auto_delete": False, "arguments": dict(queue.arguments)}
            yield Change(
                Stage.DECLARE,
                f"queue {queue.name} created",
                "PUT",
                path("queues", vhost, queue.name),
                body,
            )
    there = {each.planned_form for each in state.bindings}
    for binding in plan.bindings:
        if binding not in there:
            yield Change(
                Stage.BIND,
                f"queue {binding.queue} bound to {binding.exchange} with '{binding.key}'",
                "POST",
                path("bindings", vhost, "e", binding.exchange, "q", binding.queue),
                {"routing_key": binding.key},
            )


def _users(plan: Topology, state: State, passwords: Mapping[str, str]) -> Iterator[Change]:
    for service in plan.services:
        user, password = state.users.get(service), passwords[service]
        if user is None or user.tags or not _has_password(user, password):
            done = "created" if user is None else "given its password and no tags"
            body = {"password": password, "tags": ""}
            yield Change(
                Stage.USERS,
                f"user {service} {done}",
                "PUT",
                path("users", service),
                body,
                user=service,
            )


def _has_password(user: FoundUser, password: str) -> bool:
    """Compare with the stored salted hash (4 bytes of salt, then the digest)."""
    stored = base64.b64decode(user.password_hash)
    digest = hashlib.new(
        user.algorithm.removeprefix("rabbit_password_hashing_"), stored[:4] + password.encode()
    )
    return stored[4:] == digest.digest()


def _rights(plan: Topology, state: State, vhost: str, admin: str) -> Iterator[Change]:
    for rights in plan.rights:
        if state.rights.get(rights.user) != rights:
            where = path("permissions", vhost, rights.user)
            yield Change(
                Stage.RIGHTS,
                f"rights of {rights.user} set",
                "PUT",
                where,
                _body(rights),
                user=rights.user,
            )
    for topic in plan.topic_rights:
        if topic not in state.topic_rights:
            body = {"exchange": topic.exchange, "write": topic.write, "read": topic.read}
            sentence = f"rights of {topic.user} on {topic.exchange} set"
            where = path("topic-permissions", vhost, topic.user)
            yield Change(Stage.RIGHTS, sentence, "PUT", where, body, user=topic.user)
    yield from _stale_rights(plan, state, vhost, admin)


def _stale_rights(plan: Topology, state: State, vhost: str, admin: str) -> Iterator[Change]:
    """Rights of users that the plan does not know. An administrator could give them to itself anyway and keeps them."""
    rulers = {admin, *(user.name for user in state.users.values() if ADMINISTRATOR in user.tags)}
    for user in sorted({*state.rights} - {*plan.services} - rulers):
        where = path("permissions", vhost, user)
        yield Change(Stage.RIGHTS, f"rights of {user} withdrawn", "DELETE", where, user=user)
    planned = {(topic.user, topic.exchange) for topic in plan.topic_rights}
    for topic in state.topic_rights:
        if (topic.user, topic.exchange) not in planned and topic.user not in rulers - {
            *plan.services
        }:
            where = path("topic-permissions", vhost, topic.user, topic.exchange)
            sentence = f"rights of {topic.user} on {topic.exchange} withdrawn"
            yield Change(Stage.RIGHTS, sentence, "DELETE", where, user=topic.user)


def _closings(state: State, found: Iterable[Change]) -> Iterator[Change]:
    """Connections that outlive their password or rights: an open channel remembers them, a consumer for ever.

    All of the user's connections, whatever the vhost; a user's first rights in this vhost close none.
    """
    rotated = {
        change.user
        for change in found
        if change.stage is Stage.USERS and change.user in state.users
    }
    restricted = {
        change.user
        for change in found
        if change.stage is Stage.RIGHTS and change.user in state.rights
    }
    for user in sorted(filter(None, rotated | restricted)):
        yield Change(
            Stage.CLOSE,
            f"connections of {user} closed",
            "DELETE",
            path("connections", "username", user),
        )


def _unbindings(plan: Topology, state: State, vhost: str) -> Iterator[Change]:
    for binding in state.bindings:
        if binding.planned_form not in plan.bindings:
            kind = "q" if binding.destination_type == "queue" else "e"
            where = path(
                "bindings",
                vhost,
                "e",
                binding.source,
                kind,
                binding.destination,
                binding.properties_key,
            )
            sentence = f"{binding.destination_type} {binding.destination} unbound from {binding.source} ('{binding.key}')"
            yield Change(Stage.UNBIND, sentence, "DELETE", where)


def _removals(plan: Topology, state: State, vhost: str) -> Iterator[Change]:
    """Queues named after a service and exchanges of ours that the plan no longer holds."""
    prefixes = (OWN_PREFIX, *(f"{service}." for service in plan.services))
    for name in sorted({*state.queues} - {queue.name for queue in plan.queues}):
        if name.startswith(prefixes):
            yield Change(
                Stage.REMOVE,
                f"queue {name} removed",
                "DELETE",
                path("queues", vhost, name),
                queue=name,
            )
    for name in sorted({*state.exchanges} - {exchange.name for exchange in plan.exchanges}):
        if name.startswith(prefixes):
            yield Change(
                Stage.REMOVE, f"exchange {name} removed", "DELETE", path("exchanges", vhost, name)
            )


def _body(rights: Rights) -> dict[str, Any]:
    return {"configure": rights.configure, "write": rights.write, "read": rights.read}
