"""Run one copy of a service until it is told to stop."""

import gc
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from shared import settings, telemetry

GRACE_SECONDS = 5
GARBAGE_EVERY = (20_000, 20, 50)


def serve(name: str, create: Callable[[settings.Settings], FastAPI]) -> None:
    """Read the settings, build the app, serve it; a setting that does not hold is said in one line."""
    telemetry.configure_logging(name)
    try:
        given = settings.load()
    except ValidationError as error:
        sys.exit(_in_words(name, error))
    app = create(given)
    _spare_garbage_collector()
    config = uvicorn.Config(
        app,
        host=given.host,
        port=given.port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    _Server(config, app).run()


def _spare_garbage_collector() -> None:
    """What was made at the start stays: the collector need not look through it again and again.

    A request leaves no cycles to speak of; looking for them seldom is worth a tenth of the CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_EVERY)


class _Server(uvicorn.Server):
    """Tells open streams that the end is near; without it they would be cut after the grace."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT."""
        self._app.state.access.stop()
        super().handle_exit(sig, frame)


def _in_words(name: str, error: ValidationError) -> str:
    faults = (
        f"{settings.PREFIX}{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    )
    return f"{name} cannot start. " + "; ".join(faults)
