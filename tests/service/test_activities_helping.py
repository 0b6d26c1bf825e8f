"""Finding a shift over HTTP: what suits me, what fits me, and why."""

from typing import Any

import pytest

from shared.database import Collection
from tests.harness import System
from tests.service.registry_world import BODEN, MALMO, done, refused
from tests.service.world import ActivitiesWorld, Place, Someone, at, signed_up

ALVSBYN = "2560"


async def lives(world: ActivitiesWorld, person: Someone, municipality: str, *spoken: str) -> None:
    """Home and languages, as the person says themselves, known to activities."""
    answer = await person.registry.get("/me")
    body = {"name": done(answer)["name"], "municipality": municipality, "languages": spoken}
    tag = answer.headers["ETag"]
    done(await person.registry.put("/me", body, tag))
    await world.heard("person", person.id, {"state.municipality": municipality})


async def fitting(person: Someone, query: str = "", **more: Any) -> list[dict[str, Any]]:
    """The shifts that fit a person."""
    return list(done(await person.activities.get(f"/me/fitting-sessions{query}", **more))["items"])


async def test_a_volunteer_says_what_suits_and_finds_what_does(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.start("registry", "activities")
    world = ActivitiesWorld(system)
    place = await world.an_open_meeting_place()
    vera, filip = await world.volunteers(place.organisation, "vera", "filip")
    stranger = await world.someone("stranger")
    await lives(world, vera, ALVSBYN, "sv", "prs")
    tuesday = await world.a_session(place, languages=["sv", "prs"])
    later = await world.a_session(place, at("2026-12-09", 17))
    football = await world.a_session(place, at("2026-12-10", 17), kind="sport")
    await world.a_session(
        place, at("2026-12-12", 17), kind="homework_help", roles=[{"role": "helper", "maximum": 2}]
    )
    arabic = await world.a_session(place, at("2026-12-11", 17), languages=["ar"])

    found = await fitting(vera)
    assert [one["id"] for one in found] == [tuesday, later, football]
    assert found[0]["why"] == "mindre än fem mil bort, talar dari"
    english = await fitting(vera, headers={"Accept-Language": "en"})
    assert english[0]["why"] == "less than 50 km away, speaks Dari"
    assert [one["code"] for one in english[0]["reasons"]] == ["distance", "language"]
    # Of whom nothing is known nothing is left out; whose organisation it is not has nothing.
    assert [one["id"] for one in await fitting(filip)] == [tuesday, later, football, arabic]
    assert await fitting(stranger) == []

    await _pages(vera, [tuesday, later, football])
    await _index_backed(system, vera, monkeypatch)
    await _wishes(vera, tuesday, later)
    # Where one is seated or busy nothing fits; a full one is a place in the queue.
    same_time = await world.a_session(place, at("2026-12-08", 18), hours=1)
    await signed_up([vera], tuesday)
    assert [one["id"] for one in await fitting(vera)] == [later]
    assert same_time in [one["id"] for one in await fitting(filip)]
    await _full(world, place, vera, filip, later)
    await lives(world, vera, MALMO)
    assert await fitting(vera) == []


async def _pages(vera: Someone, expected: list[str]) -> None:
    seen: list[str] = []
    path = "/me/fitting-sessions?limit=1"
    while path:
        page = done(await vera.activities.get(path))
        seen += [one["id"] for one in page["items"]]
        path = page["next"] and f"/me/fitting-sessions?limit=1&cursor={page['next']}"
    assert seen == expected


async def _index_backed(system: System, vera: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read is near and one's own organisations': other places and others cost nothing."""
    asked: list[tuple[str, Any, Any]] = []
    find = Collection.find

    async def noted(self: Collection, query: Any, **more: Any) -> Any:
        asked.append((self.name, query, more.get("sort")))
        return await find(self, query, **more)

    sessions = system.raw("activities", "session")
    known = await sessions.find_one({"keys.open": "free"})
    for n in range(500):
        far = {**known["keys"], "where": MALMO} if n % 2 else {**known["keys"], "organiser": "x"}
        await sessions.insert_one({**known, "_id": f"far-{n}", "keys": far, "due": None})
    monkeypatch.setattr(Collection, "find", noted)
    assert len(await fitting(vera)) == 3
    monkeypatch.undo()
    [query, sort] = next([q, s] for name, q, s in asked if name == "session" and s)
    found = await sessions.find(query, sort=sort).explain()
    stages = str(found["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in stages
    assert "'fitting'" in stages
    assert "'stage': 'SORT'" not in stages
    assert found["executionStats"]["totalDocsExamined"] <= 5
    await sessions.delete_many({"_id": {"$regex": "^far-"}})


async def _wishes(vera: Someone, tuesday: str, later: str) -> None:
    read = await vera.activities.get("/me/helping")
    assert done(read)["days"] == []
    tag = read.headers["ETag"]
    wishes = {"days": [{"weekday": 2, "from": "17:00"}, {"weekday": 3}], "not_kinds": ["sport"]}
    refused(await vera.activities.put("/me/helping", wishes), 428, "precondition-required")
    saved = await vera.activities.put("/me/helping", wishes, tag)
    assert done(saved)["not_kinds"] == ["sport"]
    refused(await vera.activities.put("/me/helping", wishes, tag), 412, "stale")
    wrong = {"days": [{"weekday": 8}], "within_km": 7, "home": BODEN, "municipalities": ["1917"]}
    fields = refused(
        await vera.activities.put("/me/helping", wrong, saved.headers["ETag"]),
        422,
        "invalid",
    )["errors"]
    assert len(fields) == 4
    found = await fitting(vera)
    assert [one["id"] for one in found] == [tuesday, later]
    assert found[1]["why"] == "mindre än fem mil bort, en tid som passar"


async def _full(
    world: ActivitiesWorld, place: Place, vera: Someone, filip: Someone, later: str
) -> None:
    one_seat = {"role": "helper", "minimum": 0, "maximum": 1}
    cora = place.coordinator.activities
    done(await cora.post(f"/sessions/{later}/seats", one_seat))
    await signed_up([filip], later)
    assert await fitting(vera) == []
    [full] = await fitting(vera, "?waiting_list=true")
    assert (full["id"], full["roles"][0]["free"]) == (later, 0)
    done(await filip.activities.post(f"/sessions/{later}/withdraw"))
    assert [one["id"] for one in await fitting(vera, "?from=2026-12-09&to=2026-12-09")] == [later]
    assert await fitting(vera, "?from=2026-12-10") == []
