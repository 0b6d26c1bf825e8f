"""The services in the test's own process, with a clock that a test can move."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import httpx
from fastapi import FastAPI

from deploy.admin import plan
from deploy.topology import apply
from shared.clock import Clock
from shared.service import Process
from shared.settings import Settings
from tests.issuer import AUDIENCE, CLIENT, Issuer

if TYPE_CHECKING:
    from tests.real import Vhost

# The same for every test of a run: another one would rotate it and close the others' connections.
PASSWORDS = dict.fromkeys(("registry", "activities", "notifications"), "one-for-this-run")
SECRET = "a-secret-of-the-tests-and-only-of-them"

PATIENCE_SECONDS = 15.0
TUESDAY_MORNING = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


class MovableClock(Clock):
    """Begins on a Tuesday morning, goes on as time does, and can be moved ahead."""

    def __init__(self, start: datetime = TUESDAY_MORNING) -> None:
        self._start = start
        self._began = time.monotonic()

    def now(self) -> datetime:
        """The moment in the test's world, to the millisecond."""
        moment = self._start + timedelta(seconds=time.monotonic() - self._began)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def advance(self, step: timedelta) -> None:
        """Let time jump."""
        self._start += step


async def eventually(
    what: Callable[[], Awaitable[Any]] | Callable[[], Any], seconds: float = 10.0
) -> Any:
    """Wait until `what` gives something true and return it; fail with its last answer."""
    give_up_at = time.monotonic() + seconds
    while True:
        answer = what()
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer:
            return answer
        assert time.monotonic() < give_up_at, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.01)


class Client:
    """One person's way to one service: repeats what a busy database refused; a 500 fails the test."""

    def __init__(self, system: "System", http: httpx.AsyncClient, subject: str | None) -> None:
        self._system = system
        self._http = http
        self._subject = subject

    async def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Send as this person, with a token of the test's issuer."""
        sent = {**self._authorization(), **(headers or {})}
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = await self._http.request(method, path, json=json, headers=sent, **more)
            assert answer.status_code != 500, answer.text
            # As any client should: on a busy machine 0.9 s of database time may not be enough.
            busy = answer.status_code == 503 and answer.json()["code"] in ("database-away", "busy")
            if not busy or time.monotonic() > give_up_at:
                return answer
            await asyncio.sleep(0.2)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        """GET a path below /api/SERVICE."""
        return await self.request("GET", path, **more)

    async def post(
        self, path: str, json: Any = None, *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        """POST with an Idempotency-Key, fresh unless given."""
        headers = {"Idempotency-Key": key or str(uuid4()), **more.pop("headers", {})}
        return await self.request("POST", path, json=json, headers=headers, **more)

    async def put(
        self, path: str, json: Any, etag: str | None = None, **more: Any
    ) -> httpx.Response:
        """PUT, with If-Match when given."""
        headers = {"If-Match": etag} if etag else {}
        return await self.request("PUT", path, json=json, headers=headers, **more)

    def _authorization(self) -> dict[str, str]:
        if self._subject is None:
            return {}
        now = int(self._system.clock.now().timestamp())
        return self._system.issuer.authorization(self._subject, iat=now, exp=now + 3600)


class Copy:
    """One running copy of a service."""

    def __init__(self, name: str, app: FastAPI, http: httpx.AsyncClient) -> None:
        self.name = name
        self.app = app
        self.http = http

    @property
    def process(self) -> Process:
        """Its parts, for tests that look inside."""
        process: Process = self.app.state.process
        return process


class System:
    """The services of one test on one fresh vhost and fresh databases."""

    def __init__(self, database_url: Callable[[str], str], vhost: "Vhost") -> None:
        self.database_url = database_url
        self.vhost = vhost
        self.clock = MovableClock()
        self.issuer = Issuer()
        self.copies: dict[str, list[Copy]] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self.issuer.start()
        self._stack.push_async_callback(self.issuer.stop)
        await apply(plan(), self.vhost.admin_url, self.vhost.name, PASSWORDS)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def settings(self, service: str, **more: Any) -> Settings:
        """The settings of a service in this test."""
        return Settings(
            mode="test",
            mongodb_url=self.database_url(service),
            rabbitmq_url=self.vhost.url_for(service, PASSWORDS[service]),
            oidc_issuer=self.issuer.url,
            oidc_audience=AUDIENCE,
            oidc_clients=(CLIENT,),
            secret_key=SECRET,
            public_url="http://samverkan.test",
            **{"mail_from": "samverkan@demo.example", "mail_hold_seconds": 0.0, **more},
        )

    async def start(self, *services: str, **settings: Any) -> None:
        """Start one more copy of each and wait until all are ready."""
        for name in services:
            await self._start(name, **settings)
        for name in services:
            await eventually(lambda name=name: self._ready(name), 30)

    async def _start(self, name: str, **more: Any) -> None:
        create = import_module(f"services.{name}.app").create
        app: FastAPI = create(self.settings(name, **more), self.clock)
        await self._stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app)
        http = httpx.AsyncClient(
            transport=transport, base_url=f"http://{name}/api/{name}", timeout=30
        )
        await self._stack.enter_async_context(http)
        self.copies.setdefault(name, []).append(Copy(name, app, http))

    async def _ready(self, name: str) -> bool:
        answers = [await copy.http.get(f"http://{name}/health/ready") for copy in self.copies[name]]
        return all(answer.status_code == 200 for answer in answers)

    def copy(self, service: str, number: int = 0) -> Copy:
        """A running copy of a service."""
        return self.copies[service][number]

    def client(self, service: str, subject: str | None, copy: int = 0) -> Client:
        """Somebody's way to a service; None is nobody signed in."""
        return Client(self, self.copy(service, copy).http, subject)

    def raw(self, service: str, collection: str) -> Any:
        """A service's collection, past all guards."""
        return self.copy(service).process.plumbing.database.raw(collection)
