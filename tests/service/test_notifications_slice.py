"""Through all three services: what people do in one reaches the inbox and the post of others."""

import statistics
import time
from typing import Any

import pytest

from tests.harness import System, eventually
from tests.service.live import Live
from tests.service.postbox import Postbox, text_of
from tests.service.registry_world import done
from tests.service.world import ActivitiesWorld, Someone, signed_up


async def titles(system: System, subject: str) -> list[str]:
    """The inbox of somebody, newest first, titles only."""
    answer = await system.client("notifications", subject).get("/inbox")
    items = answer.json()["items"] if answer.status_code == 200 else []
    return [item["title"] for item in items]


def a_live_inbox(system: System, subject: str) -> Live:
    """The live inbox of somebody."""
    now = int(system.clock.now().timestamp())
    token = system.issuer.authorization(subject, iat=now, exp=now + 3600)["Authorization"]
    return Live(system.copy("notifications").app, token)


async def known(system: System, *subjects: str) -> None:
    """Until notifications lets these people in."""

    async def let_in(subject: str) -> bool:
        answer = await system.client("notifications", subject).get("/inbox")
        return answer.status_code == 200

    for subject in subjects:
        await eventually(lambda subject=subject: let_in(subject))


@pytest.mark.promise("P4")
@pytest.mark.promise("P24")
async def test_the_main_job_ends_in_everybodys_inbox(system: System) -> None:
    async with Postbox() as postbox:
        await system.start("registry", "activities", "notifications", smtp_url=postbox.url)
        world = ActivitiesWorld(system)
        place = await world.an_open_meeting_place()
        volunteers = await world.volunteers(place.organisation, "vera", "ali", "wilma")
        await known(system, "cora", "vera", "ali", "wilma")
        assert await titles(system, "cora") == ["Välkomna till nätverket, Majblomman demo!"]
        session = await world.a_session(place)
        for subject in ("vera", "ali", "wilma"):
            await _has(system, subject, "Ny aktivitet: Språkcafé demo")
        await signed_up(volunteers, session)
        vera, _, _ = volunteers
        async with a_live_inbox(system, "wilma") as wilma:
            done(await vera.activities.post(f"/sessions/{session}/withdraw"))
            event = await _next(wilma, "Du har fått en plats: Språkcafé demo")
            assert event["about"][0]["still_true"]
            reason = {"reason": "illness"}
            done(await place.coordinator.activities.post(f"/sessions/{session}/cancel", reason))
            await _next(wilma, "Inställt: Språkcafé demo tisdag 8 december")
        await _has(system, "ali", "Inställt: Språkcafé demo tisdag 8 december")
        assert "Inställt: Språkcafé demo tisdag 8 december" not in await titles(system, "cora")
        assert "Inställt: Språkcafé demo tisdag 8 december" not in await titles(system, "vera")
        for mailed in ("wilma@demo.example", "ali@demo.example"):
            await eventually(lambda to=mailed: "Inställt" in _subjects(postbox, to), 15)
        [mail] = [m for m in postbox.to("ali@demo.example") if "Inställt" in m["Subject"]]
        assert "Ledaren har blivit sjuk" in text_of(mail)


@pytest.mark.promise("P24")
async def test_from_a_command_to_the_live_inbox_is_a_blink(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    await system.start("registry", "activities", "notifications")
    world = ActivitiesWorld(system)
    place = await world.an_open_meeting_place()
    [vera] = await world.volunteers(place.organisation, "vera")
    await known(system, "vera")
    activity = await world.an_activity(
        place, schedule={"weekly": [{"weekday": 2, "start": "17:00", "end": "19:00"}],
                         "first": "2026-12-08", "meetings": 20},
    )  # fmt: skip
    sessions = [one["session"] for one in activity["meetings"]]
    for session in sessions:
        await signed_up([vera], session)
    seconds = []
    async with a_live_inbox(system, "vera") as stream:
        await stream.next("unread")
        for session in sessions:
            began = time.perf_counter()
            await _cancel(place.coordinator, session)
            await _about(stream, session)
            seconds.append(time.perf_counter() - began)
    median = statistics.median(seconds) * 1000
    with capsys.disabled():
        print(f"\nPOST → live: p50 {median:.1f} ms, worst {max(seconds) * 1000:.0f} ms")
    assert median < 500


async def _cancel(coordinator: Someone, session: str) -> None:
    done(await coordinator.activities.post(f"/sessions/{session}/cancel", {"reason": "weather"}))


async def _about(stream: Live, session: str) -> None:
    while True:
        item = (await stream.next("notification")).data
        if item["about"][0]["id"] == session and item["kind"] == "cancelled":
            return


async def _next(stream: Live, title: str) -> Any:
    while True:
        event = await stream.next("notification")
        if event.data["title"] == title:
            return event.data


async def _has(system: System, subject: str, title: str) -> None:
    async def there() -> bool:
        return title in await titles(system, subject)

    await eventually(there)


def _subjects(postbox: Postbox, address: str) -> str:
    return " | ".join(str(mail["Subject"]) for mail in postbox.to(address))
