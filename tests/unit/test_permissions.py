"""Each route states who may use it, and the door holds them to it (P14; X04)."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response

from shared.access import REMEMBERED_SECONDS, Access
from shared.caller import Caller, Role
from shared.clock import FixedClock
from shared.contracts.problems import NotAllowed, NotFound, NotSignedIn, Problem, Text
from shared.permissions import Permission, allow, public, signed_in, stated_permissions
from shared.tokens import Token
from tests.callers import (
    ISSUER,
    NOW,
    VERA,
    Seconds,
    Town,
    a_caller,
    a_grant,
    a_person,
    an_access,
)

pytestmark = [pytest.mark.promise("P14")]

EDIT = Permission[str](
    "organisation.edit",
    Text("Samordnare", "Coordinators"),
    rule=lambda caller: caller.has(Role.COORDINATOR),
    within=lambda caller, organisation: caller.coordinates(organisation),
    visible=lambda _caller, organisation: organisation != "hidden",
)
APPROVE = Permission[object](
    "organisation.approve",
    Text("Administratörer", "Administrators"),
    rule=lambda caller: caller.is_administrator,
)


@pytest.mark.case("X04")
def test_an_object_one_may_not_see_does_not_exist_and_one_of_others_is_not_ours_to_edit() -> None:
    coordinator = a_caller(a_grant("coordinator", "organisation", "A"))
    assert EDIT.check(coordinator, "A") == "A"
    with pytest.raises(NotAllowed):
        EDIT.check(coordinator, "B")
    with pytest.raises(NotFound):
        EDIT.check(coordinator, "hidden")
    with pytest.raises(NotAllowed):
        EDIT.check(a_caller(), "A")


router = APIRouter()


@router.post("/organisations/{id}/approve")
async def approve(id: str, caller: Annotated[Caller, Depends(allow(APPROVE))]) -> str:
    return caller.person_id


@router.put("/me")
async def register(token: Annotated[Token, Depends(signed_in)]) -> str:
    return token.identity.subject


@router.get("/open", dependencies=[Depends(public)])
async def open_to_all() -> str:
    return "open"


def an_app(access: Access) -> FastAPI:
    app = FastAPI()
    app.state.access = access
    app.include_router(router, prefix="/api")

    @app.exception_handler(Problem)
    async def answer(_request: Request, problem: Problem) -> Response:
        return Response(problem.code, problem.status, problem.headers)

    return app


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def access(town: Town, seconds: Seconds) -> Access:
    return an_access(town, FixedClock(NOW), seconds)


@pytest.fixture
async def client(access: Access) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(an_app(access))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_route_lets_in_whom_its_permission_names(
    client: httpx.AsyncClient, town: Town, seconds: Seconds
) -> None:
    approve_it, vera = "/api/organisations/A/approve", ISSUER.authorization()
    assert (await client.post(approve_it, headers=vera)).json() == "vera-id"
    town.people[VERA.key] = a_person()
    seconds.passed = REMEMBERED_SECONDS
    assert (await client.post(approve_it, headers=vera)).status_code == 403
    assert (await client.put("/api/me", headers=ISSUER.authorization("new"))).json() == "new"
    assert (await client.get("/api/open")).json() == "open"


async def test_without_a_token_or_with_two_the_door_is_shut(client: httpx.AsyncClient) -> None:
    for headers in ([], [*ISSUER.authorization().items()] * 2):
        for method, path in (("POST", "/api/organisations/A/approve"), ("PUT", "/api/me")):
            answer = await client.request(method, path, headers=headers)
            assert (answer.status_code, answer.text) == (401, NotSignedIn.code)
            assert answer.headers["www-authenticate"] == "Bearer"


def test_every_route_states_its_permission_and_one_that_does_not_is_found(access: Access) -> None:
    app = an_app(access)

    @app.get("/forgotten")
    async def forgotten() -> str:
        return "oops"

    stated = {
        route: permission and permission.name for route, permission in stated_permissions(app)
    }
    assert stated == {
        "POST /api/organisations/{id}/approve": "organisation.approve",
        "PUT /api/me": "signed-in",
        "GET /api/open": "public",
        "GET /forgotten": None,
    }


def test_a_route_that_states_two_permissions_is_a_fault(access: Access) -> None:
    app = an_app(access)

    @app.get("/both", dependencies=[Depends(public)])
    async def both(caller: Annotated[Caller, Depends(allow(APPROVE))]) -> str:
        return caller.person_id

    with pytest.raises(ValueError, match="GET /both"):
        list(stated_permissions(app))


def test_openapi_says_which_routes_ask_for_a_token(access: Access) -> None:
    described = an_app(access).openapi()
    assert described["paths"]["/api/me"]["put"]["security"] == [{"bearer": []}]
    assert "security" not in described["paths"]["/api/open"]["get"]
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
