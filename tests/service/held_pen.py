"""A pen that is held: requests go as far as the first write to the database, which is refused.

So whoever is let in can be told from whoever is not without anything being changed, in any order.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytest

from shared.contracts.problems import Problem, Text
from shared.database import Collection, Database

WRITES = (
    "insert_one",
    "insert_new",
    "insert_apart",
    "update_one",
    "update_many",
    "delete_many",
    "bulk",
)
_attempts: ContextVar[list[str] | None] = ContextVar("attempts", default=None)


class Held(Problem):
    """409: it would have been written."""

    code = "held"
    status = 409
    title = Text("Pennan hålls", "The pen is held")


@contextmanager
def held() -> Iterator[list[str]]:
    """Within, writes of this task's requests are refused; which were attempted, by collection."""
    attempts: list[str] = []
    token = _attempts.set(attempts)
    try:
        yield attempts
    finally:
        _attempts.reset(token)


def hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `held` work for the rest of the test."""
    for name in WRITES:
        monkeypatch.setattr(Collection, name, _guarded(getattr(Collection, name), "name"))
    monkeypatch.setattr(Database, "transaction", _guarded(Database.transaction, "_prefix"))


def _guarded(write: Any, named: str) -> Any:
    async def guarded(self: Any, *args: Any, **more: Any) -> Any:
        attempts = _attempts.get()
        if attempts is None:
            return await write(self, *args, **more)
        attempts.append(getattr(self, named))
        raise Held

    return guarded
