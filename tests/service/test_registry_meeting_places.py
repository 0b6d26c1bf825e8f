"""Meeting places over HTTP: proposed, signed, opened, and closed when what they stand on is gone."""

from tests.harness import System, eventually
from tests.service.registry_world import World, done, refused


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
