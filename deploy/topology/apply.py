"""Making a broker equal to the plan, and seeing whether it is."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from deploy.topology.compare import Change, changes
from deploy.topology.conflicts import conflicts
from deploy.topology.management import Management, path
from deploy.topology.plan import Topology
from deploy.topology.state import look

LEFT = "queue {queue} is no longer in the plan but holds messages: look at them, then delete it by hand"


class TopologyConflict(RuntimeError):
    """Something stands on the broker in a form that only deleting could change; nothing was changed. One line each."""


@dataclass(frozen=True)
class Outcome:
    """What was (or, by `drift`, would be) changed, and what was left because it holds messages: a sentence each."""

    changed: tuple[str, ...]
    left: tuple[str, ...] = ()


async def apply(
    plan: Topology, management_url: str, vhost: str, passwords: Mapping[str, str]
) -> Outcome:
    """Make the vhost equal to the plan; a second run changes nothing.

    `management_url` carries the administrator's credentials (`http://admin:pw@host:15672`), `passwords` one per
    service. A queue the plan no longer holds is unbound and, when empty, removed; with messages in it, it is left and
    named. Raises TopologyConflict before anything is touched, BrokerRefused when RabbitMQ says no or is away.
    """
    async with Management(management_url) as broker:
        made = await _make_vhost(broker, vhost)
        todo = await _compare(broker, plan, vhost, passwords)
        left: list[Change] = []
        for _, group in groupby(todo, key=lambda change: change.stage):
            now = list(group)
            done = await asyncio.gather(*(_do(broker, vhost, change) for change in now))
            left += [change for change, was_done in zip(now, done, strict=True) if not was_done]
    changed = (change.sentence for change in todo if change not in left)
    return Outcome((*made, *changed), tuple(LEFT.format(queue=change.queue) for change in left))


async def drift(
    plan: Topology, management_url: str, vhost: str, passwords: Mapping[str, str]
) -> Outcome:
    """What `apply` would change; touches nothing. Raises as `apply` does."""
    async with Management(management_url) as broker:
        todo = await _compare(broker, plan, vhost, passwords)
        return Outcome(tuple(change.sentence for change in todo))


async def _make_vhost(broker: Management, vhost: str) -> list[str]:
    if await broker.get("vhosts", vhost) is not None:
        return []
    await broker.send("PUT", path("vhosts", vhost))
    return [f"vhost {vhost} created"]


async def _compare(
    broker: Management, plan: Topology, vhost: str, passwords: Mapping[str, str]
) -> list[Change]:
    state = await look(broker, vhost)
    if wrong := conflicts(plan, state):
        raise TopologyConflict("\n".join(wrong))
    return changes(plan, state, vhost, broker.user, passwords)


async def _do(broker: Management, vhost: str, change: Change) -> bool:
    """Carry the change out; False when it was left undone for the sake of messages."""
    if change.queue and await _holds_messages(broker, vhost, change.queue):
        return False
    await broker.send(change.method, change.where, change.body)
    return True


async def _holds_messages(broker: Management, vhost: str, queue: str) -> bool:
    """The listed count is up to 5 s old: where it says none, one message is taken and put back."""
    listed = await broker.get("queues", vhost, queue) or {}
    if listed.get("messages"):
        return True
    take = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "base64", "truncate": 1}
    return bool(await broker.send("POST", path("queues", vhost, queue, "get"), take))
