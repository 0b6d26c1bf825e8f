"""Planning a season, cancelling it, and what follows when the place beneath it closes."""

from datetime import timedelta
from typing import Any

import pytest

from services.activities.domain.activity import Activity
from services.activities.kinds import ACTIVITY
from shared.contracts.activities import ActivityPlanned
from shared.database import Collection
from shared.kind import By, Change
from shared.permissions import stated_permissions
from tests.harness import System, eventually
from tests.service.registry_world import done, made, refused
from tests.service.world import ActivitiesWorld, Place, at, plan, season, signed_up


async def a_place(system: System) -> tuple[ActivitiesWorld, Place]:
    await system.start("registry", "activities")
    world = ActivitiesWorld(system)
    return world, await world.an_open_meeting_place()


async def test_a_season_is_previewed_and_planned_with_all_its_sessions_at_once(
    system: System,
) -> None:
    world, place = await a_place(system)
    cora = place.coordinator.activities
    schedule = {
        "weekly": [{"weekday": 2, "start": "18:00", "end": "20:00"}],
        "first": "2027-03-16",
        "last": "2027-04-06",
        "skipped": ["2027-03-30"],
    }
    preview = done(await cora.post("/activities/preview", schedule))["meetings"]
    assert [(one["date"], one["start"][11:16]) for one in preview] == [
        ("2027-03-16", "17:00"), ("2027-03-23", "17:00"), ("2027-04-06", "16:00"),
    ]  # fmt: skip
    assert done(await cora.get("/activities"))["items"] == []
    activity = await world.an_activity(place, schedule=schedule, room="r1")
    assert activity["status"] == "planned"
    items = done(await cora.get(f"/sessions?activity={activity['id']}"))["items"]
    assert [one["id"] for one in items] == [one["session"] for one in activity["meetings"]]
    assert [one["start"] for one in items] == [one["start"] for one in preview]


@pytest.mark.promise("P18")
async def test_planning_twice_with_one_key_plans_once(system: System) -> None:
    _, place = await a_place(system)
    cora, wish = (
        place.coordinator.activities,
        plan(place, schedule=season("2026-12-08", 3), room="r1"),
    )
    first = made(await cora.post("/activities", wish, key="once"))
    again = made(await cora.post("/activities", wish, key="once"))
    assert first["meetings"] == again["meetings"]
    assert len(done(await cora.get("/sessions"))["items"]) == 3
    refused(await cora.post("/activities", {**wish, "places": 9}, key="once"), 422, "key-reused")


@pytest.mark.promise("P2")
@pytest.mark.promise("P5")
async def test_sessions_that_a_killed_process_did_not_make_are_made_by_the_own_event(
    system: System,
) -> None:
    world, place = await a_place(system)
    activity = await world.an_activity(place, schedule=season("2026-12-08", 2))
    store = system.copy("activities").process.plumbing.store
    known = (await store.load(ACTIVITY, activity["id"])).state
    facts = ActivityPlanned(organiser=place.organisation, meeting_place=place.id, sessions=2)
    change: Change[Activity] = Change(known, (facts,))
    await store.create(ACTIVITY, "made-and-killed", change, By())

    async def both_are_there() -> bool:
        cora = place.coordinator.activities
        items = done(await cora.get("/sessions?activity=made-and-killed"))["items"]
        return len(items) == 2

    await eventually(both_are_there)


@pytest.mark.promise("P17")
async def test_what_cannot_be_planned_is_refused_with_what_to_do(system: System) -> None:
    world, place = await a_place(system)
    other = await world.an_open_meeting_place("diana")
    cora = place.coordinator.activities

    async def wish(**more: object) -> object:
        return await cora.post("/activities", plan(place, **more))

    refused(await wish(meeting_place="nowhere"), 409, "not-yet-known")
    refused(await wish(leader="nobody"), 409, "not-yet-known")
    refused(await wish(meeting_place=other.id), 409, "not-a-host")
    refused(await wish(organiser=other.organisation), 403, "not-allowed")
    refused(await wish(leader=other.coordinator.id), 409, "leader-not-yours")
    refused(await wish(room="r9"), 409, "no-such-room")
    refused(await wish(schedule=season("2026-11-24")), 409, "begins-in-the-past")
    late = refused(await wish(schedule=season("2027-11-23", 8)), 409, "agreement-ends")
    assert late["later"] == 6
    same_time = season("2026-12-08", 1, "18:00", "18:00")
    answer = await wish(schedule=same_time)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "ends-when-it-starts"
    assert "slutar när den börjar" in answer.json()["errors"][0]["detail"]
    unknown = await cora.post("/activities", {**plan(place), "address": "Storgatan 1"})
    assert unknown.status_code == 422
    [volunteer] = await world.volunteers(place.organisation, "v")
    refused(await volunteer.activities.post("/activities", plan(place)), 403, "not-allowed")


async def test_a_room_and_a_leader_are_never_planned_in_two_places(system: System) -> None:
    world, place = await a_place(system)
    cora = place.coordinator.activities
    await world.an_activity(
        place, schedule=season("2026-12-08", 4), room="r1", leader=place.coordinator.id
    )
    crafts = plan(place, schedule=season("2026-12-15", 4, "18:00", "20:00"), room="r1")
    taken = refused(await cora.post("/activities", crafts), 409, "room-taken")
    assert len(taken["starts"]) == 3
    led = {**crafts, "room": None, "leader": place.coordinator.id}
    refused(await cora.post("/activities", led), 409, "leader-elsewhere")
    after = season("2026-12-15", 4, "19:00", "21:00")
    made(await cora.post("/activities", {**crafts, "schedule": after}))


@pytest.mark.promise("P5")
async def test_two_that_took_one_room_at_once_leave_it_to_the_first(system: System) -> None:
    world, place = await a_place(system)
    first = await world.a_session(place, room="r1")
    # Past the first check, as a second copy would be.
    second = await world.a_session(place)
    store, kinds = _store(system), system.copy("activities").process.service.kinds
    kind = next(one for one in kinds if one.name == "activities.session")
    await store.change(
        kind, second, lambda one: Change(one.model_copy(update={"room": "r1"})), By()
    )
    made(await place.coordinator.activities.post(f"/sessions/{second}/sign-up", {"role": "helper"}))

    async def yielded() -> bool:
        return (await world.session(place.coordinator, second))["room"] is None

    await eventually(yielded)
    assert (await world.session(place.coordinator, first))["room"] == "r1"
    assert len(await world.told(second, "room_released")) == 1


def _store(system: System):  # type: ignore[no-untyped-def]
    return system.copy("activities").process.plumbing.store


async def test_the_leader_cancels_one_session_and_everyone_concerned_stands_in_it(
    system: System,
) -> None:
    world, place = await a_place(system)
    lea, a, b, c = await world.volunteers(place.organisation, "lea", "a", "b", "c")
    session = await world.a_session(place, leader=lea.id)
    await signed_up([a, b, c], session)
    path = f"/sessions/{session}/cancel"
    refused(await a.activities.post(path, {"reason": "illness"}), 403, "not-allowed")
    assert (await lea.activities.post(path, {"reason": "other"})).status_code == 422
    done(await lea.activities.post(path, {"reason": "illness"}))
    [told] = await world.told(session, "cancelled")
    assert told["concerned"] == [lea.id, a.id, b.id, c.id]
    assert (told["organiser"], told["hosts"]) == (place.organisation, [place.organisation])
    refused(await a.activities.post(f"/sessions/{session}/sign-up", {}), 409, "session-cancelled")
    assert (await world.session(a, session))["mine"]["why"] == "session_cancelled"


async def test_cancelling_an_activity_cancels_its_coming_sessions_only(system: System) -> None:
    world, place = await a_place(system)
    activity = await world.an_activity(place, schedule=season("2026-12-08", 3))
    await world.until(at("2026-12-08", 20))
    cora = place.coordinator.activities

    async def first_was_held() -> bool:
        sessions = done(await cora.get("/sessions?status=held"))["items"]
        running = done(await cora.get(f"/activities/{activity['id']}"))["status"] == "running"
        return len(sessions) == 1 and running

    await eventually(first_was_held)
    done(await cora.post(f"/activities/{activity['id']}/cancel", {"reason": "too_few_leaders"}))
    items = done(await cora.get("/sessions"))["items"]
    assert [one["status"] for one in items] == ["held", "cancelled", "cancelled"]
    assert items[1]["cancelled"]["reason"] == "too_few_leaders"


@pytest.mark.promise("P4")
async def test_closing_the_house_cancels_what_was_coming_there_with_the_reason(
    system: System,
) -> None:
    world, place = await a_place(system)
    [a] = await world.volunteers(place.organisation, "a")
    session = await world.a_session(place)
    await signed_up([a], session)
    close = f"/accommodations/{place.house}/close"
    done(await place.officer.registry.post(close, {"closes_on": world.today}))

    async def cancelled() -> bool:
        return (await world.session(a, session))["status"] == "cancelled"

    await eventually(cancelled)
    shown = await world.session(a, session)
    assert shown["cancelled"]["reason"] == "accommodation_closing"
    [told] = await world.told(session, "cancelled")
    assert told["concerned"] == [a.id]


@pytest.mark.promise("P14")
async def test_an_organisation_that_is_paused_frees_its_seats_and_gets_none_back_by_itself(
    system: System,
) -> None:
    world, place = await a_place(system)
    [a] = await world.volunteers(place.organisation, "a")
    session = await world.a_session(place)
    await signed_up([a], session)
    path = f"/organisations/{place.organisation}"
    done(await place.administrator.registry.post(f"{path}/pause"))

    async def freed() -> bool:
        return (await world.seats(session))[a.id] == "released"

    await eventually(freed)
    done(await place.administrator.registry.post(f"{path}/resume"))
    await world.heard("organisation", place.organisation, {"state.status": "approved"})
    assert (await world.seats(session))[a.id] == "released"


@pytest.mark.promise("P20")
async def test_sessions_are_paged_by_start_in_both_orders(system: System) -> None:
    world, place = await a_place(system)
    await world.an_activity(place, schedule=season("2026-12-08", 7))
    cora = place.coordinator.activities
    for sort, wanted in (("start", range(1, 8)), ("-start", range(7, 0, -1))):
        numbers, cursor = [], ""
        while True:
            page = done(await cora.get(f"/sessions?limit=3&sort={sort}{cursor}"))
            numbers += [one["number"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert numbers == list(wanted)
    between = done(await cora.get("/sessions?from=2026-12-15&to=2026-12-22"))["items"]
    assert [one["number"] for one in between] == [2, 3]
    refused(await cora.get("/sessions?people=x"), 400, "unknown-field")


@pytest.mark.promise("P20")
async def test_every_list_is_served_by_an_index(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, place = await a_place(system)
    asked: list[tuple[str, Any, Any]] = []
    find = Collection.find

    async def noted(self: Collection, query: Any, **more: Any) -> Any:
        asked.append((self.name, query, more.get("sort")))
        return await find(self, query, **more)

    monkeypatch.setattr(Collection, "find", noted)
    for path in (
        "/sessions", "/sessions?sort=-start", "/sessions?organiser=x", "/sessions?meeting_place=x",
        "/sessions?activity=x", "/sessions?county=25", "/sessions?status=held",
        "/sessions?from=2026-12-01&to=2026-12-31", "/me/sessions", "/activities",
        "/activities?organiser=x", "/activities?meeting_place=x", "/activities?county=25",
        "/activities?status=planned", "/coverage", "/coverage?county=25",
    ):  # fmt: skip
        asked.clear()
        done(await place.coordinator.activities.get(path))
        lists = [one for one in asked if one[0] in ("session", "activity", "coverage") and one[2]]
        [(name, query, sort)] = [one for one in lists if one[2][0][0] != "due"]
        plan = await system.raw("activities", name).find(query, sort=sort).explain()
        stages = str(plan["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in stages, path
        assert "'stage': 'SORT'" not in stages, path


async def test_every_route_states_who_may_use_it(system: System) -> None:
    await system.start("registry", "activities")
    stated = dict(stated_permissions(system.copy("activities").app))
    public = [route for route in stated if "/api/" in route]
    assert [route for route in public if stated[route] is None] == []
    assert "POST /api/activities/sessions/{id}/sign-up" in stated


async def test_nobody_reaches_anything_without_signing_in(system: System) -> None:
    world, place = await a_place(system)
    session = await world.a_session(place)
    stranger = system.client("activities", None)
    for path in ("/activities", "/sessions", f"/sessions/{session}", "/me/sessions", "/coverage"):
        assert (await stranger.get(path)).status_code == 401
    assert (await stranger.post(f"/sessions/{session}/sign-up", {})).status_code == 401


async def test_an_activity_has_ended_after_its_last_session(system: System) -> None:
    world, place = await a_place(system)
    activity = await world.an_activity(place, schedule=season("2026-12-08", 2))
    await world.until(at("2026-12-15", 19) + timedelta(minutes=1))

    async def ended() -> bool:
        shown = done(await place.coordinator.activities.get(f"/activities/{activity['id']}"))
        return shown["status"] == "ended"

    await eventually(ended)
