"""A closing wave over HTTP: looked at first, followed at once, undone house by house, whole after a kill."""

from datetime import timedelta

import pytest

from services.registry.domain.closing_plan import ClosingPlan, Line
from services.registry.kinds import CLOSING_PLAN
from shared.clock import local_date
from shared.contracts.registry import ClosingPlanDecided
from shared.kind import By, Change
from tests.harness import System, eventually
from tests.service.registry_world import World, done, made, refused


@pytest.mark.promise("P5")
@pytest.mark.promise("P18")
async def test_a_wave_is_looked_at_decided_changed_and_undone_house_by_house(
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
    one, two, three = [await world.accommodation(officer, name=f"{n} demo") for n in "ABC"]
    place = await world.meeting_place(cora, officer, one, organisation)
    await officer.client.post(f"/accommodations/{one}/residents", {"on": world.today, "total": 80})

    def wave(**days: int) -> list[dict[str, str]]:
        ids = {"a": one, "b": two, "c": three}
        return [{"accommodation": ids[n], "closes_on": world.day(days[n])} for n in days]

    async def states() -> list[tuple[str, str | None]]:
        shown = [
            done(await officer.client.get(f"/accommodations/{id}")) for id in (one, two, three)
        ]
        return [(house["status"], house["closes_on"]) for house in shown]

    seen = done(await officer.client.post("/closing-plans/preview", {"houses": wave(a=30, b=9999)}))
    assert seen["touched"] == {
        "accommodations": 2, "residents": 80, "residents_unknown_at": 1, "meeting_places": 1,
        "hosts": [organisation],
    }  # fmt: skip
    assert seen["houses"][0]["meeting_places"][0]["id"] == place
    assert [one["fault"] and one["fault"]["code"] for one in seen["houses"]] == [
        None, "date-out-of-range",
    ]  # fmt: skip
    assert await states() == [("open", None)] * 3
    body = {"name": "Vintern demo", "houses": wave(a=30, b=9999)}
    assert refused(await officer.client.post("/closing-plans", body), 422, "invalid")["errors"][0][
        "field"
    ] == "houses.1"  # fmt: skip
    assert await states() == [("open", None)] * 3

    body = {"name": "Vintern demo", "houses": wave(a=30, b=40)}
    first = await officer.client.post("/closing-plans", body, key="wave")
    plan = made(first)
    assert [house["outcome"] for house in plan["houses"]] == ["as-planned"] * 2
    assert await states() == [
        ("closing", world.day(30)),
        ("closing", world.day(40)),
        ("open", None),
    ]
    assert made(await officer.client.post("/closing-plans", body, key="wave"))["id"] == plan["id"]
    history = system.raw("registry", "history")
    closing = {"type": "registry.accommodation.closing"}
    await eventually(lambda: history.count_documents(closing))
    assert len(await history.distinct("correlation", closing)) == 1

    path = f"/closing-plans/{plan['id']}"
    done(await officer.client.post(f"/accommodations/{two}/close", {"closes_on": world.day(50)}))
    assert done(await officer.client.get(path))["houses"][1]["outcome"] == "changed-since"
    changed = {"name": "Vintern demo", "houses": wave(a=35, b=40, c=60)}
    refused(await officer.client.put(path, changed), 428, "precondition-required")
    plan = await officer.client.put(path, changed, first.headers["etag"])
    assert [house["outcome"] for house in done(plan)["houses"]] == [
        "as-planned", "changed-since", "as-planned",
    ]  # fmt: skip
    assert [day for _, day in await states()] == [world.day(35), world.day(50), world.day(60)]
    for _ in range(2):
        done(await officer.client.post(f"{path}/undo", {"accommodations": [one, two]}))
    assert await states() == [
        ("open", None),
        ("closing", world.day(50)),
        ("closing", world.day(60)),
    ]
    refused(
        await officer.client.post(f"{path}/undo", {"accommodations": ["x"]}), 409, "not-in-the-plan"
    )
    done(await officer.client.post(f"/accommodations/{one}/close", {"closes_on": world.day(3)}))
    await system.copy("registry").app.state.registry.closing_plans.reconcile(
        plan.json()["id"], By()
    )
    assert (await states())[0] == ("closing", world.day(3))
    steps = done(await officer.client.get(f"{path}/timeline"))["items"]
    assert [step["what"].split(".")[-1] for step in steps] == ["decided", "changed", "undone"]
    assert [row["name"] for row in done(await officer.client.get("/closing-plans"))["items"]] == [
        "Vintern demo"
    ]


@pytest.mark.promise("P14")
async def test_a_wave_is_its_own_areas_matter(system: System) -> None:
    await system.start("registry")
    world = World(system)
    national, norr, syd = (
        await world.officer(),
        await world.officer("norr", "counties", "25"),
        await world.officer("syd", "counties", "12"),
    )
    here, there = (
        await world.accommodation(norr),
        await world.accommodation(syd, municipality="1280"),
    )
    hidden = await world.accommodation(syd, municipality="1280", opened=False)

    def wave(*ids: str) -> dict[str, object]:
        houses = [{"accommodation": id, "closes_on": world.day(30)} for id in ids]
        return {"name": "Våren demo", "houses": houses}

    refused(await norr.client.post("/closing-plans", wave(here, there)), 403, "not-allowed")
    for unknown in (hidden, "nowhere"):
        refused(await norr.client.post("/closing-plans", wave(here, unknown)), 409, "not-yet-known")
    both = made(await national.client.post("/closing-plans", wave(here, there)))["id"]
    made(await norr.client.post("/closing-plans", wave(here)))
    for officer, plans in ((national, 2), (norr, 1), (syd, 0)):
        assert len(done(await officer.client.get("/closing-plans"))["items"]) == plans
    refused(await norr.client.get(f"/closing-plans/{both}"), 404, "not-found")


@pytest.mark.promise("P2")
@pytest.mark.promise("P5")
async def test_a_wave_whose_process_was_killed_is_followed_by_its_own_event(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer = await world.officer()
    ids = [await world.accommodation(officer, name=f"{n} demo") for n in range(3)]
    day = local_date(system.clock.now()) + timedelta(days=20)
    lines = tuple(Line(accommodation=id, county="25", closes_on=day) for id in ids)
    store = system.copy("registry").process.plumbing.store
    facts = ClosingPlanDecided(accommodations=tuple(ids))
    change = Change(ClosingPlan(name="Vintern demo", lines=lines), (facts,))
    await store.create(CLOSING_PLAN, "decided-and-killed", change, By(actor=officer.id))

    async def all_closing() -> bool:
        plan = done(await officer.client.get("/closing-plans/decided-and-killed"))
        return all(house["outcome"] == "as-planned" for house in plan["houses"])

    await eventually(all_closing)
