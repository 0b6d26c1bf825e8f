"""The only way to write an aggregate: load, ask a pure rule, save under its version (P1, P18, P19).

A document is `{_id, version, state, keys, pending, due, wakes_at, naps, recent, birth, schema}`.
One atomic update changes the state, raises the version and leaves the events that tell of it in
`pending`; the relay takes them from there. `due` is when the due loop must look at it: the sweep of
pending events, or `wakes_at`, whichever comes first; `naps` counts wake-ups that changed nothing.
"""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, cast
from weakref import WeakValueDictionary

from shared import failpoints
from shared.clock import Clock
from shared.contracts.base import Facts
from shared.contracts.problems import Busy, KeyReused, NotFound, Problem, Stale, Unavailable
from shared.database import Collection, Database, Document, Taken
from shared.kind import (
    By,
    Change,
    Kind,
    RepeatKey,
    Rule,
    S,
    Stored,
    due_index,
    is_snapshot,
    new_id,
    pending_event,
)

CONFLICTS_RETRIED_SECONDS = 2.0
LEASE_SECONDS = 5
REMEMBERED_RESULTS = 200
REMEMBERED_FOR = timedelta(hours=24)


class Outbox(Protocol):
    """Where freshly committed events go; the relay. What it cannot take, the sweep finds."""

    def committed(
        self, kind: "Kind[Any]", id: str, version: int, state: Any, pending: list[Document]
    ) -> None: ...


_WITHOUT_PLUMBING = dict.fromkeys(
    ("pending", "recent", "due", "lease", "wakes_at", "naps", "birth", "keys"), 0
)


@dataclass(frozen=True, slots=True)
class _Found(Generic[S]):
    """An aggregate as a change finds it; `entry` is what the same request has left there before."""

    version: int
    state: S
    sweep_due: datetime | None
    entry: Document | None = None


@dataclass(frozen=True, slots=True)
class _Done(Generic[S]):
    """What became of a change: its answer, the aggregate as it is now, the events that wait."""

    stored: Stored[S]
    found: _Found[S]
    pending: list[Document] = field(default_factory=list)


class _Turn:
    """Who may change one aggregate in this process now; it lives while somebody has or wants it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.written: _Found[Any] | None = None


class Store:
    """The aggregates of one service."""

    def __init__(self, database: Database, clock: Clock, outbox: Outbox) -> None:
        self.database = database
        self.clock = clock
        self._outbox = outbox
        self._turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()

    def of(self, kind: Kind[Any]) -> Collection:
        """The collection of a kind."""
        return self.database.collection(kind.collection)

    async def load(self, kind: Kind[S], id: str) -> Stored[S]:
        """One aggregate; NotFound (404) when there is none."""
        document = await self.of(kind).find_one({"_id": id}, _WITHOUT_PLUMBING)
        if document is None:
            raise NotFound()
        return Stored(id, document["version"], kind.read(document))

    async def find(
        self,
        kind: Kind[S],
        query: Document,
        *,
        sort: Sequence[tuple[str, int]] | None = None,
        limit: int = 200,
    ) -> list[Stored[S]]:
        """At most `limit` aggregates whose `keys` fit the query, which an index must serve."""
        documents = await self.of(kind).find(
            query, projection=_WITHOUT_PLUMBING, sort=sort, limit=limit
        )
        return [Stored(one["_id"], one["version"], kind.read(one)) for one in documents]

    async def create(self, kind: Kind[S], id: str, change: Change[S], by: By) -> Stored[S]:
        """Insert a new aggregate, or find that the same request made it before.

        Raises KeyReused when the id came from the same Idempotency-Key with another body, and
        database.Taken when a unique key (or an id that no key explains) is there already.
        """
        failpoints.reach(failpoints.BEFORE_COMMIT)
        document = self._document(kind, id, change, by)
        try:
            await self.of(kind).insert_one(document)
        except Taken as taken:
            if taken.field != "_id":
                raise
            return await self._born_before(kind, id, by)
        self._hand_over(kind, id, 1, change.state, document["pending"])
        return Stored(id, 1, change.state, change.result)

    async def born(self, kind: Kind[S], by: By) -> Stored[S] | None:
        """What the same request has made before, whatever has changed around it since (P18).

        None when it is new or has no key; raises KeyReused when it came with another body.
        """
        if by.repeat is None:
            return None
        try:
            return await self._born_before(kind, new_id(by), by)
        except Taken:
            return None

    async def change(self, kind: Kind[S], id: str, rule: Rule[S], by: By) -> Stored[S]:
        """Let the pure `rule` change one aggregate, atomically with the events it gives.

        A version conflict asks the rule again on the newer state, for up to 2 s, then Busy (503). A
        rule that gives the same state and no events writes nothing. Raises NotFound, Stale,
        KeyReused, and whatever the rule refuses with.
        """
        give_up_at = time.monotonic() + CONFLICTS_RETRIED_SECONDS
        turn = self._turn(kind, id)
        async with turn.lock:
            # In a rush the one before has just written what this one would read.
            done = await self._try_on(turn.written, kind, id, rule, by) if turn.written else None
            while done is None:
                found = await self._load_for_change(kind, id, by)
                done = await self._try(found, kind, id, rule, by)
                if done is None and time.monotonic() > give_up_at:
                    raise Busy()
                if done is None:
                    await asyncio.sleep(random.uniform(0.001, 0.02))
            # What a repeated request had left there is no answer for the next one.
            turn.written = replace(done.found, entry=None)
        if done.pending:
            self._hand_over(kind, id, done.stored.version, done.stored.state, done.pending)
        return done.stored

    async def _try_on(
        self, written: "_Found[S]", kind: Kind[S], id: str, rule: Rule[S], by: By
    ) -> "_Done[S] | None":
        """Try on what the one before has written; only a change that is stored counts.

        Another copy may have written since: whatever would be answered without a write is
        answered on a fresh look.
        """
        try:
            return await self._try(written, kind, id, rule, by, fresh=False)
        except Unavailable:
            raise
        except Problem:
            return None

    async def _try(
        self,
        found: "_Found[S]",
        kind: Kind[S],
        id: str,
        rule: Rule[S],
        by: By,
        fresh: bool = True,
    ) -> "_Done[S] | None":
        """Ask the rule and store its answer; None when somebody else was faster."""
        stored = Stored(id, found.version, found.state)
        if found.entry is not None:
            result = _same_body(found.entry, by)
            return _Done(Stored(id, found.version, found.state, result, repeated=True), found)
        if by.expected is not None and by.expected != found.version:
            raise Stale(extra={"version": found.version})
        change = rule(found.state)
        nothing = not change.events and change.state == found.state
        if nothing and not fresh:
            return None
        if nothing and by.repeat is None:
            return _Done(Stored(id, found.version, found.state, change.result), found)
        failpoints.reach(failpoints.BEFORE_COMMIT)
        update, pending = self._update(kind, stored, change, by, found.sweep_due)
        if nothing:
            # Nothing to do is an answer, too: the same request may not do something later.
            update = {"$push": {"recent": update["$push"]["recent"]}}
        query: Document = {"_id": id, "version": found.version}
        if by.repeat and not fresh:
            query["recent.key"] = {"$ne": by.repeat.key_hash}
        if not (await self.of(kind).update_one(query, update)).modified_count:
            return None
        if nothing:
            return _Done(Stored(id, found.version, found.state, change.result), found)
        due = update["$set"]["due"] if pending or found.sweep_due else None
        after = Stored(id, found.version + 1, change.state, change.result)
        return _Done(after, _Found(after.version, change.state, due), pending)

    async def change_many(
        self, changes: Sequence[tuple[Kind[Any], str, Rule[Any]]], by: By
    ) -> list[Stored[Any]]:
        """Change several aggregates or none, in one transaction (only where P5 allows: a swap).

        A repeated request (by its key, kept in each of them) gets the first one's results.
        """
        written: list[tuple[Kind[Any], Stored[Any], list[Document]]] = []

        async def work(session: Any) -> None:
            written.clear()
            for kind, id, rule in changes:
                written.append(await self._change_within(session, kind, id, rule, by))
                failpoints.reach(failpoints.WITHIN_CHANGE_MANY)

        await self.database.transaction(work)
        for kind, stored, pending in written:
            if not stored.repeated:
                self._hand_over(kind, stored.id, stored.version, stored.state, pending)
        return [stored for _, stored, _ in written]

    async def _change_within(
        self, session: Any, kind: Kind[Any], id: str, rule: Rule[Any], by: By
    ) -> tuple[Kind[Any], Stored[Any], list[Document]]:
        raw = self.database.raw(kind.collection)
        document = await raw.find_one({"_id": id}, _for_change(by), session=session)
        if document is None:
            raise NotFound()
        before = Stored(id, document["version"], kind.read(document))
        entry = self._remembered(document, by)
        if entry is not None:
            result = _same_body(entry, by)
            return kind, Stored(id, before.version, before.state, result, repeated=True), []
        change = rule(before.state)
        update, pending = self._update(kind, before, change, by, _sweep_due(document))
        await raw.update_one({"_id": id, "version": before.version}, update, session=session)
        return kind, Stored(id, before.version + 1, change.state, change.result), pending

    async def timeline(self, kind: Kind[Any], id: str, limit: int = 1000) -> list[Document]:
        """What happened to one aggregate, in order: the history, and what is still pending (P9).

        Rows are as in the history: `{_id, aggregate, subject, type, version, time, actor, ...}`.
        """
        # Pending first: what is struck while we read has been in the history before.
        document = await self.of(kind).find_one({"_id": id}, {"pending": 1}) or {"pending": []}
        history = await self.database.collection("history").find(
            {"subject": id}, sort=[("version", 1)], limit=limit
        )
        rows = {row["_id"]: row for row in history}
        for one in document["pending"]:
            if not is_snapshot(one["type"]):
                rows.setdefault(one["id"], history_row(kind, id, one))
        return sorted(rows.values(), key=lambda row: int(row["version"]))[:limit]

    async def ensure_indexes(self, kind: Kind[Any]) -> None:
        """The plumbing's own indexes on `due` and `wakes_at`, and the kind's."""
        await self.of(kind).ensure_indexes([due_index("due"), due_index("wakes_at"), *kind.indexes])

    def _turn(self, kind: Kind[Any], id: str) -> "_Turn":
        # One after the other on a hot document spares its callers most version conflicts.
        key = f"{kind.name} {id}"
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = _Turn()
        return turn

    async def _load_for_change(self, kind: Kind[S], id: str, by: By) -> "_Found[S]":
        document = await self.of(kind).find_one({"_id": id}, _for_change(by))
        if document is None:
            raise NotFound()
        entry = self._remembered(document, by)
        return _Found(document["version"], kind.read(document), _sweep_due(document), entry)

    def _remembered(self, document: Document, by: By) -> Document | None:
        """What a request with the same key has left in the document within the last 24 h."""
        for entry in document.get("recent", ()):
            if entry["at"] + REMEMBERED_FOR >= self.clock.now():
                return cast(Document, entry)
        return None

    async def _born_before(self, kind: Kind[S], id: str, by: By) -> Stored[S]:
        document = await self.of(kind).find_one({"_id": id})
        birth = (document or {}).get("birth")
        if document is None or birth is None or by.repeat is None:
            raise Taken("_id")
        result = _same_body(birth, by)
        return Stored(id, document["version"], kind.read(document), result, repeated=True)

    def _document(self, kind: Kind[S], id: str, change: Change[S], by: By) -> Document:
        now = self.clock.now()
        pending = self._pending(id, 1, change.events, by, now)
        document: Document = {
            "_id": id,
            "version": 1,
            "state": change.state.model_dump(mode="json", by_alias=True),
            "keys": kind.keys(change.state),
            "pending": pending,
            "recent": [],
            "naps": 0,
            "schema": kind.schema,
            **self._times(kind, change.state, pending, now),
        }
        if by.repeat:
            document["birth"] = _entry(by.repeat, change.result, now)
        return document

    def _update(
        self,
        kind: Kind[S],
        stored: Stored[S],
        change: Change[S],
        by: By,
        sweep_due: datetime | None,
    ) -> tuple[Document, list[Document]]:
        now = self.clock.now()
        version = stored.version + 1
        pending = self._pending(stored.id, version, change.events, by, now)
        pushed: Document = {"pending": {"$each": pending}}
        if by.repeat:
            entry = _entry(by.repeat, change.result, now)
            pushed["recent"] = {"$each": [entry], "$slice": -REMEMBERED_RESULTS}
        fields = {
            "state": change.state.model_dump(mode="json", by_alias=True),
            "keys": kind.keys(change.state),
            "version": version,
            "naps": 0,
            "schema": kind.schema,
            **self._times(kind, change.state, pending, now, sweep_due),
        }
        return {"$set": fields, "$push": pushed}, pending

    @staticmethod
    def _times(
        kind: Kind[S],
        state: S,
        pending: list[Document],
        now: datetime,
        sweep_due: datetime | None = None,
    ) -> Document:
        wakes_at = kind.wakes_at(state)
        sweep = now + timedelta(seconds=LEASE_SECONDS) if pending else None
        times = [moment for moment in (wakes_at, sweep, sweep_due) if moment is not None]
        return {"wakes_at": wakes_at, "due": min(times, default=None)}

    def _pending(
        self, id: str, version: int, events: Sequence[Facts], by: By, now: datetime
    ) -> list[Document]:
        return [
            pending_event(
                event.type, id, version, event.model_dump(mode="json", by_alias=True), by, now
            )
            for event in events
        ]

    def _hand_over(
        self, kind: Kind[S], id: str, version: int, state: S, pending: list[Document]
    ) -> None:
        failpoints.reach(failpoints.AFTER_COMMIT)
        if pending:
            self._outbox.committed(kind, id, version, state, pending)


def _for_change(by: By) -> Document:
    projection: Document = {"version": 1, "state": 1, "schema": 1, "due": 1}
    projection["pending"] = {"$slice": 1}
    if by.repeat:
        projection["recent"] = {"$elemMatch": {"key": by.repeat.key_hash}}
    return projection


def _sweep_due(document: Document) -> datetime | None:
    """When the events that wait already are swept: a later change must not put that off.

    Else a document that changes often, or without events, would keep them back for ever.
    """
    due: datetime | None = document["due"]
    return due if document["pending"] else None


def history_row(kind: Kind[Any], subject: str, pending: Document) -> Document:
    """The line of the timeline that a pending event becomes."""
    told = {key: value for key, value in pending.items() if key != "id"}
    return {"_id": pending["id"], "aggregate": kind.name, "subject": subject, **told}


def _entry(repeat: RepeatKey, result: Mapping[str, Any], now: datetime) -> Document:
    return {"key": repeat.key_hash, "body": repeat.body_hash, "at": now, "result": dict(result)}


def _same_body(entry: Document, by: By) -> Mapping[str, Any]:
    if by.repeat is None or entry["body"] != by.repeat.body_hash:
        raise KeyReused()
    return cast(Mapping[str, Any], entry["result"])
