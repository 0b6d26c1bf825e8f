"""The order of what waits to be dealt with: unfinished first, then the oldest first."""

from datetime import UTC, datetime

from pymongo import ASCENDING, IndexModel


def in_queue(rank: int, since: datetime) -> str:
    """A string that sorts by rank (0-9), then by time."""
    return f"{rank} {since.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"


def queue_indexes(*fields: str) -> tuple[IndexModel, ...]:
    """The queue as a whole, and by each of these keys."""
    order = [("keys.queue", ASCENDING), ("_id", ASCENDING)]
    return (
        IndexModel(order, name="queue"),
        *(IndexModel([(f"keys.{one}", ASCENDING), *order], name=one) for one in fields),
    )
