"""Changes of one aggregate that wait for each other: asked in turn, stored with one write (P1, P18).

A rush for one session would else be a row of journaled writes, each waiting for the one before.
Whoever's turn it is takes along all who wait by then: each rule is asked on what the one before has
made of the state, each change has its own version and events, and the database sees one update.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, cast

from shared.contracts.base import Facts
from shared.contracts.problems import KeyReused, Stale
from shared.database import DatabaseAway, Document
from shared.kind import By, Change, Kind, RepeatKey, Rule, S, Stored, pending_event

LEASE_SECONDS = 5
REMEMBERED_RESULTS = 200


@dataclass(slots=True, eq=False)
class Wish(Generic[S]):
    """One caller's change, and what became of it."""

    rule: Rule[S]
    by: By
    answer: Stored[S] | None = None
    fault: BaseException | None = None

    @property
    def key(self) -> str | None:
        """The hash of its Idempotency-Key, if it has one."""
        return self.by.repeat.key_hash if self.by.repeat else None

    def settle(self, ask: Callable[["Wish[S]"], Stored[S]]) -> None:
        """Take the answer, or the refusal."""
        try:
            self.answer, self.fault = ask(self), None
        except Exception as fault:
            self.fail(fault)

    def fail(self, fault: BaseException) -> None:
        """It has come to nothing."""
        self.answer, self.fault = None, fault

    def result(self) -> Stored[S]:
        """The answer; raises what it was refused with, DatabaseAway when nobody knows any more."""
        if self.fault is not None:
            raise self.fault
        if self.answer is None:
            raise DatabaseAway()
        return self.answer


@dataclass(frozen=True, slots=True)
class Found(Generic[S]):
    """An aggregate as a round finds it.

    `entries` are what the same requests have left there before, by key. It is `fresh` when it has
    just been read; else it is what the round before has written, and another copy may have written
    since: only a write under its version proves it true.
    """

    version: int
    state: S
    sweep_due: datetime | None
    entries: Mapping[str, Document] = field(default_factory=dict)
    fresh: bool = True


class Round(Generic[S]):
    """Some wishes and the one write that they come to."""

    def __init__(
        self, kind: Kind[S], id: str, found: Found[S], wishes: Sequence[Wish[S]], now: datetime
    ) -> None:
        self._kind, self._id, self._found, self._now = kind, id, found, now
        self._wishes = wishes
        self._entries = dict(found.entries)
        self._remembered: list[Document] = []
        self.version, self.state = found.version, found.state
        self.pending: list[Document] = []
        for wish in wishes:
            wish.settle(self._answer)

    def query(self) -> Document:
        """What must hold for the write: nobody has written since, or done one of these before."""
        query: Document = {"_id": self._id, "version": self._found.version}
        keys = [wish.key for wish in self._wishes if wish.key]
        if keys and not self._found.fresh:
            query["recent.key"] = {"$nin": keys}
        return query

    def update(self) -> Document | None:
        """The write; None when there is nothing to write."""
        pushed: Document = {}
        if self._remembered:
            # Nothing to do is an answer, too: the same request may not do something later.
            pushed["recent"] = {"$each": self._remembered, "$slice": -REMEMBERED_RESULTS}
        if self.version == self._found.version:
            return {"$push": pushed} if pushed else None
        pushed["pending"] = {"$each": self.pending}
        times = due_times(self._kind, self.state, self.pending, self._now, self._found.sweep_due)
        return {"$set": stored_state(self._kind, self.state, self.version) | times, "$push": pushed}

    def after(self) -> Found[S]:
        """The aggregate as it is once the write is done."""
        if self.version == self._found.version:
            return Found(self.version, self.state, self._found.sweep_due, fresh=False)
        wait = self.pending or self._found.sweep_due
        times = due_times(self._kind, self.state, self.pending, self._now, self._found.sweep_due)
        return Found(self.version, self.state, times["due"] if wait else None, fresh=False)

    def _answer(self, wish: Wish[S]) -> Stored[S]:
        by, entry = wish.by, self._entries.get(wish.key or "")
        if entry is not None:
            result = same_body(entry, by)
            return Stored(self._id, self.version, self.state, result, repeated=True)
        if by.expected is not None and by.expected != self.version:
            raise Stale(extra={"version": self.version})
        change = wish.rule(self.state)
        if change.events or change.state != self.state:
            self._take(change, by)
        if by.repeat:
            entry = repeat_entry(by.repeat, change.result, self._now)
            self._entries[by.repeat.key_hash] = entry
            self._remembered.append(entry)
        return Stored(self._id, self.version, self.state, change.result)

    def _take(self, change: Change[S], by: By) -> None:
        self.version += 1
        self.state = change.state
        self.pending += pending_events(self._id, self.version, change.events, by, self._now)


def stored_state(kind: Kind[S], state: S, version: int) -> Document:
    """The fields of a document that a change sets."""
    return {
        "state": state.model_dump(mode="json", by_alias=True),
        "keys": kind.keys(state),
        "version": version,
        "naps": 0,
        "schema": kind.schema,
    }


def due_times(
    kind: Kind[S],
    state: S,
    pending: Sequence[Document],
    now: datetime,
    sweep_due: datetime | None = None,
) -> Document:
    """When the aggregate wakes, and when the due loop must look at it for whatever reason."""
    wakes_at = kind.wakes_at(state)
    sweep = now + timedelta(seconds=LEASE_SECONDS) if pending else None
    times = [moment for moment in (wakes_at, sweep, sweep_due) if moment is not None]
    return {"wakes_at": wakes_at, "due": min(times, default=None)}


def pending_events(
    id: str, version: int, events: Sequence[Facts], by: By, now: datetime
) -> list[Document]:
    """The events of one change as they wait in its document."""
    return [
        pending_event(
            event.type, id, version, event.model_dump(mode="json", by_alias=True), by, now
        )
        for event in events
    ]


def repeat_entry(repeat: RepeatKey, result: Mapping[str, Any], now: datetime) -> Document:
    """What a request with an Idempotency-Key leaves in the document."""
    return {"key": repeat.key_hash, "body": repeat.body_hash, "at": now, "result": dict(result)}


def same_body(entry: Document, by: By) -> Mapping[str, Any]:
    """The first request's result; KeyReused when this one came with another body."""
    if by.repeat is None or entry["body"] != by.repeat.body_hash:
        raise KeyReused()
    return cast(Mapping[str, Any], entry["result"])
