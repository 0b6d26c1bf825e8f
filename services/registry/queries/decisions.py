"""What is told of a membership's steps: the words of each, and the name of who decided before."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from services.registry.domain.membership import AlreadyDecided
from services.registry.domain.organisation import Organisation
from services.registry.kinds import ORGANISATION, PERSON
from services.registry.permissions.people import knows_person
from shared.caller import Caller
from shared.kind import Stored
from shared.store import Store

T = TypeVar("T")


async def with_words(
    store: Store, lines: Sequence[dict[str, Any]], one: Stored[Organisation]
) -> list[dict[str, Any]]:
    """The lines of a timeline with what was said at each step; None where nothing was.

    What was said of one that has been merged into it stands with that one.
    """
    merged = {line["merged_from"] for line in lines if "merged_from" in line}
    others = (
        await store.find(ORGANISATION, {"_id": {"$in": sorted(merged)}}, limit=len(merged))
        if merged
        else []
    )
    said = {(was.id, step.number): step.words for was in (one, *others) for step in was.state.steps}
    return [
        {**line, "words": said.get((line.get("merged_from", one.id), line["facts"].get("step")))}
        for line in lines
    ]


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
