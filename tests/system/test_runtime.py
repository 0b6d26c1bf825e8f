"""The local runtime: a supervisor that restarts what dies and leaves nothing behind, and its command line."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from deploy.local import lifecycle
from deploy.local.process import PartError, Process, wait_until
from deploy.local.runtime import SERVICES, Runtime
from deploy.local.state import ROOT, AlreadyRunningError, State
from deploy.local.supervisor import Supervisor, Watched
from tests.system.local import processes_naming, samverkan


def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    told: list[str] = []
    part = Process("sleeper", ["sleep", "1000"], tmp_path / "sleeper")
    supervisor = Supervisor(told.append)
    supervisor.start([part])
    watching = threading.Thread(target=supervisor.watch)
    watching.start()
    first = part.pid
    os.kill(first or 0, signal.SIGKILL)
    wait_until(lambda: part.alive and part.pid != first, 10, "not started again")
    supervisor.end()
    watching.join()
    supervisor.stop()
    assert any("sleeper stopped and starts again in 0.5 s" in line for line in told)
    assert not part.alive


def test_pauses_grow_to_half_a_minute_and_are_forgotten_after_a_steady_minute(
    tmp_path: Path,
) -> None:
    part = Process("crasher", ["false"], tmp_path / "crasher")
    part.spawn()
    watched = Watched(part, since=0)
    now = 0.0
    pauses: list[float] = []
    while len(pauses) < 9:
        wait_until(lambda: not part.alive, 5, "false goes on")
        pauses.append(watched.pause)
        watched.look(now, _quiet)
        now = watched.due or now
        watched.look(now, _quiet)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    part.command = ["sleep", "1000"]
    wait_until(lambda: not part.alive, 5, "false goes on")
    part.start()
    watched.look(now + 61, _quiet)
    part.stop()
    assert watched.pause == 0.5


def test_a_part_that_cannot_start_says_why(tmp_path: Path) -> None:
    part = Process(
        "broken",
        ["sh", "-c", "echo no such luck; exit 3"],
        tmp_path / "broken",
        ready=lambda: False,
    )
    with pytest.raises(PartError, match="no such luck"):
        part.start()


STAND_IN = """
import http.server, os
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
assert os.environ["SAMVERKAN_MONGODB_URL"].startswith("mongodb://")
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAMVERKAN_PORT"])), Ready).serve_forever()
"""
SUPERVISOR = """
import pathlib, sys
from deploy.local import lifecycle
from deploy.local.state import State
lifecycle.run(State(pathlib.Path(sys.argv[1]), usual_ports=False), 2, lambda line: print(line, flush=True),
              root=pathlib.Path(sys.argv[2]))
"""


@pytest.fixture
def stand_ins(tmp_path: Path) -> Path:
    """A folder with three services and an administrator's step that do nothing."""
    for name in SERVICES:
        (tmp_path / "services" / name).mkdir(parents=True)
        (tmp_path / "services" / name / "__main__.py").write_text(STAND_IN)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "admin.py").write_text(
        "import os; os.environ['SAMVERKAN_REGISTRY_MONGODB_PASSWORD']"
    )
    return tmp_path


def _supervisor(state: State, root: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", SUPERVISOR, str(state.folder), str(root)]
    child = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    wait_until(
        lambda: (state.ready and _is_supervisor(state, child)) or child.poll() is not None,
        60,
        "not ready",
    )
    assert child.poll() is None, child.communicate()[0]
    return child


def test_a_killed_supervisors_parts_are_ended_and_the_next_one_keeps_ports_and_data(
    stand_ins: Path,
) -> None:
    state = State(stand_ins / "state", usual_ports=False)
    first = _supervisor(state, stand_ins)
    with pytest.raises(AlreadyRunningError):
        lifecycle.run(state, 1, _quiet)
    first.kill()
    first.wait()
    ports = json.loads((state.folder / "state.json").read_text())["ports"]
    second = _supervisor(state, stand_ins)
    runtime = Runtime(State(state.folder, usual_ports=False))
    assert len(runtime.parts) == 11
    assert all(part.ready() and part.record.process() for part in runtime.parts.values())
    assert json.loads((state.folder / "state.json").read_text())["ports"] == ports
    assert httpx.get(f"{runtime.state.public_url}/api/activities/x").text == "ok"
    lifecycle.down(state, _quiet)
    output = second.communicate()[0]
    assert "ended 12 processes of a run that was killed" in output
    assert output.endswith("stopped\n")
    assert processes_naming(str(stand_ins)) == []


def test_passwords_are_random_and_for_the_owners_eyes(tmp_path: Path) -> None:
    one, other = (State(tmp_path / name, usual_ports=False) for name in ("one", "other"))
    assert one.secret("secret-key") != other.secret("secret-key")
    assert (one.folder / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert one.folder.stat().st_mode & 0o777 == 0o700


def test_urls_of_other_servers_replace_parts(tmp_path: Path) -> None:
    environ = {
        "SAMVERKAN_MONGODB_URL": "mongodb://root:pw@db.example:27017/?replicaSet=rs0&authSource=admin",
        "SAMVERKAN_RABBITMQ_URL": "amqps://root:pw@broker.example:5671/samverkan",
        "SAMVERKAN_RABBITMQ_ADMIN_URL": "https://root:pw@broker.example",
        "SAMVERKAN_OIDC_ISSUER": "https://sign-in.example/realms/samverkan",
        "SAMVERKAN_SMTP_URL": "smtp://mail.example:25",
    }
    runtime = Runtime(State(tmp_path, usual_ports=False), environ=environ)
    assert runtime.foundation == []
    told = runtime.service_environment("notifications")
    password = runtime.state.secret("notifications-mongodb")
    database = "samverkan_notifications"
    expected = f"mongodb://notifications:{password}@db.example:27017/{database}?replicaSet=rs0&authSource={database}"
    assert told["SAMVERKAN_MONGODB_URL"] == expected
    assert told["SAMVERKAN_RABBITMQ_URL"].endswith("@broker.example:5671/samverkan")
    assert told["SAMVERKAN_SMTP_URL"] == "smtp://mail.example:25"


def test_every_command_explains_itself_with_an_example(tmp_path: Path) -> None:
    state = State(tmp_path, usual_ports=False)
    for command in ("up", "down", "status", "logs", "reset", "test", "token"):
        shown = samverkan(state, command, "--help")
        assert shown.returncode == 0
        assert "samverkan" in shown.stdout.partition("Example")[2]


def test_status_and_down_of_a_runtime_that_does_not_run_say_so(tmp_path: Path) -> None:
    state = State(tmp_path, usual_ports=False)
    began = time.monotonic()
    assert samverkan(state, "status").returncode == 1
    assert "nothing was running" in samverkan(state, "down").stdout
    assert time.monotonic() - began < 10


def _is_supervisor(state: State, child: subprocess.Popen[str]) -> bool:
    process = state.supervisor.process()
    return process is not None and process.pid == child.pid


def _quiet(_line: str) -> None:
    """Tells nobody."""
