"""A real MongoDB and a real RabbitMQ for the tests, one of each per run (also under `pytest -n`), nothing left behind.

Load it once with `pytest_plugins = ["tests.real"]` in tests/conftest.py. What it offers:

- `mongod` (session): `.admin_url` with every right, `.port`.
- `rabbitmq` (session): `.admin_url` of the management API (`http://admin:…@127.0.0.1:PORT`), `.url(user, password,
  vhost)` for AMQP, `.port`.
- `database_url` (per test): `database_url("registry")` is the URL of a user `registry` that may read and write the one
  fresh database `PREFIX_registry` and nothing else; the same name gives the same URL within a test. Dropped afterwards.
- `vhost` (per test): a fresh vhost with `.name`, `.url` (AMQP as the administrator), `.url_for(user, password)`,
  `.admin_url` (management API). Deleted afterwards with all queues in it.
- `own_mongod`, `own_rabbitmq` (per test): a `Mongod` / `RabbitMQ` of the test's own, to kill, pause and start again.

The servers start when the first test asks for them (0.6 s and 6 s). Whoever runs first starts them under a file lock;
the pytest process that began the run ends them. A run that was killed is cleaned up by the next one.
"""

import dataclasses
import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import pytest
from pymongo import MongoClient

from deploy.local.mongod import REPLICA_SET, Mongod
from deploy.local.process import Record, end, records
from deploy.local.rabbitmq import RabbitMQ

RUN = "SAMVERKAN_TEST_RUN"
RUNS = Path(tempfile.gettempdir(), f"samverkan-tests-{os.getuid()}")
T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class RealMongod:
    """The MongoDB of this test run."""

    admin_url: str
    port: int


@dataclasses.dataclass(frozen=True)
class RealRabbitMQ:
    """The RabbitMQ of this test run."""

    admin_url: str
    port: int
    password: str

    def url(
        self, user: str = "admin", password: str | None = None, vhost: str = "samverkan"
    ) -> str:
        """AMQP URL of a user (the administrator unless named) in a vhost."""
        secret = self.password if password is None else password
        return (
            f"amqp://{user}:{quote(secret, safe='')}@127.0.0.1:{self.port}/{quote(vhost, safe='')}"
        )


@dataclasses.dataclass(frozen=True)
class Vhost:
    """A fresh vhost of one test."""

    name: str
    broker: RealRabbitMQ

    @property
    def url(self) -> str:
        """AMQP URL of the administrator in this vhost."""
        return self.broker.url(vhost=self.name)

    @property
    def admin_url(self) -> str:
        """The management API, with the administrator's credentials."""
        return self.broker.admin_url

    def url_for(self, user: str, password: str) -> str:
        """AMQP URL of another user in this vhost."""
        return self.broker.url(user, password, self.name)


def pytest_configure(config: pytest.Config) -> None:
    """The process that begins the run owns its folder; xdist's workers inherit the name of it."""
    if hasattr(config, "workerinput"):
        return
    RUNS.mkdir(mode=0o700, exist_ok=True)
    for old in RUNS.iterdir():
        if Record(old / "owner.pid.json").process() is None:
            _clear(old)
    run = Path(tempfile.mkdtemp(prefix="run-", dir=RUNS))
    Record(run / "owner.pid.json").write(os.getpid())
    os.environ[RUN] = str(run)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what this run started."""
    if not hasattr(config, "workerinput") and RUN in os.environ:
        _clear(Path(os.environ.pop(RUN)))


def _clear(run: Path) -> None:
    end(records(run), 0)
    shutil.rmtree(run, ignore_errors=True)


@contextmanager
def _locked(name: str) -> Iterator[Path]:
    with Path(os.environ[RUN], f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(os.environ[RUN], f"{name}.json")


def shared_by_run(name: str, kind: type[T], start: Callable[[Path], dict[str, Any]]) -> T:
    with _locked(name) as facts:
        if not facts.exists():
            facts.write_text(json.dumps(start(Path(os.environ[RUN], name))))
        return kind(**json.loads(facts.read_text()))


def _start_mongod(folder: Path) -> dict[str, Any]:
    server = Mongod(folder, cache_gb=0.5)
    server.start()
    return {"admin_url": server.admin_url, "port": server.port}


def _start_rabbitmq(folder: Path) -> dict[str, Any]:
    server = RabbitMQ(folder)
    server.start()
    return {
        "admin_url": server.admin_url,
        "port": server.port,
        "password": server.password,
    }


@pytest.fixture(scope="session")
def mongod() -> RealMongod:
    """The run's MongoDB."""
    return shared_by_run("mongod", RealMongod, _start_mongod)


@pytest.fixture(scope="session")
def rabbitmq() -> RealRabbitMQ:
    """The run's RabbitMQ."""
    return shared_by_run("rabbitmq", RealRabbitMQ, _start_rabbitmq)


@pytest.fixture
def database_url(mongod: RealMongod) -> Iterator[Callable[[str], str]]:
    """Makes (service name → URL of a fresh database with a user of its own)."""
    prefix = f"t{secrets.token_hex(4)}"
    urls: dict[str, str] = {}
    with MongoClient[dict[str, Any]](mongod.admin_url) as admin:

        def url(service: str) -> str:
            if service not in urls:
                urls[service] = _new_database(admin, f"{prefix}_{service}", service, mongod.port)
            return urls[service]

        yield url
        for service in urls:
            admin[f"{prefix}_{service}"].command("dropAllUsersFromDatabase")
            admin.drop_database(f"{prefix}_{service}")


def _new_database(admin: MongoClient[dict[str, Any]], name: str, user: str, port: int) -> str:
    password = secrets.token_hex(8)
    admin[name].command("createUser", user, pwd=password, roles=[{"role": "readWrite", "db": name}])
    return f"mongodb://{user}:{password}@127.0.0.1:{port}/{name}?replicaSet={REPLICA_SET}&authSource={name}"


@pytest.fixture
def vhost(rabbitmq: RealRabbitMQ) -> Iterator[Vhost]:
    """A fresh vhost in which the administrator may do everything."""
    name = f"t{secrets.token_hex(4)}"
    with httpx.Client(base_url=rabbitmq.admin_url, timeout=30) as admin:
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        admin.put(f"/api/vhosts/{name}").raise_for_status()
        admin.put(f"/api/permissions/{name}/admin", json=everything).raise_for_status()
        yield Vhost(name, rabbitmq)
        admin.delete(f"/api/vhosts/{name}").raise_for_status()


@pytest.fixture
def own_mongod() -> Iterator[Mongod]:
    """A started mongod of this test alone."""
    with _own(Mongod) as server:
        yield server


@pytest.fixture
def own_rabbitmq() -> Iterator[RabbitMQ]:
    """A started RabbitMQ of this test alone."""
    with _own(RabbitMQ) as server:
        yield server


P = TypeVar("P", Mongod, RabbitMQ)


@contextmanager
def _own(kind: type[P]) -> Iterator[P]:
    folder = Path(tempfile.mkdtemp(prefix="own-", dir=os.environ[RUN]))
    server = kind(folder / "server")
    try:
        server.start()
        yield server
    finally:
        server.kill()
        _clear(folder)
