"""One network in which everyone stands to everything in every way that a statement speaks of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self
from uuid import uuid4

from deploy.who_may.statement import Role
from shared.causes import following
from shared.contracts.registry import RoleGrant, Scope
from shared.kind import By
from tests.harness import Client, System, eventually
from tests.service.registry_world import (
    BODEN,
    MALMO,
    Somebody,
    World,
    done,
    made,
    role_body,
)

ROLES: dict[str, Role] = {
    "nobody": Role.NOBODY,
    "stranger": Role.STRANGER,
    "registered": Role.REGISTERED,
    "volunteer": Role.VOLUNTEER,
    "coordinator": Role.COORDINATOR,
    "national": Role.NATIONAL,
    "officer": Role.OFFICER,
    "county_officer": Role.OFFICER,
    "house_officer": Role.OFFICER,
    "reader": Role.READER,
    "administrator": Role.ADMINISTRATOR,
    "operator": Role.OPERATOR,
    # What these are should make no difference, or all of it.
    "protected": Role.VOLUNTEER,
    "too_early": Role.REGISTERED,
    "too_late": Role.REGISTERED,
    "of_a_paused": Role.REGISTERED,
    "suspended": Role.STRANGER,
}
OFFICERS = ("officer", "county_officer", "house_officer")
NORRBOTTEN, SKANE = "25", "12"


@dataclass(frozen=True)
class Thing:
    """One object: its id, and how each person stands to it (`other` when not named)."""

    id: str
    stand: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = "other"

    def to(self, person: str) -> str:
        """How the person stands to it."""
        return self.stand.get(person, self.otherwise)


def stands(words: str, *people: str) -> dict[str, str]:
    """These people stand so to it."""
    return dict.fromkeys(people, words)


class Network:
    """The people by name, and the things by kind and name."""

    def __init__(self, system: System) -> None:
        self.system, self.world = system, World(system)
        self.people: dict[str, Somebody] = {}
        self.clients: dict[str, Client] = {}
        self.things: dict[str, dict[str, Thing]] = {}
        self.grants: dict[str, str] = {}

    async def built(self) -> Self:
        """Everyone and everything there."""
        await self._everyone()
        await self._organisations()
        await self._roles()
        await self._accommodations()
        await self._meeting_places()
        await self._what_was_said()
        await self._offered_and_imported()
        await self._hinder()
        return self

    def id(self, kind: str, name: str) -> str:
        """The id of a thing."""
        return self.things[kind][name].id

    async def _everyone(self) -> None:
        for name in (*ROLES, "sven", "inga", "asker", "colleague", "sibling", "independent"):
            if name in ("nobody", "stranger"):
                subject = None if name == "nobody" else name
                self.clients[name] = self.system.client("registry", subject)
                continue
            self.people[name] = await self.world.somebody(name.replace("_", "-"))
            self.clients[name] = self.people[name].client
        await self._grant("administrator", "administrator", "national")
        await self._grant("operator", "operator", "national")
        await self._grant("officer", "officer", "national")
        await self._grant("county_officer", "officer", "counties", NORRBOTTEN)
        await self._grant("colleague", "officer", "counties", NORRBOTTEN)
        await self._grant("reader", "county_reader", "counties", NORRBOTTEN)

    async def _grant(self, person: str, role: Any, kind: Any, *ids: str) -> None:
        self.grants[person] = await self.world.role(self.people[person], role, kind, *ids)

    async def _organisations(self) -> None:
        world, people = self.world, self.people
        ada = people["administrator"]
        riks = await world.organisation(people["national"], ada, name="Riks demo", kind="national")
        more: dict[str, Any] = {"kind": "branch", "parent": riks}
        branch = await world.organisation(people["coordinator"], ada, name="Krets A demo", **more)
        sibling = await world.organisation(people["sibling"], ada, name="Krets B demo", **more)
        other = await world.organisation(people["independent"], ada, name="Fristående demo")
        self.paused = await world.organisation(
            people["of_a_paused"], ada, name="Pausad demo", kind="partner"
        )
        awaits = await self._application("sven", name="Krets C demo", **more)
        own = await self._application("registered", name="Bibliotek demo", kind="partner")
        us = ("volunteer", "coordinator", "protected", "suspended")
        self.things["organisation"] = {
            "riks": Thing(riks, stands("own", "national") | stands("parent", *us)),
            "branch": Thing(branch, stands("child", "national") | stands("own", *us)),
            "sibling": Thing(sibling, stands("child", "national") | stands("sibling", *us)),
            "other": Thing(other),
            "awaits": Thing(awaits, stands("child-application", "national"), "application"),
            "own": Thing(own, stands("own-application", "registered"), "application"),
        }
        applicants = {awaits: people["sven"], own: people["registered"]}
        for id, one in {**world.coordinators, **applicants}.items():
            text = {"text": {"sv": "Vi lovar."}}
            done(await one.client.post(f"/organisations/{id}/pledge", text))

    async def _application(self, by: str, **body: Any) -> str:
        return str(made(await self.people[by].client.post("/organisations", body))["id"])

    async def _roles(self) -> None:
        organisation = {name: one.id for name, one in self.things["organisation"].items()}
        for person, of in (
            ("volunteer", "branch"),
            ("protected", "branch"),
            ("sven", "sibling"),
            ("inga", "other"),
        ):
            await self._grant(person, "volunteer", "organisation", organisation[of])
        for person in ("coordinator", "national"):
            roles = done(await self.clients[person].get("/me"))["roles"]
            self.grants[person] = roles[0]["id"]
        await self._grant("suspended", "coordinator", "organisation", organisation["branch"])
        now = self.system.clock.now()
        await self._sometime("too_early", now + timedelta(days=1), now + timedelta(days=9))
        await self._sometime("too_late", now - timedelta(days=9), now - timedelta(days=1))
        for of in ("riks", "branch", "sibling", "other"):
            await self.world.asks(self.people["asker"], organisation[of])
        self._people_and_roles()

    async def _sometime(self, person: str, since: Any, until: Any) -> None:
        branch = self.id("organisation", "branch")
        scope = Scope(kind="organisation", ids=(branch,))
        grant = RoleGrant(
            id=str(uuid4()), role="coordinator", scope=scope, from_=since, until=until
        )
        people = self.system.copy("registry").app.state.registry.people
        await people.roles.grant(self.people[person].id, grant, following(By()))

    def _people_and_roles(self) -> None:
        person = {name: one.id for name, one in self.people.items()}
        above = stands("child", "national")
        self.things["person"] = {
            "volunteer": Thing(
                person["volunteer"], above | {"volunteer": "self", "coordinator": "own"}
            ),
            "coordinator": Thing(person["coordinator"], above | stands("self", "coordinator")),
            "sven": Thing(person["sven"], above | stands("sibling", "coordinator")),
            "inga": Thing(person["inga"]),
            "colleague": Thing(person["colleague"], stands("own-area", *OFFICERS[:2])),
        }
        organisations = self.things["organisation"]
        self.things["role"] = {
            f"volunteer {of}": organisations[of] for of in ("riks", "branch", "sibling", "other")
        } | {
            "a branch's coordinator": Thing(
                f"coordinator {organisations['branch'].id}",
                organisations["branch"].stand | stands("child-coordinator", "national"),
            ),
            "officer 25": Thing("officer", stands("own-area", *OFFICERS[:2])),
            "administrator": Thing("administrator"),
        }
        self.things["asks-for"] = {of: organisations[of] for of in ("riks", "branch", "other")}

    async def _accommodations(self) -> None:
        world, officer = self.world, self.people["officer"]
        near = await world.accommodation(officer, municipality=BODEN)
        far = await world.accommodation(officer, municipality=MALMO, name="Rosengård demo")
        planned = await world.accommodation(officer, opened=False, name="Nytt demo")
        await self._grant("house_officer", "officer", "accommodations", near)
        ours = ("coordinator", "volunteer", "protected", "suspended")
        self.things["accommodation"] = {
            "near": Thing(near, stands("own", *OFFICERS, *ours)),
            "far": Thing(far, stands("own", "officer")),
            "planned": Thing(planned, stands("own-planned", *OFFICERS[:2]), "planned"),
        }
        self.things["county"] = {
            BODEN: Thing(BODEN, stands("own", *OFFICERS[:2])),
            MALMO: Thing(MALMO, stands("own", "officer")),
        }
        self.things["wave"] = self.things["place"] = {
            name: self.things["accommodation"][name] for name in ("near", "far")
        }
        self.things["closing-plan"] = {
            name: Thing(await self._plan(one.id), one.stand)
            for name, one in self.things["wave"].items()
        }

    async def _plan(self, house: str) -> str:
        wave = [{"accommodation": house, "closes_on": self.world.day(90)}]
        body = {"name": "Vintern demo", "houses": wave}
        return str(made(await self.clients["officer"].post("/closing-plans", body))["id"])

    async def _meeting_places(self) -> None:
        near, far = self.id("accommodation", "near"), self.id("accommodation", "far")
        officer, world = self.people["officer"], self.world
        organisation = {name: one.id for name, one in self.things["organisation"].items()}
        us = self.people["coordinator"]
        here = await world.meeting_place(us, officer, near, organisation["branch"])
        there = await world.meeting_place(
            self.people["independent"], officer, far, organisation["other"]
        )
        proposed = await world.proposal(self.people["sibling"], near, organisation["sibling"])
        ours = stands("own", "coordinator", "suspended", *OFFICERS) | stands("child", "national")
        self.things["meeting-place"] = {
            "here": Thing(here, ours),
            "there": Thing(there, stands("own", "officer")),
            "proposed": Thing(
                proposed,
                stands("own-proposal", *OFFICERS) | stands("child-proposal", "national"),
                "proposal",
            ),
        }
        self.things["proposal"] = {
            "here": Thing(f"{near} {organisation['branch']}", ours),
            "there": Thing(f"{far} {organisation['other']}", stands("own", "officer")),
        }
        renewed = done(await us.client.post(f"/meeting-places/{here}/noticeboard/renew"))
        self.things["noticeboard"] = {"here": Thing(renewed["code"])}

    async def _what_was_said(self) -> None:
        near = self.id("accommodation", "near")
        await eventually(
            lambda: self._is_let_in("house_officer", f"/accommodations/{near}/timeline")
        )
        question = {
            "organisation": self.id("organisation", "branch"),
            "subject": "Nycklar",
            "words": "Vem har dem?",
        }
        asked = made(await self.clients["coordinator"].post("/support-cases", question))["id"]
        ours = stands("own", "coordinator", "suspended") | stands("child", "national")
        self.things["support-case"] = {"ours": Thing(asked, ours)}
        reported = made(await self.clients["volunteer"].post("/incidents", self.report(near)))["id"]
        answers_for = stands("own", *OFFICERS)
        self.things["incident"] = {
            "near": Thing(reported, answers_for | stands("reported", "volunteer"))
        }
        await self._complaints(answers_for | ours)

    def report(self, house: str) -> dict[str, Any]:
        """What is sent to report an incident."""
        at = (self.system.clock.now() - timedelta(hours=1)).isoformat()
        return {
            "accommodation": house,
            "kind": "intruder",
            "happened_at": at,
            "going_on": False,
            "words": "Någon knackade på.",
        }

    async def _complaints(self, stand: Mapping[str, str]) -> None:
        address = f"/noticeboards/{self.id('noticeboard', 'here')}/complaints"
        for about in ("place", "person"):
            body = {"about": about, "pictures": ["cold"]}
            made(await self.clients["nobody"].post(address, body))
        found = done(await self.clients["administrator"].get("/complaints"))["items"]
        ids = {one["about"]: one["id"] for one in found}
        about_a_person = {name: f"{how}-about-a-person" for name, how in stand.items()}
        self.things["complaint"] = {
            "of the place": Thing(ids["place"], stand),
            "of a person": Thing(ids["person"], about_a_person, "about-a-person"),
        }

    async def _is_let_in(self, person: str, path: str) -> bool:
        return (await self.clients[person].get(path)).status_code == 200

    async def _offered_and_imported(self) -> None:
        offer = {
            "mail": "ny@demo.example",
            **role_body("volunteer", self.id("organisation", "branch")),
        }
        offered = made(await self.clients["coordinator"].post("/invitations", offer))["id"]
        ours = stands("own", "coordinator", "suspended") | stands("child", "national")
        self.things["invitation"] = {"ours": Thing(offered, ours)}
        self.things["file"] = {
            kind: Thing(kind, otherwise=kind) for kind in ("accommodations", "organisations")
        }
        self.things["import"] = {
            "houses": Thing(
                await self._import("county_officer", "accommodations"),
                stands("own", "county_officer"),
            ),
            "members": Thing(
                await self._import("administrator", "organisations"), stands("own", "administrator")
            ),
        }

    async def _import(self, by: str, kind: str) -> str:
        return str(made(await self.clients[by].post("/imports", FILES[kind]))["id"])

    async def _hinder(self) -> None:
        ada = self.clients["administrator"]
        done(await ada.post(f"/people/{self.people['protected'].id}/protect", {"on": True}))
        done(await ada.post(f"/people/{self.people['suspended'].id}/suspend", {"on": True}))
        done(await ada.post(f"/organisations/{self.paused}/pause"))
        for person in ("suspended", "of_a_paused"):
            await eventually(lambda person=person: self._is_powerless(person))

    async def _is_powerless(self, person: str) -> bool:
        return (await self.clients[person].get("/accommodations")).status_code == 403


FILES = {
    "accommodations": {"kind": "accommodations", "csv": "namn;kommun;platser\nA demo;2582;9\n"},
    "organisations": {"kind": "organisations", "csv": "namn;typ\nB demo;partner\n"},
}
