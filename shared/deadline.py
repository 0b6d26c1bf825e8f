"""How long the request at hand may still wait for the database (P12).

The HTTP layer sets it when a request arrives, the store reads it before each call. Outside a
request (relay, consumers, due loop) there is none, and the store uses its own limit. A task or
stream that a request starts inherits its deadline: a stream renews it before each read, a task that
outlives the request sets it to None.
"""

import time
from contextvars import ContextVar

DATABASE_SECONDS = 0.9

database_deadline: ContextVar[float | None] = ContextVar("database_deadline", default=None)


def database_seconds_left() -> float | None:
    """Seconds of database time left for this request (0 when used up); None outside a request.

    Reads the monotonic timer, not the product's Clock: it is about waiting, not about time.
    """
    deadline = database_deadline.get()
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def renew_deadline() -> None:
    """Give this request or stream its full database time anew."""
    database_deadline.set(time.monotonic() + DATABASE_SECONDS)
