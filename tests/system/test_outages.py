"""Broker or database away: what goes on, what says 503 at once, and that it mends by itself."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest

from deploy.local.runtime import SERVICES
from tests.chaos.ledger import Ledger
from tests.chaos.oracle.stores import Stores
from tests.chaos.run import Stage, under_load
from tests.chaos.running import Running
from tests.chaos.scene import fresh
from tests.system.pulse import felt

pytestmark = pytest.mark.timeout(240)

BROKER_AWAY_SECONDS = 20
LONG_SECONDS = 60
DRAINED_WITHIN_SECONDS = 60.0
DATABASE_AWAY_SECONDS = 5.0
AT_ONCE = 20
ANSWER_WITHIN_SECONDS = 1.0
BACK_WITHIN_SECONDS = 20.0
Outage = Callable[[Running, str], AbstractContextManager[None]]
HUNG_OR_DEAD = pytest.mark.parametrize("outage", [Running.hung, Running.kept_down])


@pytest.mark.promise("P12")
@HUNG_OR_DEAD
async def test_a_broker_that_is_away_delays_events_and_refuses_nobody(
    stage: Stage, outage: Outage
) -> None:
    await _broker_away(stage, outage, BROKER_AWAY_SECONDS)


@pytest.mark.long
@pytest.mark.promise("P12")
@HUNG_OR_DEAD
async def test_a_broker_may_be_away_for_a_minute(stage: Stage, outage: Outage) -> None:
    await _broker_away(stage, outage, LONG_SECONDS)


async def _broker_away(stage: Stage, outage: Outage, seconds: float) -> None:
    async def meanwhile(ledger: Ledger) -> None:
        with outage(stage.system, "rabbitmq"):
            await asyncio.sleep(seconds)
            assert ledger.again == 0, "no request was refused or lost"
            print(f"\n{ledger.acknowledged} commands in {seconds:.0f} s without a broker")
        await _drained(stage)
        print(f"{ledger.again} requests were asked again while the backlog drained")

    outcome = await under_load(stage, next(stage.scene.numbers), meanwhile)
    assert outcome.verdict.held, "\n".join(map(str, outcome.verdict.findings))
    assert not outcome.alarms


async def _drained(stage: Stage) -> None:
    """Wait until everything from the time of the outage has been told; say how fast it was."""
    began, back = time.monotonic(), datetime.now(UTC)
    with Stores(stage.system.runtime) as stores:
        gathered = waiting = await asyncio.to_thread(_pending, stores, back)
        while waiting:
            assert time.monotonic() - began < DRAINED_WITHIN_SECONDS, f"{waiting} still wait"
            await asyncio.sleep(0.05)
            waiting = await asyncio.to_thread(_pending, stores, back)
    took = time.monotonic() - began
    print(
        f"{gathered} events were told within {took:.1f} s of its return, its own start included "
        f"({gathered / took:.0f} a second)"
    )


def _pending(stores: Stores, before: datetime) -> int:
    """How many events wait that are older than a moment."""
    return sum(
        event["time"] < before
        for service, kind in stores.owned()
        for document in stores.of(service)[kind.collection].find(
            {"pending.0": {"$exists": True}}, {"pending.time": 1}
        )
        for event in document["pending"]
    )


@dataclass
class Answers:
    """What all requests of an outage were answered, and how soon."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def note(self, answer: httpx.Response, seconds: float) -> None:
        """Each is a 503 in the words of a problem, with the time to come back."""
        self.statuses[answer.status_code] += 1
        self.seconds.append(seconds)
        problem = answer.headers.get("content-type", "").startswith("application/problem+json")
        if not (answer.status_code == 503 and problem and int(answer.headers["retry-after"]) > 0):
            self.faults.append(
                f"{answer.request.url.path}: {answer.status_code} {answer.text[:200]}"
            )

    def __str__(self) -> str:
        ordered = sorted(self.seconds)
        return (
            f"{len(ordered)} requests: {dict(self.statuses)}, p50 {ordered[len(ordered) // 2]:.2f} s, "
            f"slowest {ordered[-1]:.2f} s"
        )


@pytest.mark.promise("P12")
@pytest.mark.promise("P17")
@HUNG_OR_DEAD
async def test_without_a_database_every_request_is_a_503_within_a_second(
    stage: Stage, outage: Outage
) -> None:
    await fresh(stage.scene)
    answers = Answers()
    doors = [f"{stage.system.url}/api/{service}/nowhere" for service in SERVICES]
    with outage(stage.system, "mongod"):
        await asyncio.sleep(0.1)
        async with felt(doors) as pulse:
            give_up_at = time.monotonic() + DATABASE_AWAY_SECONDS
            while time.monotonic() < give_up_at:
                requests = (_ask(stage, number, answers) for number in range(AT_ONCE))
                await asyncio.gather(*requests, asyncio.sleep(0.1))
    print(f"\n{answers}; the machine itself took up to {pulse.slowest_seconds:.2f} s")
    assert not answers.faults
    assert max(answers.seconds) < ANSWER_WITHIN_SECONDS + 2 * pulse.slowest_seconds
    came_back = time.monotonic()
    await _answers_again(stage)
    print(f"answered again after {time.monotonic() - came_back:.1f} s")


async def _ask(stage: Stage, number: int, answers: Answers) -> None:
    scene = stage.scene
    person = scene.volunteers[number % len(scene.volunteers)]
    asks = (
        ("GET", "/api/registry/me", None),
        ("GET", f"/api/registry/accommodations/{scene.accommodation}", None),
        ("POST", f"/api/activities/sessions/{scene.sessions[-1]}/sign-up", {"role": "helper"}),
        ("GET", "/api/activities/sessions", None),
        ("GET", "/api/notifications/inbox", None),
    )
    method, path, body = asks[number % len(asks)]
    headers = {"Authorization": f"Bearer {person.token}"}
    began = time.monotonic()
    answer = await person.http.request(method, path, json=body, headers=headers)
    answers.note(answer, time.monotonic() - began)


async def _answers_again(stage: Stage) -> None:
    """Every copy of every service is ready again, by itself."""
    give_up_at = time.monotonic() + BACK_WITHIN_SECONDS
    while not stage.system.all_ready():
        assert time.monotonic() < give_up_at
        await asyncio.sleep(0.1)
    for path in ("/registry/me", "/activities/sessions", "/notifications/inbox"):
        await stage.scene.officer.get(path)


async def test_a_killed_gateway_comes_back_with_its_port(stage: Stage) -> None:
    stage.system.parts["gateway"].kill()
    await asyncio.to_thread(stage.system.wait_ready)
    assert stage.system.parts["gateway"].pid is not None
    await stage.scene.officer.get("/registry/me")


@pytest.mark.case("X09")
@pytest.mark.promise("P26")
async def test_no_log_names_a_person_or_a_token(stage: Stage) -> None:
    people = [*stage.scene.volunteers, *stage.scene.coordinators, stage.scene.officer]
    secrets = {one.token.rpartition(".")[2] for one in people}
    names = {f"{one.subject} demo" for one in people} | {one.subject for one in people}
    for log in sorted(stage.system.folder.glob("*/*.log*")):
        text = log.read_text(errors="replace")
        for kind, found in _personal(text, secrets, names):
            pytest.fail(f"{kind} in {log.name}: {found}")


def _personal(text: str, secrets: set[str], names: set[str]) -> Iterator[tuple[str, str]]:
    patterns = {
        "a token": r"\beyJ[\w-]{10,}\.[\w-]{10,}",
        "a bearer header": r"[Bb]earer ",
        "a mail address": r"@demo\.example",
        "a name": "|".join(map(re.escape, sorted(names))),
        "a signature": "|".join(map(re.escape, sorted(secrets))),
    }
    for kind, pattern in patterns.items():
        if found := re.search(pattern, text):
            yield kind, text[max(0, found.start() - 150) : found.end() + 50]
