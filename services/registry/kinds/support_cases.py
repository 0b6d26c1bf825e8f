"""What the store must know of questions to the network, and what the public may: no words."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from services.registry.domain import support_case as rules
from services.registry.domain.support_case import SupportCase
from services.registry.kinds.queues import in_queue, queue_indexes
from shared.contracts.registry import SupportCaseSnapshot
from shared.kind import Kind

_RANKS = {"open": 0, "owned": 1, "answered": 2, "closed": 3}


def _snapshot(one: SupportCase) -> SupportCaseSnapshot:
    return SupportCaseSnapshot(
        organisation=one.organisation,
        asker=one.asker,
        status=one.status,
        owner=one.owner,
        waiting_since=one.waiting_since,
        lifted=one.lifted,
    )


def _keys(one: SupportCase) -> dict[str, Any]:
    return {
        "queue": in_queue(_RANKS[one.status], one.waiting_since),
        "status": one.status,
        "organisation": one.organisation,
        "asker": one.asker,
        "people": sorted({one.asker, *(said.by for said in one.said), *_owner(one)}),
    }


def _owner(one: SupportCase) -> tuple[str, ...]:
    return () if one.owner is None else (one.owner,)


SUPPORT_CASE = Kind(
    name="registry.support_case",
    state=SupportCase,
    snapshots={"registry.support_case": _snapshot},
    wakes_at=rules.wakes_at,
    keys=_keys,
    indexes=(
        *queue_indexes("status", "organisation", "asker"),
        IndexModel([("keys.people", ASCENDING), ("_id", ASCENDING)], name="people"),
    ),
)
