"""Fixtures for all tests; the servers themselves stand in tests/real.py."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

import pytest
import structlog

from tests.harness import System

if TYPE_CHECKING:
    from tests.real import Vhost

pytest_plugins = ["tests.real", "tests.scheduling", "tests.rabbitmq4"]


@pytest.fixture(autouse=True)
def no_unasked_alarm(request: pytest.FixtureRequest) -> Iterator[list[structlog.types.EventDict]]:
    """An ERROR line that the test did not ask for fails it; ask with `expected_alarms`."""
    alarms: list[structlog.types.EventDict] = []

    def note(_: object, method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        if method in ("error", "exception", "critical"):
            alarms.append(dict(event))
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, note],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    yield alarms
    if "expected_alarms" not in request.fixturenames:
        assert alarms == [], f"unasked alarms: {alarms}"


@pytest.fixture
def expected_alarms(
    no_unasked_alarm: list[structlog.types.EventDict],
) -> list[structlog.types.EventDict]:
    """The ERROR lines so far, for a test that means to cause some."""
    return no_unasked_alarm


@pytest.fixture
async def system(database_url: Callable[[str], str], vhost: "Vhost") -> AsyncIterator[System]:
    """The three services in this process, on a fresh vhost and fresh databases; none started yet."""
    async with System(database_url, vhost) as system:
        yield system
