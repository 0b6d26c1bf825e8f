"""What people feel: a rush for one session, and how soon a message is there."""

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.api import ApiError, Person
from deploy.local.runtime import Runtime
from shared.access import REMEMBERED_SECONDS
from shared.clock import local_date
from tests.bench import people
from tests.bench.rows import Row
from tests.chaos.people import Tokens

RUSH = 100
SEATS = 10
RUSHES = 5
COMMANDS = 500
COMMANDS_PER_SECOND = 50
ANSWER_WITHIN_SECONDS = 20.0
Answer = dict[str, Any]


class Stage:
    """An organisation with an open meeting place, and volunteers who may take its shifts."""

    def __init__(self, runtime: Runtime) -> None:
        self.url = runtime.state.public_url + "/api"
        self._tokens = Tokens(runtime.issuer_url, runtime.state.folder)
        administrator, officer = Person(people.ADMINISTRATOR), Person(people.OFFICER)
        self.coordinator, _ = people.registered(people.COORDINATOR)
        self.organisation = people.organisation(
            self.coordinator, administrator, "Bänkföreningen (demo)"
        )
        house = officer.post(
            "/registry/accommodations",
            {"name": "Bänkhuset (demo)", "municipality": "2582", "capacity": 200},
        )["id"]
        officer.post(f"/registry/accommodations/{house}/open")
        self.place = self._place(house, officer)

    def _place(self, house: str, officer: Person) -> str:
        today = local_date(datetime.now().astimezone())
        body = {
            "name": "Bänksalen (demo)",
            "accommodations": [house],
            "hosts": [self.organisation],
            "rooms": [{"name": "Salen"}],
            "door": "Öppen (demo).",
            "agreement": {"from": str(today), "until": str(today + timedelta(days=700))},
        }
        id = str(self._once_known("/registry/meeting-places", body)["id"])
        self.coordinator.post(f"/registry/meeting-places/{id}/sign", {"party": self.organisation})
        officer.post(f"/registry/meeting-places/{id}/sign", {"party": "agency"})
        self.coordinator.post(f"/registry/meeting-places/{id}/open")
        return id

    def sessions(self, count: int, seats: int, hour: int = 8) -> list[str]:
        """That many weekly sessions, a week ahead and later, each with its own time."""
        found: list[str] = []
        minute = hour * 60
        while len(found) < count:
            found += self._season(min(60, count - len(found)), minute, seats)
            minute += 10
        return found

    def _season(self, meetings: int, minute: int, seats: int) -> list[str]:
        first = local_date(datetime.now().astimezone()) + timedelta(days=8)
        times = [f"{at // 60:02d}:{at % 60:02d}" for at in (minute, minute + 10)]
        plan = {
            "kind": "walk",
            "title": {"sv": "Promenad (demo)"},
            "places": 20,
            "organiser": self.organisation,
            "meeting_place": self.place,
            "roles": [{"role": "helper", "minimum": 1, "maximum": seats}],
            "schedule": {
                "weekly": [{"weekday": first.isoweekday(), "start": times[0], "end": times[1]}],
                "first": str(first),
                "meetings": meetings,
            },
        }
        return [
            one["session"] for one in self._once_known("/activities/activities", plan)["meetings"]
        ]

    def _once_known(self, path: str, body: Answer) -> Answer:
        """The answer, once a new role or place has come to where it is asked for."""
        give_up_at = time.monotonic() + ANSWER_WITHIN_SECONDS
        while True:
            try:
                answer: Answer = self.coordinator.post(path, body)
                return answer
            except ApiError as error:
                if error.status not in (403, 404, 409) or time.monotonic() > give_up_at:
                    raise
            time.sleep(0.1)

    async def volunteers(self, http: httpx.AsyncClient, count: int) -> list[dict[str, str]]:
        """The Authorization headers of volunteers of the organisation, known to activities."""
        headers = [self.headers(f"helper-{number}-demo") for number in range(count)]
        coordinator = self.headers(people.COORDINATOR)
        scope = {"kind": "organisation", "ids": [self.organisation]}
        for number, one in enumerate(headers):
            me = await http.put(
                "/registry/me", json={"name": f"Helper {number} (demo)"}, headers=one
            )
            ask = f"/registry/organisations/{self.organisation}/ask-to-join"
            (await http.post(ask, headers=one)).raise_for_status()
            grant = {"role": "volunteer", "scope": scope}
            path = f"/registry/people/{me.json()['id']}/roles"
            (await http.post(path, json=grant, headers=coordinator)).raise_for_status()
        for one in headers:
            await _until_known(http, one)
        # Whoever was looked at before the grant is remembered without it for half a second.
        await asyncio.sleep(2 * REMEMBERED_SECONDS)
        return headers

    def headers(self, subject: str) -> dict[str, str]:
        """Somebody's Authorization header."""
        return {"Authorization": f"Bearer {self._tokens.sign(subject)}"}


async def _until_known(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    give_up_at = time.monotonic() + ANSWER_WITHIN_SECONDS
    while (await http.get("/activities/me/sessions", headers=headers)).status_code != 200:
        assert time.monotonic() < give_up_at, "a volunteer never reached activities"
        await asyncio.sleep(0.05)


def sign_ups_at_once(runtime: Runtime) -> Iterator[Row]:
    """A hundred people want one of ten seats in the same moment."""
    seconds = asyncio.run(_rushes(Stage(runtime)))
    yield Row(
        f"{RUSH} sign-ups for one session at once, s (median, worst)",
        f"{statistics.median(seconds):.2f}, {max(seconds):.2f}",
        goal="< 0.3",
    )


async def _rushes(stage: Stage) -> list[float]:
    limits = httpx.Limits(max_connections=RUSH, max_keepalive_connections=RUSH)
    async with httpx.AsyncClient(
        base_url=stage.url, timeout=30, limits=limits, trust_env=False
    ) as http:
        volunteers = await stage.volunteers(http, RUSH)
        sessions = stage.sessions(RUSHES, SEATS, hour=7)
        return [await _rush(http, volunteers, session) for session in sessions]


async def _rush(http: httpx.AsyncClient, volunteers: list[dict[str, str]], session: str) -> float:
    path = f"/activities/sessions/{session}"
    # Warm connections: the rush is measured, not the handshakes.
    await asyncio.gather(*(http.get(path, headers=one) for one in volunteers))
    post = partial(http.post, f"{path}/sign-up", json={"role": "helper"})
    began = time.perf_counter()
    answers = await asyncio.gather(
        *(post(headers={**one, "Idempotency-Key": str(uuid4())}) for one in volunteers)
    )
    seconds = time.perf_counter() - began
    standing = sorted(answer.json()["status"] for answer in answers)
    assert standing == ["seated"] * SEATS + ["waiting"] * (RUSH - SEATS), standing
    return seconds


def latency_to_inbox(runtime: Runtime) -> Iterator[Row]:
    """From sending a cancellation to its message in the live inbox of whoever had the seat."""
    milliseconds = sorted(asyncio.run(_latencies(Stage(runtime))))
    p50, p99 = (milliseconds[int(share * len(milliseconds))] for share in (0.5, 0.99))
    yield Row(
        f"POST → SSE at {COMMANDS_PER_SECOND} commands/s, ms (p50, p99)",
        f"{p50:.0f}, {p99:.0f}",
        goal="30, 150",
    )


async def _latencies(stage: Stage) -> list[float]:
    async with httpx.AsyncClient(base_url=stage.url, timeout=30, trust_env=False) as http:
        (volunteer,) = await stage.volunteers(http, 1)
        sessions = stage.sessions(COMMANDS, 1)
        for session in sessions:
            body = {"role": "helper"}
            path = f"/activities/sessions/{session}/sign-up"
            (await http.post(path, json=body, headers=volunteer)).raise_for_status()
        sent: dict[str, float] = {}
        heard: dict[str, float] = {}
        listening = asyncio.create_task(_listen(http, volunteer, heard, set(sessions)))
        await asyncio.sleep(1)
        coordinator = stage.headers(people.COORDINATOR)
        await _cancel_all(http, coordinator, sessions, sent)
        await asyncio.wait_for(listening, ANSWER_WITHIN_SECONDS)
        return [(heard[session] - sent[session]) * 1000 for session in sessions]


async def _cancel_all(
    http: httpx.AsyncClient, headers: dict[str, str], sessions: list[str], sent: dict[str, float]
) -> None:
    began = time.perf_counter()
    posts: list[asyncio.Task[httpx.Response]] = []
    for number, session in enumerate(sessions):
        await asyncio.sleep(began + number / COMMANDS_PER_SECOND - time.perf_counter())
        sent[session] = time.perf_counter()
        path = f"/activities/sessions/{session}/cancel"
        posts.append(
            asyncio.create_task(http.post(path, json={"reason": "illness"}, headers=headers))
        )
    for answer in await asyncio.gather(*posts):
        answer.raise_for_status()


async def _listen(
    http: httpx.AsyncClient, headers: dict[str, str], heard: dict[str, float], wanted: set[str]
) -> None:
    async with http.stream("GET", "/notifications/inbox/stream", headers=headers) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                now = time.perf_counter()
                for about in json.loads(line.removeprefix("data:")).get("about", ()):
                    heard.setdefault(about["id"], now)
            if wanted <= heard.keys():
                return
