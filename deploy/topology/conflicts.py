"""What stands on a broker in a form that no request can change without taking it away."""

from collections.abc import Iterator

from deploy.topology.plan import Arguments, Topology
from deploy.topology.state import State

# Without it a RabbitMQ 3.10 quietly dead-letters at most once.
NEEDED_FLAGS = ("quorum_queue", "stream_queue")


def conflicts(plan: Topology, state: State) -> list[str]:
    """What stands on the broker in a form that cannot be changed without taking it away, one sentence each."""
    return [
        *_missing_flags(state),
        *_exchange_conflicts(plan, state),
        *_queue_conflicts(plan, state),
    ]


def _missing_flags(state: State) -> Iterator[str]:
    for flag in NEEDED_FLAGS:
        if flag in state.flags_off:
            yield f"Feature flag {flag} is off: run `rabbitmqctl enable_feature_flag {flag}`, then this step again."


def _exchange_conflicts(plan: Topology, state: State) -> Iterator[str]:
    for wanted in plan.exchanges:
        found = state.exchanges.get(wanted.name)
        if found is None or (found == wanted and wanted.name not in state.fragile_exchanges):
            continue
        difference = (
            _differing(found.arguments, wanted.arguments)
            or f"is not a lasting {wanted.type} exchange"
        )
        yield f"Exchange {wanted.name} {difference}: stop the services, delete it and run this step again."


def _queue_conflicts(plan: Topology, state: State) -> Iterator[str]:
    for wanted in plan.queues:
        found = state.queues.get(wanted.name)
        if found is None:
            continue
        lasting = found.type == "quorum" and found.durable
        difference = (
            _differing(found.arguments, wanted.arguments)
            if lasting
            else "is not a lasting quorum queue"
        )
        if difference:
            yield (
                f"Queue {wanted.name} {difference}: stop the services, move its messages away or use them up, "
                "delete it and run this step again (nothing was changed)."
            )


def _differing(found: Arguments, wanted: Arguments) -> str:
    """`has x-delivery-limit 20 where the plan says 200`, or nothing."""
    have, want = dict(found), dict(wanted)
    names = [name for name in sorted({*have, *want}) if have.get(name) != want.get(name)]
    parts = [
        f"has {name} {have.get(name, 'unset')} where the plan says {want.get(name, 'unset')}"
        for name in names
    ]
    return " and ".join(parts)
