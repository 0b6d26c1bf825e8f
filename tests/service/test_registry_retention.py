"""What has been kept as long as it may is removed, by the clock that a test can move."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.harness import System, eventually

YEAR = timedelta(days=366)
HOUR = timedelta(hours=1)
# The collection, which moment counts, what makes it one of its kind, and how long it stays.
KEPT: list[tuple[str, str, dict[str, Any], timedelta]] = [
    ("reads", "at", {"person": "p", "accommodation": "a", "right": "officer"}, 2 * YEAR),
    ("incident_reads", "at", {"person": "p", "incident": "i"}, 2 * YEAR),
    ("failed", "first_at", {"dead": True, "subject": "s", "due": None}, timedelta(days=180)),
    ("history", "time", {"aggregate": "registry.person", "subject": "p"}, 5 * YEAR),
]


@pytest.mark.promise("P21")
async def test_nothing_about_people_is_kept_for_ever(system: System) -> None:
    await system.start("registry")
    now = system.clock.now()
    for name, since, row, time in KEPT:
        rows = system.raw("registry", name)
        for id, moment in (("over", now - time - HOUR), ("just", now - time + 2 * HOUR)):
            await rows.insert_one({"_id": id, **row, since: moment})
    other = {"_id": "other", "aggregate": "registry.organisation", "subject": "o"}
    await system.raw("registry", "history").insert_one({**other, "time": now - 9 * YEAR})
    await system.raw("registry", "failed").insert_one(_alive(now - YEAR, now + YEAR))

    system.clock.advance(HOUR)
    await eventually(lambda: _left(system, "over", 0), 20)
    assert await _left(system, "just", len(KEPT))
    system.clock.advance(2 * HOUR)
    await eventually(lambda: _left(system, "just", 0), 20)
    assert await system.raw("registry", "history").find_one({"_id": "other"})
    assert await system.raw("registry", "failed").find_one({"_id": "alive"})


def _alive(first_at: datetime, due: datetime) -> dict[str, Any]:
    """One that is tried again is nobody's leftover."""
    return {"_id": "alive", "dead": False, "subject": "s", "first_at": first_at, "due": due}


async def _left(system: System, id: str, many: int) -> bool:
    found = [await system.raw("registry", name).find_one({"_id": id}) for name, *_ in KEPT]
    return sum(one is not None for one in found) == many
