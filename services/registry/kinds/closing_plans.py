"""What the store must know of closing plans, and what the public may."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from services.registry.domain.closing_plan import ClosingPlan
from shared.contracts.registry import ClosingPlanSnapshot, HouseClosing
from shared.kind import Kind
from shared.words import sort_key


def _snapshot(one: ClosingPlan) -> ClosingPlanSnapshot:
    closing = [line for line in one.lines if not line.withdrawn]
    return ClosingPlanSnapshot(
        houses=tuple(
            HouseClosing(accommodation=line.accommodation, closes_on=line.closes_on)
            for line in closing
        )
    )


def _keys(one: ClosingPlan) -> dict[str, Any]:
    return {
        "name": sort_key(one.name),
        # Who may see a plan must be an officer for each of its accommodations.
        "served": [
            {"county": line.county, "accommodation": line.accommodation} for line in one.lines
        ],
    }


CLOSING_PLAN = Kind(
    name="registry.closing_plan",
    state=ClosingPlan,
    snapshots={"registry.closing_plan": _snapshot},
    keys=_keys,
    indexes=(IndexModel([("keys.name", ASCENDING), ("_id", ASCENDING)], name="name"),),
)
