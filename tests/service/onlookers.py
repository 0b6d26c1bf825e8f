"""Everyone who looks, at everything that can be looked at: the answers of every GET route, byte for byte.

It grows by itself: whatever route, filter or order a service states is asked for with the ids and
places that the test gives.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import aio_pika

from deploy.topology.plan import CONTACTS, EVENTS
from shared.permissions import stated_permissions
from tests.harness import Client, System

SERVICES = ("registry", "activities", "notifications")
SAYS_WHEN = frozenset({"date", "traceparent"})
NEVER_ENDS = ("/stream",)


@dataclass(frozen=True)
class Persona:
    """Somebody who looks, and the routes in which they may see more (`/way-there`)."""

    name: str
    clients: Mapping[str, Client]
    knows: tuple[str, ...] = ()


@dataclass
class Look:
    """Every answer that one persona got, by service and address."""

    answers: dict[str, str] = field(default_factory=dict)

    def differences(self, before: "Look") -> list[str]:
        """Where this look got another answer than the one before."""
        addresses = sorted(self.answers.keys() | before.answers.keys())
        return [
            f"{address}: {before.answers.get(address)} → {self.answers.get(address)}"
            for address in addresses
            if self.answers.get(address) != before.answers.get(address)
        ]


def addresses(
    system: System, service: str, ids: Mapping[str, str], asked: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Every GET of a service: plain, and with each order and each filter that `asked` has values for."""
    app = system.copy(service).app
    paths = app.openapi()["paths"]
    for route, _ in stated_permissions(app):
        methods, template = route.split()
        start = f"/api/{service}/"
        if "GET" not in methods or not template.startswith(start) or "openapi" in template:
            continue
        path = _filled(template.removeprefix(start[:-1]), ids)
        if path.endswith(NEVER_ENDS) or "/docs" in path:
            continue
        yield path
        parameters = paths.get(template, {}).get("get", {}).get("parameters", ())
        yield from (f"{path}?{query}" for query in _queries(parameters, asked))


def _filled(template: str, ids: Mapping[str, str]) -> str:
    """`/sessions/{id}/count` with the session's id; what nobody has an id for, with `nothing`."""
    parts = template.split("/")
    return "/".join(
        ids.get(parts[place - 1], "nothing") if part.startswith("{") else part
        for place, part in enumerate(parts)
    )


def _queries(
    parameters: Iterable[Mapping[str, Any]], asked: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    names = {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}
    yield from (f"sort={order}" for order in names.get("sort", {}).get("enum", ()))
    yield from (f"{name}={value}" for name in names.keys() & asked.keys() for value in asked[name])
    pairs = [name for name in ("county", "municipality", "near", "radius_km") if name in names]
    values = [asked.get(name, ()) for name in pairs]
    if len(pairs) > 1:
        yield from (
            "&".join(map("=".join, zip(pairs, one, strict=True))) for one in product(*values)
        )


async def look(
    system: System, persona: Persona, ids: Mapping[str, str], asked: Mapping[str, Sequence[str]]
) -> Look:
    """Ask everything there is to ask as this persona."""
    seen = Look()
    for service in SERVICES:
        for path in addresses(system, service, ids, asked):
            if path.partition("?")[0].endswith(persona.knows):
                continue
            answer = await persona.clients[service].get(path)
            headers = sorted(
                (name, value) for name, value in answer.headers.items() if name not in SAYS_WHEN
            )
            seen.answers[f"{service}{path}"] = f"{answer.status_code} {headers} {answer.text}"
    return seen


async def look_all(
    system: System,
    personas: Sequence[Persona],
    ids: Mapping[str, str],
    asked: Mapping[str, Sequence[str]],
) -> dict[str, Look]:
    """Everyone's look."""
    looks = await asyncio.gather(*(look(system, one, ids, asked) for one in personas))
    return dict(zip((one.name for one in personas), looks, strict=True))


@asynccontextmanager
async def everything_published(system: System) -> AsyncIterator[list[dict[str, Any]]]:
    """Every event from now on, on both exchanges, as it travels; heartbeats aside."""
    told: list[dict[str, Any]] = []

    async def note(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        event = json.loads(message.body)
        if not event["type"].endswith(".heartbeat"):
            told.append(event)

    async with await aio_pika.connect(system.vhost.url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        for exchange in (EVENTS, CONTACTS):
            await queue.bind(exchange, "#")
        await queue.consume(note, no_ack=True)
        yield told
