"""Roles whose sense depends on others: the last coordinator, the first one, the last administrator."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.registry.commands.roles import Roles
from services.registry.first_administrator import appoint
from services.registry.kinds import PERSON
from services.registry.offline import open_store
from shared.tokens import Identity
from tests.harness import System, eventually
from tests.service.registry_world import Somebody, World, done, made, refused, role_body


async def two_copies(system: System) -> tuple[World, Somebody, Somebody, str]:
    await system.start("registry")
    await system.start("registry")
    world = World(system)
    ada, cora = await world.administrator(), await world.somebody("cora")
    return world, ada, cora, await world.organisation(cora, ada)


def meeting_between_check_and_commit(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> asyncio.Barrier:
    """Both copies have checked before either commits."""
    barrier = asyncio.Barrier(2)
    for number in (0, 1):
        roles = system.copy("registry", number).app.state.registry.people.roles
        has = roles._has

        async def then_wait(*args: Any, has: Any = has, roles: Any = roles, **more: Any) -> bool:
            seen: bool = await has(*args, **more)
            monkeypatch.setattr(roles, "_has", has)
            await barrier.wait()
            return seen

        monkeypatch.setattr(roles, "_has", then_wait)
    return barrier


async def two_coordinators(world: World, organisation: str) -> dict[str, tuple[Somebody, str]]:
    """Cora and Bo, each on a copy of their own, with their grants."""
    cora, bo = world.coordinators[organisation], await world.somebody("bo", 1)
    await world.asks(bo, organisation)
    second = made(
        await cora.client.post(f"/people/{bo.id}/roles", role_body("coordinator", organisation))
    )["id"]
    first = done(await cora.client.get("/me"))["roles"][0]["id"]
    return {cora.id: (cora, first), bo.id: (bo, second)}


async def coordinators(system: System, organisation: str) -> list[str]:
    query = {"keys.scopes": f"coordinator:{organisation}"}
    return [one["_id"] async for one in system.raw("registry", "person").find(query)]


async def nothing_unsettled(system: System) -> bool:
    query = {"state.unsettled": {"$exists": True, "$ne": []}}
    return bool(await system.raw("registry", "person").count_documents(query) == 0)


@pytest.mark.promise("P5")
async def test_two_last_coordinators_who_leave_at_once_do_not_both_leave(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _, _, organisation = await two_copies(system)
    both = await two_coordinators(world, organisation)
    meeting_between_check_and_commit(system, monkeypatch)
    answers = dict(
        zip(
            both,
            await asyncio.gather(
                *(
                    who.client.post(f"/people/{who.id}/roles/{grant}/revoke")
                    for who, grant in both.values()
                )
            ),
            strict=True,
        )
    )
    assert sorted(one.status_code for one in answers.values()) == [204, 409], answers
    [left] = await coordinators(system, organisation)
    refused(answers[left], 409, "last-coordinator")
    who, grant = both[left]
    assert [role["id"] for role in done(await who.client.get("/me"))["roles"]] == [grant]
    assert await nothing_unsettled(system)


@pytest.mark.promise("P5")
async def test_a_revocation_seen_by_the_other_before_its_commit_is_given_back(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _, cora, organisation = await two_copies(system)
    both = await two_coordinators(world, organisation)
    (_, first), (bo, second) = both.values()
    roles = system.copy("registry").app.state.registry.people.roles
    has = roles._has

    async def then_bo_leaves(*args: Any, **more: Any) -> bool:
        seen: bool = await has(*args, **more)
        monkeypatch.setattr(roles, "_has", has)
        answer = await bo.client.post(f"/people/{bo.id}/roles/{second}/revoke")
        assert answer.status_code == 204, answer.text
        return seen

    monkeypatch.setattr(roles, "_has", then_bo_leaves)
    answer = await cora.client.post(f"/people/{cora.id}/roles/{first}/revoke")
    refused(answer, 409, "last-coordinator")
    assert await coordinators(system, organisation) == [cora.id]


@pytest.mark.promise("P5")
async def test_a_killed_second_check_is_made_up_for_by_the_own_event(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _, _, organisation = await two_copies(system)
    both = await two_coordinators(world, organisation)
    meeting_between_check_and_commit(system, monkeypatch)

    async def killed(*_: Any) -> bool:
        return False

    monkeypatch.setattr(Roles, "_stands", killed)
    await asyncio.gather(
        *(who.client.post(f"/people/{who.id}/roles/{grant}/revoke") for who, grant in both.values())
    )

    async def one_is_left() -> bool:
        left = await coordinators(system, organisation)
        return len(left) == 1 and await nothing_unsettled(system)

    await eventually(one_is_left)


@pytest.mark.promise("P5")
async def test_two_first_coordinators_appointed_at_once_are_one(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, ada, _, _ = await two_copies(system)
    nina, cora = await world.somebody("nina"), await world.somebody("cia")
    riks = await world.organisation(nina, ada, name="Riks demo", kind="national")
    branch = await world.organisation(cora, nina, name="Kretsen demo", kind="branch", parent=riks)
    grant = done(await cora.client.get("/me"))["roles"][0]["id"]
    assert (await ada.client.post(f"/people/{cora.id}/roles/{grant}/revoke")).status_code == 204
    people = [await world.somebody(name) for name in ("vera", "wilma")]
    for one in people:
        await world.asks(one, branch)
    meeting_between_check_and_commit(system, monkeypatch)
    role = role_body("coordinator", branch)
    answers = await asyncio.gather(
        *(
            system.client("registry", "nina", copy).post(f"/people/{one.id}/roles", role)
            for copy, one in enumerate(people)
        )
    )
    assert sorted(one.status_code for one in answers) == [201, 409], answers
    [first] = await coordinators(system, branch)
    appointed = next(one for one in answers if one.status_code == 201)
    assert appointed.json()["person"] == first
    refused(next(one for one in answers if one.status_code == 409), 409, "has-a-coordinator")
    assert await nothing_unsettled(system)


async def test_a_role_held_already_is_answered_with_the_grant_that_holds(system: System) -> None:
    await system.start("registry")
    world = World(system)
    ada, vera = await world.administrator(), await world.somebody("vera")
    path, role = f"/people/{vera.id}/roles", {"role": "officer", "scope": {"kind": "national"}}
    later = (system.clock.now() + timedelta(days=9)).isoformat()
    first = made(await ada.client.post(path, {**role, "from": later}))["id"]
    refused(await vera.client.get("/accommodations"), 403, "not-allowed")
    assert made(await ada.client.post(path, role))["id"] == first

    async def is_officer() -> bool:
        return (await vera.client.get("/accommodations")).status_code == 200

    await eventually(is_officer, 2)
    assert made(await ada.client.post(path, {**role, "from": later}))["id"] == first
    assert [one["id"] for one in done(await vera.client.get("/me"))["roles"]] == [first]
    assert (await ada.client.post(f"{path}/{first}/revoke")).status_code == 204


@pytest.mark.promise("P21")
@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("9999-12-31T23:59:59-12:00", "not-in-our-time"),
        ("0001-01-01T00:00:00+12:00", "not-in-our-time"),
        ("2201-01-01T00:00:00Z", "not-in-our-time"),
    ],
)
async def test_a_time_that_no_calendar_holds_is_a_fault_of_its_field(
    system: System, until: str, code: str
) -> None:
    await system.start("registry")
    world = World(system)
    ada, vera = await world.administrator(), await world.somebody("vera")
    role = {"role": "officer", "scope": {"kind": "national"}, "until": until}
    for language, word in (("sv", "mellan"), ("en", "between")):
        answer = await ada.client.post(
            f"/people/{vera.id}/roles", role, headers={"Accept-Language": language}
        )
        [error] = refused(answer, 422, "invalid")["errors"]
        assert (error["field"], error["code"]) == ("until", code)
        assert word in error["detail"]


@pytest.mark.promise("P14")
async def test_the_networks_last_administrator_stays(system: System) -> None:
    await system.start("registry")
    world = World(system)
    ada = await world.administrator()
    grant = done(await ada.client.get("/me"))["roles"][0]["id"]
    mine = f"/people/{ada.id}"
    attempts = ((f"{mine}/suspend", {"on": True}), (f"{mine}/erase", None))
    for path, body in (*attempts, (f"{mine}/roles/{grant}/revoke", None)):
        refused(await ada.client.post(path, body), 409, "last-administrator")
    bo = await world.somebody("bo")
    await world.role(bo, "administrator", "national")
    done(await ada.client.post(f"/people/{bo.id}/suspend", {"on": True}))
    for path, body in attempts:
        refused(await ada.client.post(path, body), 409, "last-administrator")
    done(await ada.client.post(f"/people/{bo.id}/suspend", {"on": False}))
    assert (await ada.client.post(f"{mine}/roles/{grant}/revoke")).status_code == 204


async def two_administrators(system: System) -> tuple[World, dict[str, Somebody], dict[str, str]]:
    """Ada and Bo, each on a copy of their own, who know each other; and their grants."""
    world, ada, _, _ = await two_copies(system)
    bo = await world.somebody("bo", 1)
    grants = {bo.id: await world.role(bo, "administrator", "national")}
    grants[ada.id] = done(await ada.client.get("/me"))["roles"][0]["id"]

    async def may() -> bool:
        return (await bo.client.get(f"/people/{ada.id}")).status_code == 200

    await eventually(may)
    return world, {"ada": ada, "bo": bo}, grants


async def administrators(system: System) -> list[str]:
    active = {"keys.scopes": "administrator:*", "state.status": "active"}
    return [one["_id"] async for one in system.raw("registry", "person").find(active)]


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    ("adas", "bos"),
    [("suspend", "suspend"), ("suspend", "revoke"), ("revoke", "revoke"), ("erase", "erase")],
)
async def test_of_two_administrators_who_end_each_other_at_once_the_later_yields(
    system: System, monkeypatch: pytest.MonkeyPatch, adas: str, bos: str
) -> None:
    _, people, grants = await two_administrators(system)
    ada, bo = people["ada"], people["bo"]

    def ends(by: Somebody, command: str, other: Somebody) -> Any:
        if command == "suspend":
            return by.client.post(f"/people/{other.id}/suspend", {"on": True})
        if command == "erase":
            return by.client.post(f"/people/{by.id}/erase")
        return by.client.post(f"/people/{other.id}/roles/{grants[other.id]}/revoke")

    meeting_between_check_and_commit(system, monkeypatch)
    answers = await asyncio.gather(ends(ada, adas, bo), ends(bo, bos, ada))
    assert sorted(one.status_code < 300 for one in answers) == [False, True], answers
    assert [one.json()["code"] for one in answers if one.status_code == 409] == [
        "last-administrator"
    ]
    assert len(await administrators(system)) == 1
    assert await nothing_unsettled(system)


@pytest.mark.promise("P5")
async def test_administrators_who_suspended_each_other_are_mended_also_after_a_kill(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, people, _ = await two_administrators(system)
    ada, bo = people["ada"], people["bo"]
    relays, seconds = [], []
    for number in (0, 1):
        process = system.copy("registry", number).process
        roles = system.copy("registry", number).app.state.registry.people.roles
        relays.append((process.plumbing.relay, process.plumbing.relay.committed))
        seconds.append((roles, roles.reconcile))

        async def killed(id: str, _: object, roles: Any = roles) -> Any:
            return await roles._store.load(PERSON, id)

        monkeypatch.setattr(process.plumbing.relay, "committed", lambda *_: None)
        monkeypatch.setattr(roles, "reconcile", killed)
    meeting_between_check_and_commit(system, monkeypatch)
    await asyncio.gather(
        ada.client.post(f"/people/{bo.id}/suspend", {"on": True}),
        bo.client.post(f"/people/{ada.id}/suspend", {"on": True}),
    )
    assert await administrators(system) == []
    for relay, committed in relays:
        monkeypatch.setattr(relay, "committed", committed)
    for roles, reconcile in seconds:
        monkeypatch.setattr(roles, "reconcile", reconcile)

    async def mended() -> bool:
        return len(await administrators(system)) == 1 and await nothing_unsettled(system)

    # The events that the killed processes left are swept after their lease.
    await eventually(mended, 20)


@pytest.mark.promise("P13")
async def test_who_is_no_administrator_in_force_does_not_bar_the_first_one(system: System) -> None:
    await system.start("registry")
    world = World(system)
    later = system.clock.now() + timedelta(hours=1)
    bo, cia = await world.somebody("bo"), await world.somebody("cia")
    await world.role(bo, "administrator", "national", until=later)
    await world.role(cia, "administrator", "national", until=later)
    done(await bo.client.post(f"/people/{cia.id}/suspend", {"on": True}))
    store = open_store(system.settings("registry"))
    store.clock = system.clock
    ada = Identity(system.issuer.url, "ada")
    assert await appoint(store, ada, "Ada Demo") is None
    people = system.raw("registry", "person")
    await people.update_one({"_id": bo.id}, {"$set": {"state.status": "suspended"}})
    assert await appoint(store, ada, "Ada Demo") is not None
    await store.database.close()


@pytest.mark.promise("P4")
async def test_the_last_coordinator_does_not_vanish_in_silence(system: System) -> None:
    await system.start("registry", "notifications")
    world = World(system)
    ada, cora, bo = (
        await world.administrator(),
        await world.somebody("cora"),
        await world.somebody("bo"),
    )
    await world.role(bo, "administrator", "national")
    organisation = await world.organisation(cora, ada)
    path = f"/organisations/{organisation}"
    [first] = done(await cora.client.get("/me"))["roles"]

    async def alone(expected: bool) -> bool:
        return bool(done(await ada.client.get(path))["uncoordinated"] == expected)

    async def told() -> int:
        rows = await system.raw("notifications", "lines").find({"flow": 27}).to_list(99)
        assert {row["person"] for row in rows} <= {ada.id, bo.id}
        return len({row["_id"] for row in rows})

    answer = await ada.client.post(f"/people/{cora.id}/roles/{first['id']}/revoke")
    assert answer.status_code == 204
    await eventually(lambda: alone(True))
    # Nobody is told of their own act.
    await eventually(told)
    assert await told() == 1
    again = role_body("coordinator", organisation)
    soon = (system.clock.now() + timedelta(hours=1)).isoformat()
    made(await ada.client.post(f"/people/{cora.id}/roles", {**again, "until": soon}))
    await eventually(lambda: alone(False))
    system.clock.advance(timedelta(hours=1, seconds=1))
    await eventually(lambda: alone(True))
    made(await ada.client.post(f"/people/{cora.id}/roles", again))
    await eventually(lambda: alone(False))
    done(await ada.client.post(f"/people/{cora.id}/suspend", {"on": True}))
    await eventually(lambda: alone(True))
    done(await ada.client.post(f"/people/{cora.id}/suspend", {"on": False}))
    await eventually(lambda: alone(False))
    assert (await cora.client.post(f"/people/{cora.id}/erase")).status_code == 204
    await eventually(lambda: alone(True))

    async def read() -> bool:
        # The jump in time makes the replica of roles look old until the next heartbeat.
        answer = await system.client("notifications", "bo").get("/inbox")
        titles = [one["title"] for one in answer.json().get("items", ())]
        return titles[:1] == ["Majblomman demo har ingen samordnare längre"]

    await eventually(read)
