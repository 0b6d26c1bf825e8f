"""A whole system in a folder of its own, looked after in this process, so that its parts can be killed."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.process import PartError, Process, end, records
from deploy.local.runtime import SERVICES, Runtime
from deploy.local.state import State
from deploy.local.supervisor import Supervisor

LONGEST_PAUSE_SECONDS = 1.0
READY_WITHIN_SECONDS = 60.0
FIRST_ADMINISTRATOR = "services.registry.first_administrator"


class Running:
    """The parts of a running system by name, and its outer addresses."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.parts = runtime.parts

    @property
    def url(self) -> str:
        """The gateway."""
        return self.runtime.state.public_url

    @property
    def folder(self) -> Path:
        """Where its state and logs are."""
        return self.runtime.state.folder

    def copies(self, service: str) -> list[Process]:
        """The running copies of a service."""
        return [self.parts[f"{service}-{n}"] for n in range(1, self.runtime.copies + 1)]

    def urls(self, service: str) -> list[str]:
        """Where each copy of a service answers, past the gateway."""
        port = self.runtime.state.port
        return [f"http://127.0.0.1:{port(copy.name)}" for copy in self.copies(service)]

    def all_ready(self) -> bool:
        """Every part runs and answers."""
        return all(part.alive and part.ready() for part in self.parts.values())

    def wait_ready(self, seconds: float = READY_WITHIN_SECONDS) -> None:
        """Wait until every part is there again; TimeoutError with the names of those that are not."""
        give_up_at = time.monotonic() + seconds
        while not self.all_ready():
            if time.monotonic() > give_up_at:
                away = [one.name for one in self.parts.values() if not (one.alive and one.ready())]
                raise TimeoutError(f"not ready after {seconds:.0f} s: {', '.join(away)}")
            time.sleep(0.1)

    @contextmanager
    def kept_down(self, name: str) -> Iterator[None]:
        """Kill a part and let nobody start it again until the block is left."""
        part = self.parts[name]

        def refuse() -> None:
            raise PartError("it is kept down")

        vars(part)["spawn"] = refuse
        part.kill()
        try:
            yield
        finally:
            del vars(part)["spawn"]

    @contextmanager
    def hung(self, name: str) -> Iterator[None]:
        """Stop a part (SIGSTOP) while the block runs: connections stay open, nothing answers."""
        self.parts[name].pause()
        try:
            yield
        finally:
            self.parts[name].resume()

    def appoint_first_administrator(self, subject: str, name: str) -> None:
        """Make somebody the network's first administrator."""
        identity = ("--issuer", self.runtime.issuer_url, "--subject", subject, "--name", name)
        environment = {
            "SAMVERKAN_MODE": "local",
            **self.runtime.operator_environment(),
            **self.runtime.service_environment("registry"),
        }
        command = [sys.executable, "-m", FIRST_ADMINISTRATOR, *identity]
        subprocess.run(
            command, cwd=self.runtime.root, env=environment, check=True, capture_output=True
        )

    def service_logs(self) -> list[Path]:
        """The log files of all copies of all services."""
        return [copy.log for service in SERVICES for copy in self.copies(service)]


@contextmanager
def a_system(folder: Path, tell: Callable[[str], None], copies: int = 2) -> Iterator[Running]:
    """Start everything in `folder` and stop it afterwards; what dies meanwhile is started again."""
    environ = {name: value for name, value in os.environ.items() if "SAMVERKAN_" not in name}
    runtime = Runtime(State(folder, usual_ports=False), environ=environ, copies=copies)
    runtime.state.copies = copies
    supervisor = Supervisor(tell, longest_pause=LONGEST_PAUSE_SECONDS)
    watching = threading.Thread(target=supervisor.watch, daemon=True)
    with runtime.state.held():
        try:
            runtime.start(supervisor, tell)
            runtime.state.mark_ready()
            watching.start()
            yield Running(runtime)
        finally:
            supervisor.end()
            if watching.ident is not None:
                watching.join()
            supervisor.stop()
            end(records(folder), 10)
