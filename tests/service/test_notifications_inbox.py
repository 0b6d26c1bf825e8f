"""The inbox: who finds what in it, once, in whose language; and what they do with it."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts import activities, registry
from shared.permissions import stated_permissions
from tests.harness import System, eventually
from tests.service.told import HOST, ORGANISER, World, grant, planned_activity


async def inbox(system: System, person: str, copy: int = 0, **query: Any) -> list[dict[str, Any]]:
    client = system.client("notifications", person, copy)
    answer = await client.get("/inbox", params=query)
    items: list[dict[str, Any]] = answer.json()["items"] if answer.status_code == 200 else []
    return items


async def something(system: System, person: str, number: int = 1) -> list[dict[str, Any]]:
    """What a person finds, once there is as much as that."""

    async def enough() -> list[dict[str, Any]] | None:
        found = await inbox(system, person)
        return found if len(found) >= number else None

    found: list[dict[str, Any]] = await eventually(enough)
    return found


async def test_a_cancelled_session_reaches_the_seated_and_the_coordinators_but_not_who_did_it(
    system: System,
) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.coordinator("lena")
        await world.coordinator("hugo", HOST, language="en")
        await world.planned("s-next", world.session(start=world.session().start.replace(day=15)))
        await world.planned("s-1", world.session())
        await world.settled()
        await world.cancelled("s-1", ["vera"], actor="lena")
        [item] = await something(system, "vera")
        assert item["title"] == "Inställt: Språkcafé tisdag 8 december"
        assert item["text"] == (
            "Ledaren har blivit sjuk. Du behöver inte göra något. Anslaget på plats är ändrat.\n"
            "Nästa gång: tisdag 15 december kl. 18.00."
        )
        assert item["link"] == "http://samverkan.test/shifts?on=2026-12-08"
        [item] = await something(system, "hugo")
        assert item["title"] == "Cancelled: Language café Tuesday 8 December"
        assert "18:00" in item["text"]
        assert await inbox(system, "lena") == []


async def test_an_approved_organisation_is_welcomed_by_name(system: System) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.person("lena")
        await world.person("ada")
        snapshot = registry.OrganisationSnapshot(
            name="Majblomman demo", kind="independent", status="approved"
        )
        facts = registry.OrganisationApproved(applicant="lena")
        await world.tell("o-1", facts, snapshot, actor="ada")
        [item] = await something(system, "lena")
        assert item["title"] == "Välkomna till nätverket, Majblomman demo!"
        assert "Svara på mejlet så svarar ada." in item["text"]
        assert item["link"].endswith("/organisations/o-1/start")


async def test_a_planned_activity_is_a_line_for_the_organisers_volunteers_and_no_mail(
    system: System,
) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.person("former", grant("volunteer", ORGANISER, until=system.clock.now()))
        await world.person("away", grant("volunteer", ORGANISER), suspended=True)
        await world.person("other", grant("volunteer", HOST))
        await world.settled()
        await planned_activity(world, "a-1")
        [item] = await something(system, "vera")
        assert item["title"] == "Ny aktivitet: Fotboll"
        assert "Första gången: tisdag 8 december kl. 18.00." in item["text"]
        told = await system.raw("notifications", "lines").distinct("person")
        # The marker of `settled` is a volunteer, too.
        assert {"vera"} == {one for one in told if not one.startswith("marker")}
        assert await system.raw("notifications", "deliveries").count_documents({}) == 0


@pytest.mark.promise("P4")
async def test_an_event_that_comes_again_and_late_on_two_copies_tells_once(system: System) -> None:
    async with World(system) as world:
        await system.start("notifications", "notifications")
        await world.organisations()
        for id in ("vera", "ali"):
            await world.volunteer(id)
        await world.coordinator("lena")
        await world.settled()
        body = await world.cancelled("s-1", ["vera", "ali", "lena"], version=7)
        await world.planned("s-1", world.session())
        event = json.loads(body)
        await asyncio.gather(
            *(world.publish("activities", event["type"], event["id"], body) for _ in range(30))
        )
        for person in ("vera", "ali", "lena"):
            await something(system, person)
        await world.settled()
        for name in ("lines", "notifications", "deliveries"):
            assert await system.raw("notifications", name).count_documents({}) == 3, name


@pytest.mark.promise("P4")
@pytest.mark.case("N21")
async def test_what_one_command_cancels_is_one_notification_with_a_line_for_each(
    system: System,
) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.settled()
        starts = [world.session().start + timedelta(weeks=n) for n in range(24)]
        await asyncio.gather(
            *(
                world.cancelled(
                    f"s-{n}",
                    ["vera"],
                    session=world.session(start=start),
                    correlation="one-command",
                )
                for n, start in enumerate(starts)
            )
        )

        async def complete() -> Any:
            found = await inbox(system, "vera")
            return found[0] if found and len(found[0]["about"]) == 24 else None

        item = await eventually(complete)
        assert item["title"] == "Inställt: 24 tillfällen"
        assert len(await inbox(system, "vera")) == 1
        assert await system.raw("notifications", "deliveries").count_documents({}) == 1


async def test_a_host_that_is_not_known_yet_holds_up_nobody_else_and_is_told_later(
    system: System,
) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisation(ORGANISER)
        await world.volunteer("vera")
        await world.coordinator("hugo", HOST)
        await world.settled()
        await world.cancelled("s-1", ["vera"])
        await something(system, "vera")
        await eventually(lambda: system.raw("notifications", "failed").find_one({}))
        assert await inbox(system, "hugo") == []
        await world.organisation(HOST, "Folkets hus demo")
        await world.settled()
        system.clock.advance(timedelta(seconds=10))
        await something(system, "hugo")

        async def mended() -> bool:
            return await system.raw("notifications", "failed").find_one({}) is None

        await eventually(mended)


async def test_a_message_about_a_session_nobody_knows_waits_for_it(system: System) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.settled()
        facts = activities.SeatsOffered(
            moved_up=(activities.MovedUp(person="vera", role="helper"),)
        ).model_dump(mode="json")
        await world.send("activities", "activities.session.seats_offered", "s-1", facts, None)
        row = await eventually(lambda: system.raw("notifications", "failed").find_one({}))
        assert row["error"].startswith("NotThereYet: the session that the event is about")
        await world.planned("s-1", world.session())
        await world.settled()
        system.clock.advance(timedelta(seconds=10))
        await something(system, "vera")


@pytest.mark.promise("P16")
async def test_of_an_erased_person_nothing_is_left_and_nothing_comes_later(system: System) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.volunteer("ali")
        await world.settled()
        await world.cancelled("s-1", ["vera", "ali"])
        await something(system, "vera")
        vera = system.client("notifications", "vera")
        answer = await vera.get("/me/preferences")
        choice = {"mail": {"news_nearby": False}}
        answer = await vera.put("/me/preferences", choice, answer.headers["etag"])
        assert answer.status_code == 200, answer.text
        await system.raw("notifications", "failed").insert_one(
            {"_id": "x", "subject": "vera", "due": None, "dead": True, "event": None}
        )
        await world.erased("vera")
        await world.settled()
        await world.cancelled("s-2", ["vera", "ali"])
        await something(system, "ali", 2)
        await world.settled()
        database = system.raw("notifications", "lines").database
        for name in await database.list_collection_names():
            rows = [repr(row) async for row in database[name].find({})]
            if name == "replica_registry_person" or name == "replica_registry_contact":
                assert {"_id": "vera", "version": 2, "erased": True} in [
                    row async for row in database[name].find({"_id": "vera"})
                ]
                rows = [row for row in rows if "'_id': 'vera'" not in row]
            assert not [row for row in rows if "vera" in row], name


@pytest.mark.case("N09")
async def test_an_item_follows_its_readers_language(system: System) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera", language="ti")
        await world.settled()
        await world.cancelled("s-1", ["vera"])
        [item] = await something(system, "vera")
        assert item["language"] == "en"
        await world.volunteer("vera", language="sv")

        async def swedish() -> bool:
            return (await inbox(system, "vera"))[0]["language"] == "sv"

        await eventually(swedish)


async def test_words_follow_what_is_known_now_and_say_whether_it_still_holds(
    system: System,
) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.settled()
        until = system.clock.now() + timedelta(hours=12)
        await world.moved_up("s-1", "vera", until)
        [item] = await something(system, "vera")
        assert item["title"] == "Det finns en plats för dig: Språkcafé"
        assert item["text"].endswith(
            "Svara senast tisdag 1 december kl. 21.00, annars frågar vi nästa."
        )
        assert [one["still_true"] for one in item["about"]] == [True]
        await world.planned("s-1", world.session(title={"sv": "Fika"}))

        async def renamed() -> Any:
            [item] = await inbox(system, "vera")
            return item if item["title"].endswith("Fika") else None

        item = await eventually(renamed)
        assert [one["still_true"] for one in item["about"]] == [False]


async def test_reading_and_putting_away_counts_down_and_may_be_repeated(system: System) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.volunteer("ali")
        await world.settled()
        for number in range(5):
            await world.cancelled(f"s-{number}", ["vera"])
            items = await something(system, "vera", number + 1)
        vera, ali = (system.client("notifications", one) for one in ("vera", "ali"))
        assert (await vera.get("/inbox")).json()["unread"] == 5
        for _ in range(2):
            assert (await vera.post(f"/inbox/{items[0]['id']}/read")).status_code == 204
        assert (await vera.get("/inbox")).json()["unread"] == 4
        assert len(await inbox(system, "vera", unread="true")) == 4
        for _ in range(2):
            assert (await vera.post(f"/inbox/{items[1]['id']}/archive")).status_code == 204
        assert len(await inbox(system, "vera")) == 4
        assert [one["id"] for one in await inbox(system, "vera", archived="true")] == [
            items[1]["id"]
        ]
        seen = {"until": items[3]["at"]}
        assert (await vera.post("/inbox/read-all", seen)).status_code == 204
        assert (await vera.get("/inbox")).json()["unread"] == 1
        assert (await vera.post("/inbox/read-all")).status_code == 204
        assert (await vera.get("/inbox")).json()["unread"] == 0
        for path in ("", "/read", "/archive"):
            method = "POST" if path else "GET"
            answer = await ali.request(method, f"/inbox/{items[0]['id']}{path}")
            assert answer.status_code == 404, path


@pytest.mark.promise("P4")
@pytest.mark.parametrize("path", ["read", "archive"])
async def test_what_was_read_or_put_away_is_new_again_when_more_is_told_and_only_then(
    system: System, path: str
) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.settled()
        await world.cancelled("s-1", ["vera"], correlation="one")
        [item] = await something(system, "vera")
        vera = system.client("notifications", "vera")
        rows, lines = (system.raw("notifications", name) for name in ("notifications", "lines"))
        system.clock.advance(timedelta(seconds=1))
        await vera.post(f"/inbox/{item['id']}/{path}")
        for one in (await rows.find_one({}), await lines.find_one({})):
            assert _days_left(system, one) == 365
        system.clock.advance(timedelta(seconds=1))
        body = await world.cancelled("s-2", ["vera"], correlation="one")

        async def shown_again() -> Any:
            [row] = await inbox(system, "vera") or [{"unread": False}]
            return row if row["unread"] else None

        item = await eventually(shown_again)
        assert (len(item["about"]), item["archived"]) == (2, False)
        assert not await rows.find_one({"gone_at": {"$exists": True}})
        await eventually(lambda: _nothing(lines, {"gone_at": {"$exists": True}}))
        system.clock.advance(timedelta(seconds=1))
        await vera.post(f"/inbox/{item['id']}/{path}")
        system.clock.advance(timedelta(seconds=1))
        await world.again(body)
        await world.settled()
        await world.cancelled("s-3", ["vera"])
        await eventually(lambda: lines.find_one({"subject": "s-3"}))
        assert (await vera.get("/inbox")).json()["unread"] == 1
        assert not (await rows.find_one({"_id": item["id"]}))["unread"]


def _days_left(system: System, row: dict[str, Any]) -> int:
    return round((row["gone_at"] - system.clock.now()) / timedelta(days=1))


async def _nothing(rows: Any, query: dict[str, Any]) -> bool:
    return not await rows.find_one(query)


@pytest.mark.promise("P21")
async def test_what_was_read_all_at_once_is_kept_for_a_year(system: System) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.settled()
        for number in range(3):
            await world.cancelled(f"s-{number}", ["vera"])
        await something(system, "vera", 3)
        await system.client("notifications", "vera").post("/inbox/read-all")
        for name in ("notifications", "lines"):
            rows = system.raw("notifications", name)
            assert [_days_left(system, row) async for row in rows.find({})] == [365] * 3, name
            assert (await rows.index_information())["gone"]["expireAfterSeconds"] == 0


@pytest.mark.promise("P20")
async def test_the_inbox_is_read_page_by_page_without_gap_or_repeat(system: System) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.settled()
        for number in range(7):
            await world.cancelled(f"s-{number}", ["vera"])
        everything = [one["id"] for one in await something(system, "vera", 7)]
        vera, found, cursor = system.client("notifications", "vera"), [], {}
        while True:
            page = (await vera.get("/inbox", params={"limit": 3, **cursor})).json()
            found += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert found == everything
        answer = await vera.get("/inbox", params={"person": "ali"})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown-field")


@pytest.mark.promise("P19")
async def test_choices_are_not_silently_overwritten(system: System) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.volunteer("vera")
        await world.settled()
        vera = system.client("notifications", "vera")
        first = await vera.get("/me/preferences")
        assert set(first.json()["mail"].values()) == {True}
        choice = {"mail": {"my_shifts": False}}
        assert (await vera.put("/me/preferences", choice)).status_code == 428
        changed = await vera.put("/me/preferences", choice, first.headers["etag"])
        assert changed.json()["mail"]["my_shifts"] is False
        assert (await vera.put("/me/preferences", choice, first.headers["etag"])).status_code == 412
        unknown = {"mail": {"my_shfits": False}}
        assert (
            await vera.put("/me/preferences", unknown, changed.headers["etag"])
        ).status_code == 422


@pytest.mark.promise("P14")
async def test_every_route_states_who_may_use_it_and_shows_an_example(system: System) -> None:
    async with World(system):
        await system.start("notifications")
    app = system.copy("notifications").app
    for route, permission in stated_permissions(app):
        assert permission is not None or "/api/" not in route, route
    for path in ("/inbox", "/inbox/some-id", "/me/preferences", "/inbox/stream"):
        nobody = await system.client("notifications", None).get(path)
        assert nobody.status_code == 401, path
        operation = app.openapi()["paths"][f"/api/notifications{path.replace('some-id', '{id}')}"]
        content = operation["get"]["responses"]["200"]["content"]
        assert all("example" in one for one in content.values()), path


async def test_the_operator_sees_no_person_in_the_messages_and_others_see_none_of_them(
    system: System,
) -> None:
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        operator = grant("operator", "").model_copy(
            update={"scope": registry.Scope(kind="national")}
        )
        await world.person("olof", operator)
        await world.settled()
        await world.cancelled("s-1", ["vera"])
        await something(system, "vera")
        assert (
            await system.client("notifications", "vera").get("/operator/deliveries")
        ).status_code == 403
        olof = system.client("notifications", "olof")
        answer = await olof.get("/operator/deliveries", params={"status": "waiting"})
        [row] = answer.json()["items"]
        assert row["status"] == "waiting"
        assert "vera" not in answer.text
        assert (await olof.post(f"/operator/deliveries/{row['id']}/resend")).status_code == 404
