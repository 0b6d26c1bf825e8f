"""Who may what: every route, tried by everyone, on what is their own, above, beside, below and foreign."""

import asyncio
from collections import Counter

import pytest

from deploy.who_may import elsewhere, registry
from deploy.who_may.statement import Answer, expected
from tests.harness import System
from tests.service.held_pen import held, hold
from tests.service.who_may_requests import Try, address, body, tries
from tests.service.who_may_world import ROLES, Network

STATEMENTS = {**elsewhere.COMMON, **registry.STATEMENTS}
AT_ONCE = 4
REFUSED = {401: Answer.NOT_SIGNED_IN, 403: Answer.NOT_ALLOWED, 404: Answer.NOT_FOUND}


@pytest.mark.promise("P14")
@pytest.mark.case("X04")
@pytest.mark.case("X05")
async def test_every_route_lets_in_whom_the_statements_name_and_nobody_else(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.start("registry")
    network = await Network(system).built()
    hold(monkeypatch)
    before = await _versions(system)
    every = list(tries(network, STATEMENTS))
    turn = asyncio.Semaphore(AT_ONCE)

    async def all_of(person: str) -> list[str]:
        async with turn:
            return [fault for one in every if (fault := await _fault(network, one, person))]

    found = await asyncio.gather(*(all_of(person) for person in ROLES))
    faults = [fault for one in found for fault in one]
    assert not faults, f"{len(faults)} of {len(every) * len(ROLES)}:\n" + "\n".join(faults[:80])
    assert await _versions(system) == before


async def _fault(network: Network, one: Try, person: str) -> str | None:
    """What was wrong with the answer to one request, if anything."""
    with held() as attempts:
        headers = {"Idempotency-Key": "tried"} if one.method == "POST" else {}
        answer = await network.clients[person].request(
            one.method, address(network, one, person), body(network, one, person), headers
        )
    wanted = _wanted(one, person)
    got = REFUSED.get(answer.status_code, Answer.IN)
    stands = one.thing.to(person) if one.thing else "-"
    said = f"{person}: {one.method} {one.path} [{one.permission}, {stands}] → {answer.status_code} {answer.text[:160]}"
    if answer.status_code in (400, 422):
        return f"{said}: the test's own request is wrong"
    if got is not wanted and not _is_about_something_else(one, person, got):
        return f"{said}: not {wanted}"
    if wanted is not Answer.IN and attempts:
        return f"{said}: refused, and would have written {attempts}"
    return None


def _wanted(one: Try, person: str) -> Answer:
    stands = one.thing.to(person) if one.thing else None
    return expected(STATEMENTS[one.permission], registry.SEES, ROLES[person], stands)


def _is_about_something_else(one: Try, person: str, got: Answer) -> bool:
    """Let in, and then not found for want of a link; or a stranger in what is for people's own."""
    door = one.permission in ("public", "signed-in", "operate")
    return (
        door and got in (Answer.NOT_FOUND, Answer.NOT_ALLOWED) and _wanted(one, person) is Answer.IN
    )


async def _versions(system: System) -> Counter[tuple[str, str, int]]:
    """Every aggregate's version, but of accounts: those note by themselves that they are used."""
    found: Counter[tuple[str, str, int]] = Counter()
    for kind in system.copy("registry").process.service.kinds:
        if kind.collection == "account":
            continue
        async for row in system.raw("registry", kind.collection).find({}, {"version": 1}):
            found[(kind.collection, str(row["_id"]), row["version"])] += 1
    return found
