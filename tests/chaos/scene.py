"""The world in which the run takes place: one house with an open meeting place, and those who use it."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.chaos.people import People, Someone

VOLUNTEERS = 20
SEATS = 3
MEETINGS = 3
NATIONAL = {"kind": "national"}


@dataclass
class Scene:
    """Everybody and everything of one run; `sessions` are the ids of those that may be signed up for.

    `other` hosts nothing: roles in it come and go, and nobody is told. `numbers` are given once.
    """

    administrator: Someone
    officer: Someone
    coordinators: list[Someone]
    volunteers: list[Someone]
    newcomers: list[Someone]
    host: str = ""
    other: str = ""
    accommodation: str = ""
    place: str = ""
    sessions: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))


async def set_scene(people: People, administrator: Someone) -> Scene:
    """Make all of it through the gateway; the administrator has been appointed already."""
    scene = await _everybody(people, administrator)
    await _grant(scene.administrator, scene.officer, "officer", NATIONAL)
    scene.host = await _organisation(
        scene, scene.coordinators[0], "Värdföreningen demo", next(scene.numbers)
    )
    scope = {"kind": "organisation", "ids": [scene.host]}
    await _grant(scene.administrator, scene.coordinators[1], "coordinator", scope)
    await asyncio.gather(*(_join(scene, one) for one in scene.volunteers))
    await _open_house(scene)
    await _open_place(scene)
    return scene


async def fresh(scene: Scene) -> None:
    """What a run must find untouched: sessions, and an organisation where nobody has a role."""
    number = next(scene.numbers)
    scene.other = await _organisation(scene, scene.coordinators[0], "Grannföreningen demo", number)
    scene.sessions = []
    for _ in range(2):
        plan = an_activity(scene)
        planned = await scene.coordinators[0].done("/activities/activities", plan)
        scene.sessions += sessions_of(planned)


async def _everybody(people: People, administrator: Someone) -> Scene:
    volunteers = [f"volontar-{n:02}" for n in range(1, VOLUNTEERS + 1)]
    newcomers = [f"ny-{n:02}" for n in range(1, 4)]
    await administrator.recognised()
    officer, first, second, *others = await people.registered(
        "handlaggare", "samordnare-1", "samordnare-2", *volunteers, *newcomers
    )
    return Scene(administrator, officer, [first, second], others[:VOLUNTEERS], others[VOLUNTEERS:])


async def _grant(by: Someone, to: Someone, role: str, scope: Mapping[str, object]) -> None:
    await by.done(f"/registry/people/{to.id}/roles", {"role": role, "scope": scope})


async def _join(scene: Scene, volunteer: Someone) -> None:
    await volunteer.done(f"/registry/organisations/{scene.host}/ask-to-join")
    scope = {"kind": "organisation", "ids": [scene.host]}
    await _grant(scene.coordinators[0], volunteer, "volunteer", scope)


def an_organisation(name: str, number: int) -> dict[str, str]:
    """An application; `number` (up to six digits) makes its organisation number, which is unique."""
    digits = f"802{number:06}"
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    check = -sum(sum(divmod(one, 10)) for one in doubled) % 10
    return {"name": name, "kind": "independent", "number": f"{digits}{check}"}


async def _organisation(scene: Scene, applicant: Someone, name: str, number: int) -> str:
    applied = await applicant.done("/registry/organisations", an_organisation(name, number))
    id = str(applied["id"])
    await scene.administrator.done(f"/registry/organisations/{id}/approve")
    return id


async def _open_house(scene: Scene) -> None:
    house = {"name": "Björknäs demo", "municipality": "2582", "capacity": 300}
    made = await scene.officer.done("/registry/accommodations", house)
    scene.accommodation = made["id"]
    await scene.officer.done(f"/registry/accommodations/{made['id']}/open")


async def _open_place(scene: Scene) -> None:
    today = datetime.now(UTC).date()
    proposal = {
        "name": "Församlingshemmet demo",
        "door": "Vaktmästaren öppnar.",
        "rooms": [{"name": "Matsalen", "capacity": 40}],
        "accommodations": [scene.accommodation],
        "hosts": [scene.host],
        "agreement": {"from": str(today), "until": str(today + timedelta(days=700))},
    }
    made = await scene.coordinators[0].done("/registry/meeting-places", proposal)
    scene.place = made["id"]
    path = f"/registry/meeting-places/{scene.place}"
    await scene.officer.done(f"{path}/sign", {"party": "agency"})
    await scene.coordinators[0].done(f"{path}/sign", {"party": scene.host})
    await scene.coordinators[0].done(f"{path}/open")


def an_activity(scene: Scene) -> dict[str, Any]:
    """A plan unlike the others before it; far enough ahead that seats are placed at once."""
    number = next(scene.numbers)
    first = datetime.now(UTC).date() + timedelta(days=7 + number % 400)
    hour = 8 + number % 10
    return {
        "kind": "language_cafe",
        "title": {"sv": f"Språkcafé {number} demo"},
        "places": 30,
        "organiser": scene.host,
        "meeting_place": scene.place,
        "schedule": {
            "weekly": [
                {
                    "weekday": first.isoweekday(),
                    "start": f"{hour:02}:00",
                    "end": f"{hour + 2:02}:00",
                }
            ],
            "first": str(first),
            "meetings": MEETINGS,
        },
        "roles": [{"role": "helper", "minimum": 1, "maximum": SEATS}],
    }


def sessions_of(activity: Mapping[str, Any]) -> list[str]:
    """The ids of a planned activity's sessions, first to last."""
    return [str(one["session"]) for one in activity["meetings"]]
