"""How many came, what coverage makes of it, and what remains of who is erased."""

import asyncio
from typing import Any

import pytest

from services.activities.kinds import SESSION
from shared.kind import By
from tests.harness import System, eventually
from tests.service.registry_world import done, made, refused
from tests.service.world import ActivitiesWorld, Place, Someone, at, season, signed_up


async def a_place(system: System, *services: str) -> tuple[ActivitiesWorld, Place]:
    await system.start("registry", "activities", *services)
    world = ActivitiesWorld(system)
    return world, await world.an_open_meeting_place()


async def residents(world: ActivitiesWorld, place: Place, **figure: int) -> None:
    body = {"on": world.today, "reason": "Ny räkning.", **figure}
    answer = await place.officer.registry.post(f"/accommodations/{place.house}/residents", body)
    assert answer.status_code in (200, 201), answer.text

    async def taken_in() -> bool:
        known = (await covered(place.officer, place))["residents"]
        return bool(known and known["total"] == figure["total"])

    await eventually(taken_in)


async def covered(who: Someone, place: Place) -> dict[str, Any]:
    return dict(done(await who.activities.get(f"/coverage/{place.house}")))


@pytest.mark.case("S20")
@pytest.mark.promise("P19")
async def test_a_count_is_taken_once_however_often_the_phone_sends_it(system: System) -> None:
    world, place = await a_place(system)
    await residents(world, place, total=120)
    lea, a = await world.volunteers(place.organisation, "lea", "a")
    session = await world.a_session(place, leader=lea.id)
    path, phone = f"/sessions/{session}/count", {"groups": {"women": 5, "men": 7}}
    refused(await lea.activities.post(path, phone), 409, "not-begun")
    await world.until(at("2026-12-09", 9))
    cora = place.coordinator.activities
    made_by_cora = done(await cora.post(path, {"groups": {"women": 6, "men": 7}}))
    assert (made_by_cora["revision"], made_by_cora["total"]) == (1, 13)
    for _ in range(2):
        stale = refused(await lea.activities.post(path, phone), 412, "counted-already")
        assert (stale["total"], stale["yours"]) == (13, 12)
    refused(await a.activities.post(path, phone), 403, "not-allowed")
    assert (await lea.activities.post(path, {"total": -1})).status_code == 422
    many = {"groups": {"women": 4000}, "replaces": 1, "reason": "Räknade om"}
    refused(await lea.activities.post(path, many), 409, "please-confirm")
    fewer = {**phone, "replaces": 1, "reason": "Räknade om"}
    corrected = done(await lea.activities.post(path, fewer))
    assert (corrected["revision"], corrected["total"], corrected["by"]) == (2, 12, lea.id)
    assert [one["total"] for one in corrected["earlier"]] == [13]
    cancelled = await world.a_session(place, at("2026-12-10", 17))
    done(await cora.post(f"/sessions/{cancelled}/cancel", {"reason": "weather"}))
    refused(await cora.post(f"/sessions/{cancelled}/count", phone), 409, "session-cancelled")


@pytest.mark.case("S20")
@pytest.mark.promise("P15")
async def test_coverage_follows_what_is_planned_held_and_counted(system: System) -> None:
    world, place = await a_place(system)
    await residents(world, place, total=100, women=40, men=60)
    officer, cora = place.officer, place.coordinator
    before = await covered(officer, place)
    assert (before["living"], before["residents"]["total"]) == (False, 100)
    await world.an_activity(place, schedule=season("2026-12-01", 2))

    async def living() -> bool:
        return bool((await covered(officer, place))["living"])

    await eventually(living)
    this_week = (await covered(officer, place))["hours"][1]
    assert (this_week["week"], this_week["offered"]["all"]) == ("2026-W49", 0.4)
    await world.until(at("2026-12-02", 9))
    [first] = done(await cora.activities.get("/sessions?to=2026-12-02"))["items"]
    done(await cora.activities.post(f"/sessions/{first['id']}/count", {"total": 25}))

    async def counted() -> bool:
        week = (await covered(officer, place))["hours"][1]
        return bool(week["sessions"]["counted"] and week["held"])

    await eventually(counted)
    assert (await covered(officer, place))["in_use"]
    week = (await covered(officer, place))["hours"][1]
    assert (week["held"]["all"], week["sessions"]["counted"]) == (0.5, 1)
    others = await covered(cora, place)
    assert (others["residents"]["total"], others["residents"]["groups"]) == (
        "51-100", {"women": "21-50", "men": "51-100"},
    )  # fmt: skip
    assert others["hours"][1]["held"]["all"] == round(2 * 35 / 75, 2)
    assert others["municipality"] is None
    country = done(await officer.activities.get("/coverage/country"))
    assert country["people"] == {"all": 100, "without_meeting_place": 0, "exact": True}
    public = done(await cora.activities.get("/coverage/country"))
    assert public["people"] == {"all": 80, "without_meeting_place": 0, "exact": False}
    assert public["accommodations"] == {"all": 1, "living": 1, "in_use": 1, "on_trial": 0}


@pytest.mark.promise("P15")
async def test_two_worlds_equal_in_bands_answer_alike(system: System) -> None:
    world, place = await a_place(system)
    await world.an_activity(place, schedule=season("2026-12-02", 1))

    async def living() -> bool:
        return bool((await covered(place.officer, place))["living"])

    await eventually(living)
    cora, versions = place.coordinator.activities, set()
    answers = []
    for total in (52, 97):
        await residents(world, place, total=total)
        versions.add((await covered(place.officer, place))["version"])
        for path in (f"/coverage/{place.house}", "/coverage", "/coverage/country"):
            answer = await cora.get(path)
            assert answer.status_code == 200
            answers.append((answer.text, dict(answer.headers)))
    assert answers[:3] == answers[3:]
    assert len(versions) == 2
    tag = answers[0][1]["etag"]
    known = {"If-None-Match": tag}
    assert (await cora.get(f"/coverage/{place.house}", headers=known)).status_code == 304
    await residents(world, place, total=101)
    assert (await cora.get(f"/coverage/{place.house}")).headers["etag"] != tag


@pytest.mark.promise("P6")
async def test_a_place_dies_when_a_fortnight_has_passed_and_nobody_did_anything(
    system: System,
) -> None:
    world, place = await a_place(system)
    await world.an_activity(place, schedule=season("2026-12-02", 1))

    async def living() -> bool:
        return bool((await covered(place.officer, place))["living"])

    await eventually(living)
    await world.until(at("2026-12-16", 12))
    await asyncio.sleep(0)
    assert await living()
    await world.until(at("2026-12-17", 1))

    async def dead() -> bool:
        return not await living()

    await eventually(dead)


@pytest.mark.case("S21")
@pytest.mark.promise("P16")
async def test_who_is_erased_leaves_seats_free_and_history_without_a_name(system: System) -> None:
    world, place = await a_place(system)
    a, b = await world.volunteers(place.organisation, "a", "b")
    one_seat = [{"role": "helper", "maximum": 1}]
    past = await world.a_session(place, at("2026-12-02", 17), roles=one_seat)
    coming = [
        await world.a_session(place, at(f"2026-12-{day}", 17), roles=one_seat)
        for day in (16, 17, 18)
    ]
    waited = await world.a_session(place, at("2026-12-21", 17), roles=one_seat)
    await signed_up([a], past)
    for id in coming:
        await signed_up([a], id)
    await signed_up([b], coming[0])
    await signed_up([b, a], waited)
    await world.until(at("2026-12-03", 9))

    async def held() -> bool:
        return (await world.seats(past))[a.id] == "served"

    await eventually(held)
    token_holder = a.activities
    assert (await a.registry.post(f"/people/{a.id}/erase")).status_code == 204

    async def gone() -> bool:
        named = await system.raw("activities", "session").count_documents({"keys.named": a.id})
        return named == 0 and (await world.seats(coming[0]))[b.id] == "seated"

    await eventually(gone)
    documents = await system.raw("activities", "session").find({}).to_list(None)
    assert a.id not in str([one["state"] for one in documents])
    statuses = [seat["status"] for one in documents for seat in one["state"]["seats"]]
    assert sorted(statuses) == ["released"] * 4 + ["seated"] * 2 + ["served"]
    assert await world.told(coming[1], "seats_released") == [{"people": [], "why": "erased"}]

    async def refused_late() -> bool:
        late = await token_holder.post(f"/sessions/{coming[1]}/sign-up", {})
        return late.status_code == 403

    await eventually(refused_late)


@pytest.mark.promise("P5")
async def test_a_sign_up_that_was_stored_while_its_person_was_erased_is_undone(
    system: System,
) -> None:
    world, place = await a_place(system)
    [a] = await world.volunteers(place.organisation, "a")
    session = await world.a_session(place)
    assert (await a.registry.post(f"/people/{a.id}/erase")).status_code == 204
    await world.heard("person", a.id, {"erased": True})
    commands = system.copy("activities").app.state.activities.sessions
    await commands.sign_up(await commands.load(session), "helper", By(actor=a.id))

    async def undone() -> bool:
        return not await system.raw("activities", "session").count_documents({"keys.named": a.id})

    await eventually(undone)


async def test_two_copies_hold_one_truth(system: System) -> None:
    world, place = await a_place(system, "activities")
    a, b, c = await world.volunteers(place.organisation, "a", "b", "c")
    session = await world.a_session(place, roles=[{"role": "helper", "maximum": 1}])
    clients = [
        system.client("activities", name, copy) for name in ("a", "b", "c") for copy in (0, 1)
    ]
    answers = await asyncio.gather(
        *(one.post(f"/sessions/{session}/sign-up", {"role": "helper"}) for one in clients)
    )
    assert {made(one)["status"] for one in answers} == {"seated", "waiting"}
    seats = await world.seats(session)
    assert sorted(seats) == sorted([a.id, b.id, c.id])
    assert sorted(seats.values()) == ["seated", "waiting", "waiting"]

    async def nothing_left() -> bool:
        open_events = {"pending": {"$ne": []}}
        return not await system.raw("activities", SESSION.collection).count_documents(open_events)

    await eventually(nothing_left)
