"""Questions to the network: who sees what of them, who may answer, and that silence is lifted."""

from datetime import timedelta
from typing import Any

import pytest

from tests.harness import Client, System, eventually
from tests.service.registry_world import Somebody, World, done, made, refused

SECRET = "Farah i rum 12 vill fira"


async def test_a_question_is_taken_answered_and_asked_on(system: System) -> None:
    await system.start("registry")
    world = World(system)
    ada, cora = await world.administrator(), await world.somebody("cora")
    organisation = await world.organisation(cora, ada)
    body = {"organisation": organisation, "subject": "Julbord", "words": SECRET}
    case = made(await cora.client.post("/support-cases", body))
    path = f"/support-cases/{case['id']}"
    assert (case["status"], "owner" in case) == ("open", False)

    taken = done(await ada.client.post(f"{path}/take"))
    assert (taken["status"], taken["owner"]) == ("owned", ada.id)
    refused(await ada.client.post(f"{path}/close"), 409, "wrong-status")
    done(await ada.client.post(f"{path}/answer", {"words": "Ja, gärna."}))
    seen = done(await cora.client.get(path))
    assert [(one["side"], one["by"], one["words"]) for one in seen["said"]] == [
        ("asker", cora.id, SECRET),
        ("network", None, "Ja, gärna."),
    ]
    done(await cora.client.post(f"{path}/close"))
    asked_on = done(await cora.client.post(f"{path}/reopen", {"words": "Även barnen?"}))
    assert (asked_on["status"], len(asked_on["said"])) == ("owned", 3)

    steps = done(await cora.client.get(f"{path}/timeline"))["items"]
    assert [one["what"].rsplit(".", 1)[1] for one in steps] == [
        "asked",
        "owned",
        "answered",
        "closed",
        "reopened",
    ]
    assert SECRET not in str(steps)


@pytest.mark.promise("P15")
async def test_only_the_two_sides_know_of_a_question(system: System) -> None:
    await system.start("registry")
    world = World(system)
    ada, cora = await world.administrator(), await world.somebody("cora")
    officer, colleague, vera = (
        await world.officer(),
        await world.somebody("kalle"),
        await world.somebody("vera"),
    )
    organisation = await world.organisation(cora, ada)
    stranger = await world.somebody("sven")
    other = await world.organisation(stranger, ada, name="Rosengård demo")
    await world.role(colleague, "coordinator", "organisation", organisation)
    await world.volunteer(vera, organisation)
    body = {"organisation": organisation, "subject": "Julbord", "words": SECRET}
    refused(await vera.client.post("/support-cases", body), 403, "not-allowed")
    refused(await stranger.client.post("/support-cases", body), 403, "not-allowed")
    id = made(await cora.client.post("/support-cases", body))["id"]
    theirs = {**body, "organisation": other}
    elsewhere = made(await stranger.client.post("/support-cases", theirs))["id"]

    async def seen(person: Somebody) -> list[str]:
        """What the person finds, by the list and one by one alike."""
        items = done(await person.client.get("/support-cases"))["items"]
        assert not any("said" in one for one in items)
        for one in (id, elsewhere):
            answer = await person.client.get(f"/support-cases/{one}")
            assert (answer.status_code == 200) == any(item["id"] == one for item in items)
        return [one["id"] for one in items]

    assert await seen(ada) == [id, elsewhere]
    assert await seen(cora) == await seen(colleague) == [id]
    assert await seen(stranger) == [elsewhere]
    assert await seen(officer) == await seen(vera) == []

    role = next(iter(done(await cora.client.get("/me"))["roles"]))["id"]
    await revoked(ada, cora, role)

    async def no_coordinator() -> bool:
        again = await cora.client.post("/support-cases", body)
        return again.status_code == 403

    await eventually(no_coordinator)
    assert id in await seen(cora), "who asked always sees what becomes of it"


@pytest.mark.promise("P5")
@pytest.mark.promise("P6")
async def test_silence_is_lifted_and_an_owner_who_leaves_holds_nothing(system: System) -> None:
    await system.start("registry")
    world = World(system)
    ada, abbe = await world.administrator(), await world.administrator("abbe")
    cora = await world.somebody("cora")
    organisation = await world.organisation(cora, ada)
    body = {"organisation": organisation, "subject": "Julbord", "words": SECRET}
    path = f"/support-cases/{made(await cora.client.post('/support-cases', body))['id']}"
    refused(await ada.client.post(f"{path}/give", {"to": cora.id}), 409, "not-an-administrator")
    refused(await ada.client.post(f"{path}/give", {"to": "nobody"}), 409, "not-yet-known")
    given = done(await ada.client.post(f"{path}/give", {"to": abbe.id}))
    assert given["owner"] == abbe.id

    # Asked on a Tuesday: over when Thursday is.
    await moved(system, timedelta(days=2, hours=14))
    assert (await shown(cora.client, path))["lifted"] == 0
    await moved(system, timedelta(hours=2))
    await eventually(lambda: is_lifted(cora.client, path, 1))

    role = next(iter(done(await abbe.client.get("/me"))["roles"]))["id"]
    await revoked(ada, abbe, role)

    async def released() -> bool:
        return bool((await shown(ada.client, path))["owner"] is None)

    await eventually(released)
    assert (await shown(ada.client, path))["status"] == "open"


@pytest.mark.promise("P16")
async def test_the_words_of_the_erased_are_gone(system: System) -> None:
    await system.start("registry")
    world = World(system)
    ada, cora = await world.administrator(), await world.somebody("cora")
    organisation = await world.organisation(cora, ada)
    colleague = await world.somebody("kalle")
    await world.role(colleague, "coordinator", "organisation", organisation)
    body = {"organisation": organisation, "subject": SECRET, "words": SECRET}
    path = f"/support-cases/{made(await cora.client.post('/support-cases', body))['id']}"
    answer = await cora.client.post(f"/people/{cora.id}/erase")
    assert answer.status_code == 204, answer.text

    async def gone() -> bool:
        case = await shown(ada.client, path)
        return case["subject"] is None and case["said"][0]["words"] is None

    await eventually(gone)
    async for document in system.raw("registry", "support_case").find({}):
        assert SECRET not in str(document)


async def revoked(by: Somebody, person: Somebody, role: str) -> None:
    answer = await by.client.post(f"/people/{person.id}/roles/{role}/revoke")
    assert answer.status_code == 204, answer.text


async def moved(system: System, step: timedelta) -> None:
    system.clock.advance(step)


async def shown(client: Client, path: str) -> Any:
    return done(await client.get(path))


async def is_lifted(client: Client, path: str, times: int) -> bool:
    return bool((await shown(client, path))["lifted"] == times)
