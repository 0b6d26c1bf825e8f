"""The registry's world in the words of the field: an officer, a branch, a house, a meeting place."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from shared.causes import following
from shared.clock import local_date
from shared.contracts.registry import RoleGrant, RoleName, Scope, ScopeKind
from shared.kind import By
from tests.harness import Client, System, eventually

NUMBERS = ("802400-0005", "802400-0013", "802400-0021", "802400-0039", "969600-0000")
BODEN, PITEA, LULEA, MALMO = "2582", "2581", "2580", "1280"


@dataclass
class Somebody:
    """A registered person and their way to the registry."""

    client: Client
    id: str


class World:
    """Builds what a test needs through the API, except the roles that only operators hand out."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.numbers = iter(NUMBERS)
        self.coordinators: dict[str, Somebody] = {}

    @property
    def today(self) -> str:
        """The local date, as the API writes it."""
        return self.day(0)

    def day(self, ahead: int) -> str:
        """The local date so many days ahead."""
        return (local_date(self.system.clock.now()) + timedelta(days=ahead)).isoformat()

    async def somebody(self, subject: str, copy: int = 0) -> Somebody:
        """A registered person without any role."""
        client = self.system.client("registry", subject, copy)
        answer = await client.put(
            "/me", {"name": f"{subject.title()} Demo", "mail": f"{subject}@demo.example"}
        )
        assert answer.status_code == 200, answer.text
        return Somebody(client, answer.json()["id"])

    async def role(
        self, person: Somebody, role: RoleName, kind: ScopeKind, *ids: str, **more: Any
    ) -> str:
        """A role given past the API; its id."""
        now = self.system.clock.now()
        scope = Scope(kind=kind, ids=ids)
        grant = RoleGrant(id=str(uuid4()), role=role, scope=scope, from_=now, **more)
        people = self.system.copy("registry").app.state.registry.people
        await people.roles.grant(person.id, grant, following(By()))
        return grant.id

    async def asks(self, person: Somebody, organisation: str) -> None:
        """The person asks to join the organisation."""
        answer = await person.client.post(f"/organisations/{organisation}/ask-to-join")
        assert answer.status_code == 204, answer.text

    async def volunteer(self, person: Somebody, organisation: str) -> str:
        """The person has asked to join, and the coordinator has said yes; the role's id."""
        await self.asks(person, organisation)
        body = role_body("volunteer", organisation)
        coordinator = self.coordinators[organisation]
        return str(made(await coordinator.client.post(f"/people/{person.id}/roles", body))["id"])

    async def officer(
        self, subject: str = "olle", kind: ScopeKind = "national", *ids: str
    ) -> Somebody:
        """An officer of the agency."""
        person = await self.somebody(subject)
        await self.role(person, "officer", kind, *ids)
        return person

    async def administrator(self, subject: str = "ada") -> Somebody:
        """An administrator of the network."""
        person = await self.somebody(subject)
        await self.role(person, "administrator", "national")
        return person

    async def organisation(self, applicant: Somebody, administrator: Somebody, **more: Any) -> str:
        """An approved organisation, coordinated by its applicant; its id."""
        body = {"name": "Majblomman demo", "kind": "independent", **more}
        if body["kind"] in ("independent", "national"):
            body.setdefault("number", next(self.numbers))
        id = made(await applicant.client.post("/organisations", body))["id"]
        done(await administrator.client.post(f"/organisations/{id}/approve"))

        async def coordinates() -> bool:
            shown = done(await applicant.client.get(f"/organisations/{id}"))
            return "applicant" in shown

        # A process remembers for up to 0.5 s who had no role.
        await eventually(coordinates)
        self.coordinators[id] = applicant
        return str(id)

    async def accommodation(self, officer: Somebody, opened: bool = True, **more: Any) -> str:
        """An accommodation in Boden, open unless said otherwise; its id."""
        body = {"name": "Björknäs demo", "municipality": BODEN, "capacity": 200, **more}
        id = made(await officer.client.post("/accommodations", body))["id"]
        if opened:
            done(await officer.client.post(f"/accommodations/{id}/open"))
        return str(id)

    async def proposal(self, by: Somebody, house: str, host: str, **more: Any) -> str:
        """A proposed meeting place; its id."""
        body = proposal_body([house], [host], self.day(0), self.day(365), **more)
        return str(made(await by.client.post("/meeting-places", body))["id"])

    async def meeting_place(
        self, host: Somebody, officer: Somebody, house: str, organisation: str, **more: Any
    ) -> str:
        """An open meeting place; its id."""
        id = await self.proposal(host, house, organisation, **more)
        done(await officer.client.post(f"/meeting-places/{id}/sign", {"party": "agency"}))
        done(await host.client.post(f"/meeting-places/{id}/sign", {"party": organisation}))
        done(await host.client.post(f"/meeting-places/{id}/open"))
        return id


def role_body(role: str, organisation: str) -> dict[str, Any]:
    """What is sent to give a role in an organisation."""
    return {"role": role, "scope": {"kind": "organisation", "ids": [organisation]}}


def proposal_body(
    houses: list[str], hosts: list[str], since: str, until: str, **more: Any
) -> dict[str, Any]:
    """What is sent to propose a meeting place."""
    return {
        "name": "Församlingshemmet demo",
        "door": "Vaktmästaren öppnar, ring 070-174 06 05.",
        "rooms": [{"name": "Matsalen", "capacity": 40}],
        "opening_hours": [{"weekday": 2, "opens": "17:00", "closes": "20:00"}],
        "accommodations": houses,
        "hosts": hosts,
        "agreement": {"from": since, "until": until},
        **more,
    }


def made(answer: httpx.Response) -> Any:
    """The body of a 201."""
    assert answer.status_code == 201, answer.text
    return answer.json()


def done(answer: httpx.Response) -> Any:
    """The body of a 200."""
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int, code: str) -> Any:
    """The body of a refusal with this status and code."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    return answer.json()
