"""What one command causes elsewhere is there when it is answered, and what it must not tell is not."""

import random
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from tests.harness import System
from tests.proxy import Proxy
from tests.service.registry_world import BODEN, LULEA, MALMO, PITEA, Somebody, World, done, refused

MOVES = 50


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


async def everything(person: Somebody, house: str, place: str) -> list[str]:
    """Every answer about a house and its meeting place, byte for byte, with its ETag."""
    paths = (
        f"/accommodations/{house}", f"/meeting-places/{place}",
        "/accommodations", f"/accommodations?county=25&municipality={LULEA}",
        "/accommodations?status=open", "/meeting-places", f"/meeting-places?accommodation={house}",
    )  # fmt: skip
    answers = [await person.client.get(path) for path in paths]
    return [f"{answer.headers.get('etag')} {answer.text}" for answer in answers]


@pytest.mark.promise("P15")
@pytest.mark.case("X01")
@pytest.mark.parametrize("named", ["county", "municipality"])
async def test_moves_that_nobody_may_know_of_change_no_byte_for_the_network(
    system: System, named: str
) -> None:
    await system.start("registry")
    there = await a_setting(system, confidentiality=named)
    dice = random.Random(named)
    before = {
        person.id: await everything(person, there.house, there.place)
        for person in (there.cora, there.ada)
    }
    for number in range(MOVES):
        where = {"address": f"Vägen {dice.randrange(999)}"}
        path = f"/accommodations/{there.house}/location"
        read = await there.officer.client.get(f"/accommodations/{there.house}/way-there")
        put = await there.officer.client.put(path, where, etag=read.headers.get("etag"))
        assert put.status_code == 204, put.text
        if named == "county":
            town = dice.choice([BODEN, LULEA, PITEA])
            await there.change(there.officer, municipality=town, confidentiality=named)
        if number % 10 == 9:
            for person in (there.cora, there.ada):
                assert await everything(person, there.house, there.place) == before[person.id]
