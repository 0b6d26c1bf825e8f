"""Looks into the stores of all services with the administrator's rights."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Self

import httpx
from pymongo import MongoClient
from pymongo.database import Database

from deploy.local.runtime import SERVICES, Runtime
from shared.contracts import SNAPSHOTS
from shared.kind import Kind

Document = dict[str, Any]
UNROUTED = "samverkan.unrouted"


class Stores:
    """Each service's documents, history and rows; and the broker's queues."""

    def __init__(self, runtime: Runtime) -> None:
        self._client: MongoClient[Document] = MongoClient(runtime.mongodb_admin_url, tz_aware=True)
        self._broker = httpx.Client(base_url=runtime.rabbitmq_admin_url, timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._broker.close()

    def of(self, service: str) -> Database[Document]:
        """A service's own database."""
        return self._client[f"samverkan_{service}"]

    def kinds(self, service: str) -> Sequence[Kind[Any]]:
        """The kinds of aggregates that a service owns."""
        kinds: Sequence[Kind[Any]] = import_module(f"services.{service}.kinds").KINDS
        return kinds

    def owned(self) -> Iterator[tuple[str, Kind[Any]]]:
        """Every kind with its service."""
        for service in SERVICES:
            for kind in self.kinds(service):
                yield service, kind

    def documents(self, service: str, collection: str) -> dict[str, Document]:
        """All documents of a collection by id."""
        return {one["_id"]: one for one in self.of(service)[collection].find()}

    def history(self, service: str) -> list[Document]:
        """Every event that a service has told, in the order of its aggregates' versions."""
        return list(self.of(service)["history"].find().sort([("subject", 1), ("version", 1)]))

    def replicas(self) -> Iterator[tuple[str, str, dict[str, Document]]]:
        """Every replica: who holds it, of which aggregate, its documents by id."""
        names = {f"replica_{name.replace('.', '_')}": name for name in SNAPSHOTS}
        for service in SERVICES:
            for collection in sorted(self.of(service).list_collection_names()):
                if collection.startswith("replica_"):
                    yield service, names[collection], self.documents(service, collection)

    def messages(self) -> dict[str, int]:
        """How many messages each queue holds, delivered or not, where there are any."""
        queues = self._broker.get("/api/queues").raise_for_status().json()
        held = {one["name"]: int(one.get("messages", 0)) for one in queues}
        return {name: number for name, number in held.items() if number and name != UNROUTED}
