"""Joining an organisation by asking, and who sees whom in the registry."""

import pytest

from tests.harness import System, eventually
from tests.service.registry_world import Somebody, World, done, made, refused, role_body


async def a_branch(system: System) -> tuple[World, Somebody, Somebody, str]:
    """The world with an administrator, a coordinator and the coordinator's organisation."""
    await system.start("registry")
    world = World(system)
    ada, cora = await world.administrator(), await world.somebody("cora")
    return world, ada, cora, await world.organisation(cora, ada)


@pytest.mark.promise("P15")
@pytest.mark.promise("P14")
async def test_a_coordinator_reaches_only_who_has_asked_to_join(system: System) -> None:
    world, ada, cora, organisation = await a_branch(system)
    vera, role = await world.somebody("vera"), role_body("volunteer", organisation)
    refused(await cora.client.post(f"/people/{vera.id}/roles", role), 404, "not-found")
    unknown = await cora.client.post("/people/nobody/roles", role)
    assert (
        unknown.json()["detail"]
        == refused(await cora.client.post(f"/people/{vera.id}/roles", role), 404, "not-found")[
            "detail"
        ]
    )
    refused(await cora.client.get(f"/people/{vera.id}"), 404, "not-found")
    await world.asks(vera, organisation)
    await world.asks(vera, organisation)
    assert done(await cora.client.get(f"/people/{vera.id}"))["mail"] == "vera@demo.example"
    made(await cora.client.post(f"/people/{vera.id}/roles", role))
    assert done(await vera.client.get("/me"))["asks"] == []
    refused(
        await vera.client.post(f"/organisations/{organisation}/ask-to-join"),
        409, "has-a-role-there",
    )  # fmt: skip
    omar = await world.somebody("omar")
    made(await ada.client.post(f"/people/{omar.id}/roles", role))
    asked = {"subject": vera.id, "type": "registry.person.asked_to_join"}

    async def told() -> bool:
        rows = await system.raw("registry", "history").find(asked).to_list(9)
        return [row["facts"] for row in rows] == [{"organisation": organisation}]

    await eventually(told)


@pytest.mark.promise("P15")
async def test_who_takes_an_ask_back_or_is_declined_is_not_seen_any_more(system: System) -> None:
    world, _, cora, organisation = await a_branch(system)
    vera = await world.somebody("vera")
    await world.asks(vera, organisation)
    back = f"/organisations/{organisation}/take-back-ask"
    for _ in range(2):
        assert (await vera.client.post(back)).status_code == 204
    refused(await cora.client.get(f"/people/{vera.id}"), 404, "not-found")
    await world.asks(vera, organisation)
    no = {"organisation": organisation}
    assert (await cora.client.post(f"/people/{vera.id}/decline-ask", no)).status_code == 204
    refused(await cora.client.post(f"/people/{vera.id}/decline-ask", no), 404, "not-found")
    role = role_body("volunteer", organisation)
    refused(await cora.client.post(f"/people/{vera.id}/roles", role), 404, "not-found")


@pytest.mark.promise("P15")
async def test_who_has_left_is_not_seen_and_may_be_taken_in_again(system: System) -> None:
    world, _, cora, organisation = await a_branch(system)
    vera = await world.somebody("vera")
    grant = await world.volunteer(vera, organisation)
    done(await cora.client.get(f"/people/{vera.id}"))
    assert (await vera.client.post(f"/people/{vera.id}/roles/{grant}/revoke")).status_code == 204
    refused(await cora.client.get(f"/people/{vera.id}"), 404, "not-found")
    role = role_body("volunteer", organisation)
    made(await cora.client.post(f"/people/{vera.id}/roles", role))


async def test_a_person_asks_a_few_active_organisations_at_a_time(system: System) -> None:
    world, ada, _, organisation = await a_branch(system)
    vera = await world.somebody("vera")
    for number in range(20):
        body = {"name": f"Förening {number} demo", "kind": "partner"}
        answer = await world.system.client("registry", "ada").post("/organisations", body)
        other = made(answer)["id"]
        done(await ada.client.post(f"/organisations/{other}/approve"))
        await world.asks(vera, other)
    path = f"/organisations/{organisation}/ask-to-join"
    refused(await vera.client.post(path), 409, "too-many-asks")
    done(await ada.client.post(f"/organisations/{organisation}/pause"))
    refused(await vera.client.post(path), 409, "organisation-not-active")


@pytest.mark.promise("P20")
@pytest.mark.promise("P15")
async def test_coordinators_list_their_own_people_and_who_asks_page_by_page(
    system: System,
) -> None:
    world, _, cora, organisation = await a_branch(system)
    vera, omar = await world.somebody("vera"), await world.somebody("omar")
    await world.somebody("stranger")
    grant = await world.volunteer(vera, organisation)
    await world.asks(omar, organisation)
    path, found = f"/organisations/{organisation}/people?limit=1", []
    page = done(await cora.client.get(path))
    while page["next"]:
        found += page["items"]
        page = done(await cora.client.get(f"{path}&cursor={page['next']}"))
    people = {one["id"]: one for one in found + page["items"]}
    assert people.keys() == {cora.id, vera.id, omar.id}
    assert [role["id"] for role in people[vera.id]["roles"]] == [grant]
    assert people[omar.id]["asked_at"]
    assert people[vera.id]["asked_at"] is None
    refused(await vera.client.get(path), 403, "not-allowed")
    query = {"keys.scopes": {"$in": [f"asked:{organisation}", f"volunteer:{organisation}"]}}
    plan = await system.raw("registry", "person").find(query, sort=[("_id", 1)]).explain()
    assert "'stage': 'SORT'" not in str(plan["queryPlanner"]["winningPlan"])
    assert "'indexName': 'scopes'" in str(plan["queryPlanner"]["winningPlan"])


@pytest.mark.promise("P15")
async def test_hosts_see_of_other_parties_that_they_signed_and_not_who(system: System) -> None:
    world, _, cora, organisation = await a_branch(system)
    officer = await world.officer()
    house = await world.accommodation(officer)
    place = await world.meeting_place(cora, officer, house, organisation)
    path = f"/meeting-places/{place}"
    seen = {one["party"]: one["by"] for one in done(await cora.client.get(path))["signatures"]}
    assert seen == {"agency": None, organisation: cora.id}
    seen = {one["party"]: one["by"] for one in done(await officer.client.get(path))["signatures"]}
    assert seen == {"agency": officer.id, organisation: cora.id}
    for who, officers_id in ((cora, None), (officer, officer.id)):
        lines = done(await who.client.get(f"{path}/timeline"))["items"]
        seen = {line["party"]: line["by"] for line in lines}
        assert seen == {"agency": officers_id, organisation: cora.id}


@pytest.mark.promise("P15")
async def test_an_organisation_sees_that_the_network_welcomed_it_and_not_who(
    system: System,
) -> None:
    _, ada, cora, organisation = await a_branch(system)
    path = f"/organisations/{organisation}/timeline"
    for who, adas_id in ((cora, None), (ada, ada.id)):
        lines = done(await who.client.get(path))["items"]
        assert [(line["party"], line["by"]) for line in lines] == [
            (organisation, cora.id), ("network", adas_id)
        ]  # fmt: skip
