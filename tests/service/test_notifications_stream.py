"""The live inbox: at once, without gaps, in the words of the list, and closed when it must be."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from services.notifications.stream import STREAMS_OF_ONE
from tests.harness import System, eventually
from tests.service.live import Live
from tests.service.told import HOST, ORGANISER, World, grant


def live(
    system: System, person: str, last_event_id: str | None = None, seconds: int = 3600
) -> Live:
    """A live inbox with a token for so many seconds."""
    token = _token(system, person, seconds)
    return Live(system.copy("notifications").app, token, last_event_id)


def _token(system: System, person: str, seconds: int = 3600) -> str:
    now = int(system.clock.now().timestamp())
    return system.issuer.authorization(person, iat=now, exp=now + seconds)["Authorization"]


async def a_town(system: System, world: World, *people: str) -> None:
    """Notifications with the organisers and these volunteers."""
    await system.start("notifications")
    await world.organisations()
    for person in people:
        await world.volunteer(person)
    await world.settled()


def running(system: System) -> Any:
    """The streams of the first copy."""
    return system.copy("notifications").app.state.notifications.streams


@pytest.mark.promise("P24")
@pytest.mark.case("X08")
async def test_news_come_live_in_the_words_of_the_list(system: System) -> None:
    async with World(system) as world:
        await a_town(system, world, "vera", "ali")
        async with live(system, "vera") as stream:
            assert stream.status == 200
            assert (await stream.next()).data == {"unread": 0}
            await world.cancelled("s-0", ["ali"])
            await world.cancelled("s-1", ["vera"])
            event = await stream.next("notification", 2)
            shown = (await system.client("notifications", "vera").get("/inbox")).json()
            assert event.data == shown["items"][0]
            assert (await stream.next("unread")).data == {"unread": shown["unread"]}
        assert b"retry: " in stream.body
        await eventually(lambda: not running(system)._open)


@pytest.mark.promise("P24")
async def test_it_does_not_matter_which_copy_was_told(system: System) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await a_town(system, world, "vera")
        async with live(system, "vera") as stream:
            for number in range(10):
                await world.cancelled(f"s-{number}", ["vera"])
                event = await stream.next("notification", 2)
                assert event.data["about"][0]["id"] == f"s-{number}"


@pytest.mark.promise("P24")
async def test_what_is_read_in_one_tab_is_read_in_the_other(system: System) -> None:
    async with World(system) as world:
        await a_town(system, world, "vera")
        async with live(system, "vera") as one, live(system, "vera") as other:
            await world.cancelled("s-1", ["vera"])
            item = (await one.next("notification")).data
            assert (await other.next("notification")).data["unread"]
            await system.client("notifications", "vera").post(f"/inbox/{item['id']}/read")
            assert not (await other.next("notification", 1)).data["unread"]
            assert (await other.next("unread")).data == {"unread": 0}


@pytest.mark.promise("P24")
@pytest.mark.case("N23")
async def test_nothing_is_lost_between_two_streams_nor_what_became_visible_late(
    system: System,
) -> None:
    async with World(system) as world:
        await a_town(system, world, "vera")
        async with live(system, "vera") as stream:
            await world.cancelled("s-1", ["vera"])
            last = await stream.next("notification")
        await world.cancelled("s-2", ["vera"])
        await world.settled()
        # As if another copy had stamped it earlier and written it only now.
        lines = system.raw("notifications", "lines")
        for name in ("lines", "notifications"):
            rows = system.raw("notifications", name)
            subject = {"subject": "s-2"} if name == "lines" else {"_id": {"$ne": last.data["id"]}}
            [late] = [row async for row in rows.find(subject)]
            moment = (await lines.find_one({"subject": "s-1"}))["at"] - timedelta(seconds=20)
            fields = {"at": moment, **({} if name == "lines" else {"touched": moment})}
            await rows.update_one({"_id": late["_id"]}, {"$set": fields})
        async with live(system, "vera", last.id) as stream:
            found = {(await stream.next("notification")).data["about"][0]["id"] for _ in range(2)}
        assert found == {"s-1", "s-2"}


@pytest.mark.promise("P24")
@pytest.mark.case("N23")
@pytest.mark.parametrize(
    "place",
    [
        "abc",
        "999999",
        "9999999999999.1c8ad1a7-6a05-5bb1-a7c2-3a3f2f4f7c11",
        # More than a year ago: what was read since then may be gone.
        "1764500000000.1c8ad1a7-6a05-5bb1-a7c2-3a3f2f4f7c11",
    ],
)
async def test_a_place_that_cannot_be_is_answered_by_one_resync_and_the_list(
    system: System, place: str
) -> None:
    async with World(system) as world:
        await a_town(system, world, "vera")
        await world.cancelled("s-1", ["vera"])
        await eventually(lambda: system.raw("notifications", "lines").find_one({}))
        async with live(system, "vera", place) as stream:
            assert (await stream.next()).name == "resync"
            assert (await stream.next()).name == "notification"
            await world.cancelled("s-2", ["vera"])
            assert (await stream.next("notification")).data["about"][0]["id"] == "s-2"
        assert stream.body.count(b"event: resync") == 1


@pytest.mark.promise("P24")
async def test_more_than_can_be_replayed_is_answered_by_a_resync(system: System) -> None:
    async with World(system) as world:
        await a_town(system, world, "vera")
        async with live(system, "vera") as stream:
            await world.cancelled("s-first", ["vera"])
            last = await stream.next("notification")
        for number in range(210):
            await world.cancelled(f"s-{number}", ["vera"])
        rows = system.raw("notifications", "lines")

        async def all_there() -> bool:
            return bool(await rows.count_documents({}) == 211)

        await eventually(all_there)
        async with live(system, "vera", last.id) as stream:
            assert (await stream.next()).name == "resync"
            for _ in range(50):
                await stream.next("notification")
            await stream.next("unread")
            # The minute is read again at each of these, and what the list stood for is not news.
            for number in range(3):
                await world.cancelled(f"s-after-{number}", ["vera"])
                event = await stream.next("notification")
                assert event.data["about"][0]["id"] == f"s-after-{number}"
            assert stream.body.count(b"event: resync") == 1


@pytest.mark.promise("P14")
@pytest.mark.case("N22")
async def test_a_stream_closes_within_a_second_of_a_lost_role_and_says_why(system: System) -> None:
    async with World(system) as world:
        await a_town(system, world)
        await world.person("vera", grant("volunteer", ORGANISER), grant("volunteer", HOST))
        await world.settled()
        async with live(system, "vera") as stream:
            await stream.next("unread")
            began = time.monotonic()
            await world.person("vera", grant("volunteer", HOST))
            assert (await stream.next("closed", 2)).data == {"reason": "role-ended"}
            await stream.ended()
            assert time.monotonic() - began < 1.0


@pytest.mark.promise("P14")
async def test_a_stream_closes_when_the_person_is_suspended_or_erased(system: System) -> None:
    async with World(system) as world:
        await a_town(system, world, "vera", "ali")
        async with live(system, "vera") as vera, live(system, "ali") as ali:
            await vera.next("unread")
            await ali.next("unread")
            await world.person("vera", grant("volunteer", ORGANISER), suspended=True)
            await world.erased("ali")
            assert (await vera.next("closed", 2)).data == {"reason": "suspended"}
            assert (await ali.next("closed", 2)).data == {"reason": "not-yet-known"}
            await asyncio.gather(vera.ended(), ali.ended())


@pytest.mark.promise("P14")
@pytest.mark.case("N22")
async def test_a_stream_ends_with_its_token_and_goes_on_with_the_next(system: System) -> None:
    async with World(system) as world:
        await a_town(system, world, "vera")
        async with live(system, "vera", seconds=60) as stream:
            await world.cancelled("s-1", ["vera"])
            last = await stream.next("notification")
            system.clock.advance(timedelta(seconds=95))
            await world.beat()
            assert (await stream.next("closed", 2)).data == {"reason": "expired"}
            await stream.ended()
        await world.cancelled("s-2", ["vera"])
        async with live(system, "vera", last.id) as stream:
            found = [(await stream.next("notification")).data["about"][0]["id"] for _ in range(2)]
            assert found == ["s-1", "s-2"]


@pytest.mark.promise("P24")
async def test_a_stream_says_that_its_process_is_about_to_end(system: System) -> None:
    async with World(system) as world:
        await a_town(system, world, "vera")
        async with live(system, "vera") as stream:
            await stream.next("unread")
            # What SIGTERM does.
            system.copy("notifications").app.state.access.stop()
            assert (await stream.next("closed", 2)).data == {"reason": "restarting"}
            await stream.ended()


@pytest.mark.promise("P21")
async def test_one_person_has_only_so_many_streams(system: System) -> None:
    async with World(system) as world:
        await a_town(system, world, "vera")
        streams = [live(system, "vera") for _ in range(STREAMS_OF_ONE)]
        for one in streams:
            await one.__aenter__()
        async with live(system, "vera") as further:
            assert further.status == 429
            await further.ended()
        await streams[0].__aexit__(None, None, None)
        async with live(system, "vera") as further:
            assert further.status == 200
        for one in streams[1:]:
            await one.__aexit__(None, None, None)
        await eventually(lambda: not running(system)._open)


@pytest.mark.promise("P24")
async def test_news_are_there_within_a_blink(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    async with World(system) as world:
        await a_town(system, world, "vera")
        seconds = []
        async with live(system, "vera") as stream:
            await stream.next("unread")
            for number in range(60):
                began = time.perf_counter()
                await world.cancelled(f"s-{number}", ["vera"])
                while (await stream.next("notification")).data["about"][0]["id"] != f"s-{number}":
                    pass
                seconds.append(time.perf_counter() - began)
        median = statistics.median(seconds) * 1000
        with capsys.disabled():
            print(
                f"\nevent published → live: p50 {median:.1f} ms, worst {max(seconds) * 1000:.0f} ms"
            )
        assert median < 500


@pytest.mark.promise("P24")
@pytest.mark.case("N24")
async def test_over_real_http_clients_come_and_go_and_leave_nothing_behind(system: System) -> None:
    async with World(system) as world, AsyncExitStack() as stack:
        await a_town(system, world, *(f"v-{n}" for n in range(20)))
        url = await stack.enter_async_context(_served(system.copy("notifications").app))
        tasks = len(asyncio.all_tasks())
        for round in range(2):
            clients = [httpx.AsyncClient(timeout=10) for _ in range(20)]
            answers = await asyncio.gather(
                *(
                    _opened(client, url, _token(system, f"v-{n}"))
                    for n, client in enumerate(clients)
                )
            )
            assert len(running(system)._open) == 20
            await world.cancelled(f"s-{round}", [f"v-{n}" for n in range(20)])
            for answer in answers:
                assert answer.headers["content-type"].startswith("text/event-stream")
                assert answer.headers["cache-control"] == "no-store"
                async for line in answer.aiter_lines():
                    if line == "event: notification":
                        break
            await asyncio.gather(*(client.aclose() for client in clients))
            await eventually(lambda: not running(system)._open, 5)
        await eventually(lambda: len(asyncio.all_tasks()) <= tasks + 2, 10)


async def _opened(client: httpx.AsyncClient, url: str, token: str) -> httpx.Response:
    request = client.build_request("GET", url, headers={"Authorization": token})
    answer = await client.send(request, stream=True)
    assert answer.status_code == 200
    return answer


@asynccontextmanager
async def _served(app: FastAPI) -> AsyncIterator[str]:
    """The app, whose other parts run already, on a real port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/api/notifications/inbox/stream"
    server.should_exit = True
    await serving
