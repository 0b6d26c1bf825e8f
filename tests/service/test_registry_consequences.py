"""What one command causes elsewhere is there when it is answered, and what it must not tell is not."""

from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from tests.harness import System
from tests.proxy import Proxy
from tests.service.registry_world import BODEN, LULEA, MALMO, Somebody, World, done, refused


class Setting:
    """An officer, a host and a house of theirs with an open meeting place."""

    def __init__(self, officer: Somebody, cora: Somebody, ada: Somebody) -> None:
        self.officer, self.cora, self.ada = officer, cora, ada
        self.house = self.place = ""

    async def change(self, by: Somebody, **more: object) -> None:
        """PUT the house with these fields, as it was last read."""
        read = await by.client.get(f"/accommodations/{self.house}")
        body = {"name": "Björknäs demo", "municipality": BODEN, "capacity": 200, **more}
        done(await by.client.put(f"/accommodations/{self.house}", body, etag=read.headers["etag"]))

    async def shown_place(self) -> dict[str, object]:
        """The meeting place as its host sees it now."""
        shown: dict[str, object] = done(await self.cora.client.get(f"/meeting-places/{self.place}"))
        return shown


async def a_setting(system: System, **house: object) -> Setting:
    world = World(system)
    officer, ada = await world.officer(), await world.administrator()
    cora = await world.somebody("cora")
    there = Setting(officer, cora, ada)
    organisation = await world.organisation(cora, ada)
    there.house = await world.accommodation(officer, **house)
    there.place = await world.meeting_place(cora, officer, there.house, organisation)
    return there


@pytest.mark.promise("P5")
@pytest.mark.promise("P12")
async def test_with_the_broker_gone_a_house_still_closes_moves_and_hides_with_its_meeting_place(
    system: System,
) -> None:
    real = system.vhost
    url = urlsplit(real.url_for("registry", "x"))
    async with Proxy(url.port or 5672) as network:

        def url_for(user: str, password: str) -> str:
            return real.url_for(user, password).replace(f":{url.port}/", f":{network.port}/")

        system.vhost = SimpleNamespace(url_for=url_for)  # type: ignore[assignment]
        await system.start("registry")
        there = await a_setting(system)
        network._server.close()
        network.cut()

        await there.change(there.officer, confidentiality="county")
        assert (await there.shown_place())["municipality"] is None
        await there.change(there.officer, municipality=MALMO)
        place = await there.shown_place()
        assert (place["county"], place["municipality"]) == ("12", MALMO)
        today = World(system).today
        path = f"/accommodations/{there.house}/close"
        done(await there.officer.client.post(path, {"closes_on": today}))
        assert (await there.shown_place())["status"] == "closed"


async def test_an_officer_of_one_house_describes_it_and_cannot_take_it_to_another_county(
    system: System,
) -> None:
    await system.start("registry")
    there = await a_setting(system)
    lisa = await World(system).officer("lisa", "accommodations", there.house)
    await there.change(lisa, name="Nytt namn demo", municipality=LULEA)
    shown = done(await lisa.client.get(f"/accommodations/{there.house}"))
    assert (shown["name"], shown["municipality"]) == ("Nytt namn demo", LULEA)
    etag = (await lisa.client.get(f"/accommodations/{there.house}")).headers["etag"]
    body = {"name": "X", "municipality": MALMO, "capacity": 200}
    answer = await lisa.client.put(f"/accommodations/{there.house}", body, etag=etag)
    refused(answer, 403, "not-allowed")
