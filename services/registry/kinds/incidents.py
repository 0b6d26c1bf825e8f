"""What the store must know of incidents, and what the public may: where, never what."""

from typing import Any

from services.registry.domain import incident as rules
from services.registry.domain.incident import Incident
from services.registry.kinds.queues import in_queue, queue_indexes
from shared.contracts.registry import IncidentSnapshot
from shared.kind import Kind

_RANKS = {"reported": 0, "seen": 1, "handled": 2, "closed": 3}


def _snapshot(one: Incident) -> IncidentSnapshot:
    return IncidentSnapshot(
        status=one.status,
        accommodations=one.accommodations,
        counties=one.counties,
        meeting_place=one.meeting_place,
        going_on=one.going_on,
    )


def _keys(one: Incident) -> dict[str, Any]:
    return {
        "queue": in_queue(_RANKS[one.status], one.reported_at),
        "status": one.status,
        "reporter": one.reporter,
        "accommodations": list(one.accommodations),
        "counties": sorted(set(one.counties)),
    }


INCIDENT = Kind(
    name="registry.incident",
    state=Incident,
    snapshots={"registry.incident": _snapshot},
    wakes_at=rules.wakes_at,
    keys=_keys,
    indexes=queue_indexes("status", "reporter", "accommodations", "counties"),
)
