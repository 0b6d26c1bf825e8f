"""The proof of P16: whoever is erased is in no database, queue or log, and does not come back.

Somebody with unmistakable words is written into everything that can hold a person, and then looked
for in the bytes of every document of every service, in every message, in every line of the logs.
"""

import logging
from datetime import timedelta
from typing import Any

import aio_pika
import bson
import pytest
import structlog

from deploy.admin import plan
from services.registry.kinds import PERSON
from services.registry.restored import ledger_lines, restored, take_in_ledger
from shared import resync
from shared.contracts.base import Event, EventData
from shared.kind import By, pending_event
from tests.harness import TUESDAY_MORNING, System, eventually
from tests.service.registry_world import Somebody, done, made, role_body
from tests.service.world import ActivitiesWorld, Place, Someone, at, signed_up

NAME, SUBJECT, PHONE = "Zorkblatt Vexilla", "zorksubject", "+46701740699"
MAIL = "zork.vexilla@demo.example"
WORDS = "Zorkblattfrågan om vexillologi"
MARKS = ("Zorkblatt", "Vexilla", "vexillologi", SUBJECT, PHONE, "zork.vexilla")
SERVICES = ("registry", "activities", "notifications")
GONE_WITHIN_SECONDS = 60
# Who did what stays by id, which is nobody's any more: tombstones, histories, others' documents.
MAY_NAME_THE_ID = {
    "registry": {"person", "history", "support_case", "invitation"},
    "activities": {"replica_registry_person", "history"},
    "notifications": {"replica_registry_person", "replica_registry_contact", "replica_registry_invitation", "replica_registry_support_case"},
}  # fmt: skip


class Traces:
    """Looks for somebody everywhere."""

    def __init__(self, system: System, id: str) -> None:
        self.system = system
        self.id = id

    async def found(self, marks: tuple[str, ...] = MARKS) -> list[str]:
        """Where a mark, or the id where it must not be, still stands."""
        traces = []
        for service in SERVICES:
            database = self.system.raw(service, "any").database
            for name in await database.list_collection_names():
                if name.startswith("system."):
                    continue
                async for document in database[name].find({}):
                    traces += self._in(service, name, bson.encode(document), marks)
        return [*traces, *await self._queued(marks)]

    def _in(self, service: str, name: str, raw: bytes, marks: tuple[str, ...]) -> list[str]:
        there = [mark for mark in marks if mark.encode() in raw]
        if self.id.encode() in raw and name not in MAY_NAME_THE_ID[service]:
            there.append("id")
        return [f"{service}.{name}: {mark}" for mark in there]

    async def _queued(self, marks: tuple[str, ...]) -> list[str]:
        connection = await aio_pika.connect(self.system.vhost.url)
        async with connection:
            channel = await connection.channel()
            bodies = {}
            for queue in plan().queues:
                there = await channel.get_queue(queue.name)
                while (message := await there.get(fail=False)) is not None:
                    bodies[queue.name] = bodies.get(queue.name, b"") + message.body
            return [
                f"{name}: {mark}"
                for name, body in bodies.items()
                for mark in marks
                if mark.encode() in body
            ]

    async def are_gone(self) -> None:
        """Within a minute, and for good."""
        left: list[str] = []

        async def none() -> bool:
            left[:] = await self.found()
            return not left

        try:
            await eventually(none, GONE_WITHIN_SECONDS)
        except AssertionError:
            pytest.fail(f"still there: {sorted(set(left))}")


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Everything that the services log."""
    written: list[str] = []
    caplog.set_level(logging.INFO)
    before = structlog.get_config()["processors"]

    def keep(logger: Any, method: str, event: structlog.types.EventDict) -> Any:
        written.append(f"{method} {event}")
        return event

    structlog.configure(processors=[keep, *before])
    return written


@pytest.mark.promise("P16")
@pytest.mark.case("X12")
async def test_nothing_is_left_of_who_is_erased_and_nothing_brings_them_back(
    system: System, lines: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    await system.start(*SERVICES)
    world = ActivitiesWorld(system)
    place = await world.an_open_meeting_place("cora")
    zork = await _written_everywhere(world, place)
    traces = Traces(system, zork.id)
    there = {trace.split(":")[0] for trace in await traces.found()}
    assert {
        "registry.person",
        "registry.account",
        "registry.reads",
        "registry.failed",
        "registry.support_case",
        "registry.invitation",
        "activities.session",
        "activities.replica_registry_person",
        "activities.failed",
        "notifications.lines",
        "notifications.notifications",
        "notifications.deliveries",
        "notifications.preferences",
        "notifications.replica_registry_contact",
        "notifications.failed",
    } <= there
    backup = await _backup(system, zork.id)
    store = system.copy("registry").process.plumbing.store

    answer = await zork.client.request(
        "DELETE", "/me", headers={"If-Match": (await zork.client.get("/me")).headers["etag"]}
    )
    assert answer.status_code == 204, answer.text
    await traces.are_gone()
    kept = await ledger_lines(store)

    # A replay of everything, and an event that was on its way for a long time.
    for kind in system.copy("registry").process.service.kinds:
        await resync.events_since(store, kind, system.clock.now() - timedelta(days=400))
    _late_event(system, backup["registry"]["person"])
    await _settled(system)
    await traces.are_gone()

    # Yesterday's backup of the registry, with the ledger that was kept beside it.
    await _restore(system, "registry", backup["registry"], {"pending": []})
    await system.raw("registry", "erasures").delete_many({})
    assert await take_in_ledger(store, kept) >= 1
    assert await restored(store) == 1
    await traces.are_gone()

    # Yesterday's backup of the others, and a resync from the owner.
    for service in ("activities", "notifications"):
        await _restore(system, service, backup[service], {})
    await resync.snapshots(store, PERSON)
    await traces.are_gone()

    logged = [*lines, caplog.text]
    assert [mark for mark in MARKS for line in logged if mark in line] == []


async def _written_everywhere(world: ActivitiesWorld, place: Place) -> Somebody:
    """Somebody with every role, seat, question, message and mishap that one can have."""
    system, cora = world.system, place.coordinator
    client = system.client("registry", SUBJECT)
    body = {"name": NAME, "mail": MAIL, "phone": PHONE, "municipality": "2582"}
    zork = Somebody(client, done(await client.put("/me", body))["id"])
    someone = Someone(zork.id, client, system.client("activities", SUBJECT))
    await world.volunteer(zork, place.organisation)
    coordinator = role_body("coordinator", place.organisation)
    made(await cora.registry.post(f"/people/{zork.id}/roles", coordinator))
    await world.has_role(someone, "volunteer")
    (other,) = await world.volunteers(place.organisation, "vera")

    soon, full, cancelled = [
        await world.a_session(place, at(day, 17), roles=[_one_helper(most)])
        for day, most in (("2026-12-02", 2), ("2026-12-09", 1), ("2026-12-10", 2))
    ]
    await signed_up([someone], soon)
    await signed_up([other, someone], full)
    await signed_up([someone], cancelled)
    path = f"/sessions/{cancelled}/cancel"
    done(await place.coordinator.activities.post(path, {"reason": "illness"}))

    await eventually(lambda: _may_read_the_way(zork, place.house), 15)
    question = {"organisation": place.organisation, "subject": "Fråga", "words": WORDS}
    made(await zork.client.post("/support-cases", question))
    invitation = {**role_body("volunteer", place.organisation), "mail": MAIL}
    made(await cora.registry.post("/invitations", invitation))

    told = system.client("notifications", SUBJECT)
    await eventually(lambda: _told(system, zork.id), 15)
    preferences = await told.get("/me/preferences")
    wanted = {"mail": {**done(preferences)["mail"], "news_nearby": False}}
    assert (await told.put("/me/preferences", wanted, preferences.headers["etag"])).is_success
    await _fails_everywhere(system, zork.id)

    for service in SERVICES:
        mine = await system.client(service, SUBJECT).get("/me/export")
        assert zork.id in mine.text, service
    exported = (await client.get("/me/export")).text
    assert [
        mark for mark in (NAME, MAIL, PHONE, WORDS, "role_granted") if mark not in exported
    ] == []
    seen = done(await client.get("/me/who-sees-me"))
    assert {one["who"] for one in seen["people"]} == {
        "yourself", "coordinators", "administrators", "officers",
    }  # fmt: skip
    assert seen["addresses_you_read"][0]["accommodation"] == place.house
    return zork


def _one_helper(most: int) -> dict[str, Any]:
    return {"role": "helper", "minimum": 1, "maximum": most}


async def _may_read_the_way(zork: Somebody, house: str) -> bool:
    return (await zork.client.get(f"/accommodations/{house}/way-there")).status_code == 200


async def _told(system: System, id: str) -> bool:
    return await system.raw("notifications", "deliveries").find_one({"person": id}) is not None


async def _fails_everywhere(system: System, id: str) -> None:
    """Each service has a message about them that it could not take, with all that it says."""
    for service in SERVICES:
        kind = "contact" if service == "notifications" else "person"
        event = _old_event(id, kind, {"name": NAME, "mail": MAIL, "version": 1})
        failed = system.copy(service).process.plumbing.failed
        await failed.record(f"{service}.registry.{kind}", event, ValueError())
        # It is not to be mended before they leave.
        later = system.clock.now() + timedelta(days=1)
        await failed.rows.update_one({"subject": id}, {"$set": {"due": later}})


def _old_event(id: str, kind: str, state: dict[str, Any]) -> Event:
    return Event(
        id=f"old-{kind}",
        source="/registry",
        type=f"registry.{kind}.changed",
        subject=id,
        time=TUESDAY_MORNING,
        aggregateversion=1,
        correlationid="old",
        data=EventData(facts={"fields": ["name"]}, state=state),
    )


def _late_event(system: System, document: dict[str, Any]) -> None:
    """The registry says again what it said long ago, with the state that it had."""
    relay = system.copy("registry").process.plumbing.relay
    now = system.clock.now()
    for type in ("registry.person.changed", "registry.contact.changed"):
        facts = {"fields": ["name"]} if "person" in type else {}
        event = pending_event(type, document["_id"], 1, facts, By(), now)
        relay.committed(PERSON, document["_id"], 1, PERSON.read(document), [event])


async def _settled(system: System) -> None:
    """Until the registry has told everything that it has to tell."""
    person = system.raw("registry", "person")

    async def told() -> bool:
        waiting = await person.find_one({"pending": {"$ne": []}})
        return waiting is None and not system.copy("registry").process.plumbing.relay.backlog

    await eventually(told, 30)


Backup = dict[str, dict[str, Any]]


async def _backup(system: System, id: str) -> Backup:
    """What each service holds by the person's id, or about them."""
    kept: Backup = {}
    for service in SERVICES:
        database = system.raw(service, "any").database
        kept[service] = {}
        for name in await database.list_collection_names():
            found = await database[name].find_one({"$or": [{"_id": id}, {"person": id}]})
            if found is not None:
                kept[service][name] = found
    return kept


async def _restore(
    system: System, service: str, kept: dict[str, Any], more: dict[str, Any]
) -> None:
    for name, document in kept.items():
        restored_document = {**document, **(more if "pending" in document else {})}
        await system.raw(service, name).replace_one(
            {"_id": document["_id"]}, restored_document, upsert=True
        )
