"""What is told of a membership's steps: the words of each, and the name of who decided before."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from services.registry.domain.membership import AlreadyDecided
from services.registry.domain.organisation import Organisation
from services.registry.kinds import PERSON
from services.registry.permissions.people import knows_person
from shared.caller import Caller
from shared.store import Store

T = TypeVar("T")


def with_words(shown: Sequence[dict[str, Any]], one: Organisation) -> list[dict[str, Any]]:
    """The lines of a timeline with what was said at each step; None where nothing was."""
    words = {step.number: step.words for step in one.steps}
    return [{**line, "words": words.get(line["facts"].get("step"))} for line in shown]


def naming(store: Store, caller: Caller) -> Callable[[Awaitable[T]], Awaitable[T]]:
    """Awaits a decision; a colleague who was faster is named to a caller who may know them."""

    async def decided(decision: Awaitable[T]) -> T:
        try:
            return await decision
        except AlreadyDecided as before:
            raise before.named(
                await _name(store, before.step.by if before.step else None, caller)
            ) from before

    return decided


async def _name(store: Store, id: str | None, caller: Caller) -> str | None:
    found = await store.find(PERSON, {"_id": id}, limit=1) if id else []
    known = found and found[0].state.status != "erased" and knows_person(caller, found[0])
    return found[0].state.name if known else None
