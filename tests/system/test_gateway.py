"""The only door: which paths it opens, and its own answers."""

import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
import pytest

from deploy.local.gateway import Gateway
from deploy.local.process import free_port
from deploy.local.runtime import SERVICES
from shared.contracts import problems


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
        answer = HTTPResponse(connection)
        answer.begin()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read().decode()


def _get(gateway: str, path: str, *headers: str) -> tuple[int, dict[str, str], str]:
    lines = [f"GET {path} HTTP/1.1", "Host: evil.example", "Connection: close", *headers]
    return _raw(gateway, "\r\n".join(lines) + "\r\n\r\n")


def test_each_service_stands_behind_its_own_path_and_dead_copies_are_passed_over(
    gateway: str,
) -> None:
    for _ in range(20):
        assert httpx.get(f"{gateway}/api/registry/things?a=b;c").json()["service"] == "registry"
    assert httpx.get(f"{gateway}/api/activities/things").json()["service"] == "activities"


@pytest.mark.promise("P23")
def test_a_link_in_a_message_leads_to_the_service_that_its_first_letter_names(gateway: str) -> None:
    assert httpx.get(f"{gateway}/l/r.AZaz09-_").json()["service"] == "registry"
    assert httpx.get(f"{gateway}/l/a.AZaz09-_?x=1").json()["service"] == "activities"
    assert httpx.get(f"{gateway}/l/n.AZaz09-_").status_code == 503


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
    "/l/x.AAAA",
    "/l/r.",
    "/l/r.AAAA/x",
    "/l/r.%41",
    "/l/rAAAA",
    "/l/",
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
        answers = [httpx.get(f"http://127.0.0.1:{door.port}/api/registry/x") for _ in range(8)]
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


class Stream(BaseHTTPRequestHandler):
    """Sends one short line and then nothing until the test allows the end."""

    may_end: ClassVar[threading.Event]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"data: hej\n\n")
        self.may_end.wait(20)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.mark.promise("P24")
def test_a_line_of_the_live_stream_arrives_before_the_next_one_is_written(tmp_path: Path) -> None:
    Stream.may_end = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = {name: [server.server_port] for name in SERVICES}
    door = Gateway(tmp_path, free_port(), ports)
    door.start()
    try:
        url = f"http://127.0.0.1:{door.port}/api/notifications/inbox/stream"
        with httpx.stream("GET", url, timeout=5) as answer:
            assert next(answer.iter_lines()) == "data: hej"
            Stream.may_end.set()
    finally:
        Stream.may_end.set()
        door.stop()
        server.shutdown()
        server.server_close()


def _told(kind: type[problems.Problem], language: str) -> dict[str, Any]:
    words: dict[str, Any] = {
        "title": getattr(kind.title, language),
        "detail": getattr(kind.detail, language),
    }
    return {"type": f"/problems/{kind.code}", "status": kind.status, "code": kind.code, **words}
