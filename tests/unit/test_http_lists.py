"""Lists, cursors, versions and repeats: what a caller may ask for, and what holds a change together."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from fastapi import APIRouter, FastAPI, Request
from httpx import ASGITransport, AsyncClient, Response
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response as Answer

from shared.contracts.problems import KeyReused
from shared.contracts.texts import Body, Line, Whole
from shared.http import (
    Listing,
    Position,
    RepeatKey,
    cursors,
    derived_key,
    describe,
    etag,
    expected_version,
    install,
    not_modified,
    page_answer,
    repeat_key,
    reply,
    route_template,
    single_values,
)
from shared.http.cursors import BadCursor
from tests.unit.test_http import SECRET, code

KEY = derived_key(SECRET, "cursor")
NAMES = [f"name-{number:03}" for number in range(120)]
HOUSES = Listing(
    "houses",
    sorts=("name", "-opens_on"),
    filters={"county": Literal["25", "24"], "q": Line, "places": Annotated[int, Whole]},
)


class House(Body):
    name: Line


def caller(request: Request) -> str:
    return request.headers.get("x-person", "anna")


def an_app() -> FastAPI:
    app = FastAPI(title="Registry", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    install(app, secret_key=SECRET)
    describe(app, docs_path="/api/docs")
    router = APIRouter(prefix="/houses")

    @router.get("", openapi_extra={**HOUSES.openapi, "x-permission": "houses.read"})
    async def houses(request: Request) -> Answer:
        """Every house <b>you</b> may see."""
        page = HOUSES.page(request)
        start = NAMES.index(page.after.id) + 1 if page.after else 0
        rows, following = page.cut(
            NAMES[start : start + page.limit + 1], lambda name: Position(name, name)
        )
        return reply(page_answer(rows, following))

    @router.post("")
    async def build(request: Request, body: House) -> Answer:
        repeat = await repeat_key(request, caller(request))
        return reply({"key": repeat and [repeat.key_hash, repeat.body_hash]})

    @router.get("/{id}")
    async def house(id: str, request: Request) -> Answer:
        single_values(request, set())
        tag = etag(7, "coordinator")
        return not_modified(request, tag) or reply(
            {"id": id, "template": route_template(request.scope)}, etag=tag
        )

    @router.put("/{id}")
    async def rebuild(id: str, body: House, request: Request) -> Answer:
        return reply({"version": expected_version(request)})

    app.include_router(router, prefix="/api")
    return app


APP = an_app()


async def ask(method: str, path: str, **more: Any) -> Response:
    async with AsyncClient(transport=ASGITransport(APP), base_url="http://test") as client:
        return await client.request(method, path, **more)


@pytest.mark.promise("P20")
async def test_a_list_is_walked_to_its_end_by_its_cursor() -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        path = "/api/houses?limit=50" + (f"&cursor={cursor}" if cursor else "")
        answer = (await ask("GET", path)).json()
        assert set(answer) == {"items", "next"}
        assert len(answer["items"]) <= 50
        seen += answer["items"]
        cursor = answer["next"]
    assert seen == NAMES


@pytest.mark.promise("P20")
async def test_a_page_has_50_rows_by_default_and_200_at_most() -> None:
    assert len((await ask("GET", "/api/houses")).json()["items"]) == 50
    assert len((await ask("GET", "/api/houses?limit=200")).json()["items"]) == 120
    for limit in ("201", "0", "-1", "1e3", "", "9" * 5000, "٣"):
        response = await ask("GET", "/api/houses", params={"limit": limit})
        assert (response.status_code, code(response)) == (422, "invalid")


@pytest.mark.promise("P15")
@pytest.mark.case("X01")
async def test_a_hidden_field_and_one_that_never_was_get_the_same_answer() -> None:
    def normal(response: Response, name: str) -> tuple[int, str, list[tuple[str, str]]]:
        return (
            response.status_code,
            response.text.replace(f'"{name}"', '"*"'),
            sorted((k, v) for k, v in response.headers.items() if k != "content-length"),
        )

    for template in ("{}=Hemliga", "sort={}", "sort=-{}"):
        answers = {
            str(normal(await ask("GET", "/api/houses?" + template.format(name)), name))
            for name in ("address", "position", "nonsense")
        }
        assert len(answers) == 1
        assert "/problems/unknown-field" in answers.pop()
    for odd in ("filter[address][prefix]=H", "fields=address", "county[$ne]=x", "$where=1"):
        response = await ask("GET", "/api/houses?" + odd)
        assert (response.status_code, code(response)) == (400, "unknown-field")
        assert "$" not in response.text
        assert "[a" not in response.text


async def test_a_route_without_parameters_takes_none() -> None:
    response = await ask("GET", "/api/houses/1?anna@example.org=1")
    assert (response.status_code, code(response)) == (400, "unknown-field")
    assert "anna" not in response.text


@pytest.mark.case("X21")
async def test_filters_are_checked_and_told_all_at_once() -> None:
    response = await ask("GET", "/api/houses?county=$where&q=%00&places=x&limit=0")
    assert (response.status_code, code(response)) == (422, "invalid")
    faults = {(error["field"], error["code"]) for error in response.json()["errors"]}
    assert faults == {
        ("limit", "not-one-of"),
        ("county", "not-one-of"),
        ("q", "not-plain-text"),
        ("places", "not-a-whole-number"),
    }
    assert "$where" not in response.text
    repeated = await ask("GET", "/api/houses?county=25&county=24")
    assert repeated.json()["errors"][0]["code"] == "repeated"
    long = await ask("GET", "/api/houses", params={"q": '"-' * 5000})
    assert long.json()["errors"][0]["code"] == "too-long"
    assert (await ask("GET", "/api/houses?q=(a%2B)%2B%24&county=25")).status_code == 200


@pytest.mark.promise("P20")
async def test_a_cursor_cannot_be_moved_to_another_filter_or_order() -> None:
    cursor = (await ask("GET", "/api/houses?county=25")).json()["next"]
    assert (await ask("GET", f"/api/houses?county=25&cursor={cursor}")).status_code == 200
    for other in ("", "county=24&", "county=25&sort=-opens_on&", "county=25&q=a&"):
        response = await ask("GET", f"/api/houses?{other}cursor={cursor}")
        assert (response.status_code, code(response)) == (400, "bad-cursor")


LONGEST_NAME = 200
VALUES = (
    st.none()
    | st.text(max_size=LONGEST_NAME)
    | st.integers()
    | st.floats(allow_nan=False)
    | st.datetimes(timezones=st.just(UTC))
)


@given(VALUES, st.text(max_size=LONGEST_NAME))
def test_a_cursor_gives_back_its_position(value: Any, id: str) -> None:
    position = Position(value, id)
    assert cursors.read(cursors.written(position, KEY, "houses"), KEY, "houses") == position


@given(st.text(max_size=40), st.integers(0), st.sampled_from("Ab0-_="))
def test_a_cursor_with_one_letter_changed_is_refused(name: str, where: int, letter: str) -> None:
    cursor = cursors.written(Position(name, "1"), KEY, "houses")
    where %= len(cursor)
    changed = cursor[:where] + letter + cursor[where + 1 :]
    if changed != cursor:
        with pytest.raises(BadCursor):
            cursors.read(changed, KEY, "houses")


@given(st.text())
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(BadCursor):
        cursors.read(text, KEY, "houses")


def test_a_cursor_is_refused_in_another_list_and_with_another_key() -> None:
    moment = datetime(2027, 1, 12, 17, tzinfo=UTC)
    cursor = cursors.written(Position(moment, "1"), KEY, "houses")
    for key, binding in ((KEY, "people"), (derived_key(SECRET, "link"), "houses")):
        with pytest.raises(BadCursor):
            cursors.read(cursor, key, binding)


@pytest.mark.promise("P19")
@pytest.mark.parametrize(
    ("given_header", "status", "result"),
    [
        (None, 428, "precondition-required"),
        ("*", 428, "precondition-required"),
        ("", 428, "precondition-required"),
        ('"7.coordinator"', 200, 7),
        ('W/"7.coordinator"', 200, 7),
        ('"6.public" , W/"7.officer"', 200, 7),
        ("7", 412, "malformed-if-match"),
        ('"7"', 412, "malformed-if-match"),
        ('"0.all"', 412, "malformed-if-match"),
        ('"-1.all"', 412, "malformed-if-match"),
        ('"7.all", *', 412, "malformed-if-match"),
        ('"' + "9" * 30 + '.all"', 412, "malformed-if-match"),
    ],
)
async def test_an_edit_says_which_version_it_is_based_on(
    given_header: str | None, status: int, result: str | int
) -> None:
    headers = {} if given_header is None else {"if-match": given_header}
    response = await ask("PUT", "/api/houses/1", json={"name": "a"}, headers=headers)
    assert response.status_code == status
    assert (response.json()["version"] if status == 200 else code(response)) == result


@pytest.mark.promise("P19")
async def test_who_has_the_newest_version_in_the_same_view_gets_304() -> None:
    for known in ('"7.coordinator"', 'W/"7.coordinator"', '"1.a", W/"7.coordinator"', "*"):
        response = await ask("GET", "/api/houses/1", headers={"if-none-match": known})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == '"7.coordinator"'
    for other in ('"6.coordinator"', '"7.public"', "7.coordinator", ""):
        response = await ask("GET", "/api/houses/1", headers={"if-none-match": other})
        assert response.status_code == 200


async def key_of(key: str, person: str = "anna", name: str = "a") -> list[str] | None:
    headers = {"idempotency-key": key, "x-person": person}
    answer = await ask("POST", "/api/houses", json={"name": name}, headers=headers)
    return answer.json()["key"]  # type: ignore[no-any-return]


@pytest.mark.promise("P18")
@pytest.mark.case("X15")
async def test_a_key_belongs_to_its_person_route_and_body() -> None:
    first = await key_of("k1")
    assert first is not None
    assert first == await key_of("k1")
    other_person, other_body = await key_of("k1", person="berit"), await key_of("k1", name="b")
    assert other_person is not None
    assert other_body is not None
    assert other_person[0] != first[0]
    assert other_body[0] == first[0]
    assert other_body[1] != first[1]
    assert (await ask("POST", "/api/houses", json={"name": "a"})).json()["key"] is None


@pytest.mark.promise("P18")
async def test_a_key_is_1_to_255_visible_ascii_characters() -> None:
    for bad in ("", "a b", "å", "a" * 256):
        headers = {"idempotency-key": bad.encode()}
        response = await ask("POST", "/api/houses", json={"name": "a"}, headers=headers)
        assert (response.status_code, code(response)) == (400, "bad-idempotency-key")
    assert await key_of("~" * 255)


def test_a_key_with_another_body_is_refused() -> None:
    key = RepeatKey("k", "b")
    key.refuse_other_body("b")
    with pytest.raises(KeyReused):
        replace(key, body_hash="c").refuse_other_body("b")


async def test_the_template_of_a_route_in_a_router_is_its_whole_path() -> None:
    assert (await ask("GET", "/api/houses/1")).json()["template"] == "/api/houses/{id}"


@pytest.mark.promise("P17")
async def test_the_api_description_tells_our_problems_and_no_others() -> None:
    document = (await ask("GET", "/api/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in str(document)
    assert document == (await ask("GET", "/api/openapi.json")).json()
    put = document["paths"]["/api/houses/{id}"]["put"]["responses"]
    assert {"200", "400", "401", "403", "404", "409", "412", "413", "415", "422", "428"} <= set(put)
    assert put["503"] == {"$ref": "#/components/responses/Problem503"}
    answer = document["components"]["responses"]["Problem503"]["content"]
    assert list(answer) == ["application/problem+json"]
    listing = document["paths"]["/api/houses"]["get"]
    assert {p["name"] for p in listing["parameters"]} >= {"county", "q", "sort", "limit", "cursor"}
    assert "428" not in listing["responses"]
    assert "409" not in listing["responses"]


async def test_the_page_for_people_loads_nothing_from_elsewhere() -> None:
    response = await ask("GET", "/api/docs")
    assert "<script" not in response.text
    assert "src=" not in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "houses.read" in response.text
    assert "/api/houses/{id}" in response.text
    assert "<b>you</b>" not in response.text
    assert "&lt;b&gt;you" in response.text
