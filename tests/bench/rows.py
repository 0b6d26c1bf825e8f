"""What is measured: one function per subject, each giving rows of the table."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
from pymongo import MongoClient

from deploy.local.api import local_token
from deploy.local.runtime import SERVICES, Runtime
from deploy.local.state import ROOT
from deploy.topology import apply, topology
from tests.bench import load
from tests.bench.load import Load
from tests.bench.people import OFFICER
from tests.bench.world import a_process, services_at_rest

ROUNDS = 5
REQUESTS = 1_500
CONNECTIONS = 32
EVENTS = 12_000
STRUCK = 20_000
VHOST = "bench"
BODY = {
    "name": "Bänkboendet (demo)",
    "kind": "asylum_centre",
    "municipality": "2582",
    "capacity": 200,
    "languages": ["ar", "prs", "ti"],
}


@dataclass(frozen=True)
class Row:
    """One line of the table. `async_driver` is the same on PyMongo's own asyncio driver."""

    what: str
    ours: str
    bare: str = ""
    ratio: float | None = None
    async_driver: str = ""
    goal: str = ""


def requests_against_bare(runtime: Runtime) -> Iterator[Row]:
    """POST and GET of an accommodation against FastAPI and a driver alone, in the same rounds."""
    token = {"Authorization": f"Bearer {local_token(OFFICER)}"}
    with ExitStack() as stack:
        # What other services do with each event is their cost, and the bare parts have no such.
        stack.enter_context(services_at_rest(runtime))
        urls = _servers(runtime, stack)
        document, made = _a_document(runtime, urls["ours"], token)
        posts = {name: _posts(name, url, token, document) for name, url in urls.items()}
        yield _against_bare(
            "POST an accommodation, requests/s", asyncio.run(_rounds(urls, posts)), 0.75
        )
        gets = {name: _gets(name, url, token, document, made) for name, url in urls.items()}
        yield _against_bare("GET it by id, requests/s", asyncio.run(_rounds(urls, gets)), 0.85)


def _servers(runtime: Runtime, stack: ExitStack) -> dict[str, str]:
    """Ours and the bare ones, each on Motor and on PyMongo's asyncio driver, one process each."""
    environment = {**runtime.service_environment("registry"), "SAMVERKAN_MODE": "local"}
    mongodb = environment["SAMVERKAN_MONGODB_URL"]
    python = sys.executable
    commands = {
        "ours": [python, "-m", "services.registry"],
        "ours async": [python, "-m", "tests.bench.async_driver", "registry"],
        "bare": [python, "-m", "tests.bench.bare", "motor", "{port}", mongodb],
        "bare async": [python, "-m", "tests.bench.bare", "pymongo", "{port}", mongodb],
    }
    urls = {}
    for name, command in commands.items():
        path = "/health/ready" if name.startswith("ours") else "/health"
        urls[name], _, _ = stack.enter_context(a_process(command, path, environment))
    return urls


def _a_document(runtime: Runtime, url: str, token: dict[str, str]) -> tuple[dict[str, Any], str]:
    """What our POST stores, as the bare servers shall store it; and its id."""
    answer = httpx.post(
        f"{url}/api/registry/accommodations", json=BODY, headers=token, trust_env=False
    )
    id = answer.raise_for_status().json()["id"]
    with MongoClient[dict[str, Any]](
        runtime.service_environment("registry")["SAMVERKAN_MONGODB_URL"]
    ) as client:
        stored = client.get_default_database()["accommodation"].find_one({"_id": id})
    assert stored is not None
    plain: dict[str, Any] = json.loads(json.dumps(stored, default=str))
    return plain, id


def _posts(name: str, url: str, token: dict[str, str], document: dict[str, Any]) -> list[bytes]:
    if name.startswith("ours"):
        body = json.dumps(BODY).encode()
        one = load.request("POST", f"{url}/api/registry/accommodations", token, body)
    else:
        one = load.request("POST", f"{url}/documents", {}, json.dumps(document).encode())
    return [one] * REQUESTS


def _gets(
    name: str, url: str, token: dict[str, str], document: dict[str, Any], made: str
) -> list[bytes]:
    if name.startswith("ours"):
        return [load.request("GET", f"{url}/api/registry/accommodations/{made}", token)] * REQUESTS
    answer = httpx.post(f"{url}/documents", json=document, trust_env=False)
    return [load.request("GET", f"{url}/documents/{answer.json()['_id']}", {})] * REQUESTS


async def _rounds(urls: dict[str, str], requests: dict[str, list[bytes]]) -> dict[str, list[Load]]:
    results: dict[str, list[Load]] = {name: [] for name in urls}
    for name in urls:
        await load.run(urls[name], requests[name][:200], CONNECTIONS)
    # In turn, A B C D A B C D: the machine's moods then meet all of them.
    for _ in range(ROUNDS):
        for name, url in urls.items():
            results[name].append(await load.run(url, requests[name], CONNECTIONS))
    bad = {
        name: one.statuses
        for name, loads in results.items()
        for one in loads
        if max(one.statuses) >= 300
    }
    assert not bad, f"answers that are not a success: {bad}"
    return results


def _against_bare(what: str, results: dict[str, list[Load]], goal: float) -> Row:
    ours, bare = _rates(results["ours"]), _rates(results["bare"])
    async_ratio = _ratio(results["ours async"], results["bare async"])
    return Row(
        what,
        f"{statistics.median(ours):,.0f}",
        f"{statistics.median(bare):,.0f}",
        _ratio(results["ours"], results["bare"]),
        f"{statistics.median(_rates(results['ours async'])):,.0f} of "
        f"{statistics.median(_rates(results['bare async'])):,.0f} ({async_ratio:.2f})",
        f"ratio ≥ {goal}",
    )


def _rates(loads: list[Load]) -> list[float]:
    return [one.per_second for one in loads]


def _ratio(ours: list[Load], bare: list[Load]) -> float:
    """The median over the rounds of ours to bare."""
    pairs = zip(_rates(ours), _rates(bare), strict=True)
    return statistics.median(a / b for a, b in pairs)


def events(runtime: Runtime) -> Iterator[Row]:
    """The relay and the consumers of one process at work, on a vhost and database of their own."""
    passwords = {name: runtime.state.secret(f"{name}-rabbitmq") for name in SERVICES}
    plan = topology(
        {"registry": ("accommodation",)}, {"notifications": ("registry.accommodation",)}
    )
    produced: list[float] = []
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(3):
        for name in rates:
            asyncio.run(apply(plan, runtime.rabbitmq_admin_url, VHOST, passwords))
            produced.append(_one(runtime, "registry", "produce", "strike", EVENTS))
            rates[name].append(_one(runtime, "notifications", "consume", name, EVENTS))
            _empty(runtime)
    yield Row(
        "events committed → struck, events/s and process",
        f"{statistics.median(produced):,.0f}",
        goal="≥ 4,000",
    )
    yield Row(
        "broker → replica, events/s and process",
        f"{statistics.median(rates['ours']):,.0f}",
        f"{statistics.median(rates['bare']):,.0f}",
        statistics.median(a / b for a, b in zip(rates["ours"], rates["bare"], strict=True)),
        goal="ratio ≥ 2",
    )


def _one(runtime: Runtime, service: str, module: str, *words: object) -> float:
    admin = urlsplit(runtime.mongodb_admin_url)
    broker = urlsplit(runtime.service_environment(service)["SAMVERKAN_RABBITMQ_URL"])
    environment = {
        **os.environ,
        "BENCH_MONGODB_URL": urlunsplit(admin._replace(path="/samverkan_bench")),
        "BENCH_RABBITMQ_URL": urlunsplit(broker._replace(path=f"/{VHOST}")),
    }
    command = [sys.executable, "-m", f"tests.bench.{module}", *map(str, words)]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=120
    )
    return float(done.stdout)


def _empty(runtime: Runtime) -> None:
    with MongoClient[dict[str, Any]](runtime.mongodb_admin_url) as client:
        client.drop_database("samverkan_bench")
    with httpx.Client(base_url=runtime.rabbitmq_admin_url, trust_env=False) as admin:
        admin.delete(f"/api/vhosts/{VHOST}").raise_for_status()


def processes(runtime: Runtime) -> Iterator[Row]:
    """Memory of an idle copy, and how long a start takes."""
    for name in SERVICES:
        environment = {**runtime.service_environment(name), "SAMVERKAN_MODE": "local"}
        command = [sys.executable, "-m", f"services.{name}"]
        with a_process(command, "/health/ready", environment) as (_, process, seconds):
            memory = process.memory_info().rss / 1_000_000
        yield Row(f"{name}: start until ready, s", f"{seconds:.2f}", goal="< 2")
        yield Row(f"{name}: memory when idle, MB", f"{memory:.0f}", goal="< 120")
