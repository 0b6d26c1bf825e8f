"""All that decides about a page of messages when their time has come, read at once."""

from collections.abc import Sequence
from datetime import datetime

from services.notifications.commands.preferences import PreferencesOf
from services.notifications.domain.delivery import Circumstances
from services.notifications.domain.flows import STRONGER_WITHIN
from services.notifications.domain.notification import Line, Lines
from services.notifications.domain.preferences import Preferences
from services.notifications.domain.roles import standing
from services.notifications.replicas import Replicas
from services.notifications.tables import Tables, as_line
from shared.clock import Clock
from shared.database import Document
from shared.people import organisations_of

RECENT_READ = 5_000


class Judging:
    """Finds out how things stand now."""

    def __init__(
        self, rows: Tables, replicas: Replicas, preferences: PreferencesOf, clock: Clock
    ) -> None:
        self._rows = rows
        self._replicas = replicas
        self._preferences = preferences
        self._clock = clock

    async def of(self, rows: Sequence[Document]) -> list[Circumstances]:
        """The circumstances of each of these deliveries, which are leased."""
        if not rows:
            return []
        now = self._clock.now()
        lines = await self._claimed(rows, now)
        everything = [line for of_one in lines.values() for line in of_one.first]
        people = {row["person"] for row in rows}
        sources = await self._replicas.sources(everything, people)
        contacts = await self._replicas.contacts_of(people)
        network = await self._replicas.people.network_of(organisations_of(sources.people.values()))
        active = {id for id in network.organisations if network.now(id) in network.active}
        wanted = await self._preferences.of_all(people)
        recent = await self._recent(everything, people)

        def case(row: Document) -> Circumstances:
            person = sources.reader(row["person"])
            return Circumstances(
                now=now,
                lines=lines[row["notification"]],
                sources=sources,
                person=person,
                standing=standing(person, active, now),
                preferences=wanted.get(row["person"], Preferences()),
                contact=contacts.get(row["person"]),
                recent=tuple(line for line in recent if line.person == row["person"]),
            )

        return [case(row) for row in rows]

    async def _claimed(self, rows: Sequence[Document], now: datetime) -> dict[str, Lines]:
        """What is to be decided of each: what still helps, or else what has come too late."""
        await self._rows.claim_lines(rows)
        ours: Document = {"claim": {"$in": list({row["lease"] for row in rows})}}
        useful = {**ours, "useful_until": {"$gt": now}}
        lines = await self._rows.lines_of([row["notification"] for row in rows], useful)
        without = [id for id, of_one in lines.items() if not of_one.first]
        return {**lines, **await self._rows.lines_of(without, ours)}

    async def _recent(self, lines: Sequence[Line], people: set[str]) -> list[Line]:
        """What else these people were told lately of the same subjects."""
        if not lines:
            return []
        since = min(line.at for line in lines) - STRONGER_WITHIN
        found = await self._rows.lines.find(
            {
                "person": {"$in": list(people)},
                "at": {"$gte": since},
                "subject": {"$in": list({line.subject for line in lines})},
            },
            limit=RECENT_READ,
        )
        return [as_line(document) for document in found]
