"""Processes are killed under load, and nothing is lost, doubled, astray or left undone.

The seed is printed; SAMVERKAN_CHAOS_SEED=SEED is the same run again, and so is `samverkan chaos`.
"""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.oracle import judge
from tests.chaos.oracle.stores import Stores
from tests.chaos.run import Outcome, Stage, a_stage, report, under_blows
from tests.chaos.running import a_system

FEW, MANY = 5, 50


@pytest.mark.promise("P1")
@pytest.mark.promise("P2")
@pytest.mark.promise("P3")
@pytest.mark.promise("P4")
@pytest.mark.promise("P9")
@pytest.mark.promise("P22")
@pytest.mark.timeout(420)
async def test_nothing_acknowledged_is_lost_when_processes_are_killed(tmp_path: Path) -> None:
    with a_system(tmp_path / "chaos", print) as system:
        async with a_stage(system, print) as stage:
            outcome = await _held(stage, FEW)
            _oracle_sees_what_is_wrong(stage, outcome)


@pytest.mark.long
@pytest.mark.promise("P2")
@pytest.mark.promise("P18")
@pytest.mark.timeout(1200)
async def test_fifty_kills_lose_nothing(tmp_path: Path) -> None:
    with a_system(tmp_path / "chaos", print) as system:
        async with a_stage(system, print) as stage:
            await _held(stage, MANY)


async def _held(stage: Stage, kills: int) -> Outcome:
    seed = int(os.environ.get("SAMVERKAN_CHAOS_SEED") or random.randrange(1_000_000))
    outcome = await under_blows(stage, seed, kills, print)
    report(outcome, stage.system.folder, print)
    assert outcome.verdict.held, f"seed {seed}: {outcome}"
    assert not outcome.alarms, f"seed {seed}"
    return outcome


def _oracle_sees_what_is_wrong(stage: Stage, outcome: Outcome) -> None:
    """A judge that never objects proves nothing: falsify the stores, and ask again."""
    with Stores(stage.system.runtime) as stores:
        new = {"_id": {"$nin": list(outcome.before)}}
        lines, history = stores.of("notifications")["lines"], stores.of("activities")["history"]
        line = _some(lines.find_one_and_delete(new))
        lines.insert_one({**_some(lines.find_one(new)), "_id": "forged"})
        event = _some(history.find_one_and_delete({**new, "type": "activities.session.planned"}))
        replica = stores.of("activities")["replica_registry_person"]
        person = _some(replica.find_one_and_update({}, {"$set": {"state.name": "Someone else"}}))
        replica.insert_one({**person, "_id": "nobody"})
        session = stores.of("activities")["session"]
        waits = _some(session.find_one_and_update({}, {"$push": {"pending": {"id": "forgotten"}}}))
    verdict = judge(stage.system, stage.scene, outcome.ledger, outcome.before)
    words = [str(one) for one in verdict.findings]
    for what, id in (
        ("lost: line", line["person"]),
        ("duplicated: line", ""),
        ("lost: events of acknowledged", event["subject"]),
        ("lost: the event of activities.session", event["subject"]),
        ("lost: registry.person", f"{person['_id']} in activities differs"),
        ("astray: registry.person", "nobody"),
        ("dead: activities.session", waits["_id"]),
    ):
        assert any(one.startswith(what) and id in one for one in words), (what, id, words)


def _some(document: Any) -> dict[str, Any]:
    assert document is not None
    return dict(document)
