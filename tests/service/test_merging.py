"""Merging, told through all three services: one human, one organisation, one seat, one message."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from services.registry.domain import organisation_merging, person_merging
from services.registry.kinds import ORGANISATION, PERSON
from shared import resync
from shared.contracts.base import Event
from shared.kind import By, Change
from tests.harness import System, eventually
from tests.service.registry_world import Somebody, done, made, proposal_body, refused, role_body
from tests.service.world import ActivitiesWorld, Place, Someone, at, signed_up

CANCELLED = "Inställt: Språkcafé demo tisdag 8 december"
WELCOME = "Välkomna till nätverket, Kretsen demo!"
HEARING = ("activities", "notifications")


async def titles(system: System, subject: str) -> list[str]:
    """The inbox of whoever signs in as `subject`."""
    answer = await system.client("notifications", subject).get("/inbox")
    items = answer.json()["items"] if answer.status_code == 200 else []
    return [item["title"] for item in items]


async def told(system: System, subject: str, title: str) -> None:
    async def there() -> bool:
        return title in await titles(system, subject)

    await eventually(there, 20)


@asynccontextmanager
async def nobody_hears_of(system: System, aggregate: str, held: bool) -> AsyncIterator[None]:
    """Keep what is said of people, or of organisations, from the other services for a while."""
    gate = asyncio.Event()
    for service in HEARING if held else ():
        known = system.copy(service).process.service.people
        replica = known.persons if aggregate == "person" else known.organisations  # type: ignore[attr-defined]
        replica.apply = _later(replica.apply, gate)
    try:
        yield
    finally:
        gate.set()


def _later(apply: Callable[[Event], Any], gate: asyncio.Event) -> Callable[[Event], Any]:
    async def later(event: Event) -> None:
        await gate.wait()
        await apply(event)

    return later


async def everything(system: System) -> dict[str, Any]:
    """What activities and notifications have stored, but for when it was looked at last."""
    stored: dict[str, Any] = {}
    for service, names in (
        ("activities", ("session", "activity")),
        ("notifications", ("notifications", "lines", "deliveries")),
    ):
        for name in names:
            rows = await system.raw(service, name).find().sort("_id").to_list(None)
            stored[name] = [{"_id": row["_id"], "state": row.get("state", row.get("person"))}
                            for row in rows]  # fmt: skip
    return stored


async def said_again(system: System) -> None:
    """A resync of all that the registry knows, and a replay of all that happened, taken in."""
    process = system.copy("registry").process
    store, kinds = process.plumbing.store, process.service.kinds
    began = system.clock.now() - timedelta(days=30)
    for kind in kinds:
        await resync.snapshots(store, kind)
        await resync.events_since(store, kind, began)

    async def struck() -> bool:
        counts = [await system.raw("registry", kind.collection).count_documents({"pending": {"$ne": []}})
                  for kind in kinds]  # fmt: skip
        return not any(counts)

    await eventually(struck, 30)
    mark = await ActivitiesWorld(system).somebody("mark")
    for service in HEARING:
        replica = system.raw(service, "replica_registry_person")
        await eventually(lambda replica=replica: replica.find_one({"_id": mark.id}))


class Story:
    """R22: Alma and Alma again (B), both on the same session; B coordinates an organisation, too."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.world = ActivitiesWorld(system)

    async def begin(self) -> None:
        await self.system.start("registry", *HEARING)
        self.place: Place = await self.world.an_open_meeting_place()
        people = await self.world.volunteers(
            self.place.organisation, "alma", "berit", "carl", "dana", "erik"
        )
        self.alma, self.berit, self.carl, self.dana, self.erik = people
        self.ada = Somebody(self.place.administrator.registry, self.place.administrator.id)
        self.second = await self.world.organisation(
            Somebody(self.berit.registry, self.berit.id), self.ada, name="Kretsen demo"
        )
        await told(self.system, "berit", WELCOME)

    async def two_shifts(self) -> None:
        """One that each of them has held; one to come with four seats, where Erik waits."""
        helpers = [{"role": "helper", "minimum": 1, "maximum": 4}]
        held = [await self.world.a_session(self.place, at(day, 16), roles=helpers)
                for day in ("2026-12-02", "2026-12-03")]  # fmt: skip
        await signed_up([self.alma], held[0])
        await signed_up([self.berit], held[1])
        self.held = held
        await self.world.until(at("2026-12-04", 12))
        for session in held:
            await eventually(lambda session=session: self._is_held(session))
        self.session = await self.world.a_session(self.place, roles=helpers)
        await signed_up([self.alma, self.berit, self.carl, self.dana, self.erik], self.session)

    async def _is_held(self, session: str) -> bool:
        row = await self.system.raw("activities", "session").find_one({"_id": session})
        return bool(row["state"]["status"] == "held")

    async def merge(self) -> dict[str, Any]:
        """Ada merges Berit's account into Alma's."""
        path = f"/people/{self.berit.id}/merge"
        return dict(done(await self.ada.client.post(path, {"into": self.alma.id})))

    async def cancel(self) -> None:
        answer = await self.place.coordinator.activities.post(
            f"/sessions/{self.session}/cancel", {"reason": "illness"}
        )
        done(answer)

    async def rows_of(self, person: str) -> int:
        """How many rows of notifications name somebody."""
        names = ("notifications", "lines", "deliveries")
        return sum([await self.system.raw("notifications", name).count_documents({"person": person})
                    for name in names])  # fmt: skip


@pytest.mark.case("R22")
@pytest.mark.promise("P4")
@pytest.mark.promise("P5")
@pytest.mark.parametrize("late", [False, True], ids=["merged, then cancelled", "heard of it late"])
async def test_two_accounts_of_one_human_become_one_and_nobody_is_told_twice(
    system: System, late: bool
) -> None:
    story = Story(system)
    await story.begin()
    await story.two_shifts()
    alma, berit, erik = story.alma.id, story.berit.id, story.erik.id
    async with nobody_hears_of(system, "person", late):
        await story.merge()
        if not late:
            await eventually(lambda: _seated_once(story))
        await story.cancel()
        for subject in ("alma", "carl", "dana", "erik"):
            await told(system, subject, CANCELLED)

    async def nothing_is_left() -> bool:
        row = await system.raw("activities", "session").find_one({"keys.named": berit})
        return row is None and not await story.rows_of(berit)

    await eventually(nothing_is_left, 20)
    alma_has = await titles(system, "alma")
    assert alma_has.count(CANCELLED) == 1
    assert WELCOME in alma_has, "open notes of the other account moved"

    async def berit_is_alma() -> bool:
        return await titles(system, "berit") == alma_has

    # Whoever was looked at before the merger is remembered for half a second.
    await eventually(berit_is_alma, 5)
    assert (await story.world.seats(story.session)).keys() == {
        alma, story.carl.id, story.dana.id, erik,
    }  # fmt: skip
    shifts = done(await story.alma.activities.get("/me/sessions"))["items"]
    served = [one["id"] for one in shifts if one["mine"]["status"] == "served"]
    assert set(served) == set(story.held), "the hours of both"

    me = done(await story.berit.registry.get("/me"))
    assert me["id"] == alma
    roles = {(one["role"], *one["scope"]["ids"]) for one in me["roles"]}
    assert roles == {
        ("volunteer", story.place.organisation), ("coordinator", story.second),
    }  # fmt: skip
    gone = await story.ada.client.get(f"/people/{berit}")
    assert (gone.status_code, gone.json()["merged_into"]) == (308, alma)
    assert gone.headers["location"] == f"/api/registry/people/{alma}"
    refused(
        await story.ada.client.post(f"/people/{berit}/protect", {"on": True}), 409, "merged-already"
    )

    before = await everything(system)
    await said_again(system)
    assert await everything(system) == before


async def _seated_once(story: Story) -> bool:
    seats = await story.world.seats(story.session)
    return story.berit.id not in seats and seats[story.erik.id] in ("seated", "offered")


@pytest.mark.promise("P16")
@pytest.mark.promise("P18")
async def test_merging_people_is_previewed_has_one_effect_and_ends_with_both_erased(
    system: System,
) -> None:
    await system.start("registry")
    world = ActivitiesWorld(system)
    ada, cora = await world.administrator(), await world.somebody("cora")
    organisation = await world.organisation(cora, ada)
    alma, berit = await world.somebody("alma"), await world.somebody("berit")
    await world.volunteer(berit, organisation)
    path = f"/people/{berit.id}/merge"
    refused(await cora.client.post(path, {"into": alma.id}), 403, "not-allowed")
    preview = done(await ada.client.get(f"{path}?into={alma.id}"))
    assert preview["moves"] == {"roles": 1, "asks_to_join": 0}
    assert (preview["in_common"], preview["refused"]) == ([], None)
    itself = done(await ada.client.get(f"{path}?into={berit.id}"))
    assert itself["refused"]["code"] == "merged-into-itself"
    refused(await ada.client.post(path, {"into": "nobody"}), 409, "not-yet-known")

    first = done(await ada.client.post(path, {"into": alma.id}, key="once"))
    again = done(await ada.client.post(path, {"into": alma.id}, key="once"))
    other = done(await ada.client.post(path, {"into": alma.id}))
    assert first == again == other
    stored = await system.raw("registry", "person").find_one({"_id": berit.id})
    assert (stored["state"]["name"], stored["state"]["mail"], stored["state"]["roles"]) == (
        "—",
        None,
        [],
    )
    refused(
        await ada.client.post(f"/people/{cora.id}/merge", {"into": berit.id}), 409, "merged-already"
    )
    granted = await ada.client.post(
        f"/people/{berit.id}/roles", role_body("coordinator", organisation)
    )
    assert granted.json()["person"] == alma.id, "an old id is followed"

    assert (await ada.client.post(f"/people/{alma.id}/erase")).status_code == 204
    for id in (alma.id, berit.id):
        row = await system.raw("registry", "person").find_one({"_id": id})
        assert row["state"]["status"] == "erased"
        refused(await ada.client.get(f"/people/{id}"), 404, "not-found")


@pytest.mark.promise("P5")
async def test_of_two_mergers_that_go_opposite_ways_at_once_one_holds(system: System) -> None:
    await system.start("registry")
    await system.start("registry")
    world = ActivitiesWorld(system)
    ada = await world.administrator()
    ada_there = system.client("registry", "ada", 1)
    for number in range(6):
        cora, dora = await world.somebody(f"c{number}"), await world.somebody(f"d{number}")
        one = await world.organisation(cora, ada, kind="partner", name=f"Biblioteket {number}")
        two = await world.organisation(dora, ada, kind="partner", name=f"Bokbussen {number}")
        for kind, first, second in (("organisations", one, two), ("people", cora.id, dora.id)):
            answers = await asyncio.gather(
                ada.client.post(f"/{kind}/{first}/merge", {"into": second}),
                ada_there.post(f"/{kind}/{second}/merge", {"into": first}),
            )
            codes = sorted(answer.status_code for answer in answers)
            assert codes == [200, 409], [answer.text for answer in answers]
            await _settled_as_one(system, kind, first, second)
        shown = done(await cora.client.get("/me"))
        assert shown == done(await dora.client.get("/me"))
        rows = (
            await system.raw("registry", "organisation")
            .find({"_id": {"$in": [one, two]}})
            .to_list(None)
        )
        [winner] = [row["_id"] for row in rows if not row["state"]["merged"]]
        assert {tuple(role["scope"]["ids"]) for role in shown["roles"]} == {(winner,)}


async def _settled_as_one(system: System, kind: str, first: str, second: str) -> None:
    collection = system.raw("registry", "organisation" if kind == "organisations" else "person")

    async def settled() -> bool:
        rows = await collection.find({"_id": {"$in": [first, second]}}).to_list(None)
        merged = [row["_id"] for row in rows if row["state"]["merged"]]
        return len(merged) == 1 and not any(row["pending"] for row in rows)

    await eventually(settled)


class Two:
    """Two entries for one parish: `cora`'s that remains and `dora`'s, with a place and a session."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.world = ActivitiesWorld(system)

    async def begin(self) -> None:
        await self.system.start("registry", *HEARING)
        self.here = await self.world.an_open_meeting_place("cora")
        self.there = await self.world.an_open_meeting_place("dora")
        self.ada = Somebody(self.here.administrator.registry, self.here.administrator.id)
        [self.alma] = await self.world.volunteers(self.there.organisation, "alma")
        self.first, self.second = [
            await self.world.a_session(self.there, at(day, 16)) for day in ("2026-12-09", "2026-12-10")
        ]  # fmt: skip
        for session in (self.first, self.second):
            await signed_up([self.alma], session)

    @property
    def winner(self) -> str:
        return self.here.organisation

    @property
    def loser(self) -> str:
        return self.there.organisation

    async def proposed_by_both(self) -> str:
        """A place that both were to host; the agency and the one that is merged have signed."""
        dora = Somebody(self.there.coordinator.registry, self.there.coordinator.id)
        body = proposal_body(
            [self.there.house], [self.loser, self.winner], self.world.day(0), self.world.day(99)
        )
        id = made(await dora.client.post("/meeting-places", body))["id"]
        officer = self.there.officer.registry
        done(await officer.post(f"/meeting-places/{id}/sign", {"party": "agency"}))
        done(await dora.client.post(f"/meeting-places/{id}/sign", {"party": self.loser}))
        return str(id)

    async def cancelled_by(self, someone: Someone) -> bool:
        """Whether they have been let in to cancel the first session."""
        path = f"/sessions/{self.first}/cancel"
        return (await someone.activities.post(path, {"reason": "illness"})).status_code == 200

    async def moved(self) -> bool:
        """Whether nothing in activities is the merged one's any more."""
        rows = [
            await self.system.raw("activities", name).find_one({"keys.organiser": self.loser})
            for name in ("activity", "session")
        ]
        return rows == [None, None]


@pytest.mark.case("R22")
@pytest.mark.promise("P4")
@pytest.mark.promise("P5")
@pytest.mark.parametrize("late", ["organisation", "person", ""])
async def test_two_entries_for_one_organisation_become_one_without_losing_seat_role_or_place(
    system: System, late: str
) -> None:
    two = Two(system)
    await two.begin()
    both = await two.proposed_by_both()
    path = f"/organisations/{two.loser}/merge"
    preview = done(await two.ada.client.get(f"{path}?into={two.winner}"))
    assert preview["refused"] is None
    assert preview["moves"] == {
        "people_with_roles": 2, "asks_to_join": 0, "meeting_places": 2, "branches": 0,
        "open_applications": 0,
    }  # fmt: skip
    async with nobody_hears_of(system, late, bool(late)):
        merged = done(await two.ada.client.post(path, {"into": two.winner}))
        assert merged["id"] == two.winner
        place = done(await two.ada.client.get(f"/meeting-places/{two.there.id}"))
        assert (place["hosts"], place["status"]) == ([two.winner], "open")
        agreed = done(await two.ada.client.get(f"/meeting-places/{both}"))
        assert (agreed["hosts"], agreed["status"]) == ([two.winner], "agreed")
        dora = two.there.coordinator
        assert [held["scope"]["ids"] for held in done(await dora.registry.get("/me"))["roles"]] == [
            [two.winner]
        ]
        if not late:
            await eventually(two.moved)
        # A process remembers for up to 0.5 s for whom she spoke.
        await eventually(lambda: two.cancelled_by(dora), 2)
        await told(system, "alma", "Inställt: Språkcafé demo onsdag 9 december")
        if not late:
            await told(system, "cora", "Inställt: Språkcafé demo onsdag 9 december")
    await eventually(two.moved)
    assert (await titles(system, "alma")).count("Inställt: Språkcafé demo onsdag 9 december") == 1
    assert await two.world.told(two.second, "seats_released") == []
    assert await two.world.seats(two.second) == {two.alma.id: "seated"}
    seen = await two.world.session(two.here.coordinator, two.second)
    assert (seen["organiser"], [one["person"] for one in seen["people"]]) == (
        two.winner, [two.alma.id],
    )  # fmt: skip

    gone = await two.ada.client.get(f"/organisations/{two.loser}")
    assert (gone.status_code, gone.json()["merged_into"]) == (308, two.winner)
    steps = done(await two.ada.client.get(f"/organisations/{two.winner}/timeline"))["items"]
    theirs = {step["what"] for step in steps if step.get("merged_from") == two.loser}
    assert {"registry.organisation.applied", "registry.organisation.merged"} <= theirs
    assert any("merged_from" not in step for step in steps)
    before = await everything(system)
    await said_again(system)
    assert await everything(system) == before


@pytest.mark.promise("P14")
async def test_a_national_organisation_merges_its_own_branches_and_its_branches_follow_it(
    system: System,
) -> None:
    await system.start("registry")
    world = ActivitiesWorld(system)
    ada, nina, nora = [await world.administrator(), *[await world.somebody(one) for one in ("nina", "nora")]]  # fmt: skip
    riks = await world.organisation(nina, ada, name="Riks demo", kind="national")
    other = await world.organisation(nora, ada, name="Riks demo två", kind="national")
    people = [await world.somebody(f"b{number}") for number in range(3)]
    one, two = [await world.organisation(person, ada, name=f"Kretsen {person.id[:4]}", kind="branch",
                                         parent=riks) for person in people[:2]]  # fmt: skip
    foreign = await world.organisation(
        people[2], ada, name="Annan krets", kind="branch", parent=other
    )
    merge = f"/organisations/{two}/merge"
    refused(await nina.client.post(merge, {"into": foreign}), 403, "not-allowed")
    refused(await people[1].client.post(merge, {"into": one}), 403, "not-allowed")
    refused(await nina.client.post(merge, {"into": riks}), 403, "not-allowed")
    refused(await ada.client.post(merge, {"into": riks}), 409, "kinds-differ")
    assert done(await nina.client.post(merge, {"into": one}))["id"] == one
    refused(await ada.client.post(f"/organisations/{two}/leave"), 409, "merged-already")

    application = {"name": "Ny krets", "kind": "branch", "parent": other}
    late = made(await people[2].client.post("/organisations", application))["id"]
    done(await ada.client.post(f"/organisations/{other}/merge", {"into": riks}))
    for branch in (foreign, late):
        assert done(await ada.client.get(f"/organisations/{branch}"))["parent"] == riks
    done(await nora.client.post(f"/organisations/{late}/approve"))
    after = made(await people[0].client.post("/organisations", {**application, "name": "Ännu en"}))
    assert after["parent"] == riks, "the old id is followed"


@pytest.mark.promise("P5")
async def test_what_a_killed_process_left_half_merged_is_done_by_its_own_event(
    system: System,
) -> None:
    await system.start("registry")
    world = ActivitiesWorld(system)
    ada, cora, dora = [await world.administrator(), *[await world.somebody(one) for one in ("cora", "dora")]]  # fmt: skip
    one = await world.organisation(cora, ada, kind="partner", name="Biblioteket demo")
    two = await world.organisation(dora, ada, kind="partner", name="Bokbussen demo")
    store, now = system.copy("registry").app.state.registry.store, system.clock.now()
    winner = (await store.load(ORGANISATION, one)).state
    human = (await store.load(PERSON, cora.id)).state
    # All that a process killed right after its commit leaves behind.
    await store.change(
        ORGANISATION, two,
        lambda it: Change(*organisation_merging.merge(two, it, one, winner, now)), By(),
    )  # fmt: skip
    await store.change(
        PERSON, dora.id,
        lambda it: Change(*person_merging.merge(dora.id, it, cora.id, human, now)), By(),
    )  # fmt: skip

    async def one_of_each() -> bool:
        shown = done(await dora.client.get("/me"))
        places = {tuple(held["scope"]["ids"]) for held in shown["roles"]}
        left = (await store.load(PERSON, dora.id)).state
        return shown["id"] == cora.id and places == {(one,)} and left.name == "—"

    await eventually(one_of_each, 20)
