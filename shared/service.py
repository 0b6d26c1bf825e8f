"""How every service is put together: one process with HTTP, consumers, relay and due loop.

Safe with any number of copies. Database and broker may be away at the start: the process lives,
says that it is not ready, and goes on by itself when they come.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pymongo import IndexModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import telemetry
from shared.access import Access, People
from shared.bus import Bus, Subscription
from shared.clock import Clock
from shared.database import BACKGROUND_SECONDS, Database, DatabaseAway
from shared.due import AggregatesDue, DueLoop, DueWork, Wake
from shared.failed import INDEXES as FAILED_INDEXES
from shared.failed import KEPT as KEPT_FAILED
from shared.failed import FailedMessages
from shared.http import Room, describe, install, route_template
from shared.keys import KeySet
from shared.kind import Kind
from shared.people import HEARTBEAT, HEARTBEAT_SECONDS
from shared.relay import HISTORY_INDEXES, Relay, is_cancelled
from shared.replica import Replica
from shared.retention import Kept, Retention
from shared.round import LEASE_SECONDS
from shared.settings import Settings
from shared.store import Store
from shared.tokens import TokenVerifier

log = structlog.get_logger()

GAUGES_EVERY_SECONDS = 5.0


class Plumbing:
    """The parts that a service's commands and reactions stand on, for one process."""

    def __init__(
        self, name: str, settings: Settings, clock: Clock | None = None, prefix: str = ""
    ) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock or Clock()
        self.database = Database(settings.mongodb_url.get_secret_value(), prefix)
        rabbitmq = settings.rabbitmq_url.get_secret_value()
        self.relay = Relay(name, rabbitmq, self.database, self.clock)
        self.store = Store(self.database, self.clock, self.relay)
        self.failed = FailedMessages(self.database, self.clock)
        self.keys = KeySet(settings.oidc_issuer)
        self.verifier = TokenVerifier(
            self.keys,
            settings.oidc_issuer,
            settings.oidc_audience,
            settings.oidc_clients,
            self.clock,
        )


@dataclass(frozen=True)
class Service:
    """What one service adds to the plumbing; `works` and `tasks` run beside it in each process."""

    plumbing: Plumbing
    people: People
    kinds: Sequence[Kind[Any]]
    routers: Sequence[Room]
    subscriptions: Sequence[Subscription]
    wake: Wake
    replicas: Sequence[Replica[Any]] = ()
    works: Sequence[DueWork] = ()
    tasks: Sequence[Callable[[], Awaitable[None]]] = ()
    indexes: dict[str, Sequence[IndexModel]] = field(default_factory=dict)
    file_paths: frozenset[str] = frozenset()
    pages: Sequence[APIRouter] = ()
    """Plain pages outside /api: what the links in messages lead to."""
    kept: Sequence[Kept] = ()
    """What is removed when its time has come, besides what every service has."""
    seen: Callable[[str], None] = lambda _: None
    """Told the id of whoever is let in; it must not wait."""


class Process:
    """One copy of a service while it runs."""

    def __init__(self, service: Service) -> None:
        self.service = service
        plumbing = service.plumbing
        self.plumbing = plumbing
        self.access = Access(plumbing.verifier, service.people, plumbing.clock, seen=service.seen)
        self.bus = Bus(
            plumbing.name,
            plumbing.settings.rabbitmq_url.get_secret_value(),
            plumbing.database,
            plumbing.failed,
            service.subscriptions,
        )
        aggregates = [
            AggregatesDue(plumbing.store, kind, plumbing.relay, service.wake)
            for kind in service.kinds
        ]
        retention = Retention(plumbing.database, plumbing.clock, (KEPT_FAILED, *service.kept))
        self.due = DueLoop([*aggregates, plumbing.failed, *service.works, retention])
        self._heard_once = False
        self._indexed = False

    async def run(self) -> None:
        """Everything but HTTP, until cancelled. What cannot go on ends the process."""
        await self._ensure_indexes()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_never_ending(self.plumbing.relay.run()))
            tasks.create_task(_never_ending(self.bus.run()))
            tasks.create_task(_never_ending(self.due.run()))
            tasks.create_task(_never_ending(self._gauges()))
            if self.plumbing.name == "registry":
                tasks.create_task(_never_ending(self._heartbeat()))
            for task in self.service.tasks:
                tasks.create_task(_forever(task))

    async def close(self) -> None:
        """In the order that loses nothing: consumers, then the relay, then the connections."""
        parts = (self.bus, self.plumbing.relay, self.plumbing.keys, self.plumbing.database)
        for part in parts:
            try:
                await part.close()
            except Exception:
                log.exception("part-not-closed", part=type(part).__name__)

    async def ready(self) -> dict[str, bool]:
        """What a copy needs before it may be asked: each part, and whether it is there."""
        return {
            "database": self._indexed and await self.plumbing.database.ping(),
            "time_zones": ZoneInfo("Europe/Stockholm").key != "",
            "keys": self.plumbing.keys.loaded,
            "heartbeat": await self._has_heard(),
        }

    async def _has_heard(self) -> bool:
        if not self._heard_once:
            with contextlib.suppress(DatabaseAway):
                age = await self.service.people.replica_age()
                self._heard_once = age is None or age != float("inf")
        return self._heard_once

    async def _ensure_indexes(self) -> None:
        while not self._indexed:
            try:
                await self._ensure_indexes_once()
                self._indexed = True
            except DatabaseAway:
                await asyncio.sleep(0.5)

    async def _ensure_indexes_once(self) -> None:
        plumbing, service = self.plumbing, self.service
        for kind in service.kinds:
            await plumbing.store.ensure_indexes(kind)
        for replica in service.replicas:
            await replica.ensure_indexes()
        indexes = {"failed": FAILED_INDEXES, "history": HISTORY_INDEXES, **service.indexes}
        for name, wanted in indexes.items():
            await plumbing.database.collection(name).ensure_indexes(wanted)

    async def _heartbeat(self) -> None:
        while True:
            now = self.plumbing.clock.now()
            await self.plumbing.relay.say(HEARTBEAT, "heartbeat", {"at": now.isoformat()})
            await asyncio.sleep(HEARTBEAT_SECONDS if self.plumbing.relay.connected else 0.2)

    async def _gauges(self) -> None:
        while True:
            with contextlib.suppress(DatabaseAway):
                await self._measure()
            await asyncio.sleep(GAUGES_EVERY_SECONDS)

    async def _measure(self) -> None:
        plumbing = self.plumbing
        failed = plumbing.failed.rows
        telemetry.broker_connected.set(plumbing.relay.connected)
        telemetry.dead_messages.set(await failed.count({"dead": True}, 10_000))
        telemetry.failed_messages.set(await failed.count({"dead": False}, 10_000))
        telemetry.outbox_age_seconds.set(await self._oldest_overdue())
        age = await self.service.people.replica_age()
        telemetry.replica_age_seconds.set(0 if age is None else age)

    async def _oldest_overdue(self) -> float:
        now, ages = self.plumbing.clock.now(), [0.0]
        for kind in self.service.kinds:
            # Leased ones, too: a lease moves `due`, and must not hide how long an event has waited.
            rows = await self.plumbing.store.of(kind).find(
                {"due": {"$lte": now + timedelta(seconds=LEASE_SECONDS)}},
                projection={"pending.time": 1},
                sort=[("due", 1)],
                limit=100,
            )
            ages += [(now - one["time"]).total_seconds() for row in rows for one in row["pending"]]
        return max(ages)


def application(service: Service) -> FastAPI:
    """The service's ASGI app; its lifespan runs the rest of the process."""
    name = service.plumbing.name
    process = Process(service)
    app = FastAPI(
        title=f"Samverkan {name}",
        version="1",
        openapi_url=f"/api/{name}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(process),
    )
    app.state.process = process
    app.state.access = process.access
    for router in service.routers:
        app.include_router(router, prefix=f"/api/{name}")
    for page in service.pages:
        app.include_router(page)
    _internal_routes(app, process)
    secret_key = service.plumbing.settings.secret_key.get_secret_value()
    install(app, secret_key=secret_key, file_paths=service.file_paths)
    describe(app, docs_path=f"/api/{name}/docs")
    app.add_middleware(Observed, share=service.plumbing.settings.trace_share)
    return app


def _lifespan(process: Process) -> Callable[[FastAPI], Any]:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        settings = process.plumbing.settings
        telemetry.use_tracer(telemetry.Tracer(process.plumbing.name, settings.otlp_endpoint))
        keys = asyncio.create_task(process.plumbing.keys.run())
        running = asyncio.create_task(process.run())
        running.add_done_callback(_end_process_on_fault)
        try:
            yield
        finally:
            for task in (running, keys):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
            await process.close()

    return lifespan


def _end_process_on_fault(task: asyncio.Task[None]) -> None:
    """A process without its consumers or relay only looks alive; its supervisor starts a new one."""
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.error("process-cannot-go-on", reason=telemetry.fault_in_words(fault))
        os.kill(os.getpid(), signal.SIGTERM)


def _internal_routes(app: FastAPI, process: Process) -> None:
    @app.get("/health/live", include_in_schema=False)
    async def live() -> dict[str, bool]:
        return {"live": True}

    @app.get("/health/ready", include_in_schema=False)
    async def ready(response: Response) -> dict[str, bool]:
        parts = await process.ready()
        response.status_code = 200 if all(parts.values()) else 503
        return parts

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(telemetry.metrics), media_type=CONTENT_TYPE_LATEST)


class Observed:
    """Time, route template and trace of each request; the outermost layer."""

    def __init__(self, app: ASGIApp, share: float) -> None:
        self._app = app
        self._share = share
        self._series: dict[tuple[str, str, int], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        traceparent = telemetry.new_traceparent(self._share, _traceparent(scope))
        status, started = 500, time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with telemetry.tracing_request(scope["method"], traceparent):
            try:
                await self._app(scope, receive, noted)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        key = (scope["method"], route_template(scope), status)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = telemetry.requests_seconds.labels(*key)
        series.observe(seconds)


def _traceparent(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return str(value, "latin-1")
    return None


async def _never_ending(work: Coroutine[Any, Any, None]) -> None:
    """Make a fault of an end that nobody asked for: a library's lost connection cancels, too."""
    try:
        await work
    except asyncio.CancelledError:
        if is_cancelled():
            raise
    raise RuntimeError(f"{work!r} has ended")


async def _forever(task: Callable[[], Awaitable[None]]) -> None:
    """Run a background task again whenever the database was away."""
    while True:
        try:
            await task()
            return
        except DatabaseAway:
            await asyncio.sleep(min(1.0, BACKGROUND_SECONDS))
