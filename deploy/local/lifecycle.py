"""Up, down and what lies between: the supervisor's own life."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from deploy.local import packages
from deploy.local.process import PartError, end, records
from deploy.local.runtime import Runtime
from deploy.local.state import ROOT, State
from deploy.local.supervisor import Supervisor, Tell

DOWN_SECONDS = 90.0
KEPT_BY_RESET = ("uv", "lock", "compose", "rabbitmq4")


def run(
    state: State,
    copies: int,
    tell: Tell,
    *,
    root: Path = ROOT,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Start everything and look after it until SIGINT or SIGTERM; then stop everything.

    Raises PartError when a part does not start (what did start is stopped) and AlreadyRunningError.
    """
    with state.held():
        signal.signal(signal.SIGTERM, _interrupt)
        supervisor = Supervisor(tell)
        try:
            packages.install(packages.missing(environ), tell)
            began = time.monotonic()
            runtime = _prepared(state, copies, tell, root, environ)
            runtime.start(supervisor, tell)
            state.mark_ready()
            tell(f"ready after {time.monotonic() - began:.1f} s\n{addresses(runtime)}")
            supervisor.watch()
        except KeyboardInterrupt:
            tell("stopping")
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            supervisor.stop()
    tell("stopped")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _prepared(
    state: State, copies: int, tell: Tell, root: Path, environ: Mapping[str, str]
) -> Runtime:
    orphans = end(records(state.folder), 20)
    if orphans:
        tell(f"ended {len(orphans)} processes of a run that was killed")
    state.copies = copies
    state.renew_taken_ports()
    return Runtime(state, root=root, environ=environ)


def addresses(runtime: Runtime) -> str:
    """The URLs a person wants, one per line."""
    lines = {
        "Gateway": runtime.state.public_url,
        "Sign-in": runtime.issuer_url,
        "Mail": runtime.mail_url,
    }
    if runtime.rabbitmq:
        lines["Broker"] = (
            f"http://127.0.0.1:{runtime.rabbitmq.admin_port} (user admin, password in {runtime.rabbitmq.folder}/admin.password)"
        )
    return "\n".join(f"  {name:<8} {url}" for name, url in lines.items())


def detach(state: State, copies: int, tell: Tell) -> bool:
    """Start the supervisor as a process of its own and follow it until all is ready. False when it gave up."""
    log = state.folder / "supervisor.log"
    command = [sys.executable, "-m", "deploy.local", "up", "--copies", str(copies)]
    with log.open("w") as out:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    with log.open() as lines:
        while child.poll() is None and not state.ready:
            _copy(lines.read(), tell)
            time.sleep(0.1)
        time.sleep(0.2)
        _copy(lines.read(), tell)
    return child.poll() is None


def _copy(text: str, tell: Tell) -> None:
    if text.strip():
        tell(text.rstrip("\n"))


def down(state: State, tell: Tell) -> None:
    """Stop the supervisor and all its parts, also those of one that was killed. Raises PartError when it hangs."""
    process = state.supervisor.process()
    if process is not None:
        process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + DOWN_SECONDS
        while state.running:
            if time.monotonic() > deadline:
                raise PartError(
                    f"The supervisor (pid {process.pid}) does not stop: kill -9 {process.pid}, then again"
                )
            time.sleep(0.05)
    orphans = end(records(state.folder), 20)
    if process is None and not orphans:
        tell("nothing was running")
    elif orphans:
        tell(f"ended {len(orphans)} processes of a run that was killed")


def reset(state: State) -> None:
    """Forget data, ports and passwords; what is installed stays."""
    for path in state.folder.iterdir():
        if path.name not in KEPT_BY_RESET:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
