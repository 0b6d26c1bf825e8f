"""`python -m tests.bench.produce strike COUNT`: the relay of one process at work.

Commits events and measures until they are published, in the history and struck; the events stay in
the consumer's queue. URLs as in consume.py, of the registry's user.
"""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import uvloop

from shared.clock import Clock
from shared.contracts.registry import AccommodationRegistered, AccommodationSnapshot
from shared.database import Database, Document
from shared.kind import Kind, event_id
from shared.relay import Relay

HOUSE = AccommodationSnapshot(
    code="D-001",
    name="Demohuset",
    kind="asylum_centre",
    status="open",
    municipality="2582",
    county="25",
    capacity=200,
)
KIND: Kind[Any] = Kind(
    name="registry.accommodation",
    state=AccommodationSnapshot,
    snapshots={"registry.accommodation": lambda state: state},
)
HAND_OVER_AT_ONCE = 1_000


async def strike(count: int, mongodb: str, rabbitmq: str) -> float:
    """Events per second from commit to struck."""
    database = Database(mongodb)
    documents = database.collection("accommodation")
    relay = Relay("registry", rabbitmq, database, Clock())
    running = asyncio.create_task(relay.run())
    while not relay.connected:
        await asyncio.sleep(0.01)
    rows = [_document() for _ in range(count)]
    for start in range(0, count, HAND_OVER_AT_ONCE):
        await documents.insert_new(rows[start : start + HAND_OVER_AT_ONCE])
    began = time.perf_counter()
    for start in range(0, count, HAND_OVER_AT_ONCE):
        for row in rows[start : start + HAND_OVER_AT_ONCE]:
            relay.committed(KIND, row["_id"], 1, HOUSE, row["pending"])
        await asyncio.sleep(0)
    while relay.struck < count:
        await asyncio.sleep(0.005)
    rate = count / (time.perf_counter() - began)
    running.cancel()
    return rate


def _document() -> Document:
    id, now = str(uuid4()), datetime.now(UTC)
    event = {
        "id": event_id(id, 1, AccommodationRegistered.type),
        "type": AccommodationRegistered.type,
        "version": 1,
        "time": now,
        "actor": None,
        "correlation": str(uuid4()),
        "cause": None,
        "traceparent": "",
        "facts": {},
    }
    return {
        "_id": id,
        "version": 1,
        "state": HOUSE.model_dump(mode="json"),
        "keys": {},
        "schema": 1,
        "pending": [event],
        "recent": [],
        "due": now,
        "wakes_at": None,
    }


if __name__ == "__main__":
    urls = os.environ["BENCH_MONGODB_URL"], os.environ["BENCH_RABBITMQ_URL"]
    sys.stdout.write(f"{uvloop.run(strike(int(sys.argv[2]), *urls)):.0f}\n")
    sys.stdout.flush()
    os._exit(0)
