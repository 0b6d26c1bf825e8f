"""Erasure and its ledger; the first administrator."""

import pytest

from services.registry.first_administrator import appoint
from services.registry.offline import open_store
from services.registry.restored import ledger_lines, restored, take_in_ledger
from shared.tokens import Identity
from tests.harness import System, eventually
from tests.service.registry_world import World, done, refused


@pytest.mark.promise("P16")
@pytest.mark.case("X12")
async def test_the_erased_leave_no_trace_and_may_come_back_as_somebody_new(system: System) -> None:
    await system.start("registry")
    world = World(system)
    vera = await world.somebody("vera")
    assert (await vera.client.post(f"/people/{vera.id}/erase")).status_code == 204

    async def unknown() -> bool:
        return (await vera.client.get("/me")).status_code == 403

    await eventually(unknown, 1.0)
    for name in await system.raw("registry", "person").database.list_collection_names():
        async for document in system.raw("registry", name).find({}):
            assert "Vera" not in str(document), name
            assert "vera@" not in str(document), name
    again = await world.somebody("vera")
    assert again.id != vera.id
    assert done(await again.client.get("/me"))["roles"] == []


@pytest.mark.promise("P16")
@pytest.mark.case("X12")
async def test_whom_an_old_backup_brings_back_is_erased_again(system: System) -> None:
    await system.start("registry")
    world = World(system)
    vera, olle = await world.somebody("vera"), await world.somebody("olle")
    people = system.raw("registry", "person")
    backup = await people.find_one({"_id": vera.id})
    await vera.client.post(f"/people/{vera.id}/erase")
    store = open_store(system.settings("registry"))
    kept = await ledger_lines(store)
    await people.replace_one({"_id": vera.id}, {**backup, "pending": []})
    await system.raw("registry", "erasures").delete_many({})
    assert await take_in_ledger(store, kept) == 1
    assert await restored(store) == 1
    await store.database.close()
    document = await people.find_one({"_id": vera.id})
    assert document["state"]["status"] == "erased"
    assert document["version"] > 1_000_000
    assert (await people.find_one({"_id": olle.id}))["state"]["name"] == "Olle Demo"


@pytest.mark.promise("P13")
async def test_there_is_one_first_administrator(system: System) -> None:
    await system.start("registry")
    store = open_store(system.settings("registry"))
    ada = Identity(system.issuer.url, "ada")
    assert await appoint(store, ada, "Ada Demo") is not None
    assert await appoint(store, Identity(system.issuer.url, "bo"), "Bo Demo") is None
    await store.database.close()
    client = system.client("registry", "ada")
    assert done(await client.get("/me"))["roles"][0]["role"] == "administrator"
    refused(await system.client("registry", "bo").get("/me"), 403, "not-yet-known")
