"""Accommodations over HTTP: figures in bands, what other systems call them, closing by the calendar."""

from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import pytest

from shared.causes import following
from shared.kind import By
from tests.harness import System, eventually
from tests.service.registry_world import LULEA, MALMO, World, done, made, refused


async def test_figures_are_a_dated_series_that_adds_up_and_is_corrected_with_a_reason(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    officer, ada = await world.officer(), await world.administrator()
    house = await world.accommodation(officer)
    path = f"/accommodations/{house}/residents"
    figure = {"on": world.today, "total": 180, "women": 60, "men": 80, "girls": 20, "boys": 16}
    problem = refused(await officer.client.post(path, figure), 422, "groups-do-not-add-up")
    assert problem["detail"].startswith("Grupperna blir 176 men du skrev 180 personer.")
    done(await officer.client.post(path, {**figure, "not_known_yet": 4, "girls_0_5": 7}))
    done(await officer.client.post(path, {"on": world.day(-7), "total": 150}))
    for ahead in (1, 400, -400):
        far = refused(
            await officer.client.post(path, {"on": world.day(ahead), "total": 1}), 422, "invalid"
        )
        assert far["errors"][0]["field"] == "on"
    other = {"on": world.today, "total": 181}
    assert (
        refused(await officer.client.post(path, other), 422, "invalid")["errors"][0]["field"]
        == "reason"
    )
    shown = done(await officer.client.post(path, {**other, "reason": "Två kom sent."}))
    assert [one["total"] for one in shown["residents"]] == [150, 181]
    [kept] = shown["corrections"]
    assert (kept["was"]["total"], kept["was"]["girls_0_5"]) == (180, 7)
    assert (kept["by"], kept["reason"]) == (officer.id, "Två kom sent.")
    seen = done(await ada.client.get(f"/accommodations/{house}"))
    assert "corrections" not in seen
    assert not any(name.startswith("girls_") for name in seen["residents"][0])
    steps = done(await officer.client.get(f"/accommodations/{house}/timeline"))["items"]
    assert [step["facts"].get("corrected") for step in steps[-3:]] == [False, False, True]
    assert "Två kom" not in str(steps)


async def test_a_house_is_known_by_what_other_systems_call_it_and_no_two_share_that(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    officer, ada = await world.officer(), await world.administrator()
    rhythm = [
        {"what": "meal", "at": "12:00", "until": "13:00"},
        {"what": "last_bus", "weekdays": [5], "at": "20:40"},
    ]
    house = await world.accommodation(officer, external_ids={"mig": "B 17"}, rhythm=rhythm)
    body = {"name": "Annat demo", "municipality": "2582", "capacity": 9}
    same = {**body, "external_ids": {"mig": "b 17"}}
    refused(await officer.client.post("/accommodations", same), 409, "external-id-in-use")
    other = await officer.client.post("/accommodations", {**body, "external_ids": {"lst": "B 17"}})
    path, tag = f"/accommodations/{made(other)['id']}", other.headers["etag"]
    refused(await officer.client.put(path, same, tag), 409, "external-id-in-use")
    for _ in range(2):
        await world.accommodation(officer)
    found = await system.copy("registry").app.state.registry.accommodations.known_among(
        (), (), ["mig:b 17"]
    )
    assert [one.id for one in found] == [house]
    seen = done(await ada.client.get(f"/accommodations/{house}"))
    assert "external_ids" not in seen
    assert [one["weekdays"] for one in seen["rhythm"]] == [[1, 2, 3, 4, 5, 6, 7], [5]]


@pytest.mark.promise("P15")
@pytest.mark.case("X13")
async def test_two_houses_equal_in_bands_look_alike_to_all_but_the_officer(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer, ada = await world.officer(), await world.administrator()
    houses = []
    for total, women in ((22, 2), (49, 5)):
        house = await world.accommodation(officer, name="Lika demo", code=f"L-{total}")
        figure = {"on": world.today, "total": total, "women": women}
        done(await officer.client.post(f"/accommodations/{house}/residents", figure))
        houses.append(house)
    one, other = [
        {
            key: value
            for key, value in done(await ada.client.get(f"/accommodations/{house}")).items()
            if key not in ("id", "code")
        }
        for house in houses
    ]
    assert one == other
    assert one["residents"][0]["total"] == "21-50"
    assert one["capacity"] == "101-200"
    exact = done(await officer.client.get(f"/accommodations/{houses[0]}"))
    assert exact["residents"][0]["total"] == 22


async def test_where_only_the_county_may_be_named_the_municipality_is_hidden(
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
    house = await world.accommodation(officer, confidentiality="county")
    place = await world.meeting_place(cora, officer, house, organisation)
    assert done(await cora.client.get(f"/accommodations/{house}"))["municipality"] is None
    assert done(await officer.client.get(f"/accommodations/{house}"))["municipality"] == "2582"
    assert done(await cora.client.get(f"/meeting-places/{place}"))["municipality"] is None
    for code in ("2582", LULEA):
        assert done(await cora.client.get(f"/accommodations?municipality={code}"))["items"] == []


@pytest.mark.promise("P6")
async def test_a_closing_house_is_closed_when_its_day_has_come_and_its_place_with_it(
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
    closing = done(
        await officer.client.post(f"/accommodations/{house}/close", {"closes_on": world.day(2)})
    )
    assert closing["status"] == "closing"
    system.clock.advance(timedelta(days=2))

    async def closed() -> bool:
        shown = done(await officer.client.get(f"/accommodations/{house}"))
        there = done(await officer.client.get(f"/meeting-places/{place}"))
        return bool(shown["status"] == there["status"] == "closed")

    await eventually(closed)
    events = system.raw("registry", "history")
    query = {"subject": house, "type": "registry.accommodation.closed"}
    await eventually(lambda: events.count_documents(query))
    assert await events.count_documents(query) == 1
    done(await officer.client.post(f"/accommodations/{house}/reopen"))


@pytest.mark.promise("P9")
async def test_the_timeline_tells_who_did_what_when(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer = await world.officer()
    house = await world.accommodation(officer)
    steps = done(await officer.client.get(f"/accommodations/{house}/timeline"))["items"]
    assert [step["what"] for step in steps] == [
        "registry.accommodation.registered",
        "registry.accommodation.opened",
    ]
    assert {step["by"] for step in steps} == {officer.id}


@pytest.mark.promise("P20")
@pytest.mark.case("R26")
async def test_lists_come_in_swedish_order_and_page_without_gaps(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer = await world.officer()
    names = ["Örnen", "Zeta", "Ängen", "Åsen", "alfa", "Beta", "Ågården"]
    for name in names:
        await world.accommodation(officer, opened=False, name=f"{name} demo")
    seen: list[str] = []
    path = "/accommodations?limit=3"
    while True:
        page = done(await officer.client.get(path))
        seen += [one["name"].removesuffix(" demo") for one in page["items"]]
        if page["next"] is None:
            break
        path = f"/accommodations?limit=3&cursor={page['next']}"
    assert seen == ["alfa", "Beta", "Zeta", "Ågården", "Åsen", "Ängen", "Örnen"]
    refused(await officer.client.get(path + "&status=open"), 400, "bad-cursor")


async def test_an_officer_acts_in_their_own_counties_only(system: System) -> None:
    await system.start("registry")
    world = World(system)
    norr, syd = (
        await world.officer("norr", "counties", "25"),
        await world.officer("syd", "counties", "12"),
    )
    body = {"name": "X demo", "municipality": MALMO, "capacity": 10}
    refused(await norr.client.post("/accommodations", body), 403, "not-allowed")
    house = await world.accommodation(norr, opened=False)
    refused(await syd.client.get(f"/accommodations/{house}"), 404, "not-found")
    tag = (await norr.client.get(f"/accommodations/{house}")).headers["etag"]
    refused(await norr.client.put(f"/accommodations/{house}", body, tag), 403, "not-allowed")
    assert done(await syd.client.get("/accommodations?status=planned"))["items"] == []


@pytest.mark.promise("P17")
async def test_every_field_at_fault_is_named_at_once_in_both_languages(system: System) -> None:
    await system.start("registry")
    officer = await World(system).officer()
    body = {"name": "", "municipality": "9999", "capacity": 0, "kind": "castle", "address": "X"}
    for language, word in (("sv", "Ingen kommun"), ("en", "No municipality")):
        headers = {"Accept-Language": language}
        answer = await officer.client.post("/accommodations", body, headers=headers)
        errors = refused(answer, 422, "invalid")["errors"]
        assert {one["field"] for one in errors} == set(body)
        text = next(one["detail"] for one in errors if one["field"] == "municipality")
        assert text.startswith(word)


@pytest.mark.promise("P19")
@pytest.mark.promise("P18")
async def test_descriptions_need_the_version_and_repeats_have_one_effect(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer = await world.officer()
    body = {"name": "X demo", "municipality": "2582", "capacity": 10, "code": "X-1"}
    first = await officer.client.post("/accommodations", body, key="k")
    again = await officer.client.post("/accommodations", body, key="k")
    assert made(first)["id"] == made(again)["id"]
    refused(await officer.client.post("/accommodations", body), 409, "code-in-use")
    path, tag = f"/accommodations/{first.json()['id']}", first.headers["etag"]
    change = {name: value for name, value in body.items() if name != "code"} | {"capacity": 11}
    refused(await officer.client.put(path, change), 428, "precondition-required")
    done(await officer.client.put(path, change, tag))
    refused(await officer.client.put(path, change, tag), 412, "stale")


@pytest.mark.promise("P5")
async def test_a_place_opened_while_its_house_closes_does_not_stay_open(
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
    place = await world.proposal(cora, house, organisation)
    done(await officer.client.post(f"/meeting-places/{place}/sign", {"party": "agency"}))
    done(await cora.client.post(f"/meeting-places/{place}/sign", {"party": organisation}))
    registry = system.copy("registry").app.state.registry
    standing_of = registry.meeting_places._standing_of

    opening: ContextVar[bool] = ContextVar("opening", default=False)

    async def nothing_yet(id: str, by: By) -> None:
        return None

    async def then_the_house_closes(id: str) -> Any:
        seen = await standing_of(id)
        if not opening.get():
            return seen  # a reaction to what was done before
        monkeypatch.setattr(registry.meeting_places, "_standing_of", standing_of)
        today = system.clock.now().date()
        # The closing copy has committed, and has not come to the meeting place yet.
        monkeypatch.setattr(registry.meeting_places, "reconcile_accommodation", nothing_yet)
        await registry.accommodations.close(house, today, following(By()))
        return seen

    monkeypatch.setattr(registry.meeting_places, "_standing_of", then_the_house_closes)
    opening.set(True)
    answer = await cora.client.post(f"/meeting-places/{place}/open")
    assert done(answer)["status"] == "closed"


@pytest.mark.promise("P6")
async def test_an_agreement_begins_on_its_day_and_ends_after_its_last(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer, ada, cora = (
        await world.officer(),
        await world.administrator(),
        await world.somebody("cora"),
    )
    organisation = await world.organisation(cora, ada)
    house = await world.accommodation(officer)
    terms = {"from": world.day(1), "until": world.day(3)}
    place = await world.proposal(cora, house, organisation, agreement=terms)
    done(await officer.client.post(f"/meeting-places/{place}/sign", {"party": "agency"}))
    done(await cora.client.post(f"/meeting-places/{place}/sign", {"party": organisation}))
    refused(await cora.client.post(f"/meeting-places/{place}/open"), 409, "wrong-status")

    async def has(status: str) -> bool:
        return bool(done(await cora.client.get(f"/meeting-places/{place}"))["status"] == status)

    system.clock.advance(timedelta(days=1))
    await eventually(lambda: has("agreed"))
    done(await cora.client.post(f"/meeting-places/{place}/open"))
    system.clock.advance(timedelta(days=3))
    await eventually(lambda: has("closed"))
