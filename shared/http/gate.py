"""What every request passes on its way in and out: one ASGI layer, a few microseconds."""

import time
import traceback
from collections.abc import Collection

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.problems import Problem
from shared.deadline import DATABASE_SECONDS, database_deadline
from shared.http import bodies
from shared.http.answers import problem_reply

log = structlog.get_logger("http")

_ALWAYS = [(b"x-content-type-options", b"nosniff")]
_UNLESS_SET = {b"cache-control": b"no-store", b"referrer-policy": b"no-referrer"}


class Gate:
    """Checks the body, sets the database deadline, adds security headers, answers defects."""

    def __init__(self, app: ASGIApp, file_paths: Collection[str] = frozenset()) -> None:
        self.app = app
        self.file_paths = file_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. An exception that no handler took is a defect: logged, and told as 500."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _secure(message)
            await send(message)

        try:
            receive = await bodies.checked(scope, receive, self.file_paths)
            token = database_deadline.set(time.monotonic() + DATABASE_SECONDS)
            try:
                await self.app(scope, receive, answer)
            finally:
                database_deadline.reset(token)
        except Problem as problem:
            await problem_reply(problem, scope)(scope, receive, answer)
        except Exception as defect:
            _log_defect(scope, defect)
            if not started:
                await problem_reply(Problem(), scope)(scope, receive, answer)


def route_template(scope: Scope) -> str:
    """`/api/registry/organisations/{id}`: never the address itself, which may hold a secret."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    route = context or scope.get("route")
    return getattr(route, "path_format", "") or getattr(route, "path", "") or "unmatched"


def _secure(message: Message) -> None:
    headers = list(message.get("headers", ()))
    missing = _UNLESS_SET.copy()
    for name, _ in headers:
        missing.pop(name, None)
    message["headers"] = [*headers, *_ALWAYS, *missing.items()]


def _log_defect(scope: Scope, defect: Exception) -> None:
    """Where it happened, not what it said: messages of exceptions quote people's data."""
    log.error(
        "defect",
        route=route_template(scope),
        method=scope["method"],
        kind=type(defect).__name__,
        where=[
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(defect.__traceback__)[-8:]
        ],
    )
