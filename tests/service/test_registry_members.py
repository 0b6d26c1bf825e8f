"""Organisations and their people: own words, applications, and what a changed membership causes."""

import pytest

from services.registry.domain import organisation as organisations
from services.registry.kinds import PERSON
from tests.harness import System
from tests.service.registry_world import World, done, made, refused


@pytest.mark.promise("P14")
async def test_a_suspended_account_changes_nothing_of_itself(system: System) -> None:
    await system.start("registry")
    world = World(system)
    ada, vera = await world.administrator(), await world.somebody("vera")
    tag = (await vera.client.get("/me")).headers["etag"]
    done(await ada.client.post(f"/people/{vera.id}/suspend", {"on": True}))
    refused(await vera.client.put("/me", {"name": "Vera D"}, tag), 403, "suspended")
    refused(await vera.client.put("/me", {"name": "Vera D"}), 403, "suspended")


@pytest.mark.promise("P9")
async def test_own_words_are_ones_own_act(system: System) -> None:
    await system.start("registry")
    world = World(system)
    vera = await world.somebody("vera")
    tag = (await vera.client.get("/me")).headers["etag"]
    done(await vera.client.put("/me", {"name": "Vera D"}, tag))
    registry = system.copy("registry").app.state.registry
    rows = await registry.store.timeline(PERSON, vera.id)
    assert {row["type"].split(".")[-1] for row in rows} == {"registered", "changed"}
    assert {row["actor"] for row in rows} == {vera.id}


@pytest.mark.promise("P17")
@pytest.mark.parametrize("sign", ["\x01", "\x1f", "\x7f"])
async def test_a_mail_address_is_kept_without_signs_that_nobody_sees(
    system: System, sign: str
) -> None:
    await system.start("registry")
    vera = system.client("registry", "vera")
    answer = await vera.put("/me", {"name": "Vera Demo", "mail": f" vera{sign}@demo.example\n"})
    assert done(answer)["mail"] == "vera@demo.example"
    broken = await system.client("registry", "ali").put(
        "/me", {"name": "Ali Demo", "mail": "a@demo.example\nBcc: b@demo.example"}
    )
    refused(broken, 422, "invalid")


@pytest.mark.promise("P21")
@pytest.mark.promise("P18")
async def test_a_person_has_a_few_applications_waiting_at_a_time(system: System) -> None:
    await system.start("registry")
    world = World(system)
    ada, vera = await world.administrator(), await world.somebody("vera")

    def body(number: int) -> dict[str, str]:
        return {"name": f"Förening {number} demo", "kind": "partner"}

    ids = [
        made(await vera.client.post("/organisations", body(number), key=str(number)))["id"]
        for number in range(organisations.MOST_UNDECIDED)
    ]
    refused(await vera.client.post("/organisations", body(99)), 409, "too-many-applications")
    again = made(await vera.client.post("/organisations", body(0), key="0"))
    assert again["id"] == ids[0]
    done(await ada.client.post(f"/organisations/{ids[0]}/decline", {"words": "Nej."}))
    made(await vera.client.post("/organisations", body(99)))
    indexes = await system.raw("registry", "organisation").index_information()
    assert [key for key, _ in indexes["applications"]["key"]] == ["keys.applicant", "keys.status"]


@pytest.mark.promise("P5")
@pytest.mark.promise("P12")
async def test_what_a_membership_causes_at_its_meeting_places_is_there_at_once(
    system: System, monkeypatch: pytest.MonkeyPatch
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
    # As if the broker were away: nothing comes back by an event.
    relay = system.copy("registry").process.plumbing.relay
    monkeypatch.setattr(relay, "committed", lambda *_: None)
    path = f"/organisations/{organisation}"
    for command, status in (("pause", "paused"), ("resume", "paused"), ("exclude", "closed")):
        done(await ada.client.post(f"{path}/{command}"))
        assert done(await officer.client.get(f"/meeting-places/{place}"))["status"] == status


async def test_a_branch_of_a_parent_that_has_left_is_told_what_can_be_done(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    ada, nina, cora = (
        await world.administrator(),
        await world.somebody("nina"),
        await world.somebody("cora"),
    )
    riks = await world.organisation(nina, ada, name="Riks demo", kind="national")
    body = {"name": "Kretsen demo", "kind": "branch", "parent": riks}
    branch = made(await cora.client.post("/organisations", body))["id"]
    done(await ada.client.post(f"/organisations/{riks}/exclude"))
    words = refused(
        await ada.client.post(f"/organisations/{branch}/approve"), 409, "parent-not-active"
    )["detail"]
    assert words.startswith("Kretsen demo hör till Riks demo, som inte längre är med.")
    alone = {"as_independent": True}
    path = f"/organisations/{branch}"
    refused(await ada.client.post(f"{path}/approve", alone), 409, "number-needed")
    read = await cora.client.get(path)
    number = {**body, "number": next(world.numbers)}
    done(await cora.client.put(path, number, etag=read.headers["etag"]))
    welcome = done(await ada.client.post(f"{path}/approve", alone))
    assert (welcome["status"], welcome["kind"], welcome["parent"]) == (
        "approved", "independent", None,
    )  # fmt: skip
