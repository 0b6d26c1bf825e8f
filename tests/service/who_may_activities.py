"""The network as activities knows it: a branch's activity and a foreign one, and everyone around them."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from deploy.who_may import elsewhere
from deploy.who_may.statement import Role
from shared.permissions import stated_permissions
from tests.harness import Client, System
from tests.service.documented_bodies import documented_body
from tests.service.registry_world import Somebody
from tests.service.who_may_requests import Try
from tests.service.who_may_world import Thing, stands
from tests.service.world import ActivitiesWorld, Place, plan, signed_up

PREFIX = "/api/activities"
ROLES = ("leader", "helper")


class BranchWorld(ActivitiesWorld):
    """A world that can be told what its next organisation is."""

    next_is: Mapping[str, Any] = {}

    async def organisation(self, applicant: Somebody, administrator: Somebody, **more: Any) -> str:
        """An approved organisation; its id."""
        told, self.next_is = self.next_is, {}
        return await super().organisation(applicant, administrator, **{**more, **told})


class ActivitiesNetwork:
    """Whom and what activities knows, by name."""

    service = "activities"
    statements = elsewhere.ACTIVITIES | elsewhere.COMMON
    sees = elsewhere.SEES
    roles: Mapping[str, Role] = {
        "nobody": Role.NOBODY,
        "stranger": Role.STRANGER,
        "registered": Role.REGISTERED,
        "vera": Role.VOLUNTEER,
        "leader": Role.VOLUNTEER,
        "cora": Role.COORDINATOR,
        "national": Role.NATIONAL,
        "olle-cora": Role.OFFICER,
        "reader": Role.READER,
        "ada-cora": Role.ADMINISTRATOR,
        "operator": Role.OPERATOR,
    }

    def __init__(self, system: System) -> None:
        self.system, self.world = system, BranchWorld(system)
        self.places: dict[str, Place] = {}
        self.things: dict[str, list[Thing]] = {}
        self.clients: dict[str, Client] = {}

    async def built(self) -> Self:
        """Two places with an activity each, one of them a branch's; everyone known with their role."""
        await self._places()
        await self._people()
        ours, theirs = self.places.values()
        roles = [{"role": role, "minimum": 1, "maximum": 2} for role in ROLES]
        mine = await self.world.an_activity(ours, roles=roles)
        foreign = await self.world.an_activity(theirs, roles=roles)
        session = mine["meetings"][0]["session"]
        await signed_up(self.leaders, session, "leader")
        near = stands("own", "cora", "vera", "leader") | stands("child", "national")
        self.things = {
            "activity": [Thing(mine["id"], near), Thing(foreign["id"])],
            "session": [
                Thing(session, near | {"leader": "leads"}),
                Thing(foreign["meetings"][0]["session"]),
            ],
            "plan": [Thing(ours.organisation, near), Thing(theirs.organisation)],
        }
        return self

    async def _places(self) -> None:
        world, ada = self.world, await self.world.administrator()
        nina = await world.someone("national")
        riks = await world.organisation(
            Somebody(nina.registry, nina.id), ada, name="Riks demo", kind="national"
        )
        await world.has_role(nina, "coordinator")
        world.next_is = {"name": "Krets demo", "kind": "branch", "parent": riks, "number": None}
        self.places = {name: await world.an_open_meeting_place(name) for name in ("cora", "dora")}

    async def _people(self) -> None:
        world, ours = self.world, self.places["cora"]
        _, *self.leaders = await world.volunteers(ours.organisation, "vera", "leader")
        await world.someone("registered")
        await self._given("reader", "county_reader", "counties", "25")
        await self._given("operator", "operator", "national")
        for name in self.roles:
            subject = None if name == "nobody" else name
            self.clients[name] = self.system.client("activities", subject)

    async def _given(self, name: str, role: Any, kind: Any, *ids: str) -> None:
        person = await self.world.someone(name)
        await self.world.role(Somebody(person.registry, person.id), role, kind, *ids)
        await self.world.heard("person", person.id, {"state.roles.role": role})

    def tries(self) -> Iterator[Try]:
        """Every route of activities, each on everything it can be about."""
        for route, permission in stated_permissions(self.system.copy("activities").app):
            method, template = route.split()
            if not template.startswith(PREFIX) or permission is None:
                continue
            subject = self.statements[permission.name].subject
            about = "{id}" in template or (subject == "plan" and not template.endswith("/preview"))
            things = self.things[subject] if subject and about else [None]
            for thing in things:
                yield Try(method, template.removeprefix(PREFIX), permission.name, thing)

    def address(self, one: Try, _person: str) -> str:
        """The path filled in for one thing."""
        at_hand = self.things["session"][0].id if one.path.startswith("/sessions") else "nothing"
        path = one.path.replace("{id}", one.thing.id if one.thing else at_hand)
        path = path.replace("{accommodation}", self.places["cora"].house)
        named = "activities.session" if "fingerprints" in path else "session"
        return path.replace("{aggregate}", named)

    def body(self, one: Try, _person: str) -> Any:
        """What the service itself gives as an example; a plan for the thing's organisation."""
        document = self.system.copy("activities").app.openapi()
        if one.permission == "activity.plan" and one.thing:
            places = self.places.values()
            place = next(place for place in places if place.organisation == one.thing.id)
            return plan(place)
        sent = documented_body(document, one.method, PREFIX + one.path)
        return {**sent, "number": 1} if "/move" in one.path else sent
