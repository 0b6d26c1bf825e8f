"""What follows from elsewhere reaches every session, however many, and costs nothing when it holds."""

import asyncio
from typing import Any

import pytest

from services.activities import many
from services.activities.commands.reconcile import Reconciler
from services.activities.commands.sessions import Sessions
from services.activities.domain.activity import Activity
from services.activities.kinds import ACTIVITY, SESSION
from shared.causes import following
from shared.contracts.activities import ActivityPlanned
from shared.database import DatabaseAway
from shared.deadline import database_deadline, renew_deadline
from shared.due import AT_ONCE
from shared.kind import By, Change
from tests.harness import System, eventually
from tests.service.registry_world import BODEN, done, made, refused
from tests.service.world import ActivitiesWorld, Place, Someone, at, plan, season, signed_up


async def a_place(system: System) -> tuple[ActivitiesWorld, Place]:
    await system.start("registry", "activities")
    world = ActivitiesWorld(system)
    return world, await world.an_open_meeting_place()


@pytest.fixture
def two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "AT_A_TIME", 2)


async def a_leader_of(world: ActivitiesWorld, place: Place, meetings: int) -> tuple[Someone, Any]:
    [leader] = await world.volunteers(place.organisation, "leader")
    activity = await world.an_activity(
        place, schedule=season("2026-12-08", meetings), leader=leader.id
    )
    return leader, activity


@pytest.mark.promise("P14")
@pytest.mark.usefixtures("two_at_a_time")
async def test_a_revoked_leader_keeps_none_of_many_seats(system: System) -> None:
    world, place = await a_place(system)
    leader, activity = await a_leader_of(world, place, 7)
    await revoked(system, leader)

    async def free() -> bool:
        seats = [await world.seats(one["session"]) for one in activity["meetings"]]
        return all(one == {leader.id: "released"} for one in seats)

    await eventually(free)


@pytest.mark.promise("P14")
async def test_a_seat_that_outlived_the_role_carries_no_right(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, place = await a_place(system)
    leader, activity = await a_leader_of(world, place, 1)
    session = activity["meetings"][0]["session"]
    assert (await world.session(leader, session))["leads"]
    monkeypatch.setattr(Sessions, "release", _keeps)
    await revoked(system, leader)

    async def without() -> bool:
        return not (await world.session(leader, session))["leads"]

    await eventually(without)
    assert await world.seats(session) == {leader.id: "seated"}
    cancel = await leader.activities.post(f"/sessions/{session}/cancel", {"reason": "illness"})
    refused(cancel, 403, "not-allowed")
    refused(await leader.activities.get(f"/sessions/{session}/count"), 403, "not-allowed")


async def _keeps(_: Sessions, stored: Any, *__: object) -> Any:
    return stored


@pytest.mark.usefixtures("two_at_a_time")
async def test_an_excluded_organisation_has_nobody_seated_however_many_sessions(
    system: System,
) -> None:
    world, place = await a_place(system)
    leader, activity = await a_leader_of(world, place, 5)
    ada = place.administrator.registry
    done(await ada.post(f"/organisations/{place.organisation}/exclude"))

    async def free() -> bool:
        seats = [await world.seats(one["session"]) for one in activity["meetings"]]
        return all(one == {leader.id: "released"} for one in seats)

    await eventually(free)


async def revoked(system: System, person: Someone) -> None:
    [role] = done(await person.registry.get("/me"))["roles"]
    people = system.copy("registry").app.state.registry.people
    await people.roles.revoke(person.id, role["id"], following(By()))


async def test_a_resync_of_a_person_whose_roles_hold_reads_none_of_their_sessions(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, place = await a_place(system)
    leader, _ = await a_leader_of(world, place, 3)
    reconciler = _reconciler(system)
    looked: list[str] = []

    async def look(stored: Any, _: By) -> Any:
        looked.append(stored.id)
        return stored

    monkeypatch.setattr(reconciler, "_release_who_may_not", look)
    await reconciler.person(leader.id, By())
    assert looked == []
    monkeypatch.setattr(reconciler._replicas, "helped_by", _nowhere)
    await reconciler.person(leader.id, By())
    assert len(looked) == 3


async def _nowhere(*_: object) -> frozenset[str]:
    return frozenset()


@pytest.mark.promise("P15")
@pytest.mark.usefixtures("two_at_a_time")
async def test_what_a_tightened_house_no_longer_tells_no_activity_or_session_tells(
    system: System,
) -> None:
    world, place = await a_place(system)
    ended = await world.an_activity(place, schedule=season("2026-12-02", 1))
    coming = await world.an_activity(place, schedule=season("2026-12-08", 5))
    cora = place.coordinator.activities
    await world.until(at("2026-12-03", 9))
    sessions = [one["session"] for one in (*ended["meetings"], *coming["meetings"])]

    async def over() -> bool:
        shown = done(await cora.get(f"/activities/{ended['id']}"))
        return bool(shown["status"] == "ended") and shown["municipality"] is not None

    await eventually(over)
    await tightened(place)

    async def hidden() -> bool:
        shown = [done(await cora.get(f"/sessions/{id}")) for id in sessions]
        shown += [done(await cora.get(f"/activities/{one['id']}")) for one in (ended, coming)]
        return all(one["municipality"] is None for one in shown)

    await eventually(hidden)
    for id in sessions:
        assert await world.told(id, "whereabouts_changed") == [{"meeting_place": place.id}]
        session = (await _store(system).load(SESSION, id)).state
        assert SESSION.snapshot("activities.session", session, 1)["municipality"] is None


@pytest.mark.promise("P5")
@pytest.mark.promise("P15")
async def test_what_was_planned_on_an_older_word_of_the_place_is_mended(system: System) -> None:
    world, place = await a_place(system)
    activity = await world.an_activity(place)
    before = (await _store(system).load(ACTIVITY, activity["id"])).state
    await tightened(place)
    await world.heard("meeting_place", place.id, {"state.municipality": None})
    facts = ActivityPlanned(organiser=place.organisation, meeting_place=place.id, sessions=1)
    late: Change[Activity] = Change(before, (facts,))
    await _store(system).create(ACTIVITY, "planned-meanwhile", late, By())

    async def hidden() -> bool:
        cora = place.coordinator.activities
        [*sessions] = done(await cora.get("/sessions?activity=planned-meanwhile"))["items"]
        shown = [done(await cora.get("/activities/planned-meanwhile")), *sessions]
        return len(shown) == 2 and all(one["municipality"] is None for one in shown)

    await eventually(hidden)


async def tightened(place: Place) -> None:
    path = f"/accommodations/{place.house}"
    etag = (await place.officer.registry.get(path)).headers["ETag"]
    body = {"name": "Boendet demo", "municipality": BODEN, "capacity": 200}
    hidden = {**body, "confidentiality": "county"}
    done(await place.officer.registry.put(path, hidden, etag=etag))


@pytest.mark.promise("P4")
async def test_a_session_made_after_its_activity_was_cancelled_belongs_to_that_command(
    system: System,
) -> None:
    world, place = await a_place(system)
    activity = await world.an_activity(place, schedule=season("2026-12-08", 2))
    cora = place.coordinator
    planned = (await _store(system).load(ACTIVITY, activity["id"])).state
    done(await cora.activities.post(f"/activities/{activity['id']}/cancel", {"reason": "illness"}))
    late = planned.meetings[0].model_copy(update={"number": 9})
    sessions = system.copy("activities").app.state.activities.sessions
    await sessions.create("late", activity["id"], planned, late, By(actor="somebody-else"))

    async def cancelled() -> bool:
        return bool((await world.session(cora, "late"))["status"] == "cancelled")

    await eventually(cancelled)
    rows = await _cancellations(system, "late", activity["meetings"][0]["session"])
    assert rows[0] == rows[1]
    assert rows[0][0] == cora.id


@pytest.mark.promise("P4")
async def test_what_happens_in_a_session_meanwhile_does_not_split_a_cancellation(
    system: System,
) -> None:
    world, place = await a_place(system)
    [a] = await world.volunteers(place.organisation, "a")
    session = await world.a_session(place)
    activity = (await _store(system).load(SESSION, session)).state.activity
    await signed_up([a], session)
    # As it stands between the commit of a cancellation and the cancelling of its sessions.
    await system.copy("activities").process.bus.close()
    cancelled = {"status": "cancelled", "cancel_reason": "illness"}
    await _store(system).change(
        ACTIVITY, activity, lambda one: Change(one.model_copy(update=cancelled)), By()
    )
    reconciler = _reconciler(system)
    await reconciler.session(session, By(actor=a.id))
    assert (await world.session(a, session))["status"] == "scheduled"


async def _cancellations(system: System, *sessions: str) -> list[tuple[str, str]]:
    rows = [
        row
        for id in sessions
        for row in await _store(system).timeline(SESSION, id)
        if row["type"] == "activities.session.cancelled"
    ]
    return [(row["actor"], row["correlation"]) for row in rows]


@pytest.mark.promise("P12")
async def test_a_plan_is_answered_when_the_database_leaves_after_the_commit(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, place = await a_place(system)
    create, faults = Sessions.create, iter([True] * 3)

    async def away(self: Sessions, *given: Any) -> None:
        if next(faults, False):
            raise DatabaseAway()
        await create(self, *given)

    monkeypatch.setattr(Sessions, "create", away)
    cora = place.coordinator.activities
    activity = made(await cora.post("/activities", plan(place, schedule=season("2026-12-08", 3))))

    async def all_there() -> bool:
        items = done(await cora.get(f"/sessions?activity={activity['id']}"))["items"]
        return len(items) == 3

    await eventually(all_there, 20)


@pytest.mark.promise("P12")
async def test_each_batch_of_what_follows_has_the_whole_time_of_a_request() -> None:
    slow, lefts = 0.05, []

    async def job() -> None:
        left = database_deadline.get()
        assert left is not None
        lefts.append(left)
        await asyncio.sleep(slow)

    renew_deadline()
    await many.in_batches([job] * (2 * AT_ONCE))
    database_deadline.set(None)
    assert max(lefts) - min(lefts) >= slow


@pytest.mark.promise("P12")
async def test_a_cancellation_is_answered_when_the_database_leaves_after_the_commit(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, place = await a_place(system)
    activity = await world.an_activity(place, schedule=season("2026-12-08", 3))
    cancel, faults = Sessions.cancel, iter([True] * 2)

    async def away(self: Sessions, *given: Any) -> Any:
        if next(faults, False):
            raise DatabaseAway()
        return await cancel(self, *given)

    monkeypatch.setattr(Sessions, "cancel", away)
    cora = place.coordinator
    path = f"/activities/{activity['id']}"
    answer = done(await cora.activities.post(f"{path}/cancel", {"reason": "illness"}))
    assert answer["status"] == "cancelled"
    sessions = [one["session"] for one in activity["meetings"]]

    async def all_cancelled() -> bool:
        return len(await _cancellations(system, *sessions)) == 3

    await eventually(all_cancelled, 20)
    assert len(set(await _cancellations(system, *sessions))) == 1


@pytest.mark.promise("P5")
@pytest.mark.case("S02")
async def test_who_queued_while_we_looked_keeps_the_place_though_busy_elsewhere(
    system: System,
) -> None:
    world, place = await a_place(system)
    y = await world.another_place(place, name="Biblioteket demo")
    a, b = await world.volunteers(place.organisation, "a", "b")
    one_seat = [{"role": "helper", "maximum": 1}]
    here = await world.a_session(place, at("2026-12-08", 17), roles=one_seat)
    there = await world.a_session(y, at("2026-12-08", 17), roles=one_seat)
    await signed_up([a], here)
    sessions = system.copy("activities").app.state.activities.sessions
    looked = await sessions.load(here)
    await signed_up([b], here)
    await signed_up([b], there)
    await sessions.withdraw(looked, By(actor=a.id))
    assert (await world.seats(here))[b.id] == "waiting"
    done(await b.activities.post(f"/sessions/{there}/withdraw"))

    async def has_it() -> bool:
        return (await world.seats(here))[b.id] == "seated"

    await eventually(has_it)
    assert await world.told(here, "seats_released") == []


@pytest.mark.promise("P18")
async def test_a_repeated_plan_is_answered_although_circumstances_have_changed(
    system: System,
) -> None:
    world, place = await a_place(system)
    cora, wish = place.coordinator.activities, plan(place, schedule=season("2026-12-08", 2))
    first = made(await cora.post("/activities", wish, key="once"))
    await world.until(at("2026-12-10", 9))
    again = made(await cora.post("/activities", wish, key="once"))
    assert (again["id"], again["meetings"]) == (first["id"], first["meetings"])
    refused(await cora.post("/activities", {**wish, "places": 9}, key="once"), 422, "key-reused")
    refused(await cora.post("/activities", wish, key="twice"), 409, "begins-in-the-past")


@pytest.mark.promise("P1")
@pytest.mark.promise("P18")
async def test_who_stands_behind_a_repeated_request_gets_an_answer_of_their_own(
    system: System,
) -> None:
    world, place = await a_place(system)
    a, b, c = await world.volunteers(place.organisation, "a", "b", "c")
    session = await world.a_session(place)
    path = f"/sessions/{session}/sign-up"
    made(await a.activities.post(path, {}, key="once"))
    await asyncio.gather(
        *(one.activities.post(path, {}, key="once") for one in (a, b, a, c, a) for _ in range(3))
    )
    assert sorted(await world.seats(session)) == sorted([a.id, b.id, c.id])


@pytest.mark.promise("P17")
@pytest.mark.promise("P21")
async def test_days_at_the_edge_of_the_calendar_are_refused(system: System) -> None:
    _, place = await a_place(system)
    cora = place.coordinator.activities
    for day in ("9999-12-25", "0001-01-01", "9999-12-31"):
        schedule = season("2026-12-08", 2) | {"first": day}
        assert (await cora.post("/activities/preview", schedule)).status_code == 422
        answer = await cora.post("/activities", plan(place, schedule=schedule))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "not-in-our-time"
        for path in ("/sessions", "/me/sessions"):
            for name in ("from", "to"):
                refused(await cora.get(f"{path}?{name}={day}"), 422, "invalid")


def _reconciler(system: System) -> Reconciler:
    here = system.copy("activities").app.state.activities
    return Reconciler(here.store, here.replicas, here.activities, here.sessions)


def _store(system: System) -> Any:
    return system.copy("activities").process.plumbing.store
