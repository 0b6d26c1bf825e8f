"""Events committed = history, each once; and what was acknowledged is among them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from typing import Any

from deploy.local.runtime import SERVICES
from shared.kind import event_id
from tests.chaos.ledger import Deed, Ledger
from tests.chaos.oracle.findings import Finding, differences
from tests.chaos.oracle.stores import Document, Stores

# What commands leave; what services do by themselves (moving up, releasing) has its own rules.
DETAILS: dict[str, Callable[[Document], str | None]] = {
    "activities.activity.planned": lambda _: None,
    "activities.session.planned": lambda facts: str(facts["activity"]),
    "activities.session.seat_taken": lambda facts: str(facts["person"]),
    "activities.session.seat_queued": lambda facts: str(facts["person"]),
    "activities.session.seat_withdrawn": lambda facts: str(facts["person"]),
    "activities.session.cancelled": lambda _: None,
    "registry.accommodation.residents_changed": lambda facts: str(facts["on"]),
    "registry.person.role_granted": lambda facts: str(facts["grant"]["id"]),
    "registry.person.role_revoked": lambda facts: str(facts["grant"]["id"]),
    "registry.organisation.applied": lambda _: None,
    "registry.organisation.approved": lambda _: None,
}

# Its figures change without an event; only the edge of living is told.
CHANGES_SILENTLY = ("activities.coverage",)


def events(stores: Stores, ledger: Ledger, before: Collection[str]) -> Iterator[Finding]:
    """Every version of every aggregate has its events; the commands' events are the acknowledged ones.

    `before` are the ids of the events that are older than the ledger.
    """
    happened: Counter[Any] = Counter()
    for service in SERVICES:
        history = stores.history(service)
        yield from _each_version(stores, service, history)
        happened.update(_deed(service, row) for row in history if _by_command(row, before))
    yield from differences(Counter(ledger.deeds), happened, "events of acknowledged commands")


def _by_command(row: Document, before: Collection[str]) -> bool:
    return row["type"] in DETAILS and row["_id"] not in before


def _deed(service: str, row: Document) -> Deed:
    return Deed(service, row["type"], row["subject"], DETAILS[row["type"]](row["facts"]))


def _each_version(stores: Stores, service: str, history: list[Document]) -> Iterator[Finding]:
    versions: dict[str, set[int]] = defaultdict(set)
    for row in history:
        versions[row["subject"]].add(row["version"])
        if row["_id"] != event_id(row["subject"], row["version"], row["type"]):
            yield Finding("duplicated", f"{row['type']} of {row['subject']} under another id")
    for kind in stores.kinds(service):
        if not kind.snapshots:
            continue
        for id, document in stores.documents(service, kind.collection).items():
            told = versions.pop(id, set())
            missing = set(range(1, document["version"] + 1)) - told
            for version in sorted(missing) if kind.name not in CHANGES_SILENTLY else ():
                yield Finding("lost", f"the event of {kind.name} {id} in version {version}")
    for subject in versions:
        yield Finding("astray", f"events of {subject}, which {service} does not know")
