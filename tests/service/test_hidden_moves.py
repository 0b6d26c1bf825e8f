"""A house that moves where nobody may know changes no byte of any answer, event or message (P15).

Everyone without the right asks every GET route of the three services, before and after.
"""

import random
from typing import Any

import pytest

from shared.contracts.bands import GROUPS
from shared.contracts.bands import band as band_of
from shared.contracts.registry import RoleName, ScopeKind
from tests.harness import System, eventually
from tests.service.onlookers import Persona, everything_published, look_all
from tests.service.registry_world import BODEN, LULEA, PITEA, done
from tests.service.world import ActivitiesWorld, Place

MOVES = 20
SECRET = "Hemliga vägen"
ASKED = {
    "county": ["25"],
    "municipality": [BODEN, LULEA, PITEA],
    "status": ["open"],
    "near": ["65.8252,21.6887"],
    "radius_km": ["1", "100"],
    "q": ["hemliga", "bjorknas"],
}
HOSTS_KNOW = ("/way-there", "/site-contact")
COMPARES_VERSIONS = ("/fingerprints/registry.accommodation",)
"""An operator compares copies with their owner by version, and learns that something has changed."""

Grant = tuple[RoleName, ScopeKind, tuple[str, ...]]


async def a_place(system: System, named: str) -> tuple[ActivitiesWorld, Place, dict[str, str]]:
    """A house with a meeting place and a session in a week, and the ids that paths are filled with."""
    await system.start("registry", "activities", "notifications")
    world = ActivitiesWorld(system)
    place = await world.an_open_meeting_place()
    await change(place, confidentiality=named)
    figure = {"on": world.today, "total": 150, "women": 60, "girls": 9, "girls_0_5": 4}
    done(await place.officer.registry.post(f"/accommodations/{place.house}/residents", figure))
    masked = {"state.municipality": None if named == "county" else BODEN}
    await world.heard("meeting_place", place.id, masked)
    activity = await world.an_activity(place)
    [vera] = await world.volunteers(place.organisation, "vera")
    session = activity["meetings"][0]["session"]
    await vera.activities.post(f"/sessions/{session}/sign-up", {"role": "helper"})
    ids = {
        "accommodations": place.house, "coverage": place.house, "meeting-places": place.id,
        "organisations": place.organisation, "people": place.coordinator.id,
        "activities": activity["id"], "sessions": session, 
        "fingerprints": "registry.accommodation",
    }  # fmt: skip
    return world, place, ids


async def change(place: Place, **more: Any) -> None:
    """The officer describes the house anew."""
    path = f"/accommodations/{place.house}"
    read = await place.officer.registry.get(path)
    kept = {
        name: done(read)[name] for name in ("name", "municipality", "capacity", "confidentiality")
    }
    done(await place.officer.registry.put(path, {**kept, **more}, read.headers["etag"]))


def roles_without_a_right(place: Place, elsewhere: str, other: str) -> list[Grant]:
    """None of them gives a right to this house."""
    return [
        ("volunteer", "organisation", (place.organisation,)),
        ("coordinator", "organisation", (other,)),
        ("county_reader", "counties", ("25",)),
        ("officer", "counties", ("12",)),
        ("officer", "accommodations", (elsewhere,)),
        ("administrator", "national", ()),
        ("operator", "national", ()),
    ]


async def onlookers(
    system: System, world: ActivitiesWorld, place: Place, dice: random.Random
) -> list[Persona]:
    """Nobody, the host, a volunteer with a shift in a week, a stranger, and each role with others drawn."""
    other = await world.an_open_meeting_place("diana")
    await world.somebody("stranger")
    possible = roles_without_a_right(place, other.house, other.organisation)
    everyone = [
        Persona("nobody", clients(system, None)),
        Persona("host", clients(system, "cora"), HOSTS_KNOW),
        Persona("seated in a week", clients(system, "vera")),
        Persona("stranger", clients(system, "stranger")),
    ]
    for number, own in enumerate(possible):
        more = dice.sample(possible, dice.randint(0, 2))
        roles = list(dict.fromkeys([own, *more]))
        person = await world.somebody(f"p{number}")
        for role, kind, ids in roles:
            await world.role(person, role, kind, *ids)
        await world.heard("person", person.id, {"state.roles": {"$size": len(roles)}})
        name = f"{number}: {', '.join(role for role, _, _ in roles)}"
        everyone.append(Persona(name, clients(system, f"p{number}"), COMPARES_VERSIONS))
        await known_everywhere(everyone[-1])
    return everyone


async def known_everywhere(persona: Persona) -> None:
    """A process remembers for up to 0.5 s who had no role, or whom it did not know."""
    for service, path in (
        ("registry", "/accommodations"), ("activities", "/coverage"), ("notifications", "/inbox"),
    ):  # fmt: skip
        client = persona.clients[service]

        async def answers(client: Any = client, path: str = path) -> bool:
            return bool((await client.get(path)).status_code == 200)

        await eventually(answers)


def clients(system: System, subject: str | None) -> dict[str, Any]:
    return {
        name: system.client(name, subject) for name in ("registry", "activities", "notifications")
    }


async def move(place: Place, named: str, dice: random.Random) -> None:
    """To another address in its municipality; in its county, where only that is named."""
    path = f"/accommodations/{place.house}"
    where = {
        "address": f"{SECRET} {dice.randrange(999)}",
        "position": {"latitude": 65 + dice.random(), "longitude": 21 + dice.random()},
    }
    read = await place.officer.registry.get(f"{path}/way-there")
    put = await place.officer.registry.put(f"{path}/location", where, read.headers.get("etag"))
    assert put.status_code == 204, put.text
    if named == "county":
        await change(place, municipality=dice.choice([BODEN, LULEA, PITEA]))


@pytest.mark.promise("P15")
@pytest.mark.case("X01")
@pytest.mark.case("X02")
@pytest.mark.case("R30")
@pytest.mark.parametrize("named", ["municipality", "county"])
async def test_a_move_that_nobody_may_know_of_changes_no_byte_for_anyone(
    system: System, named: str
) -> None:
    world, place, ids = await a_place(system, named)
    dice = random.Random(named)
    everyone = await onlookers(system, world, place, dice)
    before = await look_all(system, everyone, ids, ASKED)
    assert all(len(one.answers) > 60 for one in before.values())
    assert sum(answer.startswith("200") for answer in before["host"].answers.values()) > 40
    told_before = await inbox_rows(system)
    async with everything_published(system) as published:
        for _ in range(MOVES):
            await move(place, named, dice)
        await all_have_heard(system, world, place)
        after = await look_all(system, everyone, ids, ASKED)
        differences = {name: after[name].differences(before[name]) for name in before}
        assert not any(differences.values()), differences
    assert await inbox_rows(system) == told_before
    expected = {"registry.accommodation.changed"} if named == "county" else set()
    assert {event["type"] for event in published} == expected
    assert len({public(event) for event in published}) <= 1
    assert SECRET not in str(published)


async def inbox_rows(system: System) -> list[int]:
    return [
        await system.raw("notifications", name).count_documents({})
        for name in ("notifications", "deliveries")
    ]


async def all_have_heard(system: System, world: ActivitiesWorld, place: Place) -> None:
    house = await system.raw("registry", "accommodation").find_one({"_id": place.house})
    for service in ("activities", "notifications"):
        replica = system.raw(service, "replica_registry_accommodation")
        newest = {"_id": place.house, "version": house["version"]}
        await eventually(lambda replica=replica, newest=newest: replica.find_one(newest))


async def another_world(world: ActivitiesWorld, place: Place, dice: random.Random) -> None:
    """Other figures in the same bands, other ages, capacity, ids and site contact."""
    groups = drawn(dice)
    ages = {"girls_0_5": dice.randint(0, groups["girls"]), "boys_13_17": dice.randint(0, 1)}
    figure = {"on": world.today, "total": sum(groups.values()), **groups, **ages}
    path = f"/accommodations/{place.house}"
    told = {**figure, "reason": f"Räknat på nytt, {dice.randrange(10**9)}."}
    done(await place.officer.registry.post(f"{path}/residents", told))
    await change(
        place, capacity=dice.randint(101, 200), external_ids={"mig": str(dice.randrange(10**9))}
    )
    contact = {"name": f"Demo {dice.randrange(99)}", "mail": f"d{dice.randrange(99)}@demo.example"}
    read = await place.officer.registry.get(f"{path}/site-contact")
    tag = read.headers.get("etag")
    done(await place.officer.registry.put(f"{path}/site-contact", contact, tag))


def drawn(dice: random.Random) -> dict[str, int]:
    """Figures whose bands, and their total's, are always the same."""
    while True:
        groups = {
            name: dice.randint(band.lowest, band.highest)
            for name, band in zip(GROUPS, map(band_of, (60, 55, 8, 3)), strict=False)
        }
        if band_of(sum(groups.values())) == band_of(150):
            return groups


@pytest.mark.promise("P15")
@pytest.mark.case("X13")
async def test_two_worlds_equal_in_bands_answer_alike_to_everyone_without_the_right(
    system: System,
) -> None:
    world, place, ids = await a_place(system, "municipality")
    dice = random.Random("bands")
    await another_world(world, place, dice)
    # The host may read whom to call; the address stays as it is.
    everyone = await onlookers(system, world, place, dice)
    await all_have_heard(system, world, place)
    before = await look_all(system, everyone, ids, ASKED)
    for _ in range(8):
        await another_world(world, place, dice)
    await all_have_heard(system, world, place)
    after = await look_all(system, everyone, ids, ASKED)
    differences = {name: after[name].differences(before[name]) for name in before}
    assert not any(differences.values()), differences


def public(event: dict[str, Any]) -> str:
    """What an event says of the state; that something has changed is no secret among services."""
    return str({**event["data"]["state"], "version": None})
