"""Saying again what was said: snapshots of everything, events after a loss, versions after a restore (P8).

All of it goes through `pending` like any event, so a kill loses none of it.
"""

from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from shared.database import Document
from shared.deadline import database_seconds_left, renew_deadline
from shared.kind import By, Kind, pending_event
from shared.store import Store

RESTORE_LIFT = 1_000_000


async def snapshots(store: Store, kind: Kind[Any]) -> int:
    """Have the sweep publish a snapshot of every aggregate of a kind; how many there are.

    The snapshots go through `pending` like any event, so a kill loses none of them. A kind that is told
    to nobody has none.
    """
    if not kind.snapshots:
        return 0
    return await _each_page(store, kind, {})


async def events_since(store: Store, kind: Kind[Any], since: datetime) -> int:
    """After a lost broker: have the sweep publish again what the history says happened since.

    The events keep their ids, so whoever has taken one before tells nobody twice; each carries
    the state as it is now. How many there are.
    """
    done, last = 0, ""
    history = store.database.collection("history")
    while True:
        if database_seconds_left() is not None:
            renew_deadline()
        rows = await history.find(
            {"aggregate": kind.name, "time": {"$gte": since}, "_id": {"$gt": last}},
            sort=[("_id", 1)],
            limit=500,
        )
        if not rows:
            return done
        await store.of(kind).bulk([_pending_again(row, store.clock.now()) for row in rows])
        done, last = done + len(rows), rows[-1]["_id"]


async def lift(store: Store, kind: Kind[Any]) -> int:
    """After a restore: raise every version, so that replicas take what is older in truth.

    The snapshots that tell them are pending in the same write; how many there are.
    """
    return await _each_page(store, kind, {"$inc": {"version": RESTORE_LIFT}})


async def _each_page(store: Store, kind: Kind[Any], update: Document) -> int:
    done, last = 0, ""
    while True:
        if database_seconds_left() is not None:
            renew_deadline()
        page = await store.of(kind).find(
            {"_id": {"$gt": last}}, projection={"version": 1}, sort=[("_id", 1)], limit=500
        )
        if not page:
            return done
        await store.of(kind).bulk([_ask_for_snapshots(store, kind, one, update) for one in page])
        done, last = done + len(page), page[-1]["_id"]


def _ask_for_snapshots(store: Store, kind: Kind[Any], found: Document, update: Document) -> Any:
    now, by, id = store.clock.now(), By(), found["_id"]
    publisher, _ = kind.name.split(".")
    pending = [
        pending_event(
            f"{publisher}.snapshot.{name.split('.')[1]}", id, found["version"], {}, by, now
        )
        for name in kind.snapshots
    ]
    # Where nothing is told (a Location), there is nothing to sweep either.
    asked = {"$push": {"pending": {"$each": pending}}, "$set": {"due": now}} if pending else {}
    return UpdateOne({"_id": id}, {**asked, **update})


def _pending_again(row: Document, now: datetime) -> Any:
    event = {key: row[key] for key in row if key not in ("_id", "aggregate", "subject")}
    event["id"] = row["_id"]
    return UpdateOne(
        {"_id": row["subject"], "pending.id": {"$ne": row["_id"]}},
        {"$push": {"pending": event}, "$set": {"due": now}},
    )
