"""Before the first shift: the extract that was shown, the pledge, and who sees what of whom."""

from typing import Any

import pytest

from tests.harness import System, eventually
from tests.service.registry_world import Somebody, World, done, made, refused


async def replica_of(system: System, aggregate: str, id: str) -> dict[str, Any]:
    """What activities knows of it."""
    name = f"replica_{aggregate.replace('.', '_')}"
    row = await system.raw("activities", name).find_one({"_id": id})
    return dict(row["state"]) if row else {}


async def noted(coordinator: Somebody, person: Somebody, organisation: str, **more: Any) -> Any:
    """A coordinator notes that an extract was shown."""
    body = {"organisation": organisation, "issued_on": "2026-11-20", **more}
    return await coordinator.client.post(f"/people/{person.id}/extract", body)


@pytest.mark.promise("P15")
@pytest.mark.case("X10")
async def test_an_extract_is_noted_by_its_own_coordinators_and_others_learn_a_date_alone(
    system: System,
) -> None:
    await system.start("registry", "activities")
    world = World(system)
    ada, cora, nina = (
        await world.administrator(),
        await world.somebody("cora"),
        await world.somebody("nina"),
    )
    own = await world.organisation(cora, ada)
    other = await world.organisation(nina, ada, name="Grannen demo")
    vera = await world.somebody("vera")
    for organisation in (own, other):
        await world.volunteer(vera, organisation)

    refused(await noted(cora, vera, other), 403, "not-allowed")
    refused(await noted(ada, vera, own), 403, "not-allowed")
    refused(await noted(cora, cora, own), 409, "seen-by-another")
    old = refused(await noted(cora, vera, own, issued_on="2025-11-30"), 422, "invalid")
    assert [one["field"] for one in old["errors"]] == ["issued_on"]
    assert (await noted(cora, vera, own)).status_code == 204

    mine = done(await vera.client.get("/me"))["extracts"]
    assert mine == [
        {
            "organisation": own,
            "shown_on": world.today,
            "seen_by": cora.id,
            "valid_until": "2027-12-01",
        }
    ]
    assert done(await cora.client.get(f"/people/{vera.id}"))["extracts"] == mine
    assert done(await nina.client.get(f"/people/{vera.id}"))["extracts"] == []
    assert "extracts" not in done(await ada.client.get(f"/people/{vera.id}"))
    for on, valid in (("2027-12-01", True), ("2027-12-02", False), ("2026-11-30", False)):
        path = f"/people/{vera.id}/extract?on={on}"
        assert done(await nina.client.get(path)) == {"on": on, "valid": valid}
    refused(await nina.client.get(f"/people/{vera.id}/extract?shown_on=x"), 400, "unknown-field")

    interval = f"/organisations/{own}/extract-interval"
    refused(await nina.client.post(interval, {"months": 1}), 403, "not-allowed")
    assert (await cora.client.post(interval, {"months": 6})).status_code == 204

    async def known() -> bool:
        told = (await replica_of(system, "registry.person", vera.id)).get("extracts")
        return told == [{"organisation": own, "valid_until": "2027-06-01"}]

    await eventually(known)
    rows = await system.raw("registry", "history").find({"subject": vera.id}).to_list(99)
    assert "shown_on" not in str(rows) + str(await replica_of(system, "registry.person", vera.id))
    back = {"organisation": own}
    assert (await cora.client.post(f"/people/{vera.id}/extract/take-back", back)).status_code == 204
    assert done(await vera.client.get("/me"))["extracts"] == []


@pytest.mark.promise("P3")
async def test_a_pledge_is_accepted_by_version_and_a_new_one_asks_again(system: System) -> None:
    await system.start("registry", "activities")
    world = World(system)
    ada, cora, vera = (
        await world.administrator(),
        await world.somebody("cora"),
        await world.somebody("vera"),
    )
    organisation = await world.organisation(cora, ada)
    path = f"/organisations/{organisation}/pledge"
    refused(await vera.client.get(path), 404, "not-found")
    refused(await vera.client.post(path, {"text": {"sv": "Jag lovar."}}), 403, "not-allowed")
    text = {"sv": "Jag berättar inte vidare.", "en": "I do not pass it on."}
    assert done(await cora.client.post(path, {"text": text}))["version"] == 1
    assert done(await vera.client.get(path)) == {"version": 1, "text": text}
    refused(await vera.client.post(f"{path}/accept", {"version": 1}), 409, "no-role-there")
    await world.volunteer(vera, organisation)
    assert (await vera.client.post(f"{path}/accept", {"version": 1})).status_code == 204

    async def accepted(version: int, current: int) -> bool:
        person = await replica_of(system, "registry.person", vera.id)
        known = await replica_of(system, "registry.organisation", organisation)
        promised = [one["version"] for one in person.get("pledges", [])]
        return (promised, known.get("pledge_version")) == ([version], current)

    await eventually(lambda: accepted(1, 1))
    done(await cora.client.post(path, {"text": {"sv": "Jag lovar mer."}}))
    await eventually(lambda: accepted(1, 2))
    newer = refused(await vera.client.post(f"{path}/accept", {"version": 1}), 409, "other-version")
    assert newer["version"] == 2
    for _ in range(2):
        assert (await vera.client.post(f"{path}/accept", {"version": 2})).status_code == 204
    await eventually(lambda: accepted(2, 2))


@pytest.mark.promise("P15")
async def test_only_own_coordinators_see_the_name_of_a_protected_person(system: System) -> None:
    await system.start("registry", "activities")
    world = World(system)
    ada, cora, nina = (
        await world.administrator(),
        await world.somebody("cora"),
        await world.somebody("nina"),
    )
    own = await world.organisation(cora, ada)
    other = await world.organisation(nina, ada, name="Grannen demo")
    vera = await world.somebody("vera")
    await world.volunteer(vera, own)
    await world.asks(vera, other)
    done(await ada.client.post(f"/people/{vera.id}/protect", {"on": True}))
    for coordinator, organisation, name in ((cora, own, "Vera Demo"), (nina, other, "V.D.")):
        listed = done(await coordinator.client.get(f"/organisations/{organisation}/people"))[
            "items"
        ]
        for shown in (
            done(await coordinator.client.get(f"/people/{vera.id}")),
            next(one for one in listed if one["id"] == vera.id),
        ):
            assert shown["name"] == name
            assert not {"mail", "phone", "municipality"} & shown.keys()

    async def initials() -> bool:
        return (await replica_of(system, "registry.person", vera.id)).get("name") == "V.D."

    await eventually(initials)
    answer = await nina.client.post(
        f"/people/{vera.id}/roles",
        {"role": "volunteer", "scope": {"kind": "organisation", "ids": [other]}},
    )
    made(answer)
    for who in (nina, ada, vera):
        assert done(await who.client.get(f"/people/{vera.id}"))["name"] == "Vera Demo"
