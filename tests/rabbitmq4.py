"""The fixture `broker`: a fresh vhost on RabbitMQ 3.10 and, for tests marked `broker`, on a real RabbitMQ 4.0 as well.

The 4.0 is Debian 13's, in a root folder of its own (`.samverkan/rabbitmq4` or $SAMVERKAN_RABBITMQ4_ROOT): made once by
debootstrap and apt (half a minute, 0.5 GB) and kept between runs. Without root or debootstrap its tests are skipped,
and the end of the run says so.
"""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.rabbitmq import RabbitMQ
from tests.debian_root import Unavailable, ensure_root
from tests.harness import PASSWORDS as PASSWORDS
from tests.real import RUNS, RealRabbitMQ, Vhost, shared_by_run

ROOT = Path(
    os.environ.get("SAMVERKAN_RABBITMQ4_ROOT")
    or Path(__file__).parents[1] / ".samverkan" / "rabbitmq4"
)
SERVER = "usr/lib/rabbitmq/bin/rabbitmq-server"
NODES = "var/lib/samverkan-tests"
RELEASE = "trixie"
NOT_TESTED = "RabbitMQ 4.0 NOT TESTED"


@dataclass(frozen=True)
class Broker(Vhost):
    """A fresh vhost of one test, and the version of the broker it is on ("3.10" or "4.0")."""

    version: str


class RabbitMQ4(RabbitMQ):
    """A node inside the other root, where no /proc is mounted to count memory by."""

    def prepare(self) -> None:
        """As any node, but memory counted by Erlang itself."""
        super().prepare()
        with (self.folder / "rabbitmq.conf").open("a") as configuration:
            configuration.write("vm_memory_calculation_strategy = allocated\n")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Both brokers for what bears the marker, the machine's own for the rest."""
    if "broker" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("broker") is not None
        metafunc.parametrize("broker", ["3.10", "4.0"] if both else ["3.10"], indirect=True)


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """A fresh vhost, deleted afterwards with all queues in it."""
    server: RealRabbitMQ = request.getfixturevalue(
        {"3.10": "rabbitmq", "4.0": "rabbitmq4"}[request.param]
    )
    place = Broker(f"t{secrets.token_hex(4)}", server, request.param)
    with httpx.Client(base_url=server.admin_url, timeout=30) as admin:
        admin.put(f"/api/vhosts/{place.name}").raise_for_status()
        yield place
        admin.delete(f"/api/vhosts/{place.name}").raise_for_status()


@pytest.fixture(scope="session")
def rabbitmq4() -> RealRabbitMQ:
    """The run's RabbitMQ 4.0."""
    try:
        ensure_root(ROOT, RELEASE, "rabbitmq-server", SERVER)
    except Unavailable as reason:
        pytest.skip(f"{NOT_TESTED}: {reason}")
    return shared_by_run("rabbitmq4", RealRabbitMQ, _start)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A skipped broker must not go unnoticed."""
    reports = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for reason in sorted(
        {found.group() for text in reports if (found := re.search(rf"{NOT_TESTED}[^'\"\n]*", text))}
    ):
        terminalreporter.write_sep("!", reason, red=True, bold=True)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """After the node was ended, its data."""
    if not hasattr(config, "workerinput"):
        _forget_ended_runs()


def _start(folder: Path) -> dict[str, Any]:
    """The node's folder must lie inside the other root; the run's own folder points to it, so that the run ends it."""
    inside = ROOT / NODES / folder.parent.name
    inside.mkdir(parents=True)
    folder.symlink_to(inside)
    node = RabbitMQ4(folder, root=ROOT, name="rabbitmq4")
    node.start()
    return {"admin_url": node.admin_url, "port": node.port, "password": node.password}


def _forget_ended_runs() -> None:
    """Data whose run has no folder any more; those of others still running stay."""
    for data in (ROOT / NODES).glob("run-*"):
        if not (RUNS / data.name).exists():
            shutil.rmtree(data, ignore_errors=True)
