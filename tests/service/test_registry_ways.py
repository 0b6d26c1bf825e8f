"""Hitta hit: an address is read on one page only, by right and moment, and each reading is kept."""

from datetime import timedelta
from typing import Any

import pytest

from services.registry.commands.ways import READS
from shared.contracts.activities import RoleSeats, SessionSnapshot
from shared.contracts.base import Event, EventData
from tests.harness import System, eventually
from tests.service.registry_world import Somebody, World, done, refused

SECRET = "Hemliga vägen 7"
WHERE = {
    "address": SECRET,
    "position": {"latitude": 65.8252, "longitude": 21.6887},
    "directions": "Portkod 1917.",
}


@pytest.mark.promise("P15")
@pytest.mark.case("X01")
@pytest.mark.case("R29")
async def test_no_answer_but_the_way_there_carries_or_is_ordered_by_an_address(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    officer, ada, cora = (
        await world.officer(),
        await world.administrator(),
        await world.somebody("cora"),
    )
    organisation = await world.organisation(cora, ada)
    house = await world.accommodation(officer)
    place = await world.meeting_place(cora, officer, house, organisation)
    located = await officer.client.put(f"/accommodations/{house}/location", WHERE)
    assert located.status_code == 204
    for person in (officer, ada, cora):
        for query in (
            "address=Hemliga",
            "sort=address",
            "sort=position",
            "fields=address",
            "filter[address][prefix]=H",
            "nosuch=1",
        ):
            answer = await person.client.get(f"/accommodations?{query}")
            assert refused(answer, 400, "unknown-field")
        found, nothing = [
            await person.client.get(f"/accommodations?q={word}") for word in ("Hemliga", "Zzzzzzz")
        ]
        assert (found.status_code, found.content) == (nothing.status_code, nothing.content)
        for path in (
            "/accommodations", f"/accommodations/{house}", "/meeting-places",
            f"/meeting-places/{place}", f"/accommodations/{house}/timeline",
            f"/meeting-places/{place}/timeline", "/organisations",
        ):  # fmt: skip
            assert "Hemliga" not in (await person.client.get(path)).text
            assert "65.82" not in (await person.client.get(path)).text
    for name in ("accommodation", "history", "meeting_place"):
        async for document in system.raw("registry", name).find({}):
            assert "Hemliga" not in str(document)


async def test_a_location_is_not_overwritten_unseen(system: System) -> None:
    await system.start("registry")
    officer = await World(system).officer()
    house = await World(system).accommodation(officer)
    path = f"/accommodations/{house}/location"
    first = await officer.client.put(path, WHERE)
    assert (await officer.client.put(path, WHERE)).status_code == 428
    moved = await officer.client.put(path, {**WHERE, "address": "Ny 1"}, first.headers["etag"])
    assert moved.status_code == 204
    assert (await officer.client.put(path, WHERE, first.headers["etag"])).status_code == 412
    far = {"address": "X", "position": {"latitude": 0, "longitude": 0}, "more": 1}
    assert len(refused(await officer.client.put(path, far), 422, "invalid")["errors"]) == 3


async def seated(
    system: System, world: World, house: str, person: str, hours: float, place: str = "M"
) -> str:
    """A session at the house that begins in so many hours, with the person in a seat."""
    start = system.clock.now() + timedelta(hours=hours)
    session = SessionSnapshot(
        activity="A", kind="language_cafe", title={"sv": "Språkcafé"}, number=1, status="scheduled",
        start=start, end=start + timedelta(hours=2), meeting_place=place, accommodations=(house,),
        municipality="2582", county="25", organiser="O",
        seats=(RoleSeats(role="helper", minimum=1, maximum=2, seated=(person,)),),
    )  # fmt: skip
    state = {"version": 1, **session.model_dump(mode="json", by_alias=True)}
    await apply(system, f"session-{hours}", state)
    return f"session-{hours}"


async def apply(system: System, id: str, state: dict[str, Any]) -> None:
    event = Event(
        id=id, source="/activities", type="activities.session.planned", subject=id,
        time=system.clock.now(), aggregateversion=state["version"], correlationid="c",
        data=EventData(state=state),
    )  # fmt: skip
    await system.copy("registry").app.state.registry.grounds.sessions.apply(event)


async def a_volunteer(system: System, world: World) -> tuple[Somebody, str]:
    """A volunteer of an organisation that has nothing to do with the house; and the house."""
    officer, ada, cora = (
        await world.officer(),
        await world.administrator(),
        await world.somebody("cora"),
    )
    organisation = await world.organisation(cora, ada)
    vera = await world.somebody("vera")
    await world.role(vera, "volunteer", "organisation", organisation)
    house = await world.accommodation(officer)
    await officer.client.put(f"/accommodations/{house}/location", WHERE)
    return vera, house


@pytest.mark.case("X02")
@pytest.mark.case("X11")
async def test_the_way_there_opens_48_hours_before_a_shift_and_closes_at_its_end(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    vera, house = await a_volunteer(system, world)
    path = f"/accommodations/{house}/way-there"
    refused(await vera.client.get(path), 403, "way-not-shown-now")
    await seated(system, world, house, vera.id, 50)
    refused(await vera.client.get(path), 403, "way-not-shown-now")
    system.clock.advance(timedelta(hours=2, seconds=5))
    answer = await vera.client.get(path)
    assert done(answer)["address"] == SECRET
    assert answer.headers["cache-control"] == "private, no-store"
    reads = [row async for row in system.raw("registry", READS).find({})]
    assert [(row["person"], row["accommodation"], row["right"]) for row in reads] == [
        (vera.id, house, "volunteer")
    ]
    assert "Hemliga" not in str(reads)
    system.clock.advance(timedelta(hours=50, minutes=1))
    refused(await vera.client.get(path), 403, "way-not-shown-now")


@pytest.mark.case("X11")
async def test_who_withdraws_or_was_never_seated_does_not_learn_the_way(system: System) -> None:
    await system.start("registry")
    world = World(system)
    vera, house = await a_volunteer(system, world)
    path = f"/accommodations/{house}/way-there"
    id = await seated(system, world, house, vera.id, 10)
    done(await vera.client.get(path))
    stored = await system.raw("registry", "replica_activities_session").find_one({"_id": id})
    stored["state"]["seats"][0] |= {"seated": [], "waiting": [vera.id]}
    await apply(system, id, {"version": 2, **stored["state"]})
    refused(await vera.client.get(path), 403, "way-not-shown-now")


@pytest.mark.case("X04")
async def test_whoever_loses_the_hosting_loses_the_way_at_once(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer, ada, cora = (
        await world.officer(),
        await world.administrator(),
        await world.somebody("cora"),
    )
    organisation = await world.organisation(cora, ada)
    house = await world.accommodation(officer)
    await officer.client.put(f"/accommodations/{house}/location", WHERE)
    place = await world.meeting_place(cora, officer, house, organisation)
    path = f"/accommodations/{house}/way-there"
    assert done(await cora.client.get(path))["directions"] == "Portkod 1917."
    done(await officer.client.post(f"/meeting-places/{place}/close"))
    refused(await cora.client.get(path), 403, "way-not-shown-now")
    refused(await ada.client.get(path), 403, "way-not-shown-now")


@pytest.mark.promise("P15")
async def test_each_reading_is_kept_with_its_ground_and_shown_to_the_areas_officers(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    vera, house = await a_volunteer(system, world)
    officer, cora = await world.officer(), await world.somebody("cora")
    abroad = await world.officer("syd", "counties", "12")
    organisation = done(await cora.client.get("/me"))["roles"][0]["scope"]["ids"][0]
    place = await world.meeting_place(cora, officer, house, organisation)
    session = await seated(system, world, house, vera.id, 10, place)
    path = f"/accommodations/{house}/way-there"
    shown = [done(await one.client.get(path)) for one in (vera, cora, officer)]
    assert [one["right"] for one in shown] == ["volunteer", "coordinator", "officer"]
    assert {one["doors"][0]["door"] for one in shown} == {
        "Vaktmästaren öppnar, ring 070-174 06 05."
    }
    for one in (abroad, vera):
        refused(await one.client.get(f"{path}/reads"), 403, "not-allowed")
    first = done(await officer.client.get(f"{path}/reads?limit=2"))
    rest = done(await officer.client.get(f"{path}/reads?limit=2&cursor={first['next']}"))
    assert [
        (one["person"], one["right"], one["because_of"]) for one in first["items"] + rest["items"]
    ] == [
        (officer.id, "officer", None),
        (cora.id, "coordinator", place),
        (vera.id, "volunteer", session),
    ]
    assert rest["next"] is None


@pytest.mark.promise("P15")
@pytest.mark.case("X10")
async def test_who_lacks_the_right_cannot_tell_whether_address_or_contact_exist(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    vera, known = await a_volunteer(system, world)
    officer = await world.officer()
    unknown = await world.accommodation(officer, name="Utan adress demo")
    contact = {"name": "Rut Demo", "phone": "+46701740606", "hours": "Vardagar 8-17"}
    put = await officer.client.put(f"/accommodations/{known}/site-contact", contact)
    assert done(put)["phone"] == "+46701740606"
    for part in ("way-there", "site-contact"):
        one, other = [
            await vera.client.get(f"/accommodations/{house}/{part}") for house in (known, unknown)
        ]
        assert (one.status_code, one.content, one.headers) == (403, other.content, other.headers)
    assert done(await officer.client.get(f"/accommodations/{unknown}/site-contact"))["name"] is None


@pytest.mark.promise("P11")
@pytest.mark.promise("P15")
async def test_whom_to_call_is_known_to_officers_and_coordinators_there_and_travels_apart(
    system: System,
) -> None:
    await system.start("registry", "notifications")
    world = World(system)
    vera, house = await a_volunteer(system, world)
    officer, cora = await world.officer(), await world.somebody("cora")
    organisation = done(await cora.client.get("/me"))["roles"][0]["scope"]["ids"][0]
    await world.meeting_place(cora, officer, house, organisation)
    await seated(system, world, house, vera.id, 10)
    path, nobody = f"/accommodations/{house}/site-contact", {"name": "Rut Demo"}
    assert (
        refused(await officer.client.put(path, nobody), 422, "invalid")["errors"][0]["code"]
        == "no-way-to-reach"
    )
    put = await officer.client.put(
        path, {**nobody, "phone": "+46701740606", "mail": "rut@demo.example"}
    )
    assert done(put)["hours"] is None
    assert done(await cora.client.get(path))["name"] == "Rut Demo"
    on_the_way = f"/accommodations/{house}/way-there"
    assert done(await cora.client.get(on_the_way))["site_contact"]["phone"] == "+46701740606"
    refused(await vera.client.get(path), 403, "site-contact-not-shown")
    assert done(await vera.client.get(on_the_way))["site_contact"] is None

    async def heard(mail: str | None) -> bool:
        known = system.raw("notifications", "replica_registry_contact")
        query = {"state.accommodation": house, "state.mail": mail}
        return await known.find_one(query) is not None

    await eventually(lambda: heard("rut@demo.example"))
    gone = await officer.client.request("DELETE", path, headers={"If-Match": put.headers["etag"]})
    assert gone.status_code == 204
    await eventually(lambda: heard(None))
    steps = done(await officer.client.get(f"/accommodations/{house}/timeline"))["items"]
    assert [step["what"] for step in steps].count("registry.contact.changed") == 2
    for name in ("accommodation", "site_contact", "history", "meeting_place"):
        async for document in system.raw("registry", name).find({}):
            assert "Rut" not in str(document)
    owner = system.client("registry", "dina")
    dina = await world.somebody("dina")
    await world.role(dina, "operator", "national")
    told = done(await owner.get("/operator/fingerprints/registry.contact"))["items"]
    known = [
        row["_id"] async for row in system.raw("notifications", "replica_registry_contact").find({})
    ]
    assert {one["id"] for one in told} == set(known)
    assert (await owner.post("/operator/resync/contact")).status_code == 202


@pytest.mark.case("X04")
async def test_whose_area_the_house_leaves_loses_the_way_on_the_very_next_request(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    national, norr, syd = (
        await world.officer(),
        await world.officer("norr", "counties", "25"),
        await world.officer("syd", "counties", "12"),
    )
    house = await world.accommodation(norr)
    path = f"/accommodations/{house}"
    await norr.client.put(f"{path}/location", WHERE)
    assert done(await norr.client.get(f"{path}/way-there"))["address"] == SECRET
    refused(await syd.client.get(f"{path}/way-there"), 403, "way-not-shown-now")
    read = await national.client.get(path)
    moved = {"name": "Björknäs demo", "municipality": "1280", "capacity": 200}
    done(await national.client.put(path, moved, read.headers["etag"]))
    refused(await norr.client.get(f"{path}/way-there"), 403, "way-not-shown-now")
    refused(await norr.client.get(f"{path}/way-there/reads"), 403, "not-allowed")
    assert done(await syd.client.get(f"{path}/way-there"))["address"] == SECRET
