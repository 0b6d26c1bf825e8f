"""Incidents: who reports, who reads, what is logged, and that no word of them leaves the registry."""

from datetime import timedelta
from typing import Any

import pytest

from services.registry.commands.incidents import READS
from tests.harness import System, eventually
from tests.service.registry_world import MALMO, Somebody, World, done, made, refused

SECRET = "Två personer slogs i matsalen bakom köket"


def a_report(system: System, **where: str) -> dict[str, Any]:
    happened = system.clock.now() - timedelta(hours=1)
    return {
        "kind": "violence",
        "happened_at": happened.isoformat(),
        "going_on": True,
        "words": SECRET,
        **where,
    }


class Scene:
    """A meeting place at a house in Boden, its host's people, officers here and elsewhere."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.world = World(system)

    async def set(self) -> "Scene":
        await self.system.start("registry")
        world = self.world
        self.officer, self.ada = await world.officer(), await world.administrator()
        self.norr = await world.officer("norr", "counties", "25")
        self.skane = await world.officer("skane", "counties", "12")
        self.cora, self.sven = await world.somebody("cora"), await world.somebody("sven")
        self.organisation = await world.organisation(self.cora, self.ada)
        self.sven_runs = await world.organisation(self.sven, self.ada, name="Rosengård demo")
        self.house = await world.accommodation(self.officer)
        self.place = await world.meeting_place(
            self.cora, self.officer, self.house, self.organisation
        )
        self.vera = await world.somebody("vera")
        await world.volunteer(self.vera, self.organisation)
        # A process remembers for up to 0.5 s who had no role.
        await eventually(self.vera_has_a_role)
        return self

    async def vera_has_a_role(self) -> bool:
        """She may ask for the three choices."""
        return (await self.vera.client.get("/incidents/choices")).status_code == 200


@pytest.mark.promise("P15")
async def test_an_incident_is_read_by_those_who_answer_for_the_place(system: System) -> None:
    scene = await Scene(system).set()
    body = a_report(system, meeting_place=scene.place)
    refused(await scene.sven.client.post("/incidents", body), 403, "no-role-there")
    made_ = made(await scene.vera.client.post("/incidents", body))
    path = f"/incidents/{made_['id']}"
    assert made_ == done(await scene.vera.client.get(path))
    assert made_.keys() == {
        "id",
        "version",
        "status",
        "accommodations",
        "meeting_place",
        "reported_at",
        "happened_at",
    }

    async def sees(person: Somebody) -> str | None:
        """What the person sees of it; the same by the list as by its own address."""
        items = done(await person.client.get("/incidents"))["items"]
        answer = await person.client.get(path)
        assert (answer.status_code == 200) == bool(items)
        assert SECRET not in str(items)
        return answer.json().get("words", "state") if items else None

    assert [await sees(one) for one in (scene.officer, scene.norr, scene.ada)] == [SECRET] * 3
    assert await sees(scene.vera) == "state"
    assert [await sees(one) for one in (scene.skane, scene.cora, scene.sven)] == [None] * 3
    refused(await scene.cora.client.post(f"{path}/see"), 403, "not-allowed")
    refused(await scene.skane.client.post(f"{path}/see"), 404, "not-found")

    logged = [row async for row in system.raw("registry", READS).find({})]
    readers = {scene.officer.id, scene.norr.id, scene.ada.id}
    assert {row["person"] for row in logged} == readers
    assert "reporter" not in done(await scene.norr.client.get(path))
    assert done(await scene.ada.client.get(path))["reporter"] == scene.vera.id

    refused(await scene.norr.client.post(f"{path}/close"), 409, "wrong-status")
    assert done(await scene.norr.client.post(f"{path}/see"))["seen"]["by"] == scene.norr.id
    assert (await scene.vera.client.get(path)).json()["status"] == "seen"
    done(await scene.norr.client.post(f"{path}/handle", {"words": "Vi har talat med huset."}))
    assert done(await scene.ada.client.post(f"{path}/close"))["status"] == "closed"
    steps = done(await scene.norr.client.get(f"{path}/timeline"))["items"]
    assert [one["by"] for one in steps] == [None, scene.norr.id, scene.norr.id, None]

    # The house moves: so does who may read.
    read = await scene.officer.client.get(f"/accommodations/{scene.house}")
    there = {"name": "Björknäs demo", "municipality": MALMO, "capacity": 200}
    etag = read.headers["etag"]
    done(await scene.officer.client.put(f"/accommodations/{scene.house}", there, etag))

    async def moved() -> bool:
        return (await scene.norr.client.get(path)).status_code == 404

    await eventually(moved)
    assert [await sees(one) for one in (scene.skane, scene.norr)] == [SECRET, None]


async def test_names_have_no_field_and_contacts_are_refused_with_every_fault_at_once(
    system: System,
) -> None:
    scene = await Scene(system).set()
    body = a_report(system, accommodation=scene.house)
    for words in ("Ring 070-174 06 05", "demo@demo.example", "811228-9874"):
        told = refused(
            await scene.vera.client.post("/incidents", {**body, "words": words}), 422, "invalid"
        )
        assert [one["field"] for one in told["errors"]] == ["words"]
        assert words not in str(told)
    wrong = {**body, "words": "070-174 06 05", "kind": "gossip", "name": "Demo"}
    told = refused(await scene.vera.client.post("/incidents", wrong), 422, "invalid")
    assert {one["field"] for one in told["errors"]} == {"words", "kind", "name"}
    both = {**body, "meeting_place": scene.place}
    refused(await scene.vera.client.post("/incidents", both), 422, "invalid")
    unknown = {**body, "accommodation": "nowhere"}
    refused(await scene.vera.client.post("/incidents", unknown), 409, "not-yet-known")


async def test_the_choices_come_first_and_store_nothing(system: System) -> None:
    scene = await Scene(system).set()
    database = scene.system.copy("registry").process.plumbing.database

    async def stored() -> dict[str, int]:
        raw = database.raw("incident").database
        names = await raw.list_collection_names()
        return {name: await raw[name].count_documents({}) for name in names}

    await eventually(lambda: nothing_pending(system))
    before = await stored()
    address = f"/incidents/choices?accommodation={scene.house}"
    ways = done(await scene.vera.client.get(address))["items"]
    assert [one["choice"] for one in ways] == ["danger_now", "worry_about_a_child", "other"]
    assert ways[0]["phone"] == "112"
    assert "Bodens kommun" in ways[1]["words"] or "Boden kommun" in ways[1]["words"]
    english = await scene.vera.client.get(address, headers={"Accept-Language": "en"})
    assert "municipality of Boden" in done(english)["items"][1]["words"]
    assert english.headers["content-language"] == "en"
    done(await scene.vera.client.get("/incidents/choices"))
    place = f"/incidents/choices?meeting_place={scene.place}"
    assert done(await scene.vera.client.get(place))["items"] == ways
    assert await stored() == before

    hidden = await scene.world.accommodation(
        scene.officer, name="Dold demo", confidentiality="county"
    )
    masked = done(await scene.vera.client.get(f"/incidents/choices?accommodation={hidden}"))
    assert "Boden" not in str(masked)
    planned = await scene.world.accommodation(scene.officer, opened=False, name="Planerad demo")
    answer = await scene.vera.client.get(f"/incidents/choices?accommodation={planned}")
    refused(answer, 404, "not-found")


async def nothing_pending(system: System) -> bool:
    names = ("organisation", "person", "accommodation", "meeting_place")
    counts = [
        await system.raw("registry", name).count_documents({"pending": {"$ne": []}})
        for name in names
    ]
    return not any(counts)
