"""The step before any service starts: database users and the broker's topology, as the contracts say.

`python -m deploy.admin` makes them so, again and again if need be; `--check` only compares and exits 1 on drift.
Reads, from the environment or from the file that NAME_FILE names:

    SAMVERKAN_MONGODB_ADMIN_URL            administrator of MongoDB
    SAMVERKAN_<SERVICE>_MONGODB_ADMIN_URL  optional, where a service has a server of its own
    SAMVERKAN_RABBITMQ_ADMIN_URL           http://admin:password@host:15672
    SAMVERKAN_RABBITMQ_VHOST               samverkan unless set
    SAMVERKAN_<SERVICE>_MONGODB_PASSWORD, SAMVERKAN_<SERVICE>_RABBITMQ_PASSWORD
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from pymongo.errors import PyMongoError

from deploy.databases import ServiceDatabase, differences, settle, unready
from deploy.topology import (
    BrokerRefused,
    Outcome,
    Topology,
    TopologyConflict,
    apply,
    drift,
    topology,
)
from deploy.topology.management import Management

WAIT_SECONDS = 120.0
PAUSE_SECONDS = 0.5
TELL_EVERY_SECONDS = 5.0


class CannotGoOn(RuntimeError):
    """The step ends here; the message says what is missing and what to do."""


@dataclass(frozen=True)
class Settings:
    """Where the servers are and which passwords the services have (never printed)."""

    databases: tuple[ServiceDatabase, ...] = field(repr=False)
    broker_url: str = field(repr=False)
    vhost: str
    broker_passwords: dict[str, str] = field(repr=False)


def plan() -> Topology:
    """The topology of this release: what the contracts publish and each service's reactions listen to."""
    publishes = import_module("shared.contracts").PUBLISHES
    listens = {
        service: import_module(f"services.{service}.reactions").LISTENS for service in publishes
    }
    return topology(publishes, listens)


def settings(services: tuple[str, ...]) -> Settings:
    """Read the environment. Raises CannotGoOn naming every variable that is missing."""
    missing: list[str] = []

    def read(name: str, default: str | None = None) -> str:
        value = _variable(name) or default
        if value is None:
            missing.append(name)
        return value or ""

    def database(service: str) -> ServiceDatabase:
        own = _variable(f"SAMVERKAN_{service.upper()}_MONGODB_ADMIN_URL")
        url = own or read("SAMVERKAN_MONGODB_ADMIN_URL")
        return ServiceDatabase(service, read(f"SAMVERKAN_{service.upper()}_MONGODB_PASSWORD"), url)

    found = Settings(
        databases=tuple(database(service) for service in services),
        broker_url=read("SAMVERKAN_RABBITMQ_ADMIN_URL"),
        vhost=read("SAMVERKAN_RABBITMQ_VHOST", "samverkan"),
        broker_passwords={
            service: read(f"SAMVERKAN_{service.upper()}_RABBITMQ_PASSWORD") for service in services
        },
    )
    if missing:
        raise CannotGoOn(
            f"Not set: {', '.join(dict.fromkeys(missing))}. Set each, or NAME_FILE with a path to its value."
        )
    return found


def _variable(name: str) -> str | None:
    if value := os.environ.get(name):
        return value
    file = os.environ.get(f"{name}_FILE")
    try:
        return Path(file).read_text(encoding="utf-8").strip() or None if file else None
    except OSError as error:
        raise CannotGoOn(f"{name}_FILE: {file} cannot be read ({error.strerror}).") from error


def wait_for(what: str, reason_not: Callable[[], str | None], seconds: float) -> None:
    """Ask until it is ready, saying now and then why it is not. Raises CannotGoOn when the time is up."""
    start = told = time.monotonic()
    while reason := reason_not():
        now = time.monotonic()
        if now - start > seconds:
            raise CannotGoOn(f"{what} is not ready after {seconds:.0f} s: {reason}")
        if now - told > TELL_EVERY_SECONDS:
            print(f"waiting for {what}: {reason}", flush=True)
            told = now
        time.sleep(PAUSE_SECONDS)


def broker_unready(url: str) -> str | None:
    """Why the management API cannot be used yet, or None."""

    async def ask() -> None:
        async with Management(url) as broker:
            await broker.get("whoami")

    try:
        asyncio.run(ask())
    except BrokerRefused as error:
        return str(error)
    return None


def run(check: bool, seconds: float) -> bool:
    """Wait for the servers, then settle or compare everything. True when nothing is left to do."""
    wanted = plan()
    where = settings(wanted.services)
    for url in dict.fromkeys(database.admin_url for database in where.databases):
        wait_for(f"MongoDB at {_host(url)}", lambda url=url: unready(url), seconds)  # type: ignore[misc]
    wait_for(
        f"RabbitMQ at {_host(where.broker_url)}", lambda: broker_unready(where.broker_url), seconds
    )
    work, broker_work = (differences, drift) if check else (settle, apply)
    sentences = [sentence for database in where.databases for sentence in work(database)]
    outcome: Outcome = asyncio.run(
        broker_work(wanted, where.broker_url, where.vhost, where.broker_passwords)
    )
    sentences += [f"broker: {sentence}" for sentence in (*outcome.changed, *outcome.left)]
    for sentence in sentences:
        print(f"would change: {sentence}" if check else sentence)
    print(
        f"{len(sentences) or 'Nothing'} to change."
        if check
        else "Databases and broker are as planned."
    )
    return not sentences if check else True


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def main() -> int:
    """Exit status: 0 all is as planned, 1 drift (with --check) or it could not be done."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.admin", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--check", action="store_true", help="only compare, and exit 1 when something differs"
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=WAIT_SECONDS,
        metavar="SECONDS",
        help="for each server to be ready",
    )
    options = parser.parse_args()
    try:
        return 0 if run(options.check, options.wait) else 1
    except (CannotGoOn, BrokerRefused, TopologyConflict, PyMongoError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
