"""What dies with a role, what a national organisation may with its branches, and how far one may grant."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.harness import System, eventually
from tests.service.registry_world import World, done, made, refused

SLACK_SECONDS = 0.3
"""For the test's own requests, on a machine with other work."""


@pytest.mark.promise("P14")
@pytest.mark.case("X07")
async def test_a_revoked_role_is_dead_on_every_copy_within_half_a_second(system: System) -> None:
    await system.start("registry")
    await system.start("registry")
    world = World(system)
    ada, olle = await world.administrator(), await world.somebody("olle")
    grant = await world.role(olle, "officer", "national")
    both = [system.client("registry", "olle", copy) for copy in (0, 1)]
    for client in both:
        done(await client.get("/accommodations"))
    answer = await ada.client.post(f"/people/{olle.id}/roles/{grant}/revoke")
    assert answer.status_code == 204, answer.text

    async def dead() -> bool:
        answers = await asyncio.gather(*(client.get("/accommodations") for client in both))
        return all(answer.status_code == 403 for answer in answers)

    await eventually(dead, 0.5 + SLACK_SECONDS)


@pytest.mark.promise("P14")
async def test_a_paused_organisations_coordinators_are_powerless_within_a_second(
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
    done(await ada.client.post(f"/organisations/{organisation}/pause"))

    async def powerless() -> bool:
        answers = [
            await cora.client.get("/accommodations"),
            await cora.client.post(f"/meeting-places/{place}/pause"),
        ]
        return all(answer.status_code == 403 for answer in answers)

    await eventually(powerless, 1.0)

    async def paused() -> bool:
        shown = done(await officer.client.get(f"/meeting-places/{place}"))
        return bool(shown["status"] == "paused")

    await eventually(paused)


@pytest.mark.case("X05")
async def test_a_national_organisation_confirms_its_branches_and_does_not_run_them(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    ada, nina, cora, vera = (
        await world.administrator(),
        await world.somebody("nina"),
        await world.somebody("cora"),
        await world.somebody("vera"),
    )
    riks = await world.organisation(nina, ada, name="Riks demo", kind="national")
    branch = await world.organisation(cora, nina, name="Kretsen demo", kind="branch", parent=riks)
    body = {"name": "Ny", "kind": "branch", "parent": riks}
    refused(await nina.client.put(f"/organisations/{branch}", body), 403, "not-allowed")
    refused(await cora.client.post(f"/organisations/{riks}/leave"), 403, "not-allowed")
    role = {"role": "coordinator", "scope": {"kind": "organisation", "ids": [branch]}}
    path = f"/people/{vera.id}/roles"
    refused(await nina.client.post(path, role), 409, "has-a-coordinator")
    await world.asks(vera, branch)
    grant = done(await cora.client.get("/me"))["roles"][0]["id"]
    revoke = f"/people/{cora.id}/roles/{grant}/revoke"
    refused(await cora.client.post(revoke), 409, "last-coordinator")
    assert (await ada.client.post(revoke)).status_code == 204
    assert (await nina.client.post(path, role)).status_code == 201
    wider = {"role": "coordinator", "scope": {"kind": "organisation", "ids": [riks]}}
    refused(await cora.client.post(f"/people/{cora.id}/roles", wider), 403, "not-allowed")


@pytest.mark.promise("P6")
async def test_a_role_ends_by_the_clock_and_says_so_once(system: System) -> None:
    await system.start("registry")
    world = World(system)
    until = system.clock.now() + timedelta(hours=2)
    olle = await world.somebody("olle")
    await world.role(olle, "officer", "national", until=until)
    done(await olle.client.get("/accommodations"))
    system.clock.advance(timedelta(hours=2))
    refused(await olle.client.get("/accommodations"), 403, "not-allowed")

    async def ended() -> bool:
        query = {"subject": olle.id, "type": "registry.person.role_ended"}
        return bool(await system.raw("registry", "history").count_documents(query) == 1)

    await eventually(ended)
    assert done(await olle.client.get("/me"))["roles"] == []


@pytest.mark.promise("P14")
async def test_nobody_grants_wider_than_their_own(system: System) -> None:
    await system.start("registry")
    world = World(system)
    olle, vera = await world.officer("olle", "counties", "25"), await world.somebody("vera")
    path = f"/people/{vera.id}/roles"

    def role(kind: str, *ids: str, name: str = "officer") -> dict[str, Any]:
        return {"role": name, "scope": {"kind": kind, "ids": list(ids)}}

    refused(await olle.client.post(path, role("national")), 403, "not-allowed")
    refused(await olle.client.post(path, role("counties", "12")), 403, "not-allowed")
    refused(
        await olle.client.post(path, role("national", name="administrator")), 403, "not-allowed"
    )
    for odd in (role("counties", "99"), role("counties"), role("organisation", "x")):
        refused(await olle.client.post(path, odd), 422, "invalid")
    made(await olle.client.post(path, role("counties", "25")))
