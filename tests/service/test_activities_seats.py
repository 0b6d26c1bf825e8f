"""Seats over HTTP: sign up, queue, withdraw, move up, whoever frees the seat and however."""

import asyncio
from datetime import datetime, timedelta

import httpx
import pytest

from services.activities.commands import clashes
from shared.causes import following
from shared.kind import By
from tests.harness import System, eventually
from tests.service.registry_world import done, refused
from tests.service.world import ActivitiesWorld, Place, Someone, at, signed_up


async def a_place(system: System) -> tuple[ActivitiesWorld, Place]:
    await system.start("registry", "activities")
    world = ActivitiesWorld(system)
    return world, await world.an_open_meeting_place()


async def test_a_volunteer_on_the_waiting_list_moves_up_when_someone_withdraws(
    system: System,
) -> None:
    world, place = await a_place(system)
    a, b, c = await world.volunteers(place.organisation, "a", "b", "c")
    session = await world.a_session(place)
    answers = await signed_up([a, b, c], session)
    assert [(one["status"], one["position"]) for one in answers] == [
        ("seated", None), ("seated", None), ("waiting", 1),
    ]  # fmt: skip
    done(await a.activities.post(f"/sessions/{session}/withdraw"))
    assert await world.seats(session) == {a.id: "withdrawn", b.id: "seated", c.id: "seated"}
    assert [one["moved_up"][0]["person"] for one in await world.told(session, "seats_offered")] == [
        c.id
    ]
    mine = done(await c.activities.get("/me/sessions"))["items"]
    assert [(one["id"], one["mine"]["status"]) for one in mine] == [(session, "seated")]


@pytest.mark.promise("P1")
@pytest.mark.promise("P18")
@pytest.mark.case("S01")
async def test_a_hundred_at_once_each_twice_fill_ten_seats_and_a_queue_without_gaps(
    system: System,
) -> None:
    world, place = await a_place(system)
    people = await world.volunteers(place.organisation, *(f"v{n}" for n in range(100)))
    session = await world.a_session(place, roles=[{"role": "helper", "maximum": 10}])

    connections = asyncio.Semaphore(20)

    async def sign_up(person: Someone, key: str) -> httpx.Response:
        while True:
            async with connections:
                answer = await person.activities.post(f"/sessions/{session}/sign-up", {}, key=key)
            # A machine that is too busy to answer in time says 503, and is asked again.
            if answer.status_code != 503:
                return answer

    async def twice(person: Someone, key: str) -> list[httpx.Response]:
        return await asyncio.gather(sign_up(person, key), sign_up(person, key))

    pairs = await asyncio.gather(*(twice(one, f"once-{n}") for n, one in enumerate(people)))
    assert {one.status_code for pair in pairs for one in pair} == {201}
    assert all(first.json() == again.json() for first, again in pairs)
    answers = [first.json() for first, _ in pairs]
    assert sum(one["status"] == "seated" for one in answers) == 10
    assert sorted(one["position"] for one in answers if one["position"]) == list(range(1, 91))
    assert len(await world.seats(session)) == 100


@pytest.mark.case("S02")
async def test_a_newcomer_never_overtakes_the_queue(system: System) -> None:
    world, place = await a_place(system)
    a, b, c, d = await world.volunteers(place.organisation, "a", "b", "c", "d")
    for _ in range(10):
        session = await world.a_session(place)
        await signed_up([a, b, c], session)
        path = f"/sessions/{session}"
        await asyncio.gather(
            a.activities.post(f"{path}/withdraw"), d.activities.post(f"{path}/sign-up", {})
        )
        seats = await world.seats(session)
        assert (seats[b.id], seats[c.id], seats[d.id]) == ("seated", "seated", "waiting")
        assert len(await world.told(session, "seats_offered")) == 1
        done(await place.coordinator.activities.post(f"{path}/cancel", {"reason": "illness"}))


@pytest.mark.case("S04")
async def test_a_seat_freed_by_a_coordinator_goes_to_the_first_in_the_queue(
    system: System,
) -> None:
    world, place = await a_place(system)
    a, b, c = await world.volunteers(place.organisation, "a", "b", "c")
    one_seat = [{"role": "language_support", "maximum": 1}]
    removed = await world.a_session(place, roles=one_seat)
    await signed_up([a, b, c], removed, "language_support")
    cora = place.coordinator.activities
    done(await cora.post(f"/sessions/{removed}/remove", {"person": a.id}))
    seats = await world.seats(removed)
    assert (seats[a.id], seats[b.id], seats[c.id]) == ("removed", "seated", "waiting")
    assert await world.told(removed, "seat_removed") == [
        {"person": a.id, "role": "language_support"}
    ]

    raised = await world.a_session(place, at("2026-12-09", 17), roles=one_seat)
    await signed_up([a, b, c], raised, "language_support")
    more = {"role": "language_support", "minimum": 1, "maximum": 3}
    done(await cora.post(f"/sessions/{raised}/seats", more))
    [offered] = await world.told(raised, "seats_offered")
    assert [one["person"] for one in offered["moved_up"]] == [b.id, c.id]


@pytest.mark.promise("P4")
@pytest.mark.promise("P14")
@pytest.mark.case("S04")
async def test_a_seat_is_freed_when_the_role_ends_or_the_person_is_erased(system: System) -> None:
    world, place = await a_place(system)
    a, b, c = await world.volunteers(place.organisation, "a", "b", "c")
    session = await world.a_session(place, roles=[{"role": "helper", "maximum": 1}])
    await signed_up([a, b, c], session)
    grant = done(await a.registry.get("/me"))["roles"][0]["id"]
    people = system.copy("registry").app.state.registry.people
    await people.roles.revoke(a.id, grant, _by())

    async def b_has_it() -> bool:
        return (await world.seats(session)).get(b.id) == "seated"

    await eventually(b_has_it)
    [released] = await world.told(session, "seats_released")
    assert released == {"people": [a.id], "why": "role_ended"}

    assert (await b.registry.post(f"/people/{b.id}/erase")).status_code == 204

    async def c_has_it() -> bool:
        return (await world.seats(session)).get(c.id) == "seated"

    await eventually(c_has_it)
    assert b.id not in await world.seats(session)


def _by() -> By:
    return following(By())


@pytest.mark.case("S05")
async def test_seats_cannot_be_lowered_below_those_who_hold_them(system: System) -> None:
    world, place = await a_place(system)
    people = await world.volunteers(place.organisation, *"abcde")
    session = await world.a_session(place, roles=[{"role": "helper", "maximum": 4}])
    await signed_up(people, session)
    cora, path = place.coordinator.activities, f"/sessions/{session}/seats"
    answer = refused(
        await cora.post(path, {"role": "helper", "maximum": 2}), 409, "seats-below-holders"
    )
    assert answer["holders"] == 4
    assert list((await world.seats(session)).values()) == ["seated"] * 4 + ["waiting"]
    done(await cora.post(path, {"role": "helper", "maximum": 5}))
    assert (await world.seats(session))[people[4].id] == "seated"


@pytest.mark.case("S08")
async def test_nobody_is_offered_a_seat_after_the_start(system: System) -> None:
    world, place = await a_place(system)
    a, c, d = await world.volunteers(place.organisation, "a", "c", "d")
    session = await world.a_session(
        place, at("2026-12-01", 15), roles=[{"role": "helper", "maximum": 1}]
    )
    await signed_up([a, c], session)
    await world.until(at("2026-12-01", 15, 15))
    left = done(await a.activities.post(f"/sessions/{session}/withdraw"))
    assert left["status"] == "withdrawn"
    [withdrawn] = await world.told(session, "seat_withdrawn")
    assert withdrawn["late"]
    assert await world.told(session, "seats_offered") == []
    refused(await d.activities.post(f"/sessions/{session}/sign-up", {}), 409, "session-has-begun")
    stand_in = {"person": d.id, "role": "helper"}
    add = f"/sessions/{session}/add"
    assert (await c.activities.post(add, stand_in)).status_code == 403
    done(await place.coordinator.activities.post(add, stand_in))
    assert (await world.seats(session))[d.id] == "seated"


@pytest.mark.case("S08")
@pytest.mark.case("S09")
@pytest.mark.promise("P6")
async def test_a_seat_offered_shortly_before_is_confirmed_given_back_or_lapses(
    system: System,
) -> None:
    world, place = await a_place(system)
    a, b, c = await world.volunteers(place.organisation, "a", "b", "c")
    session = await world.a_session(
        place, at("2026-12-01", 15), roles=[{"role": "helper", "maximum": 1}]
    )
    await signed_up([a, b, c], session)
    path = f"/sessions/{session}"
    done(await a.activities.post(f"{path}/withdraw"))
    offered = (await world.session(b, session))["mine"]
    assert offered["status"] == "offered"
    assert offered["until"] < (await world.session(b, session))["start"]
    assert done(await b.activities.post(f"{path}/confirm"))["status"] == "seated"
    system.clock.advance(timedelta(minutes=8))
    done(await b.activities.post(f"{path}/withdraw"))
    assert (await world.session(c, session))["mine"]["status"] == "offered"
    again = await signed_up([b], session)
    assert (again[0]["status"], again[0]["position"]) == ("waiting", 1)
    until = await world.told(session, "seats_offered")
    assert len(until) == 2
    await world.until(at("2026-12-01", 14))

    async def passed_on() -> bool:
        seats = await world.seats(session)
        return (seats[c.id], seats[b.id]) == ("lapsed", "offered")

    await eventually(passed_on)
    refused(await c.activities.post(f"{path}/confirm"), 409, "offer-lapsed")
    assert await world.told(session, "offers_lapsed") == [{"people": [c.id]}]


@pytest.mark.case("S10")
async def test_the_late_yes_and_the_timer_give_the_seat_to_exactly_one(system: System) -> None:
    await system.start("registry", "activities", "activities")
    world = ActivitiesWorld(system)
    place = await world.an_open_meeting_place()
    b, c, d, e = await world.volunteers(place.organisation, "b", "c", "d", "e")
    session = await world.a_session(
        place, at("2026-12-02", 18), roles=[{"role": "helper", "maximum": 1}]
    )
    path = f"/sessions/{session}"
    await signed_up([e, b, c], session)
    done(await e.activities.post(f"{path}/withdraw"))
    [offer] = await world.told(session, "seats_offered")
    [later] = await signed_up([d], session)
    assert (later["status"], later["position"]) == ("waiting", 2)
    until = _moment(offer["moved_up"][0]["until"])
    assert until - system.clock.now() > timedelta(hours=11, minutes=59)
    await world.until(until - timedelta(milliseconds=100))
    answer = await b.activities.post(f"{path}/confirm")

    async def settled() -> bool:
        seats = await world.seats(session)
        return seats[b.id] == "seated" or seats[c.id] == "offered"

    await eventually(settled)
    seats = await world.seats(session)
    holders = [id for id, status in seats.items() if status in ("seated", "offered")]
    assert len(holders) == 1
    if seats[b.id] == "lapsed":
        assert answer.status_code == 409
        refused(await b.activities.post(f"{path}/confirm"), 409, "offer-lapsed")
        assert len(await world.told(session, "offers_lapsed")) == 1


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.case("S11")
@pytest.mark.promise("P5")
async def test_nobody_is_in_two_places_and_back_to_back_is_no_clash(system: System) -> None:
    world, place = await a_place(system)
    y = await world.another_place(place, name="Biblioteket demo")
    [a] = await world.volunteers(place.organisation, "a")
    both = [{"role": "helper", "maximum": 1}, {"role": "driver", "maximum": 1}]
    at_x = await world.a_session(place, at("2026-12-08", 17), hours=1, roles=both)
    overlapping = await world.a_session(y, at("2026-12-08", 17, 30), hours=1)
    same = await world.a_session(y, at("2026-12-08", 17), hours=1)
    after = await world.a_session(place, at("2026-12-08", 18), hours=1)
    await signed_up([a], at_x)
    for clashing in (overlapping, same):
        answer = await a.activities.post(f"/sessions/{clashing}/sign-up", {})
        assert refused(answer, 409, "already-elsewhere")["session"] == at_x
    await signed_up([a], after)
    driver = await a.activities.post(f"/sessions/{at_x}/sign-up", {"role": "driver"})
    refused(driver, 409, "already-signed-up")


@pytest.mark.case("S11")
@pytest.mark.promise("P5")
async def test_two_places_taken_in_parallel_leave_one_seat_and_serve_the_other_queue(
    system: System,
) -> None:
    world, place = await a_place(system)
    y = await world.another_place(place, name="Biblioteket demo")
    [a] = await world.volunteers(place.organisation, "a")
    one_seat = [{"role": "helper", "maximum": 1}]
    sessions = [
        await world.a_session(where, at("2026-12-08", 17), hours=1, roles=one_seat)
        for where in (place, y)
    ]
    # Past the first check: both seats are written before either can be seen.
    commands = system.copy("activities").app.state.activities.sessions
    stored = [await commands.load(id) for id in sessions]

    async def blind(*_: object, **__: object) -> dict[str, str]:
        return {}

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clashes.Clashes, "busy", blind)
        await asyncio.gather(*(commands.sign_up(one, "helper", _as(a.id)) for one in stored))

    async def one_place() -> bool:
        return sorted([(await world.seats(id)).get(a.id) for id in sessions]) == [
            "released", "seated",
        ]  # fmt: skip

    await eventually(one_place, 2)
    told = [await world.told(id, "seats_released") for id in sessions]
    assert [*told[0], *told[1]] == [{"people": [a.id], "why": "clash"}]


def _as(person: str) -> By:
    return By(actor=person)


@pytest.mark.promise("P5")
async def test_who_was_skipped_as_busy_gets_the_seat_when_they_are_free_again(
    system: System,
) -> None:
    world, place = await a_place(system)
    y = await world.another_place(place, name="Biblioteket demo")
    a, b = await world.volunteers(place.organisation, "a", "b")
    one_seat = [{"role": "helper", "maximum": 1}]
    here = await world.a_session(place, at("2026-12-08", 17), roles=one_seat)
    there = await world.a_session(y, at("2026-12-08", 17), roles=one_seat)
    await signed_up([a, b], here)
    await signed_up([b], there)
    done(await a.activities.post(f"/sessions/{here}/withdraw"))
    assert (await world.seats(here))[b.id] == "waiting"
    done(await b.activities.post(f"/sessions/{there}/withdraw"))

    async def has_it() -> bool:
        return (await world.seats(here))[b.id] == "seated"

    await eventually(has_it)


@pytest.mark.case("S30")
@pytest.mark.promise("P15")
async def test_others_see_numbers_only_and_the_own_coordinator_names(system: System) -> None:
    world, place = await a_place(system)
    a, b, e = await world.volunteers(place.organisation, "a", "b", "e")
    done(await place.administrator.registry.post(f"/people/{a.id}/protect", {"on": True}))
    await world.heard("person", a.id, {"state.protected": True})
    other = await world.an_open_meeting_place("diana")
    session = await world.a_session(place)
    await signed_up([a, b], session)
    people = [other.coordinator, e, b, place.officer]
    for person in people:
        for answer in (
            await person.activities.get(f"/sessions/{session}"),
            await person.activities.get("/sessions"),
            await person.activities.get("/me/sessions"),
            await person.activities.get("/activities"),
        ):
            assert answer.status_code == 200
            assert a.id not in answer.text
            assert person is b or b.id not in answer.text
            assert "Demo" not in answer.text.replace("Språkcafé demo", "")
    assert (await world.session(e, session))["roles"][0]["taken"] == 2
    shown = (await world.session(place.coordinator, session))["people"]
    assert [(one["person"], one["name"]) for one in shown] == [(a.id, "A.D."), (b.id, "B Demo")]
    assert "@" not in str(shown)
