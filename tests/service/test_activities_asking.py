"""Helpers are asked over HTTP: by their coordinator and by the clock, sparingly, and thanked when it is solved."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.activities.domain import asking as rules
from shared.causes import following
from shared.kind import By
from tests.harness import System, eventually
from tests.service.registry_world import done, refused
from tests.service.test_activities_helping import ALVSBYN, lives
from tests.service.world import ActivitiesWorld, Place, at, season, signed_up

ONE = [{"role": "helper", "minimum": 1, "maximum": 1}]


async def a_place(system: System) -> tuple[ActivitiesWorld, Place]:
    await system.start("registry", "activities")
    world = ActivitiesWorld(system)
    return world, await world.an_open_meeting_place()


async def asks(place: Place, session: str, *people: str, **more: Any) -> dict[str, str]:
    """What became of each whom the coordinator asks."""
    body = {"people": list(people)}
    path = f"/sessions/{session}/ask-helpers"
    answer = done(await place.coordinator.activities.post(path, body, **more))
    assert all(one["words"] for one in answer["people"])
    return {one["person"]: one["verdict"] for one in answer["people"]}


async def possible(place: Place, session: str, **more: Any) -> dict[str, Any]:
    path = f"/sessions/{session}/possible-helpers"
    return dict(done(await place.coordinator.activities.get(path, **more)))


@pytest.mark.promise("P15")
@pytest.mark.case("S27")
@pytest.mark.case("S30")
async def test_a_coordinator_sees_who_fits_asks_them_and_all_learn_that_it_is_solved(
    system: System,
) -> None:
    world, place = await a_place(system)
    elsewhere = await world.an_open_meeting_place("eva")
    vera, filip, sara = await world.volunteers(place.organisation, "vera", "filip", "sara")
    [other] = await world.volunteers(elsewhere.organisation, "other")
    await lives(world, vera, ALVSBYN, "sv", "prs")
    session = await world.a_session(place, roles=ONE, languages=["sv", "prs"])

    found = await possible(place, session)
    assert found["missing"] == 1
    first = found["items"][0]
    assert (first["person"], first["name"]) == (vera.id, "Vera Demo")
    assert first["why"] == "mindre än fem mil bort, talar dari, inte tillfrågad förut"
    # The coordinator is one of the organisation's own too; nobody of another's is there.
    ours = {vera.id, filip.id, sara.id, place.coordinator.id}
    assert {one["person"] for one in found["items"]} == ours
    assert "mail" not in str(found)
    assert "@" not in str(found)
    for outsider in (vera, other, elsewhere.coordinator, place.officer):
        path = f"/sessions/{session}/possible-helpers"
        refused(await outsider.activities.get(path), 403, "not-allowed")
        path, body = f"/sessions/{session}/ask-helpers", {"people": [vera.id]}
        refused(await outsider.activities.post(path, body), 403, "not-allowed")

    verdicts = await asks(place, session, vera.id, filip.id, other.id, "$nobody.", key="once")
    expected = {vera.id: "asked", filip.id: "asked", other.id: "not_yours", "$nobody.": "not_yours"}
    assert verdicts == expected
    again = await asks(place, session, vera.id, filip.id, other.id, "$nobody.", key="once")
    assert again == expected
    assert await asks(place, session, vera.id) == {vera.id: "already_asked"}
    # Nobody twice in a week, whoever asks.
    another = await world.a_session(place, at("2026-12-09", 17), roles=ONE)
    assert await asks(place, another, vera.id, sara.id) == {
        vera.id: "asked_lately", sara.id: "asked",
    }  # fmt: skip
    assert [facts["people"] for facts in await world.told(session, "helpers_asked")] == [
        [vera.id, filip.id]
    ]

    shown = await world.session(filip, session)
    assert shown["asked"]["answer"] is None
    assert (await world.session(sara, session))["asked"] is None
    for _ in range(2):
        done(await filip.activities.post(f"/sessions/{session}/not-this-time"))
    refused(await sara.activities.post(f"/sessions/{session}/not-this-time"), 409, "not-asked")
    assert await world.told(session, "help_declined") == [{"person": filip.id}]
    taken_along = done(await filip.activities.get("/me/export"))
    [line] = taken_along["sessions"]
    assert line["you_were_asked"]["declined_at"] is not None
    assert [one["session"] for one in taken_along["helping"]["asked"]] == [session]
    answers = {one["person"]: one["answer"] for one in (await possible(place, session))["asked"]}
    assert answers == {vera.id: None, filip.id: "not_this_time"}

    await signed_up([sara], session)
    [thanked] = await world.told(session, "helpers_thanked")
    assert set(thanked["people"]) == {vera.id, filip.id}
    path, body = f"/sessions/{session}/ask-helpers", {"people": [place.coordinator.id]}
    refused(await place.coordinator.activities.post(path, body), 409, "nobody-missing")
    assert (await possible(place, session))["by_itself"] is None
    done(await sara.activities.post(f"/sessions/{session}/withdraw"))
    await signed_up([filip], session)
    assert len(await world.told(session, "helpers_thanked")) == 1
    assert (await world.session(filip, session))["asked"]["answer"] == "yes"


@pytest.mark.promise("P5")
async def test_who_is_asked_for_many_sessions_at_once_is_asked_for_one(system: System) -> None:
    world, place = await a_place(system)
    await system.start("activities")
    [vera] = await world.volunteers(place.organisation, "vera")
    days = [f"2026-12-{day}" for day in range(10, 16)]
    sessions = [await world.a_session(place, at(day, 17), roles=ONE) for day in days]
    copies = [system.client("activities", "cora", copy) for copy in (0, 1)]

    async def ask(n: int, session: str) -> str:
        path, body = f"/sessions/{session}/ask-helpers", {"people": [vera.id]}
        answer = done(await copies[n % 2].post(path, body))
        return str(answer["people"][0]["verdict"])

    verdicts = await asyncio.gather(*(ask(n, one) for n, one in enumerate(sessions)))
    assert sorted(verdicts) == ["asked", *["asked_lately"] * 5]
    told = [facts for one in sessions for facts in await world.told(one, "helpers_asked")]
    assert [facts["people"] for facts in told] == [[vera.id]]


@pytest.mark.promise("P6")
async def test_the_clock_asks_the_five_best_then_more_and_then_it_is_the_coordinators(
    system: System,
) -> None:
    world, place = await a_place(system)
    people = await world.volunteers(place.organisation, *(f"v{n}" for n in range(8)))
    busy, *free = people
    session = await world.a_session(place, roles=[{"role": "helper", "minimum": 2, "maximum": 2}])
    await signed_up([busy], await world.a_session(place, at("2026-12-08", 9), roles=ONE))
    start = at("2026-12-08", 17)

    async def asked(times: int) -> list[list[str]]:
        async def so_often() -> bool:
            return len(await world.told(session, "helpers_asked")) >= times

        await eventually(so_often)
        return [facts["people"] for facts in await world.told(session, "helpers_asked")]

    await world.until(start - timedelta(days=3) + timedelta(minutes=1))
    [five] = await asked(1)
    assert len(five) == 5
    await signed_up([free[0]], session)
    await world.until(start - timedelta(days=2) + timedelta(minutes=2))
    _, more = await asked(2)
    # Seven of eight volunteers and the coordinator are free that day; nobody has it twice.
    assert len(more) == (3 if free[0].id in five else 2)
    assert not set(five) & set(more)
    assert busy.id not in {*five, *more}

    await world.until(start - timedelta(days=1) + timedelta(minutes=3))

    async def lifted() -> bool:
        return await world.told(session, "unfilled") == [
            {"organiser": place.organisation, "missing": 1}
        ]

    await eventually(lifted)
    await signed_up([free[1]], session)
    [thanked] = await world.told(session, "helpers_thanked")
    assert set(thanked["people"]) == {*five, *more} - {free[0].id, free[1].id}


@pytest.mark.promise("P16")
async def test_an_erased_helper_is_nowhere(system: System) -> None:
    world, place = await a_place(system)
    vera, filip = await world.volunteers(place.organisation, "vera", "filip")
    session = await world.a_session(place, roles=ONE, schedule=season("2026-12-08"))
    assert set((await asks(place, session, vera.id, filip.id)).values()) == {"asked"}
    assert (await vera.registry.post(f"/people/{vera.id}/erase")).status_code == 204
    helpers = system.raw("activities", "helper")

    async def gone() -> bool:
        document = await system.raw("activities", "session").find_one({"_id": session})
        there = await helpers.find_one({"_id": vera.id})
        return there is None and vera.id not in str(document)

    await eventually(gone)
    assert await helpers.find_one({"_id": filip.id}) is not None
    # Asked on a look from before the erasure: the session's own event finds it.
    here = system.copy("activities").app.state.activities
    assert await here.helping.ask(vera.id, session, following(By()))
    await here.sessions.apply(session, lambda one, at: rules.ask(one, [vera.id], at.now), By())
    await eventually(gone)
    assert {one["person"] for one in (await possible(place, session))["asked"]} == {filip.id}
