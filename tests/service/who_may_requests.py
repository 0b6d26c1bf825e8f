"""What is sent to each route of the registry, so that nothing but the permission can refuse it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.who_may import elsewhere, registry
from deploy.who_may.statement import May
from shared.permissions import stated_permissions
from tests.service.registry_world import proposal_body, role_body
from tests.service.who_may_world import FILES, NORRBOTTEN, ROLES, Network, Thing

PREFIX = "/api/registry"


class RegistryNetwork(Network):
    """The registry's people and things, with what is sent to its routes."""

    service = "registry"
    statements = registry.STATEMENTS | elsewhere.COMMON
    sees = registry.SEES
    roles = ROLES

    def tries(self) -> "Iterator[Try]":
        """Every route of the registry, each on everything it can be about."""
        return tries(self, self.statements)

    def address(self, one: "Try", person: str) -> str:
        """The path filled in for one thing."""
        return address(self, one, person)

    def body(self, one: "Try", person: str) -> Any:
        """What is sent, or None."""
        return body(self, one, person)


@dataclass(frozen=True)
class Try:
    """One route tried on one thing (or on none)."""

    method: str
    path: str
    permission: str
    thing: Thing | None


def tries(network: Network, statements: dict[str, May]) -> Iterator[Try]:
    """Every route of the registry, each on everything it can be about."""
    for route, permission in stated_permissions(network.system.copy("registry").app):
        method, template = route.split()
        if not template.startswith(PREFIX) or permission is None:
            continue
        path, may = template.removeprefix(PREFIX), statements[permission.name]
        for thing in _things(network, path, may):
            yield Try(method, path, permission.name, thing)


IN_BODY = ("role", "county", "wave", "file", "proposal", "asks-for", "place")
"""Kinds that stand in the body alone; what has its id in the path is asked for in no list."""


def _things(network: Network, path: str, may: May) -> list[Thing | None]:
    if may.subject is None or not ("{" in path or may.subject in IN_BODY):
        return [None]
    return list(network.things[may.subject].values())


def address(network: Network, one: Try, person: str) -> str:
    """The path filled in for one thing."""
    path = one.path.replace("{grant_id}", _grant_of(network, one.thing))
    path = path.replace("{code}", network.id("noticeboard", "here"))
    path = path.replace("{aggregate}", "registry.person" if "fingerprints" in path else "person")
    path = path.replace("{id}", one.thing.id if _is_in_path(one) else _at_hand(network, one.path))
    if one.method == "GET" and path.endswith("/merge"):
        path += f"?into={_into(network, one)}"
    return path


def _is_in_path(one: Try) -> bool:
    return one.thing is not None and not one.path.endswith("/roles")


def _at_hand(network: Network, path: str) -> str:
    """An id for routes whose permission is not about what stands in their path."""
    if path.startswith("/organisations"):
        return network.id("organisation", "other")
    return network.people["asker"].id if path.startswith("/people") else "nothing"


def _grant_of(network: Network, thing: Thing | None) -> str:
    if thing is None:
        return ""
    named = [name for name, person in network.people.items() if person.id == thing.id]
    return network.grants[named[0]] if named else ""


def _into(network: Network, one: Try) -> str:
    assert one.thing is not None
    if one.path.startswith("/people"):
        return network.people["asker"].id
    into = network.id("organisation", "sibling")
    return network.id("organisation", "branch") if one.thing.id == into else into


def body(network: Network, one: Try, person: str) -> Any:
    """What is sent, or None."""
    method_path = f"{one.method} {one.path}"
    make = getattr(_Bodies(network, one, person), _NAMES.get(method_path, ""), None)
    return make() if make else _FIXED.get(method_path)


_NAMES = {
    "POST /organisations/{id}/merge": "merge",
    "POST /people/{id}/merge": "merge",
    "POST /people/{id}/roles": "role",
    "POST /invitations": "invitation",
    "POST /people/{id}/decline-ask": "own_organisation",
    "POST /people/{id}/extract": "extract",
    "POST /people/{id}/extract/take-back": "own_organisation",
    "POST /accommodations": "house",
    "PUT /accommodations/{id}": "same_house",
    "POST /accommodations/{id}/residents": "figure",
    "POST /accommodations/{id}/close": "closing",
    "POST /closing-plans/preview": "wave",
    "POST /closing-plans": "named_wave",
    "PUT /closing-plans/{id}": "own_wave",
    "POST /closing-plans/{id}/undo": "undo",
    "POST /meeting-places": "proposal",
    "POST /meeting-places/{id}/serve": "served",
    "POST /meeting-places/{id}/take-responsibility": "responsible",
    "POST /meeting-places/{id}/sign": "party",
    "POST /meeting-places/{id}/sign-renewal": "party",
    "POST /meeting-places/{id}/end": "ending",
    "PUT /meeting-places/{id}/agreement": "agreement",
    "POST /meeting-places/{id}/renew": "agreement",
    "POST /imports": "file",
    "POST /support-cases": "question",
    "POST /support-cases/{id}/give": "administrator",
    "POST /incidents": "report",
    "POST /operator/replay": "since",
}
_WORDS = {"words": "Vi ser på det."}
_PROFILE = {"name": "Ny demo", "kind": "partner"}
_FIXED: dict[str, Any] = {
    "POST /organisations": _PROFILE,
    "POST /organisations/likely-duplicates": _PROFILE,
    "PUT /organisations/{id}": _PROFILE,
    "POST /organisations/{id}/request-information": _WORDS,
    "POST /organisations/{id}/answer": _WORDS,
    "POST /organisations/{id}/decline": _WORDS,
    "POST /organisations/{id}/branches/confirm": {"branches": ["nothing"]},
    "POST /organisations/{id}/move": {"parent": None},
    "POST /organisations/{id}/extract-interval": {"months": 12},
    "POST /organisations/{id}/pledge": {"text": {"sv": "Vi lovar mer."}},
    "POST /organisations/{id}/pledge/accept": {"version": 1},
    "PUT /me": {"name": "Någon Demo"},
    "POST /people/{id}/protect": {"on": True},
    "POST /people/{id}/suspend": {"on": True},
    "POST /invitations/look": {"token": "r.nothing"},
    "POST /invitations/{id}/resend": {},
    "POST /invitations/{id}/accept": {"token": "r.nothing"},
    "PUT /accommodations/{id}/location": {"address": "Exempelvägen 1"},
    "PUT /accommodations/{id}/site-contact": {"name": "Receptionen", "mail": "r@demo.example"},
    "PUT /meeting-places/{id}": {"name": "X", "door": "Y", "rooms": [{"name": "Z"}]},
    "POST /meeting-places/{id}/allow-trial": {"days": 9},
    "PUT /imports/{id}/mapping": {"columns": ["name", "municipality", "capacity"]},
    "POST /imports/{id}/commit": {},
    "POST /support-cases/{id}/answer": _WORDS,
    "POST /support-cases/{id}/reopen": _WORDS,
    "POST /incidents/{id}/handle": _WORDS,
    "POST /complaints/{id}/answer": {"answer": "put_right"},
    "POST /noticeboards/{code}/complaints": {"about": "place", "pictures": ["cold"]},
    "POST /operator/failed/{id}/drop": {"reason": "Behövs inte."},
}


class _Bodies:
    """Bodies that depend on the thing, or on who sends them."""

    def __init__(self, network: Network, one: Try, person: str) -> None:
        self.network, self.one, self.person = network, one, person
        self.thing, self.world = one.thing or Thing("nothing"), network.world

    def merge(self) -> Any:
        return {"into": _into(self.network, self.one)}

    def role(self) -> Any:
        if self.thing.id == "officer":
            return {"role": "officer", "scope": {"kind": "counties", "ids": [NORRBOTTEN]}}
        if self.thing.id == "administrator":
            return {"role": "administrator", "scope": {"kind": "national"}}
        if self.thing.id.startswith("coordinator "):
            return role_body("coordinator", self.thing.id.split()[1])
        return role_body("volunteer", self.thing.id)

    def invitation(self) -> Any:
        return {"mail": "nyare@demo.example", **self.role()}

    def _own(self) -> str:
        return self.network.id("organisation", "riks" if self.person == "national" else "branch")

    def own_organisation(self) -> Any:
        return {"organisation": self._own()}

    def extract(self) -> Any:
        return {"organisation": self._own(), "issued_on": self.world.today}

    def house(self) -> Any:
        return {"name": "Nytt demo", "municipality": self.thing.id, "capacity": 10}

    def same_house(self) -> Any:
        far = self.thing.id == self.network.id("accommodation", "far")
        return {"name": "Nytt demo", "municipality": "1280" if far else "2582", "capacity": 10}

    def figure(self) -> Any:
        return {"on": self.world.today, "total": 9}

    def closing(self) -> Any:
        return {"closes_on": self.world.day(9)}

    def wave(self) -> Any:
        return {"houses": [{"accommodation": self.thing.id, "closes_on": self.world.day(90)}]}

    def named_wave(self) -> Any:
        return {"name": "Våren demo", **self.wave()}

    def _near_or_far(self) -> str:
        plans = self.network.things["closing-plan"]
        name = next(name for name, plan in plans.items() if plan.id == self.thing.id)
        return self.network.id("accommodation", name)

    def own_wave(self) -> Any:
        house = {"accommodation": self._near_or_far(), "closes_on": self.world.day(91)}
        return {"name": "Våren demo", "houses": [house]}

    def undo(self) -> Any:
        return {"accommodations": [self._near_or_far()]}

    def _place(self) -> tuple[str, str]:
        """The accommodation that a meeting place serves, and its host."""
        houses = {"here": "near", "there": "far", "proposed": "near"}
        hosts = {"here": "branch", "there": "other", "proposed": "sibling"}
        places = self.network.things["meeting-place"]
        name = next(name for name, place in places.items() if place.id == self.thing.id)
        return (
            self.network.id("accommodation", houses[name]),
            self.network.id("organisation", hosts[name]),
        )

    def proposal(self) -> Any:
        house, host = self.thing.id.split()
        return proposal_body([house], [host], self.world.today, self.world.day(9))

    def served(self) -> Any:
        return {"accommodations": [self._place()[0]]}

    def responsible(self) -> Any:
        return {"host": self._place()[1]}

    def party(self) -> Any:
        return {"party": "agency" if "officer" in self.person else self._place()[1]}

    def ending(self) -> Any:
        return {**self.party(), "on": self.world.day(60), "reason": "not_needed"}

    def agreement(self) -> Any:
        terms = {"from": self.world.day(366), "until": self.world.day(700)}
        return {"hosts": [self._place()[1]], "agreement": terms}

    def file(self) -> Any:
        return FILES[self.thing.id]

    def question(self) -> Any:
        return {"organisation": self.thing.id, "subject": "Nycklar", "words": "Vem har dem?"}

    def administrator(self) -> Any:
        return {"to": self.network.people["administrator"].id}

    def report(self) -> Any:
        return self.network.report(self.thing.id)

    def since(self) -> Any:
        return {"since": f"{self.world.day(-1)}T00:00:00Z"}
