"""Who is let in, and how soon it ends (P14; X07, X08)."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from shared import access as access_module
from shared.access import (
    REMEMBERED_SECONDS,
    TRUSTED_SECONDS,
    Access,
    PersonNotKnown,
    PersonSuspended,
    ReplicaStale,
)
from shared.caller import KnownPerson
from shared.clock import FixedClock
from shared.contracts.problems import Unavailable
from shared.tokens import Identity
from tests.callers import (
    ISSUER,
    NOW,
    VERA,
    Seconds,
    Town,
    a_grant,
    a_person,
    an_access,
    header,
)

pytestmark = [pytest.mark.promise("P14")]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def access(town: Town, clock: FixedClock, seconds: Seconds) -> Access:
    return an_access(town, clock, seconds)


async def test_a_known_person_with_a_token_is_a_caller_with_the_roles_of_now(
    access: Access, clock: FixedClock
) -> None:
    caller = await access.caller(header())
    assert (caller.person_id, caller.identity, caller.now) == ("vera-id", VERA, NOW)
    assert caller.is_administrator
    assert not caller.protected


@pytest.mark.case("X07")
async def test_a_person_is_remembered_for_half_a_second_and_no_longer(
    access: Access, town: Town, seconds: Seconds
) -> None:
    vera = header()
    await access.caller(vera)
    town.people[VERA.key] = a_person()
    seconds.passed = REMEMBERED_SECONDS - 0.01
    assert (await access.caller(vera)).is_administrator
    seconds.passed = REMEMBERED_SECONDS
    assert not (await access.caller(vera)).is_administrator
    assert len(town.asked) == 2


@pytest.mark.case("X07")
async def test_a_slow_look_up_is_not_joined_by_who_comes_after_half_a_second(
    access: Access, town: Town, seconds: Seconds
) -> None:
    town.gate, vera = asyncio.Event(), header()
    early = [asyncio.create_task(access.caller(vera)) for _ in range(50)]
    while not town.asked:
        await asyncio.sleep(0)
    town.people[VERA.key] = a_person()
    seconds.passed = REMEMBERED_SECONDS
    late = asyncio.create_task(access.caller(vera))
    while len(town.asked) < 2:
        await asyncio.sleep(0)
    town.gate.set()
    assert all([(await caller).is_administrator for caller in early])
    assert not (await late).is_administrator
    assert len(town.asked) == 2


async def test_who_has_just_registered_comes_in_at_once(access: Access, town: Town) -> None:
    with pytest.raises(PersonNotKnown) as answer:
        await access.caller(header("nils"))
    assert (answer.value.status, answer.value.code, answer.value.retry_after) == (
        403,
        "not-yet-known",
        1,
    )
    assert (await access.identity_only(header("nils"))).identity.subject == "nils"
    town.people[Identity(ISSUER.url, "nils").key] = a_person()
    assert await access.caller(header("nils"))


async def test_a_suspended_person_may_nothing(access: Access, town: Town) -> None:
    town.people[VERA.key] = a_person(a_grant("administrator"), suspended=True)
    with pytest.raises(PersonSuspended) as answer:
        await access.caller(header())
    assert answer.value.status == 403


@pytest.mark.case("X17")
async def test_a_role_claimed_in_the_token_is_no_role(access: Access, town: Town) -> None:
    town.people[VERA.key] = a_person()
    caller = await access.caller(header(roles=["administrator"]))
    assert caller.grants == ()


@pytest.mark.case("X07")
@pytest.mark.parametrize(
    ("age", "trusted"),
    [(None, True), (0.0, True), (900.0, True), (900.1, False), (float("inf"), False)],
)
async def test_a_replica_is_trusted_for_15_minutes(
    access: Access, town: Town, age: float | None, trusted: bool
) -> None:
    assert TRUSTED_SECONDS == 900
    town.age = age
    if trusted:
        assert await access.caller(header())
        return
    for subject in ("vera", "nobody"):
        with pytest.raises(ReplicaStale) as answer:
            await access.caller(header(subject))
    assert (answer.value.status, answer.value.code) == (503, "access-data-stale")


async def test_a_failed_look_up_is_not_remembered(access: Access, town: Town) -> None:
    town.trouble = Unavailable()
    with pytest.raises(Unavailable):
        await access.caller(header())
    town.trouble = None
    assert await access.caller(header())


async def test_a_cancelled_request_does_not_spoil_the_look_up_of_others(
    access: Access, town: Town
) -> None:
    town.gate = asyncio.Event()
    first, second = (asyncio.create_task(access.caller(header())) for _ in range(2))
    while not town.asked:
        await asyncio.sleep(0)
    first.cancel()
    town.gate.set()
    assert (await second).is_administrator


async def test_the_memory_of_persons_is_bounded(
    access: Access, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_module, "REMEMBERED_ENTRIES", 10)
    for number in range(30):
        town.people[Identity(ISSUER.url, f"p{number}").key] = a_person()
        await access.caller(header(f"p{number}"))
    assert len(access._persons._entries) == 10


async def ended(access: Access, holds: Any = lambda caller: caller.is_administrator) -> str:
    token = await access.identity_only(header())
    return await asyncio.wait_for(access.until_revoked(token, holds), 5)


@pytest.mark.case("X08")
@pytest.mark.parametrize(
    ("becomes", "reason"),
    [
        (a_person(), "not-allowed"),
        (a_person(a_grant("administrator"), suspended=True), "suspended"),
        (None, "not-yet-known"),
    ],
)
async def test_a_stream_ends_within_a_second_of_the_revocation(
    access: Access, town: Town, becomes: KnownPerson | None, reason: str
) -> None:
    stream = asyncio.create_task(ended(access))
    while not town.asked:
        await asyncio.sleep(0.01)
    if becomes is None:
        del town.people[VERA.key]
    else:
        town.people[VERA.key] = becomes
    begun = time.monotonic()
    assert await stream == reason
    assert time.monotonic() - begun < 1
    assert not access._watched


@pytest.mark.case("X08")
async def test_a_stream_ends_when_its_token_does_or_its_role_does(
    access: Access, town: Town, clock: FixedClock
) -> None:
    town.people[VERA.key] = a_person(a_grant("administrator", until=NOW + timedelta(seconds=60)))
    streams = [
        asyncio.create_task(ended(access)),
        asyncio.create_task(ended(access, lambda _caller: True)),
    ]
    clock.advance(timedelta(seconds=60))
    assert await streams[0] == "not-allowed"
    clock.advance(timedelta(seconds=270))
    assert await streams[1] == "expired"


@pytest.mark.case("X08")
async def test_a_stream_ends_when_nobody_can_tell_whether_it_may_go_on(
    access: Access, town: Town, seconds: Seconds
) -> None:
    town.age = 901
    assert await ended(access) == "access-data-stale"
    town.age, town.trouble, seconds.passed = None, Unavailable(), 1.0
    assert await ended(access) == "unavailable"


@pytest.mark.case("X08")
async def test_a_thousand_streams_cost_two_look_ups_a_round(access: Access, town: Town) -> None:
    subjects = [f"p{number}" for number in range(1000)]
    tokens = [await access.identity_only(header(subject)) for subject in subjects]
    town.people = {token.identity.key: a_person() for token in tokens}
    streams = [
        asyncio.create_task(access.until_revoked(token, lambda _caller: True)) for token in tokens
    ]
    while len(town.asked) < 2:
        await asyncio.sleep(0.01)
    assert sorted(key for keys in town.asked[:2] for key in keys) == sorted(town.people)
    town.people = {}
    assert set(await asyncio.gather(*streams)) == {"not-yet-known"}
    assert len(town.asked) == 4


async def test_a_stream_hears_that_its_process_is_about_to_end(access: Access) -> None:
    waiting = asyncio.create_task(ended(access))
    await asyncio.sleep(0)
    access.stop()
    assert await waiting == "restarting"
