"""What was acknowledged stands in the documents; the replicas stand as their owners' documents do."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from shared.contracts.base import aggregate_of
from shared.kind import Kind
from shared.replica import replica_document
from tests.chaos.ledger import Ledger
from tests.chaos.oracle.findings import Finding
from tests.chaos.oracle.stores import Document, Stores
from tests.chaos.scene import Scene

SEATS = {"seat_taken": "seated", "seat_queued": "waiting", "seat_withdrawn": "withdrawn"}
MOVED = ("seated", "offered", "released", "lapsed", "removed")


def documents(stores: Stores, ledger: Ledger, scene: Scene) -> Iterator[Finding]:
    """Roles, figures, cancellations and seats as the acknowledgements and the history say."""
    people = stores.documents("registry", "person").values()
    held = {grant["id"] for one in people for grant in one["state"]["roles"]}
    for grant in ledger.granted - held:
        yield Finding("lost", f"the role {grant}")
    house = stores.documents("registry", "accommodation")[scene.accommodation]
    figures = {one["on"]: one["total"] for one in house["state"]["residents"]}
    for on, total in ledger.residents.items():
        if figures.get(on) != total:
            yield Finding("lost", f"{total} residents on {on}: the store says {figures.get(on)}")
    yield from _sessions(stores, ledger)


def _sessions(stores: Stores, ledger: Ledger) -> Iterator[Finding]:
    sessions = stores.documents("activities", "session")
    for id in ledger.cancelled:
        if sessions[id]["state"]["status"] != "cancelled":
            yield Finding("lost", f"the cancellation of session {id}")
    for (id, person), event in _last_words(stores).items():
        seat = next((s for s in sessions[id]["state"]["seats"] if s["person"] == person), None)
        allowed = (SEATS[event], *(MOVED if event != "seat_withdrawn" else ()))
        if seat is None or seat["status"] not in allowed:
            yield Finding("lost", f"{event} of {person} in session {id}: the store says {seat}")


def _last_words(stores: Stores) -> dict[tuple[str, str], str]:
    """By session and person: what they did last."""
    last: dict[tuple[str, str], str] = {}
    for row in stores.history("activities"):
        event = row["type"].rpartition(".")[2]
        if event in SEATS:
            last[row["subject"], row["facts"]["person"]] = event
    return last


def replicas(stores: Stores) -> Iterator[Finding]:
    """Document by document: each owner's snapshot, and what each replica holds."""
    for holder, aggregate, copies in stores.replicas():
        service = aggregate.split(".")[0]
        originals = _told_of(stores, service, aggregate)
        told = _last_told(stores, service, aggregate)
        for id in originals.keys() | copies.keys():
            yield from _compared(
                f"{aggregate} {id} in {holder}",
                originals.get(id),
                copies.get(id),
                told.get(id, 0),
            )


def _told_of(stores: Stores, service: str, aggregate: str) -> dict[str, Document]:
    """By id: what every replica of the aggregate should hold; several kinds may speak of it."""
    return {
        id: _snapshot(kind, aggregate, document)
        for kind in stores.kinds(service)
        if aggregate in kind.snapshots
        for id, document in stores.documents(service, kind.collection).items()
    }


def _last_told(stores: Stores, service: str, aggregate: str) -> dict[str, int]:
    """By id: the newest version that an event of this aggregate has told."""
    told: dict[str, int] = defaultdict(int)
    for row in stores.history(service):
        if aggregate_of(row["type"]) == aggregate:
            told[row["subject"]] = max(told[row["subject"]], row["version"])
    return told


def _snapshot(kind: Kind[Any], aggregate: str, document: Document) -> Document:
    snapshot = kind.snapshot(aggregate, kind.read(document), document["version"])
    return replica_document(document["_id"], snapshot)


def _compared(
    name: str, original: Document | None, copy: Document | None, told: int
) -> Iterator[Finding]:
    if original is None:
        yield Finding("astray", f"{name}: its owner does not know it")
    elif copy is None:
        yield Finding("lost", f"{name} is missing")
    elif {**original, "version": 0} != {**copy, "version": 0}:
        yield Finding("lost", f"{name} differs: {original} / {copy}")
    elif not told <= copy["version"] <= original["version"]:
        # An aggregate that shares its document with another is told of its own versions only.
        yield Finding("lost", f"{name} is of version {copy['version']}, told was {told}")
