"""The steady stream of commands: several people at once, each with a seed of their own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from shared.kind import derived_id
from tests.chaos.ledger import Deed, Ledger
from tests.chaos.people import Answer, Someone
from tests.chaos.scene import Scene, an_activity, an_organisation, sessions_of

PAUSE_SECONDS = (0.1, 0.7)
NEWEST_SESSIONS = 9
REASONS = ("weather", "illness", "too_few_leaders")


class Worker:
    """Does one thing after the other, chosen by its own seed, until told to stop."""

    def __init__(self, name: str, seed: int, scene: Scene, ledger: Ledger) -> None:
        self.rng = Random(f"{name} {seed}")
        self.scene = scene
        self.ledger = ledger

    async def run(self, stop: asyncio.Event) -> None:
        """Act until `stop`; what was begun is finished."""
        while not stop.is_set():
            await asyncio.sleep(self.rng.uniform(*PAUSE_SECONDS))
            await self.act()

    async def act(self) -> None:
        """One command."""
        raise NotImplementedError

    async def post(self, who: Someone, path: str, body: Any = None) -> Answer:
        """A command under a fresh key of this worker's seed."""
        key = str(UUID(int=self.rng.getrandbits(128), version=4))
        return await who.command(path, body, key)


class Volunteers(Worker):
    """Some volunteers sign up for sessions and withdraw; nobody else acts for them."""

    def __init__(
        self, name: str, seed: int, scene: Scene, ledger: Ledger, who: Sequence[Someone]
    ) -> None:
        super().__init__(name, seed, scene, ledger)
        self._shifts: dict[str, list[str]] = {one.id: [] for one in who}
        self._who = who

    async def act(self) -> None:
        person = self.rng.choice(self._who)
        shifts = self._shifts[person.id]
        if shifts and self.rng.random() < 0.4:
            await self._withdraw(person, shifts.pop(self.rng.randrange(len(shifts))))
            return
        if not self.scene.sessions:
            return
        session = self.rng.choice(self.scene.sessions[-NEWEST_SESSIONS:])
        if session not in shifts and await self._sign_up(person, session):
            shifts.append(session)

    async def _sign_up(self, person: Someone, session: str) -> bool:
        answer = await self.post(
            person, f"/activities/sessions/{session}/sign-up", {"role": "helper"}
        )
        what = "seat_queued" if answer.body.get("status") == "waiting" else "seat_taken"
        return self.ledger.note(
            answer, Deed("activities", f"activities.session.{what}", session, person.id)
        )

    async def _withdraw(self, person: Someone, session: str) -> None:
        answer = await self.post(person, f"/activities/sessions/{session}/withdraw")
        # A seat that was released meanwhile (the session was cancelled) is not given back again.
        withdrawn = answer.body.get("status") == "withdrawn"
        deed = Deed("activities", "activities.session.seat_withdrawn", session, person.id)
        self.ledger.note(answer, *([deed] if withdrawn else []))


class Coordinator(Worker):
    """Plans activities and cancels sessions."""

    def __init__(self, name: str, seed: int, scene: Scene, ledger: Ledger, who: Someone) -> None:
        super().__init__(name, seed, scene, ledger)
        self._who = who

    async def act(self) -> None:
        if self.rng.random() < 0.4 or len(self.scene.sessions) < NEWEST_SESSIONS:
            await self._plan()
        else:
            await self._cancel(self.rng.choice(self.scene.sessions[-2 * NEWEST_SESSIONS :]))
        await asyncio.sleep(self.rng.uniform(*PAUSE_SECONDS))

    async def _plan(self) -> None:
        plan = an_activity(self.scene)
        answer = await self.post(self._who, "/activities/activities", plan)
        if not answer.acknowledged:
            self.ledger.note(answer)
            return
        id = answer.body["id"]
        sessions = sessions_of(answer.body)
        self.ledger.note(
            answer,
            Deed("activities", "activities.activity.planned", id),
            *(Deed("activities", "activities.session.planned", one, id) for one in sessions),
        )
        self.scene.sessions += sessions

    async def _cancel(self, session: str) -> None:
        reason = self.rng.choice(REASONS)
        path = f"/activities/sessions/{session}/cancel"
        if session in self.ledger.cancelled:
            return
        self.ledger.cancelled.add(session)
        answer = await self.post(self._who, path, {"reason": reason})
        self.ledger.note(answer, Deed("activities", "activities.session.cancelled", session))
        if session in self.scene.sessions:
            self.scene.sessions.remove(session)


class Officer(Worker):
    """Reports how many live in the house, for one day after the other."""

    async def act(self) -> None:
        on = str(datetime.now(UTC).date() - timedelta(days=self.rng.randint(0, 60)))
        # Never the same again: an equal figure would be no news, and leave no event.
        total = next(self.scene.numbers)
        figure = {"on": on, "total": total, "reason": "Ny räkning."}
        path = f"/registry/accommodations/{self.scene.accommodation}/residents"
        answer = await self.post(self.scene.officer, path, figure)
        deed = Deed(
            "registry", "registry.accommodation.residents_changed", self.scene.accommodation, on
        )
        if self.ledger.note(answer, deed):
            self.ledger.residents[on] = total


class Administrator(Worker):
    """Gives roles and takes them back, in the organisation where nobody is told of anything."""

    def __init__(self, name: str, seed: int, scene: Scene, ledger: Ledger) -> None:
        super().__init__(name, seed, scene, ledger)
        self._grants: dict[str, str] = {}

    async def act(self) -> None:
        person = self.rng.choice(self.scene.volunteers)
        await (self._revoke if person.id in self._grants else self._grant)(person)

    async def _grant(self, person: Someone) -> None:
        role = {
            "role": "volunteer",
            "scope": {"kind": "organisation", "ids": [self.scene.other]},
        }
        path = f"/registry/people/{person.id}/roles"
        answer = await self.post(self.scene.administrator, path, role)
        grant = answer.body.get("id")
        deed = Deed("registry", "registry.person.role_granted", person.id, grant)
        if self.ledger.note(answer, deed):
            self._grants[person.id] = answer.body["id"]
            self.ledger.granted.add(answer.body["id"])

    async def _revoke(self, person: Someone) -> None:
        grant = self._grants.pop(person.id)
        path = f"/registry/people/{person.id}/roles/{grant}/revoke"
        answer = await self.post(self.scene.administrator, path)
        deed = Deed("registry", "registry.person.role_revoked", person.id, grant)
        if self.ledger.note(answer, deed):
            self.ledger.granted.discard(grant)


class Newcomers(Worker):
    """Apply with a new organisation, which is then approved."""

    async def act(self) -> None:
        applicant = self.rng.choice(self.scene.newcomers)
        number = next(self.scene.numbers)
        wish = an_organisation(f"Förening {number} demo", number)
        answer = await self.post(applicant, "/registry/organisations", wish)
        id = answer.body.get("id", "")
        if self.ledger.note(answer, Deed("registry", "registry.organisation.applied", id)):
            await self._approve(id, applicant)
        await asyncio.sleep(3 * self.rng.uniform(*PAUSE_SECONDS))

    async def _approve(self, id: str, applicant: Someone) -> None:
        answer = await self.post(self.scene.administrator, f"/registry/organisations/{id}/approve")
        founder = derived_id(id, "founder")
        approved = self.ledger.note(
            answer,
            Deed("registry", "registry.organisation.approved", id),
            Deed("registry", "registry.person.role_granted", applicant.id, founder),
        )
        if approved:
            self.ledger.granted.add(founder)


def workers(seed: int, scene: Scene, ledger: Ledger) -> list[Worker]:
    """Everybody who acts in a run."""
    groups = [scene.volunteers[start : start + 5] for start in range(0, len(scene.volunteers), 5)]
    first, second = scene.coordinators
    return [
        *(
            Volunteers(f"volunteers {n}", seed, scene, ledger, group)
            for n, group in enumerate(groups)
        ),
        Coordinator("coordinator 1", seed, scene, ledger, first),
        Coordinator("coordinator 2", seed, scene, ledger, second),
        Officer("officer", seed, scene, ledger),
        Administrator("administrator", seed, scene, ledger),
        Newcomers("newcomers", seed, scene, ledger),
    ]


async def keep_going(everybody: Sequence[Worker], meanwhile: Callable[[], Awaitable[Any]]) -> None:
    """Let everybody act while `meanwhile` goes on; then let them finish what they have begun."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for worker in everybody:
            tasks.create_task(worker.run(stop))
        try:
            await meanwhile()
        finally:
            stop.set()
