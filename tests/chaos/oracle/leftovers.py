"""What is still to be done: nothing, once the system has come to rest."""

from collections.abc import Iterator
from typing import Any

from deploy.local.runtime import SERVICES
from tests.chaos.oracle.findings import Finding
from tests.chaos.oracle.stores import Document, Stores

UNDONE = {"$or": [{"due": {"$ne": None}}, {"pending.0": {"$exists": True}}]}
OPEN_DELIVERIES = ("waiting", "sending")


def leftovers(stores: Stores) -> Iterator[Finding]:
    """Events pending, rows leased, messages failed or queued, mails not decided."""
    for service, kind in stores.owned():
        for document in stores.of(service)[kind.collection].find(UNDONE):
            yield from _aggregate(kind.name, document)
    for service in SERVICES:
        for row in stores.of(service)["failed"].find():
            yield Finding("dead", f"{service} failed on {row['_id']}: {row['error']}")
    for row in stores.of("notifications")["deliveries"].find(_undecided()):
        yield Finding("dead", f"delivery {row['_id']} is {row['status']}")
    for queue, number in stores.messages().items():
        yield Finding("dead", f"{number} messages in {queue}")


def _aggregate(name: str, document: Document) -> Iterator[Finding]:
    pending = document["pending"]
    if pending:
        yield Finding("dead", f"{name} {document['_id']}: {len(pending)} events pending")
    elif document["due"] != document["wakes_at"]:
        yield Finding("dead", f"{name} {document['_id']} is leased")


def _undecided() -> dict[str, Any]:
    return {"$or": [{"status": {"$in": OPEN_DELIVERIES}}, {"due": {"$ne": None}}]}
