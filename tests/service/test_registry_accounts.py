"""The life of an account: used, warned, suspended, opened again; and one's own pause."""

from datetime import timedelta
from typing import Any

import pytest

from tests.harness import System, eventually
from tests.service.registry_world import Somebody, World, done, refused

MONTH = timedelta(days=31)


async def account(system: System, id: str) -> Any:
    document = await system.raw("registry", "account").find_one({"_id": id})
    return document and document["state"]


async def status(system: System, id: str) -> str:
    document = await system.raw("registry", "person").find_one({"_id": id})
    return str(document["state"]["status"])


async def used(system: System, who: Somebody) -> None:
    """Until their being here today is written down."""
    today = World(system).today
    done(await who.client.get("/me"))

    async def written() -> bool:
        found = await account(system, who.id)
        return bool(found) and found["used_on"] == today

    await eventually(written)


@pytest.mark.promise("P6")
async def test_who_does_not_come_is_warned_and_suspended_and_may_come_back(system: System) -> None:
    await system.start("registry", "notifications")
    world, clock = World(system), system.clock
    vera, olle, ada = (
        await world.somebody("vera"),
        await world.officer(),
        await world.administrator(),
    )
    for one in (vera, olle, ada):
        await used(system, one)
    etag = (await vera.client.get("/me")).headers["etag"]
    clock.advance(timedelta(days=1))
    await used(system, vera)
    assert (await vera.client.get("/me")).headers["etag"] == etag, "use is no change of the person"

    # Officers after 3 months, warned a month before; others are not even warned then.
    clock.advance(2 * MONTH)
    await eventually(lambda: warned(system, olle.id), 20)
    await used(system, ada)
    assert not await warned(system, vera.id)
    clock.advance(MONTH)
    await eventually(lambda: _is(system, olle.id, "suspended"), 20)
    await used(system, ada)
    why = done(await olle.client.get("/me/account"))
    assert (why["because"], why["may_resume"]) == ("unused", False)
    refused(await olle.client.post("/me/resume"), 409, "ask-to-reopen")

    # Five months: warned by mail and in the inbox; six: suspended, but free to come back.
    clock.advance(2 * MONTH)
    await eventually(lambda: warned(system, vera.id), 20)
    lines = system.raw("notifications", "lines")
    line = await eventually(lambda: lines.find_one({"person": vera.id, "flow": 102}), 20)
    mails = system.raw("notifications", "deliveries")
    await eventually(lambda: mails.find_one({"person": vera.id}), 20)
    assert line["until"] is not None
    await used(system, ada)
    clock.advance(MONTH + timedelta(days=1))
    await eventually(lambda: _is(system, vera.id, "suspended"), 20)
    refused(await vera.client.get("/me"), 403, "suspended")
    assert done(await vera.client.get("/me/account"))["may_resume"] is True
    assert done(await vera.client.post("/me/resume"))["status"] == "active"
    await eventually(lambda: _comes_in(vera), 5)

    # An administrator opens the officer's account again, and it is used from that day on.
    done(await ada.client.post(f"/people/{olle.id}/suspend", {"on": False}))

    async def begun_anew() -> bool:
        return bool((await account(system, olle.id))["used_on"] == world.today)

    await eventually(begun_anew)

    # Unused again: warned and suspended once more, and with neither role nor seat gone in the end.
    clock.advance(5 * MONTH)
    await eventually(lambda: warned(system, vera.id), 20)
    await used(system, ada)
    clock.advance(MONTH + timedelta(days=1))
    await eventually(lambda: _is(system, vera.id, "suspended"), 20)
    for _ in range(7):
        await used(system, ada)
        clock.advance(3 * MONTH)
    await eventually(lambda: _is(system, vera.id, "erased"), 20)


@pytest.mark.promise("P14")
async def test_one_button_suspends_ones_own_account(system: System) -> None:
    await system.start("registry")
    world = World(system)
    vera, ada = await world.somebody("vera"), await world.administrator()
    assert done(await vera.client.post("/me/suspend"))["because"] == "own"
    await eventually(lambda: _is_suspended(vera), 1.0)
    shown = done(await vera.client.get("/me/account", headers={"Accept-Language": "en"}))
    assert "yourself" in shown["why"]
    assert shown["may_resume"] is True
    assert done(await vera.client.post("/me/resume"))["status"] == "active"
    # What an administrator has decided is not undone by a click.
    done(await ada.client.post(f"/people/{vera.id}/suspend", {"on": True}))
    refused(await vera.client.post("/me/resume"), 409, "ask-to-reopen")
    # The last administrator is not lost by a click either.
    refused(await ada.client.post("/me/suspend"), 409, "last-administrator")


async def warned(system: System, id: str) -> bool:
    """Whether the account was warned."""
    found = await account(system, id)
    return bool(found) and found["warned_on"] is not None


async def _is(system: System, id: str, wanted: str) -> bool:
    return await status(system, id) == wanted


async def _comes_in(who: Somebody) -> bool:
    return (await who.client.get("/me")).status_code == 200


async def _is_suspended(who: Somebody) -> bool:
    return (await who.client.get("/me")).status_code == 403
