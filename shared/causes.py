"""Who causes a change, in which chain of causes: from a request, or from the event at hand."""

from starlette.requests import Request

from shared import telemetry
from shared.caller import Caller
from shared.http import repeat_key
from shared.kind import By


async def by(request: Request, caller: Caller, expected: int | None = None) -> By:
    """The caller's command, with its Idempotency-Key and the version it was based on (If-Match).

    Raises BadRequest for a malformed key.
    """
    current = telemetry.chain.get()
    return By(
        actor=caller.person_id,
        traceparent=current.traceparent if current else "",
        repeat=await repeat_key(request, caller.person_id),
        expected=expected,
    )


def by_event(actor: str | None = None) -> By:
    """What a reaction or wake-up does by itself: in the chain of the event that set it off."""
    current = telemetry.chain.get()
    if current is None or current.correlation is None:
        return By(actor=actor)
    return By(
        actor=actor,
        correlation=current.correlation,
        cause=current.cause,
        traceparent=current.traceparent,
    )


def following(first: By, cause: str | None = None) -> By:
    """What one command causes in further aggregates: the same chain, no repeat key of its own."""
    return By(
        actor=first.actor,
        correlation=first.correlation,
        cause=cause,
        traceparent=first.traceparent,
    )
