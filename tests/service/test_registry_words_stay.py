"""What people write of incidents, complaints and questions stays in the registry; that they did is told."""

from datetime import timedelta
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractQueue

from tests.harness import System, eventually
from tests.service.registry_world import Somebody, done, made
from tests.service.test_registry_complaints import Board
from tests.service.test_registry_incidents import Scene, a_report

MARKER = "Pepparkaksdeg"


async def spying(channel: Any) -> AbstractQueue:
    """A queue that gets everything that is published, contacts too."""
    queue: AbstractQueue = await channel.declare_queue("", exclusive=True)
    for exchange in ("samverkan.events", "samverkan.contacts"):
        await queue.bind(exchange, "#")
    return queue


async def read_off(queue: AbstractQueue, until: str) -> list[aio_pika.abc.AbstractIncomingMessage]:
    """All messages up to and with the first of this type."""
    messages: list[aio_pika.abc.AbstractIncomingMessage] = []

    async def there() -> bool:
        while message := await queue.get(no_ack=True, fail=False):
            messages.append(message)
        return any(one.routing_key == until for one in messages)

    await eventually(there)
    return messages


async def titles(system: System, person: str) -> list[str]:
    """The inbox of somebody, newest first; nothing while they are not let in."""
    answer = await system.client("notifications", person).get("/inbox")
    items = answer.json()["items"] if answer.status_code == 200 else []
    assert MARKER not in str(items)
    return [item["title"] for item in items]


async def write_everywhere(scene: Scene, case: str) -> None:
    """Words with the marker in every place where words may be written."""
    board = await Board(scene).hung()
    for about in ("person", "place"):
        made(await board.complain(about, words=MARKER))
    report = a_report(scene.system, accommodation=scene.house, words=MARKER)
    incident = made(await scene.vera.client.post("/incidents", report))["id"]
    done(await scene.norr.client.post(f"/incidents/{incident}/handle", {"words": MARKER}))
    done(await scene.ada.client.post(f"{case}/answer", {"words": MARKER}))
    done(await scene.cora.client.post(f"{case}/reopen", {"words": MARKER}))
    done(await scene.ada.client.post(f"{case}/answer", {"words": MARKER}))
    done(await scene.cora.client.post(f"{case}/close"))


@pytest.mark.promise("P2")
@pytest.mark.promise("P4")
@pytest.mark.promise("P15")
@pytest.mark.case("X10")
async def test_no_word_leaves_the_registry_and_those_concerned_are_told(system: System) -> None:
    connection = await aio_pika.connect(system.vhost.url)
    async with connection:
        scene = await Scene(system).set()
        await system.start("notifications")
        spy = await spying(await connection.channel())
        body = {"organisation": scene.organisation, "subject": MARKER, "words": MARKER}
        case = f"/support-cases/{made(await scene.cora.client.post('/support-cases', body))['id']}"

        # Asked on a Tuesday morning: two weekdays are over when Thursday is.
        system.clock.advance(timedelta(days=2, hours=16))
        waiting = "En fråga till nätverket väntar på svar"
        await has(system, "ada", waiting)
        await write_everywhere(scene, case)
        for reader in ("olle", "norr", "ada"):
            await has(system, reader, "En händelse är rapporterad")
        await has(system, "cora", "Din fråga till nätverket har fått svar")

        messages = await read_off(spy, "registry.support_case.closed")
        told = {one.routing_key for one in messages}
        assert {"registry.incident.reported", "registry.support_case.lifted"} <= told
        assert not any("complaint" in key or "noticeboard" in key for key in told if key)
        assert not any(MARKER.encode() in one.body for one in messages)

    for stranger in ("skane", "sven", "vera"):
        told_of = await titles(system, stranger)
        assert not any("händelse" in one or "fråga" in one for one in told_of), stranger
    assert waiting not in await titles(system, "olle"), "questions are the administrators'"
    await holds_no_marker(system, "notifications")
    history = [row async for row in system.raw("registry", "history").find({})]
    assert MARKER not in str(history)


async def has(system: System, person: str, title: str) -> None:
    async def there() -> bool:
        return title in await titles(system, person)

    await eventually(there, 20)


async def holds_no_marker(system: System, service: str) -> None:
    """Nothing of what was written stands in any collection of the service."""
    database = system.raw(service, "lines").database
    for name in await database.list_collection_names():
        async for document in database[name].find({}):
            assert MARKER not in str(document), name


async def test_an_officer_of_one_house_is_told_of_that_house(system: System) -> None:
    scene = await Scene(system).set()
    await system.start("notifications")
    one: Somebody = await scene.world.officer("ett", "accommodations", scene.house)
    other = await scene.world.accommodation(scene.officer, name="Furunäs demo")
    await scene.world.officer("annat", "accommodations", other)
    report = a_report(system, accommodation=scene.house)
    made(await one.client.post("/incidents", report))
    await has(system, "olle", "En händelse är rapporterad")
    assert await titles(system, "ett") == [], "nobody is told of their own act"
    assert await titles(system, "annat") == []
