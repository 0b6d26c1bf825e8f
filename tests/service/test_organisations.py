"""The registry over HTTP: who may come in, and what becomes of an application."""

import pytest

from tests.harness import Client, System, eventually

APPLICATION = {"name": "Majblomman demo", "kind": "independent", "number": "802400-0005"}


async def registered(system: System, subject: str, name: str = "Vera Demo") -> tuple[Client, str]:
    client = system.client("registry", subject)
    answer = await client.put("/me", {"name": name, "mail": f"{subject}@demo.example"})
    assert answer.status_code == 200, answer.text
    return client, answer.json()["id"]


@pytest.mark.promise("P13")
async def test_somebody_signed_in_becomes_a_person_once_however_often_they_register(
    system: System,
) -> None:
    await system.start("registry")
    _, first = await registered(system, "vera")
    _, second = await registered(system, "vera")
    assert first == second


@pytest.mark.promise("P19")
async def test_new_words_about_oneself_need_the_version_they_are_based_on(system: System) -> None:
    await system.start("registry")
    vera, _ = await registered(system, "vera")
    tag = (await vera.get("/me")).headers["etag"]
    assert (await vera.put("/me", {"name": "Vera D"})).status_code == 428
    assert (await vera.put("/me", {"name": "Vera D"}, tag)).status_code == 200
    assert (await vera.put("/me", {"name": "Vera E"}, tag)).status_code == 412
    assert (await vera.get("/me")).json()["name"] == "Vera D"


@pytest.mark.promise("P18")
async def test_an_application_sent_twice_is_one_application(system: System) -> None:
    await system.start("registry")
    vera, _ = await registered(system, "vera")
    first = await vera.post("/organisations", APPLICATION, key="once")
    again = await vera.post("/organisations", APPLICATION, key="once")
    assert first.status_code == again.status_code == 201, again.text
    assert first.json()["id"] == again.json()["id"]
    other = await vera.post("/organisations", {**APPLICATION, "name": "En annan"}, key="once")
    assert other.status_code == 422
    assert other.json()["code"] == "key-reused"


async def test_events_are_struck_and_kept_in_the_history(system: System) -> None:
    await system.start("registry")
    vera, _ = await registered(system, "vera")
    id = (await vera.post("/organisations", APPLICATION)).json()["id"]

    async def struck() -> bool:
        return not (await system.raw("registry", "organisation").find_one({"_id": id}))["pending"]

    await eventually(struck)
    assert await system.raw("registry", "history").count_documents({"subject": id}) == 1
