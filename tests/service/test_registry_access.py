"""Who may what in the registry: every route tried by every role, and what dies with a role."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from shared.permissions import stated_permissions
from tests.harness import System, eventually
from tests.service.registry_world import World, done, made, refused

ROLES = (
    "nobody", "stranger", "volunteer", "coordinator", "other_coordinator", "national",
    "officer", "other_officer", "reader", "administrator", "operator",
)  # fmt: skip

YES = 0
ANY_ROLE = {"nobody": 401, "stranger": 403}
OFFICER_ONLY = dict.fromkeys(ROLES, 403) | {"nobody": 401, "officer": YES}
PLANNERS = {**OFFICER_ONLY, "other_officer": 404}
PARTY_ONLY = dict.fromkeys(ROLES, 403) | {"nobody": 401, "officer": YES, "coordinator": YES}
HOST_ONLY = dict.fromkeys(ROLES, 403) | {"nobody": 401, "coordinator": YES}
DECIDERS = dict.fromkeys(ROLES, 403) | {"nobody": 401, "administrator": YES}
RUNNERS = dict.fromkeys(ROLES, 403) | {"nobody": 401, "coordinator": YES, "administrator": YES}
OPERATORS = dict.fromkeys(ROLES, 403) | {"nobody": 401, "operator": YES}
KNOWS_CORA = dict.fromkeys(ROLES, 404) | {
    "nobody": 401, "coordinator": YES, "administrator": YES,
}  # fmt: skip
GRANTERS = dict.fromkeys(ROLES, 403) | {
    "nobody": 401, "administrator": YES, "coordinator": YES,
}  # fmt: skip
IMPORTERS = dict.fromkeys(ROLES, 403) | {
    "nobody": 401, "officer": YES, "other_officer": YES, "administrator": YES,
}  # fmt: skip
WAY = dict.fromkeys(ROLES, 403) | {"nobody": 401, "officer": YES, "coordinator": YES}

# Route → who is let in (YES), who is refused how; who is not named is let in.
TABLE: dict[str, dict[str, int]] = {
    "POST /organisations": {"nobody": 401},
    "GET /organisations": {"nobody": 401},
    "GET /organisations/{organisation}": {"nobody": 401},
    "PUT /organisations/{organisation}": RUNNERS,
    "GET /organisations/{organisation}/timeline": RUNNERS,
    "POST /organisations/{organisation}/review": DECIDERS,
    "POST /organisations/{organisation}/request-information": DECIDERS,
    "POST /organisations/{organisation}/answer": RUNNERS,
    "POST /organisations/{organisation}/approve": DECIDERS,
    "POST /organisations/{organisation}/decline": DECIDERS,
    "POST /organisations/{organisation}/pause": DECIDERS,
    "POST /organisations/{organisation}/resume": DECIDERS,
    "POST /organisations/{organisation}/leave": RUNNERS,
    "POST /organisations/{organisation}/exclude": DECIDERS,
    "POST /organisations/likely-duplicates": {"nobody": 401},
    "GET /organisations/{organisation}/likely-duplicates": DECIDERS,
    "GET /organisations/{organisation}/branches/awaiting": RUNNERS,
    "POST /organisations/{organisation}/branches/confirm": RUNNERS,
    "POST /organisations/{organisation}/move": DECIDERS,
    "GET /organisations/{organisation}/people": RUNNERS,
    "POST /organisations/{organisation}/ask-to-join": {"nobody": 401},
    "POST /organisations/{organisation}/take-back-ask": {"nobody": 401},
    "GET /organisations/{organisation}/merge?into={organisation}": DECIDERS,
    "POST /organisations/{organisation}/merge": DECIDERS,
    "GET /people/{cora}/merge?into={cora}": DECIDERS,
    "POST /people/{cora}/merge": DECIDERS,
    "PUT /me": {"nobody": 401},
    "GET /me": {"nobody": 401},
    "GET /people/{cora}": KNOWS_CORA,
    "POST /people/{cora}/roles": GRANTERS,
    "POST /people/{cora}/roles/{nothing}/revoke": dict.fromkeys(ROLES, 404) | {"nobody": 401},
    "POST /people/{cora}/decline-ask": KNOWS_CORA,
    "POST /people/{cora}/protect": DECIDERS,
    "POST /people/{cora}/suspend": DECIDERS,
    "POST /people/{cora}/erase": KNOWS_CORA,
    "POST /accommodations": OFFICER_ONLY,
    "GET /accommodations": ANY_ROLE,
    "GET /accommodations/{house}": ANY_ROLE,
    "PUT /accommodations/{house}": OFFICER_ONLY,
    "GET /accommodations/{house}/timeline": OFFICER_ONLY,
    "POST /accommodations/{house}/open": OFFICER_ONLY,
    "POST /accommodations/{house}/residents": OFFICER_ONLY,
    "POST /accommodations/{house}/close": OFFICER_ONLY,
    "POST /accommodations/{house}/reopen": OFFICER_ONLY,
    "PUT /accommodations/{house}/location": OFFICER_ONLY,
    "GET /accommodations/{house}/way-there": WAY,
    "GET /accommodations/{house}/way-there/reads": OFFICER_ONLY,
    "PUT /accommodations/{house}/site-contact": OFFICER_ONLY,
    "GET /accommodations/{house}/site-contact": WAY,
    "DELETE /accommodations/{house}/site-contact": OFFICER_ONLY,
    "POST /closing-plans/preview": OFFICER_ONLY,
    "POST /closing-plans": OFFICER_ONLY,
    "GET /closing-plans": {**OFFICER_ONLY, "other_officer": YES},
    "GET /closing-plans/{plan}": PLANNERS,
    "PUT /closing-plans/{plan}": PLANNERS,
    "POST /closing-plans/{plan}/undo": PLANNERS,
    "GET /closing-plans/{plan}/timeline": PLANNERS,
    "POST /meeting-places": {**PARTY_ONLY},
    "GET /meeting-places": ANY_ROLE,
    "GET /meeting-places/{place}": ANY_ROLE,
    "PUT /meeting-places/{place}": PARTY_ONLY,
    "GET /meeting-places/{place}/timeline": PARTY_ONLY,
    "POST /meeting-places/{place}/sign": {**PARTY_ONLY, "coordinator": 403},
    "POST /meeting-places/{place}/open": HOST_ONLY,
    "POST /meeting-places/{place}/pause": PARTY_ONLY,
    "POST /meeting-places/{place}/resume": HOST_ONLY,
    "POST /meeting-places/{place}/close": PARTY_ONLY,
    "POST /imports": {**IMPORTERS, "administrator": 403},
    "GET /imports/{nothing}": {**IMPORTERS, "officer": 404, "other_officer": 404, "administrator": 404},
    "GET /imports/{nothing}/rows": {**IMPORTERS, "officer": 404, "other_officer": 404, "administrator": 404},
    "POST /imports/{nothing}/commit": {**IMPORTERS, "officer": 404, "other_officer": 404, "administrator": 404},
    "GET /operator/failed": OPERATORS,
    "GET /operator/failed/{nothing}": {**OPERATORS, "operator": 404},
    "POST /operator/failed/{nothing}/replay": {**OPERATORS, "operator": 404},
    "POST /operator/failed/{nothing}/drop": {**OPERATORS, "operator": 404},
    "POST /operator/replay": OPERATORS,
    "POST /operator/restored": OPERATORS,
    "POST /operator/resync/{nothing}": {**OPERATORS, "operator": 404},
    "GET /operator/fingerprints/{nothing}": {**OPERATORS, "operator": 404},
}  # fmt: skip
SLACK_SECONDS = 0.3
"""For the test's own requests, on a machine with other work."""
LAST = ("leave", "exclude", "erase", "close", "suspend", "pause", "protect")


@dataclass
class Cast:
    """Everyone by role, and the ids that paths are filled with."""

    people: dict[str, Any]
    ids: dict[str, str]


async def the_cast(system: System) -> Cast:
    world = World(system)
    people = {
        role: await world.somebody(role.replace("_", "-")) for role in ROLES if role != "nobody"
    }
    ada, cora = people["administrator"], people["coordinator"]
    await world.role(ada, "administrator", "national")
    await world.role(people["operator"], "operator", "national")
    await world.role(people["officer"], "officer", "counties", "25")
    await world.role(people["other_officer"], "officer", "counties", "12")
    await world.role(people["reader"], "county_reader", "counties", "25")
    ids = {"nothing": "nothing", "cora": cora.id}
    ids["organisation"] = await world.organisation(cora, ada)
    await world.organisation(people["other_coordinator"], ada, name="Annan demo")
    await world.organisation(people["national"], ada, name="Riks demo", kind="national")
    await world.role(people["volunteer"], "volunteer", "organisation", ids["organisation"])
    ids["house"] = await world.accommodation(people["officer"])
    ids["place"] = await world.meeting_place(
        cora, people["officer"], ids["house"], ids["organisation"]
    )
    wave = {
        "name": "Vintern demo",
        "houses": [{"accommodation": ids["house"], "closes_on": world.day(90)}],
    }
    ids["plan"] = made(await people["officer"].client.post("/closing-plans", wave))["id"]
    clients = {role: person.client for role, person in people.items()}
    return Cast({**clients, "nobody": system.client("registry", None)}, ids)


@pytest.mark.promise("P14")
@pytest.mark.case("X04")
async def test_every_route_lets_in_whom_the_table_says_and_nobody_else(system: System) -> None:
    await system.start("registry")
    cast, world = await the_cast(system), World(system)
    bodies = _bodies(cast, world)
    wrong = []
    for route in sorted(TABLE, key=lambda one: one.rsplit("/", 1)[-1] in LAST):
        method, path = route.split()
        path = path.format(**cast.ids)
        # Those who are refused first: who is let in may end what the next would try.
        for role in sorted(ROLES, key=lambda one: TABLE[route].get(one, YES) == YES):
            wanted = TABLE[route].get(role, YES)
            if wanted == YES and route.split("/")[-1] in LAST:
                continue
            answer = await cast.people[role].request(method, path, json=bodies.get(route))
            let_in = answer.status_code not in (401, 403, 404)
            if (wanted == YES) != let_in or (wanted != YES and answer.status_code != wanted):
                wrong.append(
                    f"{role}: {route} → {answer.status_code} {answer.text[:150]}, not {wanted or 'in'}"
                )
    assert not wrong, "\n".join(wrong)


def _bodies(cast: Cast, world: World) -> dict[str, Any]:
    from tests.service.registry_world import proposal_body

    house = {"name": "Nytt demo", "municipality": "2582", "capacity": 10}
    role = {
        "role": "volunteer",
        "scope": {"kind": "organisation", "ids": [cast.ids["organisation"]]},
    }
    ids = cast.ids
    wave = {"houses": [{"accommodation": ids["house"], "closes_on": world.day(90)}]}
    return {
        "POST /closing-plans/preview": wave,
        "POST /closing-plans": {**wave, "name": "En till demo"},
        "PUT /closing-plans/{plan}": {**wave, "name": "Vintern demo"},
        "POST /closing-plans/{plan}/undo": {"accommodations": [ids["house"]]},
        "POST /organisations": {"name": "Ny demo", "kind": "partner"},
        "POST /organisations/likely-duplicates": {"name": "Ny demo", "kind": "partner"},
        "PUT /organisations/{organisation}": {"name": "Majblomman demo", "kind": "independent"},
        "POST /organisations/{organisation}/request-information": {"words": "Vad?"},
        "POST /organisations/{organisation}/answer": {"words": "Vera."},
        "POST /organisations/{organisation}/decline": {"words": "Nej."},
        "POST /organisations/{organisation}/branches/confirm": {"branches": ["nothing"]},
        "POST /organisations/{organisation}/move": {"parent": None},
        "POST /organisations/{organisation}/merge": {"into": ids["organisation"]},
        "POST /people/{cora}/merge": {"into": ids["cora"]},
        "PUT /me": {"name": "Någon"},
        "POST /people/{cora}/roles": role,
        "POST /people/{cora}/decline-ask": {"organisation": cast.ids["organisation"]},
        "POST /people/{cora}/protect": {"on": False},
        "POST /people/{cora}/suspend": {"on": False},
        "POST /accommodations": house,
        "PUT /accommodations/{house}": house,
        "POST /accommodations/{house}/residents": {"on": world.today, "total": 9},
        "POST /accommodations/{house}/close": {"closes_on": world.day(9)},
        "PUT /accommodations/{house}/location": {"address": "Exempelvägen 1"},
        "PUT /accommodations/{house}/site-contact": {
            "name": "Receptionen",
            "mail": "r@demo.example",
        },
        "POST /meeting-places": proposal_body(
            [ids["house"]], [ids["organisation"]], world.today, world.day(9)
        ),
        "PUT /meeting-places/{place}": {"name": "X", "door": "Y", "rooms": [{"name": "Z"}]},
        "POST /meeting-places/{place}/sign": {"party": "agency"},
        "POST /imports": {"kind": "accommodations", "csv": "namn;kommun;platser\nA;2582;9\n"},
        "POST /operator/replay": {"since": f"{world.day(-1)}T00:00:00Z"},
        "POST /operator/failed/{nothing}/drop": {"reason": "Behövs inte."},
    }


async def test_every_route_states_a_permission_and_stands_in_the_table(system: System) -> None:
    await system.start("registry")
    stated = {
        route: permission
        for route, permission in stated_permissions(system.copy("registry").app)
        if " /api/registry/" in route and "/docs" not in route and "openapi" not in route
    }
    assert [route for route, permission in stated.items() if permission is None] == []
    known = {_shape(route) for route in TABLE}
    assert {_shape(route.replace("/api/registry", "")) for route in stated} == known


def _shape(route: str) -> str:
    return "/".join(
        "{}" if part.startswith("{") else part for part in route.split("?")[0].split("/")
    )


@pytest.mark.promise("P14")
@pytest.mark.case("X07")
async def test_a_revoked_role_is_dead_on_every_copy_within_half_a_second(system: System) -> None:
    await system.start("registry")
    await system.start("registry")
    world = World(system)
    ada, olle = await world.administrator(), await world.somebody("olle")
    grant = await world.role(olle, "officer", "national")
    both = [system.client("registry", "olle", copy) for copy in (0, 1)]
    for client in both:
        done(await client.get("/accommodations"))
    answer = await ada.client.post(f"/people/{olle.id}/roles/{grant}/revoke")
    assert answer.status_code == 204, answer.text

    async def dead() -> bool:
        answers = await asyncio.gather(*(client.get("/accommodations") for client in both))
        return all(answer.status_code == 403 for answer in answers)

    await eventually(dead, 0.5 + SLACK_SECONDS)


@pytest.mark.promise("P14")
async def test_a_paused_organisations_coordinators_are_powerless_within_a_second(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    officer, ada, cora = (
        await world.officer(),
        await world.administrator(),
        await world.somebody("cora"),
    )
    organisation = await world.organisation(cora, ada)
    house = await world.accommodation(officer)
    place = await world.meeting_place(cora, officer, house, organisation)
    done(await ada.client.post(f"/organisations/{organisation}/pause"))

    async def powerless() -> bool:
        answers = [
            await cora.client.get("/accommodations"),
            await cora.client.post(f"/meeting-places/{place}/pause"),
        ]
        return all(answer.status_code == 403 for answer in answers)

    await eventually(powerless, 1.0)

    async def paused() -> bool:
        shown = done(await officer.client.get(f"/meeting-places/{place}"))
        return bool(shown["status"] == "paused")

    await eventually(paused)


@pytest.mark.case("X05")
async def test_a_national_organisation_confirms_its_branches_and_does_not_run_them(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    ada, nina, cora, vera = (
        await world.administrator(),
        await world.somebody("nina"),
        await world.somebody("cora"),
        await world.somebody("vera"),
    )
    riks = await world.organisation(nina, ada, name="Riks demo", kind="national")
    branch = await world.organisation(cora, nina, name="Kretsen demo", kind="branch", parent=riks)
    body = {"name": "Ny", "kind": "branch", "parent": riks}
    refused(await nina.client.put(f"/organisations/{branch}", body), 403, "not-allowed")
    refused(await cora.client.post(f"/organisations/{riks}/leave"), 403, "not-allowed")
    role = {"role": "coordinator", "scope": {"kind": "organisation", "ids": [branch]}}
    path = f"/people/{vera.id}/roles"
    refused(await nina.client.post(path, role), 409, "has-a-coordinator")
    await world.asks(vera, branch)
    grant = done(await cora.client.get("/me"))["roles"][0]["id"]
    revoke = f"/people/{cora.id}/roles/{grant}/revoke"
    refused(await cora.client.post(revoke), 409, "last-coordinator")
    assert (await ada.client.post(revoke)).status_code == 204
    assert (await nina.client.post(path, role)).status_code == 201
    wider = {"role": "coordinator", "scope": {"kind": "organisation", "ids": [riks]}}
    refused(await cora.client.post(f"/people/{cora.id}/roles", wider), 403, "not-allowed")


@pytest.mark.promise("P6")
async def test_a_role_ends_by_the_clock_and_says_so_once(system: System) -> None:
    await system.start("registry")
    world = World(system)
    until = system.clock.now() + timedelta(hours=2)
    olle = await world.somebody("olle")
    await world.role(olle, "officer", "national", until=until)
    done(await olle.client.get("/accommodations"))
    system.clock.advance(timedelta(hours=2))
    refused(await olle.client.get("/accommodations"), 403, "not-allowed")

    async def ended() -> bool:
        query = {"subject": olle.id, "type": "registry.person.role_ended"}
        return bool(await system.raw("registry", "history").count_documents(query) == 1)

    await eventually(ended)
    assert done(await olle.client.get("/me"))["roles"] == []


@pytest.mark.promise("P14")
async def test_nobody_grants_wider_than_their_own(system: System) -> None:
    await system.start("registry")
    world = World(system)
    olle, vera = await world.officer("olle", "counties", "25"), await world.somebody("vera")
    path = f"/people/{vera.id}/roles"

    def role(kind: str, *ids: str, name: str = "officer") -> dict[str, Any]:
        return {"role": name, "scope": {"kind": kind, "ids": list(ids)}}

    refused(await olle.client.post(path, role("national")), 403, "not-allowed")
    refused(await olle.client.post(path, role("counties", "12")), 403, "not-allowed")
    refused(
        await olle.client.post(path, role("national", name="administrator")), 403, "not-allowed"
    )
    for odd in (role("counties", "99"), role("counties"), role("organisation", "x")):
        refused(await olle.client.post(path, odd), 422, "invalid")
    made(await olle.client.post(path, role("counties", "25")))
