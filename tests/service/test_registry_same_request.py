"""A repeated request, and requests that try to be more than they say."""

import asyncio
from uuid import uuid4

import pytest

from tests.harness import System, eventually
from tests.service.registry_world import World, done, made, refused


@pytest.mark.promise("P18")
@pytest.mark.case("X15")
async def test_a_key_belongs_to_one_person_and_one_address_and_is_judged_again(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    ada, cora, dora = [
        await world.administrator(),
        await world.somebody("cora"),
        await world.somebody("dora"),
    ]
    ours = await world.organisation(cora, ada)
    theirs = await world.organisation(dora, ada, name="Den andra demo")
    key = str(uuid4())

    def question(organisation: str, words: str = "Vem har nycklarna?") -> dict[str, str]:
        return {"organisation": organisation, "subject": "Nycklar", "words": words}

    first = made(await cora.client.post("/support-cases", question(ours), key=key))
    other = made(await dora.client.post("/support-cases", question(theirs), key=key))
    assert first["id"] != other["id"]
    again = await cora.client.post("/support-cases", question(ours), key=key)
    assert again.json()["id"] == first["id"]
    changed = question(ours, "Något annat?")
    refused(await cora.client.post("/support-cases", changed, key=key), 422, "key-reused")
    # The same key at another address has its own effect.
    done(await cora.client.post(f"/support-cases/{first['id']}/close", key=key))
    assert len(done(await cora.client.get("/support-cases"))["items"]) == 1

    grant = done(await cora.client.get("/me"))["roles"][0]["id"]
    answer = await ada.client.post(f"/people/{cora.id}/roles/{grant}/revoke")
    assert answer.status_code == 204, answer.text

    async def refused_now() -> bool:
        answer = await cora.client.post("/support-cases", question(ours), key=key)
        return answer.status_code == 403 and first["id"] not in answer.text

    await eventually(refused_now)


@pytest.mark.promise("P18")
@pytest.mark.case("X15")
async def test_the_same_key_many_times_at_once_has_one_effect(system: System) -> None:
    await system.start("registry")
    await system.start("registry")
    world = World(system)
    await world.somebody("cora")
    both = [system.client("registry", "cora", copy) for copy in (0, 1)]
    body, key = {"name": "Biblioteket demo", "kind": "partner"}, str(uuid4())
    answers = await asyncio.gather(
        *(both[number % 2].post("/organisations", body, key=key) for number in range(10))
    )
    assert len({answer.json()["id"] for answer in answers if answer.is_success}) == 1
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert await system.raw("registry", "organisation").count_documents({}) == 1


ODD_QUERIES = (
    "county[prefix]=x",
    "county[$ne]=x",
    "status[$gt]=",
    "$where=sleep(1000)",
    "filter[address][prefix]=H",
    "fields=address",
    "sort=address",
)
LISTS = ("accommodations", "organisations", "meeting-places", "incidents", "support-cases")


@pytest.mark.promise("P20")
@pytest.mark.case("X21")
@pytest.mark.case("X01")
async def test_operators_and_fields_that_are_not_there_are_refused_alike(system: System) -> None:
    await system.start("registry")
    world = World(system)
    ada, olle = await world.administrator(), await world.officer()
    await world.accommodation(olle)
    organisation = await world.organisation(await world.somebody("cora"), ada)
    for address in LISTS:
        for query in ODD_QUERIES:
            answer = await ada.client.get(f"/{address}?{query}")
            refused(answer, 400, "unknown-field")
    for odd in ({"$ne": ""}, {"$set": {"status": "approved"}}, ["x"], {"a.b": 1}):
        body = {"name": odd, "kind": "partner"}
        refused(await ada.client.post("/organisations", body), 422, "invalid")
        refused(await ada.client.post("/organisations", {"name": "X", "kind": odd}), 422, "invalid")
    pledge = {"text": {"$set": "x", "sv": "Vi lovar."}}
    address = f"/organisations/{organisation}/pledge"
    refused(await ada.client.post(address, pledge), 422, "invalid")
