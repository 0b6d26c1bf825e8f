"""National organisations and their branches: confirmed by the list, inheriting, following."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from services.registry.domain import organisation as organisations
from services.registry.domain.organisation_profile import Profile
from services.registry.kinds import ORGANISATION
from shared.kind import By, Change, derived_id
from tests.harness import System, eventually
from tests.service.registry_world import Somebody, World, done, made, refused

MANY = 120


@dataclass
class Network:
    """An administrator, a national organisation with its coordinator, and who applies for branches."""

    world: World
    ada: Somebody
    nina: Somebody
    vera: Somebody
    riks: str

    async def applies(self, name: str, **more: Any) -> str:
        """Vera applies for a branch; its id."""
        body = {"name": name, "kind": "branch", "parent": self.riks, **more}
        return str(made(await self.vera.client.post("/organisations", body))["id"])

    async def shown(self, id: str, by: Somebody | None = None) -> dict[str, Any]:
        """An organisation as somebody sees it now, the administrator unless said."""
        answer: dict[str, Any] = done(await (by or self.ada).client.get(f"/organisations/{id}"))
        return answer


async def a_network(system: System, **more: Any) -> Network:
    world = World(system)
    ada, nina, vera = (
        await world.administrator(),
        await world.somebody("nina"),
        await world.somebody("vera"),
    )
    riks = await world.organisation(nina, ada, name="Riks demo", kind="national", **more)
    return Network(world, ada, nina, vera, riks)


@pytest.mark.promise("P18")
@pytest.mark.case("X04")
@pytest.mark.case("X05")
async def test_a_national_organisation_confirms_its_branches_from_a_list(system: System) -> None:
    await system.start("registry")
    net = await a_network(system)
    world, nina = net.world, net.nina
    olof = await world.somebody("olof")
    other = await world.organisation(olof, net.ada, name="Annan demo", kind="national")
    names = ("Ådalen demo", "Boden demo", "Alby demo")
    ids = [await net.applies(name) for name in names]
    foreign = await net.applies("Annans krets demo", parent=other)
    done(await net.ada.client.post(f"/organisations/{ids[1]}/decline", {"words": "Nej."}))

    path = f"/organisations/{net.riks}/branches"
    listed = done(await nina.client.get(f"{path}/awaiting"))["items"]
    assert [one["name"] for one in listed] == ["Alby demo", "Ådalen demo"]
    refused(await olof.client.get(f"{path}/awaiting"), 403, "not-allowed")
    refused(await net.vera.client.get(f"{path}/awaiting"), 403, "not-allowed")

    body = {"branches": [*ids, foreign, "nothing", ids[0]]}
    answers = [await nina.client.post(f"{path}/confirm", body, key="once") for _ in range(2)]
    first, again = (done(answer)["items"] for answer in answers)
    assert first == again
    assert [(one["id"], one["verdict"]) for one in first] == [
        (ids[0], "confirmed"), (ids[1], "already-declined"), (ids[2], "confirmed"),
        (foreign, "not-found"), ("nothing", "not-found"),
    ]  # fmt: skip
    assert "avslogs redan" in first[1]["detail"]
    other_list = await nina.client.post(f"{path}/confirm", {"branches": ids}, key="once")
    refused(other_list, 422, "key-reused")
    by_another = done(await net.ada.client.post(f"{path}/confirm", {"branches": [ids[0]]}))
    assert by_another["items"][0]["verdict"] == "already-approved"
    # Who has decided is named to who may know them: see the next test.
    unnamed = await nina.client.post(f"/organisations/{ids[1]}/approve")
    assert " av " not in refused(unnamed, 409, "already-declined")["detail"]
    roles = done(await net.vera.client.get("/me"))["roles"]
    assert {one["scope"]["ids"][0] for one in roles} == {ids[0], ids[2]}
    assert (await net.shown(foreign))["status"] == "applied"
    refused(await nina.client.post(f"/organisations/{foreign}/approve"), 404, "not-found")


@pytest.mark.promise("P9")
async def test_each_step_says_who_when_and_why_to_those_it_concerns(system: System) -> None:
    await system.start("registry")
    net = await a_network(system)
    branch = await net.applies("Kretsen demo")
    path = f"/organisations/{branch}"
    done(await net.nina.client.post(f"{path}/review"))
    done(await net.nina.client.post(f"{path}/request-information", {"words": "Vem är ordförande?"}))
    shown = await net.shown(branch, net.vera)
    assert (shown["status"], shown["words"]) == ("information_requested", "Vem är ordförande?")
    answer = {"words": "Det är Sten."}
    refused(await net.nina.client.post(f"{path}/answer", answer), 403, "not-allowed")
    assert done(await net.vera.client.post(f"{path}/answer", answer))["status"] == "under_review"
    assert (await net.shown(branch, net.nina))["words"] == "Det är Sten."
    done(await net.nina.client.post(f"{path}/decline", {"words": "Ni finns redan."}))
    assert (await net.shown(branch, net.vera))["words"] == "Ni finns redan."
    answer = refused(await net.ada.client.post(f"{path}/approve"), 409, "already-declined")
    assert "av Nina Demo" in answer["detail"]

    lines = done(await net.nina.client.get(f"{path}/timeline"))["items"]
    told = [(line["what"].split(".")[-1], line["words"]) for line in lines]
    assert told == [
        ("applied", None), ("reviewed", None),
        ("information_requested", "Vem är ordförande?"), ("information_given", "Det är Sten."),
        ("declined", "Ni finns redan."),
    ]  # fmt: skip
    # Nina may know herself, and not who has applied.
    assert [line["by"] for line in lines] == [None, *[net.nina.id] * 2, None, net.nina.id]
    history = [row async for row in system.raw("registry", "history").find({"subject": branch})]
    assert "ordförande" not in str(history)
    done(await net.ada.client.post(f"/organisations/{net.riks}/pause", {"words": "Sommar."}))
    assert (await net.shown(net.riks, net.ada))["words"] == "Sommar."
    assert "words" not in await net.shown(net.riks, net.vera)


@pytest.mark.promise("P4")
async def test_what_a_national_organisation_says_anew_reaches_its_branches_everywhere(
    system: System,
) -> None:
    await system.start("registry", "activities")
    net = await a_network(system, languages=["sv"], web="riks.example", mail="riks@demo.example")
    ids = [await net.applies(f"Krets {n} demo", languages=["ar"][: n % 2]) for n in range(6)]
    seen = await net.shown(ids[0], net.vera)
    assert (seen["inherited"], seen["languages"], seen["mail"]) == ([], [], None)
    confirm = f"/organisations/{net.riks}/branches/confirm"
    done(await net.nina.client.post(confirm, {"branches": ids}))

    async def coordinates() -> bool:
        return (await net.shown(ids[0], net.vera))["inherited"] == ["mail", "web", "languages"]

    await eventually(coordinates)
    seen = await net.shown(ids[0], net.vera)
    assert seen["mail"] == "riks@demo.example"
    assert (seen["web"], seen["languages"]) == ("https://riks.example", ["sv"])

    read = await net.nina.client.get(f"/organisations/{net.riks}")
    body = {"name": "Riks demo", "kind": "national", "number": read.json()["number"],
            "languages": ["sv", "prs"]}  # fmt: skip
    done(await net.nina.client.put(f"/organisations/{net.riks}", body, etag=read.headers["etag"]))
    replica = system.raw("activities", "replica_registry_organisation")

    async def has_reached_all() -> bool:
        rows = [row async for row in replica.find({"_id": {"$in": ids}})]
        return [sorted(row["state"]["languages"]) for row in sorted(rows, key=_by(ids))] == [
            ["ar"] if n % 2 else ["prs", "sv"] for n in range(6)
        ]

    await eventually(has_reached_all)
    shown = await net.shown(ids[0], net.ada)
    assert (shown["inherited"], shown["web"]) == (["languages"], None)
    outsider = await net.world.somebody("olof")
    assert (await net.shown(ids[1], outsider))["inherited"] == []


def _by(ids: list[str]) -> Any:
    return lambda row: ids.index(row["_id"])


@pytest.mark.promise("P5")
async def test_a_branch_confirmed_while_its_national_organisation_changes_has_what_is_new(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.start("registry")
    net = await a_network(system, languages=["sv"])
    branch = await net.applies("Kretsen demo")
    read = await net.nina.client.get(f"/organisations/{net.riks}")
    body = {"name": "Riks demo", "kind": "national", "number": read.json()["number"],
            "languages": ["so"]}  # fmt: skip
    use_cases = system.copy("registry").app.state.registry.organisations
    parent_of = use_cases.parent_of

    async def overtaken(stored: Any) -> Any:
        parent = await parent_of(stored)
        monkeypatch.setattr(use_cases, "parent_of", parent_of)
        put = net.nina.client.put(f"/organisations/{net.riks}", body, etag=read.headers["etag"])
        done(await put)
        return parent

    monkeypatch.setattr(use_cases, "parent_of", overtaken)
    done(await net.nina.client.post(f"/organisations/{branch}/approve"))

    async def new() -> bool:
        return (await net.shown(branch))["languages"] == ["so"]

    await eventually(new)


@pytest.mark.promise("P14")
@pytest.mark.case("X05")
async def test_a_branch_is_active_only_while_its_national_organisation_is(system: System) -> None:
    await system.start("registry")
    net = await a_network(system)
    officer, branch = await net.world.officer(), await net.applies("Kretsen demo")
    done(await net.nina.client.post(f"/organisations/{branch}/approve"))
    house = await net.world.accommodation(officer)

    async def may() -> bool:
        return (await net.vera.client.get("/accommodations")).status_code == 200

    async def may_not() -> bool:
        return not await may()

    await eventually(may)
    place = await net.world.meeting_place(net.vera, officer, house, branch)

    async def place_is(status: str) -> bool:
        shown = done(await officer.client.get(f"/meeting-places/{place}"))
        return bool(shown["status"] == status)

    done(await net.ada.client.post(f"/organisations/{net.riks}/pause"))
    assert await place_is("paused")
    await eventually(may_not, 1.0)
    done(await net.ada.client.post(f"/organisations/{net.riks}/resume"))
    await eventually(may, 1.0)
    done(await net.vera.client.post(f"/meeting-places/{place}/resume"))
    assert await place_is("open")
    done(await net.nina.client.post(f"/organisations/{net.riks}/leave"))
    assert await place_is("paused")
    await eventually(may_not, 1.0)

    # Under another national organisation it goes on.
    olof = await net.world.somebody("olof")
    other = await net.world.organisation(olof, net.ada, name="Annan demo", kind="national")
    path = f"/organisations/{branch}/move"
    for wrong in (branch, house):
        answer = await net.ada.client.post(path, {"parent": wrong})
        assert answer.status_code == (422 if wrong == branch else 409), answer.text
    refused(await olof.client.post(path, {"parent": other}), 403, "not-allowed")
    done(await net.ada.client.post(path, {"parent": other}))
    await eventually(may, 1.0)
    refused(
        await net.ada.client.post(f"/organisations/{other}/move", {"parent": branch}),
        422,
        "invalid",
    )
    assert done(await olof.client.get(f"/organisations/{branch}/timeline"))["items"]


async def test_hundreds_of_branches_follow_without_a_request_waiting(system: System) -> None:
    await system.start("registry")
    net = await a_network(system, languages=["sv"])
    store = system.copy("registry").app.state.registry.store

    async def enter(number: int) -> None:
        profile = Profile(name=f"Krets {number} demo", kind="branch", parent=net.riks)
        change = Change(*organisations.enter(profile, "import"))
        await store.create(ORGANISATION, derived_id("krets", number), change, By())

    await asyncio.gather(*(enter(number) for number in range(MANY)))
    query = {"keys.parent": net.riks, "state.inherited.languages": ["sv"]}
    collection = system.raw("registry", "organisation")

    async def all_have(languages: list[str]) -> bool:
        query["state.inherited.languages"] = languages
        return bool(await collection.count_documents(query) == MANY)

    await eventually(lambda: all_have(["sv"]), 30)
    read = await net.nina.client.get(f"/organisations/{net.riks}")
    body = {"name": "Riks demo", "kind": "national", "number": read.json()["number"],
            "languages": ["so"]}  # fmt: skip
    done(await net.nina.client.put(f"/organisations/{net.riks}", body, etag=read.headers["etag"]))
    assert not await all_have(["so"])
    await eventually(lambda: all_have(["so"]), 30)
    indexes = await collection.index_information()
    assert [key for key, _ in indexes["branches"]["key"]] == ["keys.parent", "_id"]
