"""What one local runtime remembers between runs: its folder, ports and passwords."""

import contextlib
import fcntl
import functools
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.local.process import Record, free_port, secret_file

ROOT = Path(__file__).parents[2]
USUAL_PORTS = {
    "gateway": 8080,
    "mail": 8025,
    "smtp": 1025,
    "issuer": 8090,
    "mongod": 27117,
    "rabbitmq": 5772,
}


class AlreadyRunningError(RuntimeError):
    """Another supervisor holds this state folder."""


class State:
    """`.samverkan/`, or the folder named by SAMVERKAN_STATE (whose runtime then never takes the usual ports)."""

    def __init__(self, folder: Path, *, usual_ports: bool = True) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.supervisor = Record(folder / "supervisor.pid.json")
        self._ready_mark = folder / "ready"
        self._usual = USUAL_PORTS if usual_ports else {}
        self._known: dict[str, Any] = self._read("state.json")
        self._secrets: dict[str, str] = self._read("secrets.json")

    @classmethod
    def default(cls) -> "State":
        """The state of the runtime that the command line speaks about."""
        chosen = os.environ.get("SAMVERKAN_STATE")
        return (
            cls(Path(chosen).resolve(), usual_ports=False) if chosen else cls(ROOT / ".samverkan")
        )

    def _read(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        return json.loads(path.read_text()) if path.exists() else {}

    def _save(self) -> None:
        (self.folder / "state.json").write_text(json.dumps(self._known, indent=2))

    @property
    def running(self) -> bool:
        """True while a supervisor looks after this folder's parts."""
        return self.supervisor.process() is not None

    @property
    def ready(self) -> bool:
        """True once the living supervisor has everything up."""
        process = self.supervisor.process()
        if process is None or not self._ready_mark.exists():
            return False
        return self._ready_mark.read_text() == str(process.pid)

    def mark_ready(self) -> None:
        """Said by the supervisor when everything is up."""
        self._ready_mark.write_text(str(os.getpid()))

    @property
    def copies(self) -> int:
        """How many copies of each service the newest `up` started."""
        return int(self._known.get("copies", 1))

    @copies.setter
    def copies(self, number: int) -> None:
        self._known["copies"] = number
        self._save()

    def port(self, name: str) -> int:
        """The port of a part: the one it had before, else the usual one if free, else any."""
        ports: dict[str, int] = self._known.setdefault("ports", {})
        if name not in ports:
            ports[name] = free_port(self._usual.get(name))
            self._save()
        return ports[name]

    def renew_taken_ports(self) -> None:
        """Before a start: whoever took one of our ports meanwhile keeps it, and we take another."""
        ports: dict[str, int] = self._known.get("ports", {})
        self._known["ports"] = {name: free_port(port) for name, port in ports.items()}
        self._save()

    def secret(self, name: str) -> str:
        """A random secret of 48 characters, made at the first use and kept readable by the owner only."""
        if name not in self._secrets:
            self._secrets[name] = secrets.token_hex(24)
            secret_file(self.folder / "secrets.json", json.dumps(self._secrets, indent=2))
        return self._secrets[name]

    @functools.cached_property
    def public_url(self) -> str:
        """Where the gateway answers."""
        return f"http://127.0.0.1:{self.port('gateway')}"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Be the one supervisor of this folder. Raises AlreadyRunningError."""
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunningError from None
            self.supervisor.write(os.getpid())
            self._ready_mark.unlink(missing_ok=True)
            try:
                yield
            finally:
                self._ready_mark.unlink(missing_ok=True)
                self.supervisor.path.unlink(missing_ok=True)
