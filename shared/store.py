"""The only way to write an aggregate: load, ask a pure rule, save under its version (P1, P18, P19).

A document is `{_id, version, state, keys, pending, due, wakes_at, naps, recent, birth, schema}`.
One atomic update changes the state, raises the version and leaves the events that tell of it in
`pending`; the relay takes them from there. `due` is when the due loop must look at it: the sweep of
pending events, or `wakes_at`, whichever comes first; `naps` counts wake-ups that changed nothing.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from weakref import WeakValueDictionary

from shared import failpoints
from shared.clock import Clock
from shared.contracts.problems import Busy, NotFound
from shared.database import Collection, Database, Document, Taken
from shared.kind import (
    By,
    Change,
    Kind,
    Rule,
    S,
    Stored,
    due_index,
    is_snapshot,
    new_id,
)
from shared.round import (
    Found,
    Round,
    Wish,
    due_times,
    pending_events,
    repeat_entry,
    same_body,
    stored_state,
)

CONFLICTS_RETRIED_SECONDS = 2.0
TOGETHER = 50
T = TypeVar("T")
REMEMBERED_FOR = timedelta(hours=24)


class Outbox(Protocol):
    """Where freshly committed events go; the relay. What it cannot take, the sweep finds."""

    def committed(
        self, kind: "Kind[Any]", id: str, version: int, state: Any, pending: list[Document]
    ) -> None: ...


_WITHOUT_PLUMBING = dict.fromkeys(
    ("pending", "recent", "due", "lease", "wakes_at", "naps", "birth", "keys"), 0
)


class _Line:
    """Who wants to change one aggregate in this process; it lives while somebody does."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.waiting: deque[Wish[Any]] = deque()
        self.written: Found[Any] | None = None


class Store:
    """The aggregates of one service."""

    def __init__(self, database: Database, clock: Clock, outbox: Outbox) -> None:
        self.database = database
        self.clock = clock
        self._outbox = outbox
        self._lines: WeakValueDictionary[str, _Line] = WeakValueDictionary()

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

    async def create_many(
        self, kind: Kind[S], changes: Sequence[tuple[str, Change[S]]], by: By
    ) -> dict[str, str]:
        """Insert new aggregates in one round trip, each by itself.

        Of those that are not made: their id, and the first field of the unique key that is there
        already (`_id` for one that was made before).
        """
        failpoints.reach(failpoints.BEFORE_COMMIT)
        documents = [self._document(kind, id, change, by) for id, change in changes]
        taken = await self.of(kind).insert_apart(documents)
        for (id, change), document in zip(changes, documents, strict=True):
            if id not in taken:
                self._hand_over(kind, id, 1, change.state, document["pending"])
        return taken

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
        line, wish = self._line(kind, id), Wish(rule, by)
        line.waiting.append(wish)
        try:
            async with line.turn:
                if wish in line.waiting:
                    await self._serve(kind, id, line)
        finally:
            if wish in line.waiting:
                line.waiting.remove(wish)
        return wish.result()

    async def _serve(self, kind: Kind[S], id: str, line: "_Line") -> None:
        """Answer all who wait by now, with one write."""
        wishes = [line.waiting.popleft() for _ in range(min(len(line.waiting), TOGETHER))]
        work = self._answer(kind, id, line, wishes)
        await (work if len(wishes) == 1 else _to_its_end(work))

    async def _answer(
        self, kind: Kind[S], id: str, line: "_Line", wishes: Sequence[Wish[S]]
    ) -> None:
        written, line.written = line.written, None
        try:
            line.written = await self._settle(kind, id, written, wishes)
        except Exception as fault:
            for wish in wishes:
                wish.fail(fault)

    async def _settle(
        self, kind: Kind[S], id: str, written: Found[S] | None, wishes: Sequence[Wish[S]]
    ) -> Found[S]:
        """Ask the wishes until nobody has written meanwhile; the aggregate as it then is."""
        give_up_at = time.monotonic() + CONFLICTS_RETRIED_SECONDS
        found = written or await self._load_for_change(kind, id, wishes)
        while (done := await self._try(kind, id, found, wishes)) is None:
            if found.fresh:
                if time.monotonic() > give_up_at:
                    raise Busy()
                await asyncio.sleep(random.uniform(0.001, 0.02))
            found = await self._load_for_change(kind, id, wishes)
        return done

    async def _try(
        self, kind: Kind[S], id: str, found: Found[S], wishes: Sequence[Wish[S]]
    ) -> Found[S] | None:
        """Ask every wish and store what they come to; None when the ground was not as found."""
        one_round = Round(kind, id, found, wishes, self.clock.now())
        update = one_round.update()
        if update is None:
            return one_round.after() if found.fresh else None
        failpoints.reach(failpoints.BEFORE_COMMIT)
        if not (await self.of(kind).update_one(one_round.query(), update)).modified_count:
            return None
        if one_round.pending:
            self._hand_over(kind, id, one_round.version, one_round.state, one_round.pending)
        return one_round.after()

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
        raw, wish = self.database.raw(kind.collection), Wish(rule, by)
        document = await raw.find_one({"_id": id}, _for_change([wish]), session=session)
        if document is None:
            raise NotFound()
        found = self._found(kind, document)
        one_round = Round(kind, id, found, [wish], self.clock.now())
        stored, update = wish.result(), one_round.update()
        if update is not None:
            await raw.update_one(one_round.query(), update, session=session)
        return kind, stored, one_round.pending

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

    def _line(self, kind: Kind[Any], id: str) -> "_Line":
        # One after the other on a hot document spares its callers most version conflicts.
        key = f"{kind.name} {id}"
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line()
        return line

    async def _load_for_change(self, kind: Kind[S], id: str, wishes: Sequence[Wish[S]]) -> Found[S]:
        document = await self.of(kind).find_one({"_id": id}, _for_change(wishes))
        if document is None:
            raise NotFound()
        return self._found(kind, document)

    def _found(self, kind: Kind[S], document: Document) -> Found[S]:
        since = self.clock.now() - REMEMBERED_FOR
        entries = {one["key"]: one for one in document.get("recent", ()) if one["at"] >= since}
        return Found(document["version"], kind.read(document), _sweep_due(document), entries)

    async def _born_before(self, kind: Kind[S], id: str, by: By) -> Stored[S]:
        document = await self.of(kind).find_one({"_id": id})
        birth = (document or {}).get("birth")
        if document is None or birth is None or by.repeat is None:
            raise Taken("_id")
        result = same_body(birth, by)
        return Stored(id, document["version"], kind.read(document), result, repeated=True)

    def _document(self, kind: Kind[S], id: str, change: Change[S], by: By) -> Document:
        now = self.clock.now()
        pending = pending_events(id, 1, change.events, by, now)
        document: Document = {
            "_id": id,
            **stored_state(kind, change.state, 1),
            "pending": pending,
            "recent": [],
            **due_times(kind, change.state, pending, now),
        }
        if by.repeat:
            document["birth"] = repeat_entry(by.repeat, change.result, now)
        return document

    def _hand_over(
        self, kind: Kind[S], id: str, version: int, state: S, pending: list[Document]
    ) -> None:
        failpoints.reach(failpoints.AFTER_COMMIT)
        if pending:
            self._outbox.committed(kind, id, version, state, pending)


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Do what others wait for, too: whoever began it may be cancelled, but only afterwards.

    A lost connection to the broker cancels the handlers under way, and no request must fail by it.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _for_change(wishes: Sequence[Wish[Any]]) -> Document:
    projection: Document = {"version": 1, "state": 1, "schema": 1, "due": 1}
    projection["pending"] = {"$slice": 1}
    keys = [wish.key for wish in wishes if wish.key]
    if keys:
        fits = {"$in": ["$$this.key", keys]}
        projection["recent"] = {"$filter": {"input": "$recent", "cond": fits}}
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
