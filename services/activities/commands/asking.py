"""Helpers are asked for a session: by its coordinator, or by itself as the start comes nearer."""

from collections.abc import Collection, Mapping, Sequence

from services.activities.commands.helping import Helping
from services.activities.commands.sessions import Sessions
from services.activities.domain import asking as rules
from services.activities.domain.asking import ROUNDS, Verdict
from services.activities.domain.fitting import Candidate, Fit, best
from services.activities.domain.session import Session
from services.activities.finding import Finding
from shared.causes import following
from shared.clock import Clock
from shared.contracts.base import PersonId, SessionId
from shared.kind import By, Stored

Ranked = Sequence[tuple[Candidate, Fit]]


class Asking:
    """The use cases of asking. A question is taken up with the helper first, who has so many and no more;
    what breaks off in between is asked again for the same session, and is the same question.
    """

    def __init__(
        self, sessions: Sessions, helping: Helping, finding: Finding, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._helping = helping
        self._finding = finding
        self._clock = clock

    async def possible(self, stored: Stored[Session]) -> Ranked:
        """Who may be asked for a session, the best first."""
        around, now = await self._finding.around(stored), self._clock.now()
        free = [
            one
            for id, one in around.candidates.items()
            if rules.verdict(stored.id, stored.state, id, around, now) == "asked"
        ]
        return best(stored.id, stored.state, free, now)

    async def ask(
        self, stored: Stored[Session], people: Sequence[PersonId], by: By
    ) -> Mapping[PersonId, Verdict]:
        """Ask these people; what became of each, the same when repeated. Raises Refused when nobody is missing."""
        now = self._clock.now()
        around = await self._finding.around(stored, people)
        verdicts = {one: rules.verdict(stored.id, stored.state, one, around, now) for one in people}
        free = [one for one, verdict in verdicts.items() if verdict == "asked"]
        free = free if rules.is_open(stored.state, now) else []
        taken_up = await self._taken_up(stored.id, free, by)
        verdicts |= dict.fromkeys(set(free) - set(taken_up), "asked_lately")
        # What is kept for a repeat names nobody: it stands in the order of those who were named.
        result = [verdicts[one] for one in people]
        done = await self._sessions.apply(
            stored.id, lambda one, at: rules.ask(one, taken_up, at.now), by, {"verdicts": result}
        )
        return dict(zip(people, done.result["verdicts"], strict=True))

    async def wake(self, id: SessionId, by: By) -> None:
        """What is due by now: the next round of questions, or that it is the coordinator's."""
        stored = await self._sessions.load(id)
        step = rules.due(stored.state, self._clock.now())
        if step == "lift":
            await self._sessions.apply(id, lambda one, at: rules.lift(one, at.now), by)
        elif step == "ask":
            await self._ask_by_itself(stored, by)

    async def not_this_time(self, id: SessionId, person: PersonId, by: By) -> Stored[Session]:
        """Somebody who was asked says no."""
        return await self._sessions.apply(
            id, lambda one, at: rules.not_this_time(one, person, at.now), by
        )

    async def _ask_by_itself(self, stored: Stored[Session], by: By) -> None:
        ranked = await self.possible(stored)
        first = [one.person for one, _ in ranked[: ROUNDS[stored.state.rounds]]]
        people = await self._taken_up(stored.id, first, by)
        await self._sessions.apply(
            stored.id, lambda one, at: rules.ask_by_itself(one, people, at.now), by
        )

    async def _taken_up(
        self, session: SessionId, people: Collection[PersonId], by: By
    ) -> list[PersonId]:
        """Those of the people who have this question now; others took theirs a moment ago."""
        command = following(by)
        return [one for one in people if await self._helping.ask(one, session, command)]
