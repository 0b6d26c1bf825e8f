"""A child process with a pid record, so that it can be found and ended even after its parent was killed."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

LOG_LIMIT_BYTES = 20_000_000
# Below Linux's ephemeral range (32768-60999): an outgoing connection never takes a port between choice and use.
PORT_RANGE = (20_000, 32_000)
_given_ports: set[int] = set()


class PartError(RuntimeError):
    """A part of the runtime did not start; the message says which, why and where its log is."""


def port_is_free(port: int) -> bool:
    """True when nothing on this machine's loopback listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """A free loopback port: the preferred one if free, else one outside the ephemeral range.

    A random port is given once per process, so that two parts never choose the same.
    """
    if preferred is not None and port_is_free(preferred):
        return preferred
    while True:
        port = random.randint(*PORT_RANGE)
        if port not in _given_ports and port_is_free(port):
            _given_ports.add(port)
            return port


def accepts(port: int) -> bool:
    """True when something accepts connections on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll until the condition holds. Raises PartError naming `what` when it does not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise PartError(f"{what} within {seconds:.0f} s")
        time.sleep(0.03)


class Record:
    """The pid and start time of a process in a file: enough to know later that a pid is still the same process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, pid: int) -> None:
        """Remember the running process `pid`."""
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"pid": pid, "started": started}))

    def process(self) -> psutil.Process | None:
        """The recorded process when it still lives (and is not another one that got its pid)."""
        try:
            known = json.loads(self.path.read_text())
            process = psutil.Process(known["pid"])
            same = abs(process.create_time() - known["started"]) < 1.5
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, KeyError, psutil.Error):
            return None


def end(recorded: Sequence[Record], seconds: float) -> list[int]:
    """SIGTERM to all that still live, after `seconds` SIGKILL, then forget them. Returns the pids that were ended.

    A stopped (SIGSTOP) process is continued so that it hears the SIGTERM.
    """
    living = [process for record in recorded if (process := record.process()) is not None]
    for number in (signal.SIGCONT, signal.SIGTERM):
        _send(living, number)
    _, deaf = psutil.wait_procs(living, timeout=seconds)
    _send(deaf, signal.SIGKILL)
    psutil.wait_procs(deaf, timeout=10)
    for record in recorded:
        record.path.unlink(missing_ok=True)
    return [process.pid for process in living]


def _send(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def records(folder: Path) -> list[Record]:
    """All records kept in the folders of a folder."""
    return [Record(path) for path in sorted(folder.glob("*/*.pid.json"))]


class Process:
    """One program run as a child in its own session (Ctrl-C in the terminal does not reach it).

    `folder` holds `NAME.log` and `NAME.pid.json`. `ready` is polled after the start; without it a living process is
    ready. `stop` may come from another thread while `start` is under way.
    """

    start_seconds = 60.0
    stop_seconds = 15.0

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        ready: Callable[[], bool] | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.env = dict(env) if env is not None else dict(os.environ)
        self.cwd = cwd
        self.log = folder / f"{name}.log"
        self.record = Record(folder / f"{name}.pid.json")
        self._ready = ready
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    @property
    def alive(self) -> bool:
        """True while the process runs (also when it is paused)."""
        return self.pid is not None

    def start(self) -> None:
        """Spawn and wait until ready. Raises PartError with the end of the log when it dies or takes too long."""
        self._stopped = False
        self.spawn()
        self.wait_ready()

    def prepare(self) -> None:
        """What must stand on disk before the program starts (subclasses)."""

    def ready(self) -> bool:
        """True when the process can be used."""
        return self._ready is None or self._ready()

    def spawn(self) -> None:
        """Start the program without waiting for it. Raises PartError when `stop` came in between."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.prepare()
        with self._lock, self.log.open("ab") as log:
            if self._stopped:
                raise PartError(f"{self.name} was stopped while starting.")
            self._end_orphans()
            self._child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,
            )
            self.record.write(self._child.pid)

    def _end_orphans(self) -> None:
        # A killed nginx leaves workers, which go on holding its port; they share its session's group.
        if self._child is not None and self._child.poll() is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    def wait_ready(self) -> None:
        """Wait until ready. Raises PartError when the process dies first or takes too long."""
        deadline = time.monotonic() + self.start_seconds
        while not self.ready():
            if not self.alive:
                raise PartError(f"{self.name} stopped while starting. {self._last_words()}")
            if time.monotonic() > deadline:
                raise PartError(
                    f"{self.name} is not ready after {self.start_seconds:.0f} s. {self._last_words()}"
                )
            time.sleep(0.03)

    def _last_words(self) -> str:
        lines = (
            self.log.read_text(errors="replace").strip().splitlines()[-8:]
            if self.log.exists()
            else []
        )
        return f"Its log is {self.log} and ends with:\n  " + "\n  ".join(lines)

    def stop(self) -> None:
        """Ask it to end (SIGTERM), wait, then kill it if it does not listen. Harmless when it does not run."""
        with self._lock:
            self._stopped = True
            child = self._child
        if child is not None and child.poll() is None:
            self.resume()
            child.terminate()
            try:
                child.wait(self.stop_seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._end_orphans()
        self.record.path.unlink(missing_ok=True)

    def kill(self) -> None:
        """SIGKILL, as a power cut would; it can be started again."""
        child = self._child
        if child is not None:
            child.kill()
            child.wait()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after `pause`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._child is not None and self._child.poll() is None:
            os.kill(self._child.pid, number)

    def trim_log(self) -> None:
        """Keep the log bounded: beyond 20 MB it moves to NAME.log.1 (the process goes on writing to the same file)."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            shutil.copyfile(self.log, f"{self.log}.1")
            os.truncate(self.log, 0)


def secret_file(path: Path, content: str, mode: int = 0o600) -> Path:
    """Write `content` readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(content)
    return path
