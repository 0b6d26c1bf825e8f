"""Fixtures of the tests with real servers."""

from collections.abc import Callable

import pytest

from tests.plumbing import Place, prepare
from tests.real import Vhost


@pytest.fixture
async def place(database_url: Callable[[str], str], vhost: Vhost) -> Place:
    """A fresh database and vhost for toys."""
    return Place(database_url("toy"), await prepare(vhost))
