"""One running system, two copies of each service, for the tests that leave it as they found it."""

from collections.abc import AsyncIterator

import pytest

from tests.chaos.run import Stage, a_stage
from tests.chaos.running import a_system


@pytest.fixture(scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The system with its people and places."""
    with a_system(tmp_path_factory.mktemp("stage"), print) as system:
        async with a_stage(system, print) as stage:
            yield stage
