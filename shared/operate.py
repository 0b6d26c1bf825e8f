"""What the operator does over HTTP, the same in each service: failed messages, resync, comparison."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic_core import to_json

from shared import resync
from shared.caller import Caller
from shared.contracts.problems import NotFound, Text
from shared.contracts.texts import Body, Line, Moment
from shared.database import Document
from shared.http import Listing, Position, Room, page_answer, reply
from shared.kind import Kind
from shared.permissions import Permission, allow
from shared.replica import Replica, replica_document
from shared.service import Plumbing

OPERATE = Permission[object](
    "operate",
    Text("Den som driver plattformen", "Whoever runs the platform"),
    rule=lambda caller: caller.is_operator,
)
FAILED = Listing("failed", sorts=("-first_at",), filters={"dead": bool})
FINGERPRINTS = Listing("fingerprints", sorts=("id",))

Operator = Annotated[Caller, Depends(allow(OPERATE))]


class Since(Body):
    """From when on."""

    since: Moment


class DropReason(Body):
    """Why nobody needs the message any more; kept in the log."""

    reason: Line


def operator_routes(
    plumbing: Plumbing, kinds: Sequence[Kind[Any]], replicas: Sequence[Replica[Any]]
) -> Room:
    """The operator's routes of one service."""
    router = Room(prefix="/operator", tags=["operator"])
    _failed_routes(router, plumbing)
    _resync_routes(router, plumbing, kinds, replicas)
    return router


def _failed_routes(router: Room, plumbing: Plumbing) -> None:
    rows = plumbing.failed.rows

    @router.get("/failed", openapi_extra=FAILED.openapi)
    async def failed(request: Request, caller: Operator) -> Response:
        """Messages that could not be taken, newest first."""
        page = FAILED.page(request)
        query: Document = {"dead": page.filters.get("dead", {"$in": [True, False]})}
        if page.after is not None:
            at, id = page.after.value, page.after.id
            query["$or"] = [{"first_at": {"$lt": at}}, {"first_at": at, "_id": {"$lt": id}}]
        newest_first = [("first_at", -1), ("_id", -1)]
        found = await rows.find(query, sort=newest_first, limit=page.limit + 1)
        shown, cursor = page.cut(found, lambda row: Position(row["first_at"], row["_id"]))
        now = plumbing.clock.now()
        return reply(page_answer([failed_row(row, now) for row in shown], cursor))

    @router.get("/failed/{id}")
    async def one_failed(caller: Operator, id: str) -> Response:
        """One of them with its event; what people wrote is never in an event."""
        row = await rows.find_one({"_id": id})
        if row is None:
            raise NotFound()
        return reply({**failed_row(row, plumbing.clock.now()), "event": _masked(row["event"])})

    @router.post("/failed/{id}/replay")
    async def replay(caller: Operator, id: str) -> Response:
        """Try it now; `done` says whether it went well."""
        return reply({"id": id, "done": await plumbing.failed.replay(id)})

    @router.post("/failed/{id}/drop", status_code=204)
    async def drop(caller: Operator, id: str, body: DropReason) -> Response:
        """Remove it for good."""
        await plumbing.failed.drop(id, caller.person_id, body.reason)
        return Response(status_code=204)


def _resync_routes(
    router: Room,
    plumbing: Plumbing,
    kinds: Sequence[Kind[Any]],
    replicas: Sequence[Replica[Any]],
) -> None:
    told = [kind for kind in kinds if kind.snapshots]

    @router.post("/resync/{aggregate}", status_code=202)
    async def resync_aggregate(caller: Operator, aggregate: str) -> Response:
        """Publish a snapshot of every one of them; replicas take what they lack."""
        chosen = [
            kind for kind in told if aggregate in {name.split(".")[1] for name in kind.snapshots}
        ]
        if not chosen:
            raise NotFound()
        asked = [await resync.snapshots(plumbing.store, kind) for kind in chosen]
        return reply({"asked": sum(asked)}, 202)

    @router.post("/replay", status_code=202)
    async def replay_since(caller: Operator, body: Since) -> Response:
        """After a lost broker: publish again what happened since; nobody is told twice."""
        again = [await resync.events_since(plumbing.store, kind, body.since) for kind in told]
        return reply({"asked": sum(again)}, 202)

    @router.post("/restored", status_code=202)
    async def restored(caller: Operator) -> Response:
        """After a restore: raise every version and publish every state anew."""
        lifted = [await resync.lift(plumbing.store, kind) for kind in kinds]
        return reply({"asked": sum(lifted)}, 202)

    @router.get("/fingerprints/{aggregate}", openapi_extra=FINGERPRINTS.openapi)
    async def fingerprints(request: Request, caller: Operator, aggregate: str) -> Response:
        """Id, version and a digest of the public state, of the owner's or of a replica."""
        page = FINGERPRINTS.page(request)
        after = page.after.id if page.after else ""
        found = await _rows_after(plumbing, told, replicas, aggregate, after, page.limit + 1)
        shown, cursor = page.cut(found, lambda row: Position(row["_id"], row["_id"]))
        return reply(page_answer([_fingerprint(row) for row in shown], cursor))


async def _rows_after(
    plumbing: Plumbing,
    kinds: Sequence[Kind[Any]],
    replicas: Sequence[Replica[Any]],
    aggregate: str,
    after: str,
    limit: int,
) -> list[Document]:
    """`aggregate` is the full name, `registry.person`: our own when we publish it, else a replica."""
    owned = [kind for kind in kinds if aggregate in kind.snapshots]
    if owned:
        rows = [
            row
            for kind in owned
            for row in await _told_after(plumbing, kind, aggregate, after, limit)
        ]
        return sorted(rows, key=lambda row: str(row["_id"]))[:limit]
    for replica in replicas:
        if replica.snapshot.aggregate == aggregate:
            return await replica.collection.find(
                {"_id": {"$gt": after}}, sort=[("_id", 1)], limit=limit
            )
    raise NotFound()


async def _told_after(
    plumbing: Plumbing, kind: Kind[Any], aggregate: str, after: str, limit: int
) -> list[Document]:
    rows = await plumbing.store.of(kind).find(
        {"_id": {"$gt": after}}, sort=[("_id", 1)], limit=limit
    )
    return [_told(kind, aggregate, row) for row in rows]


def _told(kind: Kind[Any], aggregate: str, row: Document) -> Document:
    """What replicas should have of it; no version where an aggregate is told apart (contacts)."""
    state = kind.snapshot(aggregate, kind.read(row), row["version"])
    told = replica_document(row["_id"], state)
    return told if aggregate == kind.name else {**told, "version": None}


def _fingerprint(row: Document) -> Document:
    public = row.get("state", "erased")
    digest = hashlib.sha256(to_json(public)).hexdigest()[:16]
    return {"id": row["_id"], "version": row["version"], "digest": digest}


def failed_row(row: Document, now: datetime) -> Document:
    """A failed message in the words an operator needs: what, why, how often, for how long."""
    people = (row["event"] or {}).get("data", {}).get("facts", {}).get("concerned", [])
    return {
        "id": row["_id"],
        "subscriber": row["subscriber"],
        "what": row["type"] or "unreadable message",
        "reason": row["error"],
        "tries": row["tries"],
        "dead": row["dead"],
        "age_seconds": round((now - row["first_at"]).total_seconds()),
        "people_waiting": len(people),
    }


def _masked(event: Document | None) -> Document | None:
    """Contacts are the one snapshot with personal content; the rest is ids and places."""
    if event is None or "contact" not in event["type"]:
        return event
    return {**event, "data": {"facts": event["data"]["facts"], "state": "masked"}}
