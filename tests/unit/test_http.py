"""Every refusal is problem+json in the caller's language, and no bomb costs more than a moment."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse
from httpx import ASGITransport, AsyncClient, Response
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response as Answer

from shared.contracts.problems import BadRequest, Busy, Invalid, NotSignedIn, Refused
from shared.contracts.texts import Body, Line, Prose, Translations
from shared.deadline import database_deadline, database_seconds_left, renew_deadline
from shared.http import install, reply
from shared.http.bodies import TooSlow
from shared.http.language import negotiated
from shared.http.limits import MAX_BODY_BYTES, MAX_DEPTH, refuse_bombs

SECRET = "a secret key of the tests, 32 chars"
MARKER = "hemlig.person@example.org"


class Group(Body):
    count: int


class Plan(Body):
    title: Translations
    room: Line
    text: Prose = "-"
    share: float = 0.0
    groups: list[Group] = []


def an_app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    install(app, secret_key=SECRET, file_paths={"/imports"})

    @app.post("/plans")
    async def plan(body: Plan) -> Answer:
        return reply(body, 201, etag='"1.all"', location="/plans/1")

    @app.get("/plans/{number}")
    async def one(number: int) -> Answer:
        return reply({"number": number, "left": database_seconds_left()})

    @app.post("/plans/{number}/close")
    async def close(number: int) -> Answer:
        raise Refused("already-closed", sv="Redan stängd.", en="Already closed.")

    @app.post("/imports")
    async def imports(request: Request) -> Answer:
        return reply({"bytes": len(await request.body())})

    @app.post("/echo")
    async def echo(request: Request) -> Answer:
        return reply({"bytes": len(await request.body()), "again": len(await request.body())})

    @app.get("/raise/{what}")
    async def fail(what: str) -> Answer:
        raise {
            "busy": Busy(),
            "signed-out": NotSignedIn(),
            "framework": HTTPException(403, MARKER),
            "teapot": HTTPException(418, MARKER),
            "defect": ValueError(MARKER),
        }[what]

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one"
            raise ValueError(MARKER)

        return StreamingResponse(parts())

    @app.get("/private")
    async def private() -> Answer:
        return reply({}, headers={"Cache-Control": "private"})

    return app


APP = an_app()


async def ask(method: str, path: str, **more: Any) -> Response:
    transport = ASGITransport(APP, raise_app_exceptions=True)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path, **more)


async def post(path: str, content: Any, **headers: str) -> Response:
    sent = {"content-type": "application/json", **headers}
    return await ask("POST", path, content=content, headers=sent)


def a_scope(method: str, path: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    where = {"path": path, "raw_path": path.encode(), "query_string": b""}
    return {"type": "http", "method": method, "headers": list(headers), **where}


def code(response: Response) -> str:
    """The problem's code, after checking that it is a whole problem."""
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["content-language"] in ("sv", "en")
    assert "Accept-Language" in response.headers["vary"]
    assert body["status"] == response.status_code
    assert body["type"] == f"/problems/{body['code']}"
    assert body["title"]
    assert body["detail"]
    return str(body["code"])


@pytest.mark.promise("P17")
async def test_a_refused_rule_is_told_in_the_language_asked_for() -> None:
    for wanted, told in (("", "Redan stängd."), ("en-GB, sv;q=0.5", "Already closed.")):
        response = await ask("POST", "/plans/1/close", headers={"accept-language": wanted})
        assert (response.status_code, code(response)) == (409, "already-closed")
        assert response.json()["detail"] == told


@pytest.mark.promise("P17")
async def test_every_faulty_field_is_told_at_once_and_nothing_sent_is_repeated() -> None:
    sent = {
        "title": {"sv": "Språkcafé", MARKER: "x"},
        "room": "",
        "share": MARKER,
        "groups": [{"count": 1}, {"count": "070-1234567"}],
        MARKER: 1,
        "extra": MARKER,
    }
    response = await post("/plans", json.dumps(sent))
    assert (response.status_code, code(response)) == (422, "invalid")
    told = {(error["field"], error["code"]) for error in response.json()["errors"]}
    assert told == {
        ("title.?", "not-one-of"),
        ("room", "too-short"),
        ("share", "not-a-number"),
        ("groups.1.count", "not-a-whole-number"),
        ("?", "unknown-field"),
        ("extra", "unknown-field"),
    }
    assert MARKER not in response.text
    assert "1234567" not in response.text
    assert "Skriv minst 1 tecken." in response.text


@pytest.mark.promise("P17")
async def test_the_frameworks_own_refusals_look_like_ours() -> None:
    missing = await ask("GET", "/nowhere")
    assert (missing.status_code, code(missing)) == (404, "not-found")
    slash = await ask("GET", "/plans/1/")
    assert (slash.status_code, code(slash)) == (404, "not-found")
    method = await ask("DELETE", "/plans/1")
    assert (method.status_code, code(method)) == (405, "method-not-allowed")
    assert method.headers["allow"] == "GET"
    number = await ask("GET", "/plans/abc")
    assert (number.status_code, code(number)) == (404, "not-found")
    own = await ask("GET", "/raise/framework")
    assert (own.status_code, code(own)) == (403, "not-allowed")
    assert (await ask("GET", "/raise/teapot")).status_code == 400
    assert MARKER not in own.text


async def test_waiting_and_signing_in_are_told_in_headers() -> None:
    busy = await ask("GET", "/raise/busy")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
    assert (await ask("GET", "/raise/signed-out")).headers["www-authenticate"] == "Bearer"


@pytest.mark.promise("P26")
async def test_a_defect_is_a_500_that_is_logged_by_route_without_what_it_said() -> None:
    with structlog.testing.capture_logs() as logs:
        response = await ask("GET", "/raise/defect")
    assert (response.status_code, code(response)) == (500, "unexpected")
    [line] = logs
    assert (line["log_level"], line["route"], line["kind"]) == (
        "error",
        "/raise/{what}",
        "ValueError",
    )
    assert MARKER not in response.text
    assert MARKER not in str(logs)


async def test_a_defect_in_the_middle_of_an_answer_is_logged_and_breaks_it_off() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return await asyncio.Future()  # the caller stays connected and says nothing more

    async def send(message: Any) -> None:
        sent.append(message)

    with structlog.testing.capture_logs() as logs:
        await APP(a_scope("GET", "/stream"), receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["more_body"]
    assert len(logs) == 1
    assert MARKER not in str(logs)


async def test_answers_are_not_stored_or_sniffed_unless_the_route_says_so() -> None:
    for path in ("/plans/1", "/nowhere"):
        headers = (await ask("GET", path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
    assert (await ask("GET", "/private")).headers["cache-control"] == "private"


async def test_a_model_is_answered_with_its_etag_and_location() -> None:
    response = await post("/plans", json.dumps({"title": {"sv": "å"}, "room": " a  b "}))
    assert (response.status_code, response.headers["etag"]) == (201, '"1.all"')
    assert response.headers["location"] == "/plans/1"
    assert response.json()["room"] == "a b"


@pytest.mark.promise("P12")
async def test_a_request_has_its_database_time_and_what_follows_has_none_left_over() -> None:
    left = (await ask("GET", "/plans/1")).json()["left"]
    assert 0.5 < left <= 0.9
    assert database_deadline.get() is None
    assert database_seconds_left() is None


async def test_a_stream_that_outlives_its_deadline_can_renew_it() -> None:
    token = database_deadline.set(0.0)
    assert database_seconds_left() == 0.0
    renew_deadline()
    assert (database_seconds_left() or 0.0) > 0.5
    database_deadline.reset(token)


async def in_parts(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 65536):
        yield content[start : start + 65536]


BOMBS = {
    "20,000 brackets": (b"[" * 20_000, 422, "too-deep"),
    "20,000 brackets, closed": (b"[" * 20_000 + b"]" * 20_000, 422, "too-deep"),
    "a megabyte of brackets": (b"[" * 999_999, 422, "too-deep"),
    "objects in objects": (b'{"a":' * 5000, 422, "too-deep"),
    "a number of 5,000 digits": (
        b'{"groups":[{"count":' + b"9" * 5000 + b"}]}",
        422,
        "number-too-long",
    ),
    "a fraction of 5,000 digits": (b'{"share":0.' + b"9" * 5000 + b"}", 422, "number-too-long"),
    "1e999": (b'{"share":1e999}', 422, "invalid"),
    "1e999999999": (b'{"groups":[{"count":1e999999999}]}', 422, "invalid"),
    "NaN": (b'{"share":NaN}', 422, "invalid"),
    "a key of a megabyte": (b'{"' + b"a" * 990_000 + b'":1}', 422, "invalid"),
    "100,000 items": (b'{"groups":[' + b"1," * 100_000 + b"1]}", 422, "too-many-values"),
    "20,000 unknown fields": (
        b"{" + b",".join(b'"k%d":1' % n for n in range(20_000)) + b"}",
        422,
        "invalid",
    ),
    "a megabyte of quotes": (b'"' * 999_999, 400, "not-json"),
    "a megabyte of backslashes": (b'["' + b"\\" * 999_000, 400, "not-json"),
    "no JSON": (b'{"title":', 400, "not-json"),
    "UTF-16": ('{"title":{}}'.encode("utf-16"), 400, "not-json"),
    "not UTF-8": (b'{"title":"\xff\xfe"}', 400, "bad-request"),
    "a lone surrogate": (b'{"room":"a\\ud800","\\ud800":1}', 422, "invalid"),
    "only null": (b"null", 422, "invalid"),
    "too much": (b'{"room":"' + b"a" * MAX_BODY_BYTES + b'"}', 413, "too-large"),
}


@pytest.mark.promise("P21")
@pytest.mark.case("X22")
@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("way", ["whole", "chunked"])
async def test_a_bomb_is_refused_within_a_second(bomb: str, way: str) -> None:
    content, status, expected = BOMBS[bomb]
    started = time.perf_counter()
    response = await post("/plans", content if way == "whole" else in_parts(content))
    assert time.perf_counter() - started < 1.0
    assert (response.status_code, code(response)) == (status, expected)
    assert len(response.content) < 20_000


@pytest.mark.case("X22")
async def test_a_body_without_length_is_read_no_further_than_the_limit() -> None:
    given_out = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given_out
        while True:
            given_out += 65536
            yield b"a" * 65536

    messages = endless()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": await anext(messages), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    json_in_parts = (b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")
    await APP(a_scope("POST", "/plans", *json_in_parts), receive, send)
    assert sent[0]["status"] == 413
    assert given_out < MAX_BODY_BYTES + 2 * 65536


@pytest.mark.case("X22")
@pytest.mark.parametrize(
    "headers",
    [
        {"content-encoding": "gzip"},
        {"content-encoding": "br"},
        {"content-type": "text/plain"},
        {"content-type": "text/csv"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": ""},
    ],
)
async def test_packed_or_foreign_content_is_not_read(headers: dict[str, str]) -> None:
    response = await post("/plans", b"{}", **headers)
    assert (response.status_code, code(response)) == (415, "wrong-media-type")


async def test_a_path_that_says_so_takes_csv_with_the_same_limit() -> None:
    assert (await post("/imports", b"a;b\n", **{"content-type": "text/csv"})).json()["bytes"] == 4
    large = await post("/imports", b"a" * 12_000_001, **{"content-type": "text/csv"})
    assert large.status_code == 413


async def test_a_body_can_be_read_whole_and_twice() -> None:
    answer = (await post("/echo", in_parts(b"[" + b"1" * 99 + b"]"))).json()
    assert answer == {"bytes": 101, "again": 101}


async def test_a_command_without_a_body_needs_no_content_type() -> None:
    assert (await ask("POST", "/plans/1/close")).status_code == 409


@pytest.mark.case("X22")
async def test_a_body_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.http.bodies.BODY_SECONDS", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    response = await post("/plans", trickle())
    assert (response.status_code, code(response)) == (408, TooSlow.code)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(alphabet='ab[]{}"\\,0é'),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='[{"\\'), inner, max_size=4)
    ),
    max_leaves=60,
)


def levels(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (not isinstance(inner, tuple)) + max(map(levels, inner), default=0)


@given(JSON, st.integers(0, 40), st.booleans())
def test_the_scan_finds_the_depth_that_the_parser_would(
    value: Any, around: int, ascii_only: bool
) -> None:
    for _ in range(around):
        value = [value]
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    if levels(value) <= MAX_DEPTH:
        refuse_bombs(body)
    else:
        with pytest.raises(Invalid):
            refuse_bombs(body)


@given(st.binary())
def test_the_scan_survives_any_bytes(body: bytes) -> None:
    with suppress(BadRequest, Invalid):
        refuse_bombs(body)


@pytest.mark.promise("P17")
@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "sv"),
        ("en", "en"),
        ("EN-us", "en"),
        ("sv-FI", "sv"),
        ("en;q=0.8, sv;q=0.9", "sv"),
        ("sv;q=0.3,en;q=0.4", "en"),
        ("da, en;q=0.5", "en"),
        ("ar", "sv"),
        ("*", "sv"),
        ("sv;q=0, *", "en"),
        ("*;q=0.5, sv;q=0.1", "en"),
        ("en;q=0", "sv"),
        ("en;q=x", "sv"),
        ("en;level=1", "sv"),
        ("en;q=nan", "sv"),
        (",;,=;q", "sv"),
    ],
)
def test_the_language_is_the_one_wanted_most(header: str, language: str) -> None:
    assert negotiated(header) == language


@given(st.text())
def test_any_accept_language_gives_one_of_our_two(header: str) -> None:
    assert negotiated(header) in ("sv", "en")


@given(st.floats(0, 1), st.floats(0, 1))
def test_english_is_used_exactly_when_it_weighs_more(sv: float, en: float) -> None:
    assert (negotiated(f"sv;q={sv:.3f}, en;q={en:.3f}") == "en") == (round(en, 3) > round(sv, 3))
