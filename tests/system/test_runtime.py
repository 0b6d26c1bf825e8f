"""The local runtime: real servers, the only door, the sign-in, the sink, and a supervisor that leaves nothing behind."""

import base64
import hashlib
import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.local import lifecycle
from deploy.local.gateway import Gateway
from deploy.local.mongod import Mongod
from deploy.local.people import PEOPLE
from deploy.local.process import PartError, Process, free_port, wait_until
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.runtime import SERVICES, Runtime
from deploy.local.state import ROOT, AlreadyRunningError, State
from deploy.local.supervisor import Supervisor, Watched
from shared.contracts import problems
from tests.real import RealRabbitMQ, Vhost

# ---------------------------------------------------------------- real servers


def test_a_test_gets_databases_that_only_their_own_user_reads(
    database_url: Callable[[str], str],
) -> None:
    with MongoClient[dict[str, Any]](database_url("registry")) as registry:
        registry.get_default_database()["things"].insert_one({"_id": 1})
        other = database_url("activities").rpartition("/")[2].partition("?")[0]
        with pytest.raises(OperationFailure):
            registry[other]["things"].find_one()


def test_a_test_gets_a_vhost_of_its_own(vhost: Vhost, rabbitmq: RealRabbitMQ) -> None:
    names = {row["name"] for row in httpx.get(f"{rabbitmq.admin_url}/api/vhosts").json()}
    assert vhost.name in names


def test_a_mongod_keeps_its_data_through_a_kill_and_a_move_to_another_port(tmp_path: Path) -> None:
    first = Mongod(tmp_path)
    first.start()
    with MongoClient[dict[str, Any]](first.admin_url) as client:
        client["kept"]["things"].insert_one({"_id": 1})
    first.kill()
    second = Mongod(tmp_path)
    second.start()
    try:
        with MongoClient[dict[str, Any]](second.admin_url, serverSelectionTimeoutMS=5000) as client:
            assert client["kept"]["things"].count_documents({}) == 1
    finally:
        second.stop()


def test_mongod_runs_no_javascript(own_mongod: Mongod) -> None:
    with (
        MongoClient[dict[str, Any]](own_mongod.admin_url) as client,
        pytest.raises(OperationFailure, match="globalScriptEngine"),
    ):
        list(client["any"]["things"].find({"$where": "true"}))


def test_a_broker_starts_again_after_a_kill_and_leaves_nothing_when_stopped(tmp_path: Path) -> None:
    broker = RabbitMQ(tmp_path / "broker")
    broker.start()
    broker.kill()
    broker.start()
    broker.stop()
    assert _processes_naming(str(tmp_path)) == []
    assert _processes_naming(str(broker.epmd_port)) == []


def _processes_naming(text: str) -> list[list[str]]:
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if any(text in word for word in line)]


# ---------------------------------------------------------------- the gateway


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked; counts POSTs; hangs up on the path `/hangup`."""

    protocol_version = "HTTP/1.1"
    name = ""
    posts: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        if self.path.endswith("/hangup"):
            self.close_connection = True
            return
        told = {"service": self.name, "path": self.path, "headers": dict(self.headers)}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.posts.append(self.path)
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway before two live services (registry also has a dead copy) and one that is away."""
    servers = [_echo("registry"), _echo("registry"), _echo("activities")]
    ports = [server.server_port for server in servers]
    copies = {
        "registry": [free_port(), *ports[:2]],
        "activities": ports[2:],
        "notifications": [free_port()],
    }
    door = Gateway(tmp_path_factory.mktemp("gateway"), free_port(), copies)
    door.start()
    yield f"http://127.0.0.1:{door.port}"
    door.stop()
    for server in servers:
        server.shutdown()
        server.server_close()


def _echo(name: str) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Named", (Echo,), {"name": name}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _raw(gateway: str, request: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of a request sent byte by byte as it stands."""
    with socket.create_connection(("127.0.0.1", urlsplit(gateway).port), 5) as connection:
        connection.sendall(request.encode("latin-1"))
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    head, _, body = received.decode().partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, body


def _get(gateway: str, path: str, *headers: str) -> tuple[int, dict[str, str], str]:
    lines = [f"GET {path} HTTP/1.1", "Host: evil.example", "Connection: close", *headers]
    return _raw(gateway, "\r\n".join(lines) + "\r\n\r\n")


def test_each_service_stands_behind_its_own_path_and_dead_copies_are_passed_over(
    gateway: str,
) -> None:
    for _ in range(20):
        assert httpx.get(f"{gateway}/api/registry/things?a=b;c").json()["service"] == "registry"
    assert httpx.get(f"{gateway}/api/activities/things").json()["service"] == "activities"


def test_a_caller_cannot_choose_host_or_address(gateway: str) -> None:
    forged = (
        "X-Forwarded-For: 6.6.6.6",
        "X-Real-IP: 6.6.6.6",
        "Forwarded: for=6.6.6.6",
        "X-Forwarded-Host: evil",
    )
    _, _, body = _get(gateway, "/api/registry/things", *forged)
    told = json.loads(body)["headers"]
    assert told["Host"] == urlsplit(gateway).netloc
    assert told["X-Forwarded-For"] == "127.0.0.1"
    assert "evil" not in body
    assert "6.6.6.6" not in body


TRICKS = (
    "/api/registry/%2e%2e/activities/x",
    "/api/registry/../activities/x",
    "/api/registry/./x",
    "/api/registry/..",
    "/api//registry/x",
    "//api/registry/x",
    "/api/registry//x",
    "/api/registry;/x",
    "/api/registry/x;y=z",
    "/api/registry/%3b",
    "/api/registry/a%2fb",
    "/api/registry/a%5cb",
    "/api/registry\\..\\activities\\x",
    "/api/registry/%00",
    "/api/registry/%0d%0aX-Evil:%201",
    "/api/registry/%252e%252e/activities",
    "/api/registry/%zz",
    "/API/registry/x",
    "/api/Registry/x",
    "/%61pi/registry/x",
    "/api/registry",
    "/api/other/x",
    "/api/registryx/x",
    "/problems/unavailable",
    "/health/ready",
    "/metrics",
    "/",
    "/" + "a" * 9000,
)


@pytest.mark.promise("P17")
@pytest.mark.parametrize("path", TRICKS)
def test_no_spelling_of_a_path_opens_another_door(gateway: str, path: str) -> None:
    status, headers, body = _get(gateway, path)
    assert status in (400, 404)
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["status"] == status


@pytest.mark.promise("P17")
@pytest.mark.parametrize(
    ("accept", "language"), [("en-GB,en;q=0.9", "en"), ("sv", "sv"), ("de", "sv"), ("", "sv")]
)
def test_the_gateways_own_errors_speak_the_callers_language(
    gateway: str, accept: str, language: str
) -> None:
    status, headers, body = _get(gateway, "/nowhere", f"Accept-Language: {accept}")
    assert (status, headers["content-language"]) == (404, language)
    assert json.loads(body) == _told(problems.NotFound, language)


@pytest.mark.promise("P17")
def test_a_service_that_is_away_is_a_503_that_says_when_to_come_back(gateway: str) -> None:
    for path in (
        "/api/notifications/things",
        "/api/notifications/inbox/stream",
        "/api/activities/hangup",
    ):
        status, headers, body = _get(gateway, path)
        assert (status, headers["retry-after"]) == (503, "2")
        assert json.loads(body) == _told(problems.Unavailable, "sv")


@pytest.mark.promise("P17")
def test_what_is_too_large_or_unreadable_is_refused_as_a_problem(gateway: str) -> None:
    start = "POST /api/registry/things HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    status, _, body = _raw(gateway, f"{start}Content-Length: 2000000\r\n\r\n")
    assert (status, json.loads(body)) == (413, _told(problems.TooLarge, "sv"))
    unreadable = (
        f"{start}X-Long: {'a' * 40_000}\r\n\r\n",
        f"{start}Transfer-Encoding: gzip\r\n\r\n",
        "NONSENSE\r\n\r\n",
    )
    for request in unreadable:
        status, _, body = _raw(gateway, request)
        assert (status, json.loads(body)) == (400, _told(problems.BadRequest, "sv"))


@pytest.mark.promise("P21")
def test_too_many_requests_from_one_address_are_held_off(tmp_path: Path) -> None:
    door = Gateway(
        tmp_path, free_port(), {name: [free_port()] for name in SERVICES}, requests_per_second=2
    )
    door.start()
    try:
        answers = [httpx.get(f"http://127.0.0.1:{door.port}/") for _ in range(8)]
    finally:
        door.stop()
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json() == _told(problems.TooMany, "sv")
    assert refused[0].headers["retry-after"] == "10"


def test_a_post_is_never_sent_twice(gateway: str) -> None:
    Echo.posts.clear()
    assert httpx.post(f"{gateway}/api/registry/hangup", content=b"x").status_code == 503
    assert Echo.posts == ["/api/registry/hangup"]


def _told(kind: type[problems.Problem], language: str) -> dict[str, Any]:
    words: dict[str, Any] = {
        "title": getattr(kind.title, language),
        "detail": getattr(kind.detail, language),
    }
    return {"type": f"/problems/{kind.code}", "status": kind.status, "code": kind.code, **words}


# ---------------------------------------------------------------- sign-in and mail


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """A runtime nobody has started."""
    state = State(tmp_path_factory.mktemp("state"), usual_ports=False)
    return Runtime(state, environ={"PATH": os.environ["PATH"]})


@pytest.fixture(scope="module")
def issuer(runtime: Runtime) -> Iterator[str]:
    """The development issuer's URL."""
    assert runtime.issuer is not None
    runtime.issuer.start()
    yield runtime.issuer_url
    runtime.issuer.stop()


def test_a_demo_person_signs_in_with_a_code_and_pkce(issuer: str) -> None:
    metadata = httpx.get(f"{issuer}/.well-known/openid-configuration").json()
    query = _authorization("a-long-verifier")
    assert all(
        person.name in httpx.get(metadata["authorization_endpoint"], params=query).text
        for person in PEOPLE
    )
    back = httpx.get(
        metadata["authorization_endpoint"], params={**query, "person": PEOPLE[0].subject}
    )
    answer = parse_qs(urlsplit(back.headers["location"]).query)
    assert answer["state"] == ["s1"]
    form = _exchange(answer["code"][0], "a-long-verifier")
    token = httpx.post(metadata["token_endpoint"], data=form).json()["access_token"]
    keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
    signed = jwt.decode(token, keys, algorithms=["RS256"])
    assert signed.header["typ"] == "at+jwt"
    claims = {name: signed.claims[name] for name in ("iss", "sub", "aud", "azp", "client_id")}
    client = "samverkan-web"
    assert claims == {
        "iss": issuer,
        "sub": PEOPLE[0].subject,
        "aud": "samverkan-api",
        "azp": client,
        "client_id": client,
    }
    assert signed.claims["exp"] - signed.claims["iat"] == 3600
    assert httpx.post(metadata["token_endpoint"], data=form).status_code == 400


def test_a_stolen_code_is_worth_nothing_without_its_verifier(issuer: str) -> None:
    query = {**_authorization("right"), "person": PEOPLE[0].subject}
    code = parse_qs(
        urlsplit(httpx.get(f"{issuer}/authorize", params=query).headers["location"]).query
    )["code"][0]
    assert httpx.post(f"{issuer}/token", data=_exchange(code, "wrong")).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://evil.example/"},
        {"code_challenge_method": "plain"},
    ],
)
def test_the_issuer_sends_nobody_elsewhere(issuer: str, wrong: dict[str, str]) -> None:
    answer = httpx.get(
        f"{issuer}/authorize", params={**_authorization("x"), **wrong, "person": PEOPLE[0].subject}
    )
    assert answer.status_code == 400


def _authorization(verifier: str) -> dict[str, str]:
    challenge = (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )
    return {
        "response_type": "code",
        "client_id": "samverkan-web",
        "redirect_uri": "http://127.0.0.1:8080/back",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "state": "s1",
    }


def _exchange(code: str, verifier: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "client_id": "samverkan-web",
        "redirect_uri": "http://127.0.0.1:8080/back",
    }


def test_the_command_line_prints_a_token_of_a_demo_person(issuer: str, runtime: Runtime) -> None:
    printed = _samverkan(runtime.state, "token", "vera")
    assert printed.returncode == 0, printed.stderr
    keys = KeySet.import_key_set(httpx.get(f"{issuer}/jwks.json").json())
    assert jwt.decode(printed.stdout.strip(), keys).claims["sub"] == "vera-volontar-demo"
    assert (
        httpx.post(f"{issuer}/admin/token", data={"person": "vera-volontar-demo"}).status_code
        == 403
    )
    assert "siv-samordnare-demo" in _samverkan(runtime.state, "token", "nobody").stderr


def test_the_development_issuer_refuses_to_run_in_production() -> None:
    env = {"SAMVERKAN_MODE": "production", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local.issuer"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "production" in done.stderr


def _samverkan(state: State, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SAMVERKAN_STATE": str(state.folder)}
    return subprocess.run(
        [ROOT / "samverkan", *words], cwd="/", env=env, capture_output=True, text=True
    )


def test_the_sink_keeps_each_mail_and_shows_it(runtime: Runtime) -> None:
    assert runtime.mail is not None
    runtime.mail.start()
    try:
        _send_mail(runtime, "vera@demo.example", "Du har fått en plats: språkcafé på torsdag")
        _send_mail(runtime, "nils@demo.example", "<script>alert(1)</script>")
        listed = httpx.get(
            f"{runtime.mail_url}/mails.json", params={"to": "vera@demo.example"}
        ).json()
        assert [mail["subject"] for mail in listed] == [
            "Du har fått en plats: språkcafé på torsdag"
        ]
        assert "åäö" in httpx.get(f"{runtime.mail_url}/{listed[0]['id']}").text
        assert "Subject:" in httpx.get(f"{runtime.mail_url}/{listed[0]['id']}/raw").text
        assert "<script>" not in httpx.get(runtime.mail_url).text
        assert httpx.get(f"{runtime.mail_url}/..%2f..%2fsecrets").status_code == 404
        runtime.mail.kill()
        runtime.mail.start()
        assert len(httpx.get(f"{runtime.mail_url}/mails.json").json()) == 2
    finally:
        runtime.mail.stop()


def _send_mail(runtime: Runtime, to: str, subject: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "no-reply@demo.example", to, subject
    message.set_content("Räksmörgås åäö")
    with smtplib.SMTP("127.0.0.1", runtime.state.port("smtp")) as server:
        server.send_message(message)


# ---------------------------------------------------------------- the supervisor


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
    supervisor.stop([[part]])
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
    wait_until(lambda: state.ready_mark.exists() or child.poll() is not None, 60, "not ready")
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
    assert _processes_naming(str(stand_ins)) == []


def test_passwords_are_random_and_for_the_owners_eyes(runtime: Runtime, tmp_path: Path) -> None:
    runtime.state.secret("secret-key")
    assert (runtime.state.folder / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert runtime.state.folder.stat().st_mode & 0o777 == 0o700
    other = State(tmp_path, usual_ports=False)
    assert other.secret("secret-key") != runtime.state.secret("secret-key")


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
        shown = _samverkan(state, command, "--help")
        assert shown.returncode == 0
        assert "samverkan" in shown.stdout.partition("Example")[2]


def test_status_and_down_of_a_runtime_that_does_not_run_say_so(tmp_path: Path) -> None:
    state = State(tmp_path, usual_ports=False)
    began = time.monotonic()
    assert _samverkan(state, "status").returncode == 1
    assert "nothing was running" in _samverkan(state, "down").stdout
    assert time.monotonic() - began < 10


def _quiet(_line: str) -> None:
    """Tells nobody."""
