"""Who may what: every route, tried by everyone, on what is their own, above, beside, below and foreign."""

import asyncio
from typing import Any

import pytest

from deploy.who_may.statement import Answer, expected
from tests.harness import System
from tests.service.held_pen import held, hold
from tests.service.who_may_activities import ActivitiesNetwork
from tests.service.who_may_requests import RegistryNetwork, Try

AT_ONCE = 4
REFUSED = {401: Answer.NOT_SIGNED_IN, 403: Answer.NOT_ALLOWED, 404: Answer.NOT_FOUND}
AnyNetwork = RegistryNetwork | ActivitiesNetwork


@pytest.mark.promise("P14")
@pytest.mark.case("X04")
@pytest.mark.case("X05")
async def test_every_route_of_the_registry_lets_in_whom_the_statements_name_and_nobody_else(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.start("registry")
    await _try_all(await RegistryNetwork(system).built(), monkeypatch)


@pytest.mark.promise("P14")
@pytest.mark.case("X04")
async def test_every_route_of_activities_lets_in_whom_the_statements_name_and_nobody_else(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.start("registry", "activities")
    await _try_all(await ActivitiesNetwork(system).built(), monkeypatch)


async def _try_all(network: AnyNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(monkeypatch)
    before = await _commanded(network)
    every, turn = list(network.tries()), asyncio.Semaphore(AT_ONCE)

    async def all_of(person: str) -> list[str]:
        async with turn:
            return [fault for one in every if (fault := await _fault(network, one, person))]

    found = await asyncio.gather(*(all_of(person) for person in network.roles))
    faults = [fault for one in found for fault in one]
    assert not faults, f"{len(faults)} of {len(every) * len(found)}:\n" + "\n".join(faults[:80])
    assert await _commanded(network) == before


async def _fault(network: AnyNetwork, one: Try, person: str) -> str | None:
    """What was wrong with the answer to one request, if anything."""
    with held() as attempts:
        headers = {"Idempotency-Key": "tried"} if one.method == "POST" else {}
        answer = await network.clients[person].request(
            one.method, network.address(one, person), network.body(one, person), headers
        )
    wanted = _wanted(network, one, person)
    got = REFUSED.get(answer.status_code, Answer.IN)
    stands = one.thing.to(person) if one.thing else "-"
    said = f"{person}: {one.method} {one.path} [{one.permission}, {stands}] → {answer.text[:160]}"
    if answer.status_code in (400, 422) and network.service == "registry":
        return f"{said}: the test's own request is wrong"
    if got is not wanted and not (wanted is Answer.IN and _is_about_something_else(one, got)):
        return f"{said}: not {wanted}"
    if wanted is not Answer.IN and attempts:
        return f"{said}: refused, and would have written {attempts}"
    return None


def _wanted(network: AnyNetwork, one: Try, person: str) -> Answer:
    stands = one.thing.to(person) if one.thing else None
    may = network.statements[one.permission]
    return expected(may, network.sees, network.roles[person], stands)


def _is_about_something_else(one: Try, got: Answer) -> bool:
    """Let in, and then not found for want of a link or row; or a stranger among people's own things."""
    door = one.permission in ("public", "signed-in", "operate")
    return door and got in (Answer.NOT_FOUND, Answer.NOT_ALLOWED)


async def _commanded(network: AnyNetwork) -> set[str]:
    """Ids of the events that somebody's command has caused; what a service does by itself goes on."""
    system, service = network.system, network.service
    found: set[str] = set()
    # Pending before history: what is struck meanwhile has been in the history before.
    for kind in system.copy(service).process.service.kinds:
        async for row in system.raw(service, kind.collection).find({}, {"pending": 1}):
            found |= {one["id"] for one in row.get("pending", ()) if _is_commanded(one)}
    async for row in system.raw(service, "history").find({}, {"actor": 1, "cause": 1}):
        if _is_commanded(row):
            found.add(row["_id"])
    return found


def _is_commanded(event: dict[str, Any]) -> bool:
    return event["actor"] is not None and event["cause"] is None
