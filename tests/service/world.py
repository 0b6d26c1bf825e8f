"""The world of activities in the words of the field: an open meeting place, volunteers, a season."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from shared.people import HEARTBEAT
from tests.harness import Client, eventually
from tests.service.registry_world import Somebody, World, done, made

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@dataclass
class Someone:
    """A person as both services know them."""

    id: str
    registry: Client
    activities: Client


@dataclass
class Place:
    """An open meeting place with the people around it."""

    organisation: str
    house: str
    id: str
    coordinator: Someone
    officer: Someone
    administrator: Someone


class ActivitiesWorld(World):
    """Builds the registry's part for real, and waits until activities has heard of it."""

    async def someone(self, subject: str) -> Someone:
        """A registered person whom activities knows."""
        person = await self.somebody(subject)
        client = self.system.client("activities", subject)

        async def known() -> bool:
            return (await client.get("/me/sessions")).status_code == 200

        await eventually(known)
        return Someone(person.id, person.client, client)

    async def an_open_meeting_place(
        self, name: str = "cora", lives_there: dict[str, Any] | None = None, **more: Any
    ) -> Place:
        """One house, one approved organisation that hosts a meeting place there.

        `lives_there` is what is said of the house, `more` of the meeting place.
        """
        officer = await self.officer(f"olle-{name}")
        ada = await self.administrator(f"ada-{name}")
        await self.somebody(name)
        cora = await self.someone(name)
        host = await self.somebody(name)
        organisation = await self.organisation(host, ada)
        house = await self.accommodation(
            officer, **{"name": f"Boendet {name}", **(lives_there or {})}
        )
        id = await self.meeting_place(host, officer, house, organisation, **more)
        await self.heard("meeting_place", id, {"state.status": "open"})
        await self.heard("accommodation", house, {"state.status": "open"})
        await self.has_role(cora, "coordinator")
        return Place(
            organisation,
            house,
            id,
            cora,
            Someone(officer.id, officer.client, self.system.client("activities", f"olle-{name}")),
            Someone(ada.id, ada.client, self.system.client("activities", f"ada-{name}")),
        )

    async def another_place(self, place: Place, **more: Any) -> Place:
        """A further open meeting place of the same organisation at the same house."""
        cora = await self.somebody("cora")
        officer = await self.officer("olle-cora")
        id = await self.meeting_place(cora, officer, place.house, place.organisation, **more)
        await self.heard("meeting_place", id, {"state.status": "open"})
        return Place(
            place.organisation, place.house, id, place.coordinator, place.officer,
            place.administrator,
        )  # fmt: skip

    async def volunteers(self, organisation: str, *subjects: str) -> list[Someone]:
        """Volunteers of an organisation, whom activities knows with their role."""
        connections = asyncio.Semaphore(10)

        async def volunteer(subject: str) -> Someone:
            async with connections:
                person = await self.someone(subject)
                known = Somebody(person.registry, person.id)
                await self.volunteer(known, organisation)
                await self.has_role(person, "volunteer")
                return person

        return await asyncio.gather(*map(volunteer, subjects))

    async def an_activity(self, place: Place, **more: Any) -> dict[str, Any]:
        """A planned activity: next Tuesday 17-19, one meeting, two helpers, unless said otherwise."""
        return dict(
            made(await place.coordinator.activities.post("/activities", plan(place, **more)))
        )

    async def a_session(self, place: Place, start: datetime | None = None, **more: Any) -> str:
        """One session, by default next Tuesday 17-19 local; its id."""
        if start is not None:
            more["schedule"] = once(start, more.pop("hours", 2))
        activity = await self.an_activity(place, **more)
        return str(activity["meetings"][0]["session"])

    async def until(self, moment: datetime) -> None:
        """Let time jump to this moment, with the registry heard from there."""
        self.system.clock.advance(moment - self.system.clock.now())
        people = self.system.copy("activities").process.service.people

        async def fresh() -> bool:
            now = self.system.clock.now()
            relay = self.system.copy("registry").process.plumbing.relay
            await relay.say(HEARTBEAT, "heartbeat", {"at": now.isoformat()})
            return float(await people.replica_age() or 0) < 60

        await eventually(fresh)

    async def heard(self, aggregate: str, id: str, fits: dict[str, Any]) -> None:
        """Until activities has the registry's newest word on it."""
        replica = self.system.raw("activities", f"replica_registry_{aggregate}")

        async def there() -> bool:
            return await replica.find_one({"_id": id, **fits}) is not None

        await eventually(there)

    async def session(self, who: Someone, id: str) -> dict[str, Any]:
        """A session as this person sees it."""
        return dict(done(await who.activities.get(f"/sessions/{id}")))

    async def seats(self, id: str) -> dict[str, str]:
        """Status by person, from the store itself."""
        document = await self.system.raw("activities", "session").find_one({"_id": id})
        return {seat["person"]: seat["status"] for seat in document["state"]["seats"]}

    async def told(self, id: str, type: str) -> list[dict[str, Any]]:
        """The facts of a session's events of one type, in order."""
        store = self.system.copy("activities").process.plumbing.store
        kinds = self.system.copy("activities").process.service.kinds
        kind = next(one for one in kinds if one.name == "activities.session")
        rows = await store.timeline(kind, id)
        return [row["facts"] for row in rows if row["type"] == f"activities.session.{type}"]

    async def has_role(self, person: Someone, role: str) -> None:
        await self.heard("person", person.id, {"state.roles.role": role})

        async def remembered() -> bool:
            answer = await person.activities.post(
                f"/sessions/{uuid4()}/sign-up", {"role": "helper"}
            )
            return answer.status_code == 404

        # A process remembers for up to 0.5 s who had no role.
        await eventually(remembered)


def plan(place: Place, **more: Any) -> dict[str, Any]:
    """What is sent to plan an activity."""
    return {
        "kind": "language_cafe",
        "title": {"sv": "Språkcafé demo"},
        "places": 20,
        "organiser": place.organisation,
        "meeting_place": place.id,
        "schedule": season("2026-12-08"),
        "roles": [{"role": "helper", "minimum": 1, "maximum": 2}],
        **more,
    }


def season(
    first: str, meetings: int = 1, start: str = "17:00", end: str = "19:00"
) -> dict[str, Any]:
    """Weekly from a date on, on its weekday."""
    weekday = date.fromisoformat(first).isoweekday()
    weekly = [{"weekday": weekday, "start": start, "end": end}]
    return {"weekly": weekly, "first": first, "meetings": meetings}


def once(start: datetime, hours: float = 2) -> dict[str, Any]:
    """One meeting at this moment."""
    local = start.astimezone(STOCKHOLM)
    end = local + timedelta(hours=hours)
    return season(local.date().isoformat(), 1, f"{local:%H:%M}", f"{end:%H:%M}")


def at(day: str, hour: int, minute: int = 0) -> datetime:
    """A local time as a moment."""
    wall = datetime.combine(date.fromisoformat(day), time(hour, minute), STOCKHOLM)
    return wall.astimezone(UTC)


async def signed_up(people: Sequence[Someone], session: str, role: str = "helper") -> list[Any]:
    """Each signs up in turn; what each was answered."""
    return [
        made(await one.activities.post(f"/sessions/{session}/sign-up", {"role": role}))
        for one in people
    ]
