"""Puts the questions to the stores, one after the other."""

from collections.abc import Collection

from deploy.local.runtime import SERVICES
from tests.chaos.ledger import Ledger
from tests.chaos.oracle.documents import documents, replicas
from tests.chaos.oracle.events import events
from tests.chaos.oracle.findings import Finding, Verdict
from tests.chaos.oracle.leftovers import leftovers
from tests.chaos.oracle.stores import Stores
from tests.chaos.oracle.told import told
from tests.chaos.running import Running
from tests.chaos.scene import Scene

EXPECTED_REFUSALS = frozenset({"session-cancelled", "already-elsewhere", "queue-full"})


def ids_so_far(stores: Stores) -> frozenset[str]:
    """Ids of all events, lines and notifications: what is older than the ledger."""
    collections = [(service, "history") for service in SERVICES]
    collections += [("notifications", name) for name in ("lines", "notifications")]
    return frozenset(id for place in collections for id in stores.documents(*place))


def judge(system: Running, scene: Scene, ledger: Ledger, before: Collection[str]) -> Verdict:
    """Everything that is wrong with what the stores hold, once the system has come to rest."""
    with Stores(system.runtime) as stores:
        findings = [
            *leftovers(stores),
            *events(stores, ledger, before),
            *documents(stores, ledger, scene),
            *replicas(stores),
            *told(stores, system.folder / "mail", before),
            *(
                Finding("lost", f"a command that was refused: {code} ({times} times)")
                for code, times in ledger.refused.items()
                if code not in EXPECTED_REFUSALS
            ),
        ]
        unknown = stores.of("notifications")["deliveries"].count_documents({"status": "unknown"})
    return Verdict(tuple(findings), unknown)
