"""Two copies of each service at once: they share the work, and nothing is done twice."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from tests.chaos.oracle.stores import Stores
from tests.chaos.people import Someone
from tests.chaos.run import Stage, under_load
from tests.system.pulse import felt

pytestmark = pytest.mark.timeout(180)

LOAD_SECONDS = 6.0
REQUESTS_PER_SECOND = 200
KNOWN_WITHIN_SECONDS = {"registry": 0.5, "activities": 1.0}
ASKS = {
    "registry": ("GET", "/api/registry/accommodations"),
    "activities": ("POST", "/api/activities/activities/preview"),
}
SEASON = {
    "weekly": [{"weekday": 2, "start": "18:00", "end": "20:00"}],
    "first": "2027-01-12",
    "meetings": 1,
}


@pytest.mark.promise("P1")
@pytest.mark.promise("P4")
async def test_two_copies_lose_nothing_and_do_nothing_twice(stage: Stage) -> None:
    outcome = await under_load(
        stage, next(stage.scene.numbers), lambda _: asyncio.sleep(LOAD_SECONDS)
    )
    print(outcome, f"still after {outcome.seconds_until_still:.1f} s")
    assert outcome.verdict.held, "\n".join(map(str, outcome.verdict.findings))
    assert outcome.ledger.again == 0, "no request needed a second try"
    assert not outcome.alarms
    for service in ASKS:
        for url in stage.system.urls(service):
            assert await _commands_taken(url) > 0, f"{url} did its share"


async def _commands_taken(url: str) -> float:
    async with httpx.AsyncClient(trust_env=False) as http:
        lines = (await http.get(f"{url}/metrics")).text.splitlines()
    counts = [one for one in lines if one.startswith("samverkan_http_request_seconds_count")]
    return sum(float(one.rsplit(" ", 1)[1]) for one in counts if 'method="POST"' in one)


@dataclass(frozen=True)
class Asked:
    """One request: when it left, which copy it went to, what it was answered."""

    at: float
    service: str
    url: str
    status: int


@pytest.mark.promise("P14")
async def test_a_revoked_role_is_dead_on_both_copies_within_a_second(stage: Stage) -> None:
    person = (await stage.people.registered("aterkallad"))[0]
    grant = await _coordinator(stage, person)
    copies = [(service, url) for service in ASKS for url in stage.system.urls(service)]
    for service, url in copies:
        await _until(partial(_ask, person, service, url), 200)
    asked: list[Asked] = []
    stop = asyncio.Event()
    async with (
        felt([f"{url}/health/live" for _, url in copies]) as pulse,
        asyncio.TaskGroup() as tasks,
    ):
        for service, url in copies:
            tasks.create_task(_ask_steadily(person, service, url, stop, asked, len(copies)))
        await asyncio.sleep(0.5)
        began = time.monotonic()
        await stage.scene.administrator.done(f"/registry/people/{person.id}/roles/{grant}/revoke")
        revoked = time.monotonic()
        await asyncio.sleep(1.7)
        stop.set()
    _report(asked, revoked)
    assert all(one.status == 200 for one in asked if one.at < began - 0.2)
    for one in asked:
        if one.at > revoked + KNOWN_WITHIN_SECONDS[one.service] + pulse.slowest_seconds:
            assert one.status == 403, f"{one.url} still let them in {one.at - revoked:.2f} s later"
    assert {one.url for one in asked if one.status == 403} == {url for _, url in copies}


@pytest.mark.promise("P14")
@pytest.mark.promise("P24")
async def test_the_live_inboxes_on_both_copies_close_within_a_second_of_a_revocation(
    stage: Stage,
) -> None:
    person = (await stage.people.registered("lyssnaren"))[0]
    grant = await _coordinator(stage, person)
    urls = stage.system.urls("notifications")
    opened = [asyncio.Event() for _ in urls]
    async with felt([f"{url}/health/live" for url in urls]) as pulse, asyncio.TaskGroup() as tasks:
        ends = [
            tasks.create_task(_listen(person, url, event))
            for url, event in zip(urls, opened, strict=True)
        ]
        for event in opened:
            await event.wait()
        await stage.scene.administrator.done(f"/registry/people/{person.id}/roles/{grant}/revoke")
        revoked = time.monotonic()
    for task in ends:
        at, reason = task.result()
        print(f"closed {at - revoked:.2f} s after the revocation: {reason}")
        assert reason == "role-ended"
        assert at - revoked < 1.0 + pulse.slowest_seconds


async def _coordinator(stage: Stage, person: Someone) -> str:
    """Make somebody a coordinator of the host, known to every copy; the grant's id."""
    role = {"role": "coordinator", "scope": {"kind": "organisation", "ids": [stage.scene.host]}}
    path = f"/registry/people/{person.id}/roles"
    grant = str((await stage.scene.administrator.done(path, role))["id"])
    with Stores(stage.system.runtime) as stores:
        replica = stores.of("notifications")["replica_registry_person"]
        known = {"_id": person.id, "state.roles.id": grant}
        await _until(lambda: asyncio.to_thread(replica.count_documents, known), 1)
    # A copy remembers a person for at most half a second.
    await asyncio.sleep(0.6)
    return grant


async def _until(answer: Callable[[], Awaitable[int]], wanted: int, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while await answer() != wanted:
            await asyncio.sleep(0.05)


async def _ask(person: Someone, service: str, url: str) -> int:
    method, path = ASKS[service]
    body = SEASON if method == "POST" else None
    headers = {"Authorization": f"Bearer {person.token}"}
    return (await person.http.request(method, url + path, json=body, headers=headers)).status_code


async def _ask_steadily(
    person: Someone, service: str, url: str, stop: asyncio.Event, asked: list[Asked], copies: int
) -> None:
    async def once() -> None:
        at = time.monotonic()
        asked.append(Asked(at, service, url, await _ask(person, service, url)))

    async with asyncio.TaskGroup() as tasks:
        while not stop.is_set():
            tasks.create_task(once())
            await asyncio.sleep(copies / REQUESTS_PER_SECOND)


async def _listen(person: Someone, url: str, opened: asyncio.Event) -> tuple[float, str]:
    """Follow a live inbox to its end; when it was closed, and why."""
    headers = {"Authorization": f"Bearer {person.token}"}
    path = url + "/api/notifications/inbox/stream"
    closed = False
    async with person.http.stream("GET", path, headers=headers, timeout=30) as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            opened.set()
            if closed and line.startswith("data:"):
                return time.monotonic(), str(json.loads(line[5:])["reason"])
            closed = closed or line == "event: closed"
    raise AssertionError("the stream ended without saying why")


def _report(asked: list[Asked], revoked: float) -> None:
    span = max(one.at for one in asked) - min(one.at for one in asked)
    print(f"\n{len(asked) / span:.0f} requests a second")
    for url in sorted({one.url for one in asked}):
        let_in = [one.at for one in asked if one.url == url and one.status == 200]
        service = next(one.service for one in asked if one.url == url)
        print(
            f"{service} at {url}: last let in {max(let_in) - revoked:+.2f} s after the revocation"
        )
