"""Which tests run side by side under `pytest -n 2 --dist loadfile`: those of one file never do, and
of the tests that run a whole system of their own only one file at a time, since they judge how soon
something happens.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

WHOLE_SYSTEMS = ("test_chaos.py", "test_copies.py", "test_outages.py", "test_readme.py")


class OneSystemAtATime(LoadScopeScheduling):
    """Gives a worker all tests of a file, and one worker all files of whole systems."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "whole systems" if file.endswith(WHOLE_SYSTEMS) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneSystemAtATime | None:
    """Ours instead of xdist's `loadfile` (its groups across files are lost with pytest 9.2)."""
    return OneSystemAtATime(config, log) if config.getvalue("dist") == "loadfile" else None
