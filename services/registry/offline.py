"""The registry's use cases without its process: for what an operator does on the machine itself.

Nothing is published from here: the events wait in their documents until a running copy sweeps them.
"""

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import ValidationError

from shared import settings
from shared.clock import Clock
from shared.database import Database, DatabaseAway, Document
from shared.kind import Kind
from shared.store import Store


class _LaterByTheSweep:
    """An outbox that leaves everything to the sweep."""

    def committed(
        self, kind: Kind[Any], id: str, version: int, state: Any, pending: Sequence[Document]
    ) -> None:
        """Nothing to do: what is pending is due."""


def open_store(given: settings.Settings) -> Store:
    """The registry's store, with the service's own settings."""
    database = Database(given.mongodb_url.get_secret_value())
    return Store(database, Clock(), _LaterByTheSweep())


async def run(work: Callable[[Store], Awaitable[int]]) -> int:
    """Do `work` with the settings of the environment; the exit status, and words when it fails."""
    try:
        store = open_store(settings.load())
    except ValidationError as error:
        names = ", ".join(str(fault["loc"][0]).upper() for fault in error.errors() if fault["loc"])
        print(f"Settings are missing or wrong: SAMVERKAN_{names}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        return await work(store)
    except DatabaseAway:
        print("The database does not answer. Is it running?", file=sys.stderr)  # noqa: T201
        return 1
    finally:
        await store.database.close()
