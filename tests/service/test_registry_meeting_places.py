"""Meeting places over HTTP: proposed, signed, opened, and closed when what they stand on is gone."""

import pytest

from tests.harness import System, eventually
from tests.service.registry_world import MALMO, Somebody, World, done, made, proposal_body, refused


async def test_a_meeting_place_is_agreed_and_opened(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer, ada, cora = (
        await world.officer(),
        await world.administrator(),
        await world.somebody("cora"),
    )
    organisation = await world.organisation(cora, ada)
    house = await world.accommodation(officer)
    id = await world.meeting_place(cora, officer, house, organisation)
    place = done(await cora.client.get(f"/meeting-places/{id}"))
    assert (place["status"], place["agreed"], place["county"]) == ("open", True, "25")
    assert place["rooms"][0]["id"] == "r1"


async def test_closing_the_house_closes_its_meeting_place(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer, ada, cora = (
        await world.officer(),
        await world.administrator(),
        await world.somebody("cora"),
    )
    organisation = await world.organisation(cora, ada)
    house = await world.accommodation(officer)
    id = await world.meeting_place(cora, officer, house, organisation)
    done(await officer.client.post(f"/accommodations/{house}/close", {"closes_on": world.today}))

    async def closed() -> bool:
        place = done(await cora.client.get(f"/meeting-places/{id}"))
        return bool(place["status"] == "closed")

    await eventually(closed)
    refused(await cora.client.post(f"/meeting-places/{id}/open"), 409, "wrong-status")


@pytest.mark.promise("P15")
async def test_the_list_shows_an_officer_exactly_what_they_may_read(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer, ada = await world.officer(), await world.administrator()
    cora = await world.somebody("cora")
    organisation = await world.organisation(cora, ada)
    one = await world.accommodation(officer)
    other = await world.accommodation(officer, name="Furunäs demo")
    readers = [
        await world.officer("norr", "counties", "25"),
        await world.officer("skane", "counties", "12"),
        await world.officer("ett", "accommodations", one),
        await world.officer("annat", "accommodations", one, other),
    ]
    both = await world.officer("bada", "counties", "25")
    await world.role(both, "officer", "accommodations", other)
    readers.append(both)

    body = proposal_body([one, other], [organisation], world.day(0), world.day(365))
    place = made(await cora.client.post("/meeting-places", body))["id"]

    async def who() -> list[bool]:
        """Who may read it: the same by the list as by its own address."""
        seen = []
        for person in readers:
            listed = done(await person.client.get("/meeting-places"))["items"]
            read = await person.client.get(f"/meeting-places/{place}")
            assert bool(listed) == (read.status_code == 200), person.id
            seen.append(bool(listed))
        return seen

    assert await who() == [True, False, False, True, True]
    await move(officer, other, MALMO)
    assert await who() == [False, False, False, True, True]
    done(await cora.client.post(f"/meeting-places/{place}/close"))
    await move(officer, one, MALMO)
    assert await who() == [False, True, False, True, False]


async def move(officer: Somebody, house: str, municipality: str) -> None:
    """The house moves to another municipality."""
    read = await officer.client.get(f"/accommodations/{house}")
    body = {"name": done(read)["name"], "municipality": municipality, "capacity": 200}
    done(await officer.client.put(f"/accommodations/{house}", body, read.headers["etag"]))
