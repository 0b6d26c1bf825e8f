"""Who somebody is now: what was merged into something else is followed here, and nowhere else.

A merger is one pointer on the loser (`merged_into`). Chains are followed to their end. While two
mergers at the same moment speak against each other (A into B, B into A), until one of them has
yielded, all of the circle are the one with the smallest id, whoever asks.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping

Look = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]
"""Finds those of the ids that were merged, each with what it was merged into."""


def follow(id: str, into: Mapping[str, str]) -> str:
    """What `id` is now, as far as `into` knows."""
    passed = [id]
    while (further := into.get(passed[-1])) is not None:
        if further in passed:
            return min(passed[passed.index(further) :])
        passed.append(further)
    return passed[-1]


async def chains(ids: Collection[str], look: Look) -> dict[str, str]:
    """The pointers that lead from the ids to what they are now, each looked for once."""
    into: dict[str, str] = {}
    asked: set[str] = set()
    wanted = set(ids)
    while wanted:
        into |= await look(wanted)
        asked |= wanted
        wanted = set(into.values()) - asked
    return into


async def now(ids: Collection[str], look: Look) -> dict[str, str]:
    """What each of the ids is now: itself, unless it was merged."""
    into = await chains(ids, look)
    return {id: follow(id, into) for id in ids}
