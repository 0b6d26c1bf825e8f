"""All that decides about a page of messages when their time has come, read at once."""

from collections.abc import Sequence

from services.notifications.commands.preferences import PreferencesOf
from services.notifications.domain.delivery import Circumstances
from services.notifications.domain.flows import STRONGER_WITHIN
from services.notifications.domain.notification import Line
from services.notifications.domain.preferences import Preferences
from services.notifications.domain.roles import takes_part
from services.notifications.replicas import Replicas, states
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
        """The circumstances of each of these deliveries."""
        if not rows:
            return []
        lines = await self._rows.lines_of([row["notification"] for row in rows])
        everything = [line for of_one in lines.values() for line in of_one]
        people = {row["person"] for row in rows}
        sources = await self._replicas.sources(everything, people)
        contacts = await states(self._replicas.contacts, people)
        active = await self._replicas.people.active_of(organisations_of(sources.people.values()))
        wanted = await self._preferences.of_all(people)
        recent = await self._recent(everything, people)
        now = self._clock.now()

        def case(row: Document) -> Circumstances:
            person = sources.people.get(row["person"])
            return Circumstances(
                now=now,
                lines=tuple(lines[row["notification"]]),
                seen=frozenset(row["seen"]),
                sources=sources,
                person=person,
                takes_part=person is not None and takes_part(person, active, now),
                preferences=wanted.get(row["person"], Preferences()),
                contact=contacts.get(row["person"]),
                recent=tuple(line for line in recent if line.person == row["person"]),
            )

        return [case(row) for row in rows]

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
