"""Meeting places over HTTP: proposed, signed, opened, and closed when what they stand on is gone."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

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


@dataclass
class Town:
    """Boden: a house, two organisations that may host, and an officer."""

    world: World
    officer: Somebody
    administrator: Somebody
    cora: Somebody
    dora: Somebody
    house: str
    one: str
    other: str

    async def say(self, who: Somebody, place: str, what: str, **body: Any) -> Any:
        """A command that succeeds."""
        return done(await who.client.post(f"/meeting-places/{place}/{what}", body or None))

    async def read(self, place: str) -> Any:
        return done(await self.officer.client.get(f"/meeting-places/{place}"))

    async def has(self, place: str, **wanted: Any) -> None:
        """Waits until the place is so."""

        async def so() -> bool:
            shown = await self.read(place)
            return all(shown[name] == value for name, value in wanted.items())

        await eventually(so)

    async def sign(self, place: str, what: str = "sign") -> None:
        """The agency and the first organisation sign at the same moment."""
        await asyncio.gather(
            self.say(self.officer, place, what, party="agency"),
            self.say(self.cora, place, what, party=self.one),
        )


async def town(system: System) -> Town:
    world = World(system)
    officer, ada = await world.officer(), await world.administrator()
    cora, dora = await world.somebody("cora"), await world.somebody("dora")
    one = await world.organisation(cora, ada)
    other = await world.organisation(dora, ada, name="Idrottsklubben demo")
    return Town(world, officer, ada, cora, dora, await world.accommodation(officer), one, other)


async def test_two_parties_sign_at_the_same_moment_and_changed_terms_are_signed_again(
    system: System,
) -> None:
    await system.start("registry")
    here = await town(system)
    place = await here.world.proposal(here.cora, here.house, here.one, door=None)
    await here.say(here.cora, place, "sign", party=here.one, edition=1)
    read = await here.officer.client.get(f"/meeting-places/{place}")
    hosts = {"hosts": [here.one, here.other], "agreement": done(read)["agreement"]}
    path = f"/meeting-places/{place}/agreement"
    shown = done(await here.officer.client.put(path, hosts, read.headers["etag"]))
    assert (shown["signatures"], shown["edition"]) == ([], 2)
    assert [one["party"] for one in shown["void_signatures"]] == [here.one]
    stale = {"party": "agency", "edition": 1}
    refused(
        await here.officer.client.post(f"/meeting-places/{place}/sign", stale),
        409,
        "agreement-changed",
    )
    foreign = await here.dora.client.post(f"/meeting-places/{place}/sign", {"party": here.one})
    assert foreign.status_code == 403

    await asyncio.gather(
        here.sign(place), here.say(here.dora, place, "sign", party=here.other, edition=2)
    )
    agreed = await here.read(place)
    assert (agreed["status"], len(agreed["signatures"])) == ("agreed", 3)
    steps = done(await here.officer.client.get(f"/meeting-places/{place}/timeline"))["items"]
    assert sum(step["what"].endswith(".agreed") for step in steps) == 1
    refused(await here.cora.client.post(f"/meeting-places/{place}/open"), 409, "door-missing")


async def test_a_renewal_takes_over_at_midnight_once_whatever_copy_wakes(system: System) -> None:
    await system.start("registry", copies=2)
    here = await town(system)
    body = proposal_body([here.house], [here.one], here.world.day(0), here.world.day(5))
    place = made(await here.cora.client.post("/meeting-places", body))["id"]
    await here.sign(place)
    await here.say(here.cora, place, "open")
    opened = here.world.today
    terms = {"from": here.world.day(6), "until": here.world.day(300)}
    shown = await here.say(here.officer, place, "renew", hosts=[here.one], agreement=terms)
    assert (shown["last_day"], shown["renewal"]["terms"]["from"]) == (
        here.world.day(5),
        terms["from"],
    )
    await here.sign(place, "sign-renewal")
    system.clock.advance(timedelta(days=6))
    await here.has(place, renewal=None, status="open", last_day=terms["until"], open_since=opened)
    steps = done(await here.officer.client.get(f"/meeting-places/{place}/timeline"))["items"]
    assert sum(step["what"].endswith(".renewed") for step in steps) == 1


async def test_on_trial_until_its_last_day_and_a_responsible_host_that_is_paused(
    system: System,
) -> None:
    await system.start("registry")
    here = await town(system)
    trial = await here.world.proposal(here.cora, here.house, here.one)
    refused(
        await here.cora.client.post(f"/meeting-places/{trial}/open-on-trial"),
        409,
        "trial-not-allowed",
    )
    path = f"/meeting-places/{trial}/allow-trial"
    assert (await here.cora.client.post(path, {"days": 9})).status_code == 403
    assert (await here.officer.client.post(path, {"days": 31})).status_code == 422
    await here.say(here.officer, trial, "allow-trial", days=30)
    shown = await here.say(here.cora, trial, "open-on-trial")
    assert (shown["status"], shown["trial_until"]) == ("open_on_trial", here.world.day(29))

    body = proposal_body(
        [here.house], [here.one, here.other], here.world.day(0), here.world.day(99)
    )
    place = made(await here.officer.client.post("/meeting-places", body))["id"]
    await here.sign(place)
    await here.say(here.dora, place, "sign", party=here.other)
    await here.say(here.cora, place, "open")
    done(await here.administrator.client.post(f"/organisations/{here.one}/pause"))
    await here.has(place, status="paused")
    await here.has(trial, status="closed")
    refused(await here.dora.client.post(f"/meeting-places/{place}/resume"), 409, "host-not-active")
    shown = await here.say(here.dora, place, "take-responsibility", host=here.other)
    assert shown["hosts"] == [here.other, here.one]
    assert (await here.say(here.dora, place, "resume"))["status"] == "open"

    ends = here.world.day(30)
    await here.say(here.dora, place, "end", party=here.other, on=ends, reason="host_cannot")
    system.clock.advance(timedelta(days=31))
    await here.has(place, status="closed", last_day=ends)


async def test_a_house_among_several_is_replaced_and_the_place_stays_open(system: System) -> None:
    await system.start("registry")
    here = await town(system)
    next_door = await here.world.accommodation(here.officer, name="Furunäs demo")
    far = await here.world.accommodation(here.officer, municipality=MALMO)
    body = proposal_body([here.house], [here.one], here.world.day(0), here.world.day(99))
    place = made(await here.cora.client.post("/meeting-places", body))["id"]
    await here.sign(place)
    await here.say(here.cora, place, "open")
    assert (
        await here.cora.client.post(f"/meeting-places/{place}/serve", {"accommodations": [far]})
    ).status_code == 403
    both = [here.house, next_door]
    assert (await here.say(here.officer, place, "serve", accommodations=both))["shared"]
    await close(here, here.house)
    await here.has(place, status="open")
    shown = await here.say(here.officer, place, "serve", accommodations=[next_door])
    assert (shown["accommodations"], shown["shared"]) == ([next_door], False)
    refused(
        await here.officer.client.post(
            f"/meeting-places/{place}/serve", {"accommodations": [far, next_door]}
        ),
        409,
        "several-counties",
    )
    await close(here, next_door)
    await here.has(place, status="closed")


async def close(here: Town, house: str) -> None:
    """The house closes today."""
    body = {"closes_on": here.world.today}
    done(await here.officer.client.post(f"/accommodations/{house}/close", body))
