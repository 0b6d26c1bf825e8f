"""What the plumbing must know of an aggregate, and the words in which a change is told of.

A `Kind` describes one kind of aggregate, a `Change` is what a pure rule answers, `By` says who
causes it, `Stored` is the aggregate as it stands. Ids follow from what they are ids of.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel

from shared.contracts.base import Facts, Snapshot, aggregate_of
from shared.contracts.problems import Unavailable
from shared.database import Document

S = TypeVar("S", bound=BaseModel)

MERGED: Document = {"$gt": ""}
"""The query for what has a pointer to something else."""
NAMESPACE = uuid5(NAMESPACE_URL, "https://samverkan.example/")


def _some_id() -> str:
    # Nothing is kept secret by a chain's id; the system's randomness costs a call into the kernel.
    return str(UUID(int=random.getrandbits(128), version=4))


class RepeatKey(Protocol):
    """What an Idempotency-Key comes to: who, where and which key; and of which body."""

    @property
    def key_hash(self) -> str: ...
    @property
    def body_hash(self) -> str: ...


@dataclass(frozen=True, slots=True)
class By:
    """Who causes a change, in which chain of causes, and on what condition.

    `expected` is the version the caller has seen (If-Match). `correlation` is the first command.
    """

    actor: str | None = None
    correlation: str = field(default_factory=_some_id)
    cause: str | None = None
    traceparent: str = ""
    repeat: RepeatKey | None = None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """What a rule answers: the state that will be, what happened, and a small result to repeat."""

    state: S
    events: tuple[Facts, ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored(Generic[S]):
    """An aggregate as it stands; `result` is the rule's, or the first one's when repeated."""

    id: str
    version: int
    state: S
    result: Mapping[str, Any] = field(default_factory=dict)
    repeated: bool = False


@dataclass(frozen=True)
class Kind(Generic[S]):
    """What the plumbing must know of one kind of aggregate; the domain knows the rest.

    `snapshots` says per public aggregate what may be told of a state (several where contacts travel
    apart, none where nothing is published). `keys` are the values that indexes stand on. `upcasts`
    lead a stored state from one `schema` number to the next.
    """

    name: str
    state: type[S]
    snapshots: Mapping[str, Callable[[S], Snapshot]] = field(default_factory=dict)
    wakes_at: Callable[[S], datetime | None] = lambda _: None
    keys: Callable[[S], dict[str, Any]] = lambda _: {}
    indexes: tuple[IndexModel, ...] = ()
    schema: int = 1
    upcasts: Mapping[int, Callable[[Document], Document]] = field(default_factory=dict)
    erased: Callable[[S], bool] = lambda _: False

    @property
    def collection(self) -> str:
        """`organisation` of `registry.organisation`."""
        return self.name.split(".")[1]

    def read(self, document: Document) -> S:
        """The state in a document, brought up to today's schema; 503 for one from the future."""
        schema, state = document["schema"], document["state"]
        if schema > self.schema:
            raise Unavailable("newer-data", retry_after=60)
        while schema < self.schema:
            state = self.upcasts[schema](state)
            schema += 1
        return self.state.model_validate(state)

    def snapshot(self, aggregate: str, state: S, version: int) -> Document:
        """The public state of `aggregate`, or its tombstone."""
        if self.erased(state):
            return {"version": version, "erased": True}
        public = self.snapshots[aggregate](state).model_dump(mode="json", by_alias=True)
        return {"version": version, **public}


Rule = Callable[[S], Change[S]]


def event_id(aggregate_id: str, version: int, event_type: str) -> str:
    """The same for the same event, however often it is sent."""
    return str(uuid5(NAMESPACE, f"{aggregate_id} {version} {event_type}"))


def derived_id(*parts: object) -> str:
    """An id that follows from other ids, so that doing a thing twice makes it once."""
    return str(uuid5(NAMESPACE, " ".join(map(str, parts))))


def new_id(by: By) -> str:
    """The id of what `by` creates: the same when the same request is repeated."""
    return derived_id("new", by.repeat.key_hash) if by.repeat else str(uuid4())


def pending_event(
    type: str, id: str, version: int, facts: Document, by: By, now: datetime
) -> Document:
    """An event as it waits in its document until the relay has told it."""
    return {
        "id": event_id(id, version, type),
        "type": type,
        "version": version,
        "time": now,
        "actor": by.actor,
        "correlation": by.correlation,
        "cause": by.cause,
        "traceparent": by.traceparent,
        "facts": facts,
    }


def due_index(field: str) -> IndexModel:
    """An index of what has its time; rows that wait for nothing are not in it."""
    return IndexModel(
        [(field, ASCENDING)], name=field, partialFilterExpression={field: {"$type": "date"}}
    )


def merged_index(field: str) -> IndexModel:
    """Finds what was merged into something; only what was merged stands in it."""
    return IndexModel([(field, ASCENDING)], name="merged", partialFilterExpression={field: MERGED})


def is_snapshot(event_type: str) -> bool:
    """True for what only a resync sends."""
    return event_type.split(".")[1] == "snapshot"


def snapshots_of(
    kind: Kind[S], state: S, version: int, pending: Sequence[Document]
) -> dict[str, Document]:
    """The public state for each aggregate that the pending events speak of."""
    names = {_public_aggregate(one["type"]) for one in pending}
    return {name: kind.snapshot(name, state, version) for name in names if name in kind.snapshots}


def _public_aggregate(event_type: str) -> str:
    publisher, kind, what = event_type.split(".")
    return f"{publisher}.{what}" if kind == "snapshot" else aggregate_of(event_type)
