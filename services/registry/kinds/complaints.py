"""What the store must know of complaints and of noticeboards' codes; neither publishes anything."""

from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.registry.domain import complaint as rules
from services.registry.domain.complaint import Complaint
from services.registry.domain.noticeboard import Noticeboard
from services.registry.kinds.queues import in_queue, queue_indexes
from shared.kind import Kind

_RANKS = {"received": 0, "seen": 1, "answered": 2, "closed": 3}


def _keys(one: Complaint) -> dict[str, Any]:
    shown = rules.stands_on_the_board(one)
    return {
        "queue": in_queue(_RANKS[one.status], one.received_at),
        "status": one.status,
        "about": one.about,
        "meeting_place": one.meeting_place,
        "received": one.received_at,
        "accommodations": list(one.accommodations),
        "counties": sorted(set(one.counties)),
        "hosts": list(one.hosts),
        "responsible": None if one.is_kept_from_hosts else one.hosts[0],
        "board": one.meeting_place if shown else None,
        "answered": one.answered.at if shown and one.answered else None,
    }


COMPLAINT = Kind(
    name="registry.complaint",
    state=Complaint,
    wakes_at=rules.wakes_at,
    keys=_keys,
    indexes=(
        *queue_indexes("status", "about", "accommodations", "counties", "responsible", "hosts"),
        IndexModel(
            [("keys.meeting_place", ASCENDING), ("keys.queue", ASCENDING), ("_id", ASCENDING)],
            name="meeting_place",
        ),
        IndexModel(
            [("keys.meeting_place", ASCENDING), ("keys.received", ASCENDING)], name="received"
        ),
        IndexModel([("keys.board", ASCENDING), ("keys.answered", DESCENDING)], name="board"),
    ),
)

NOTICEBOARD = Kind(
    name="registry.noticeboard",
    state=Noticeboard,
    keys=lambda one: {"code": one.code},
    indexes=(IndexModel([("keys.code", ASCENDING)], name="code", unique=True),),
)
