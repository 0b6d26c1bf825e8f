"""Everything that notifications holds about one person, in plain words."""

from typing import Any

from services.notifications import views
from services.notifications.commands.preferences import PreferencesOf
from services.notifications.queries import Inbox
from services.notifications.replicas import Replicas
from services.notifications.tables import Tables
from shared.clock import Clock
from shared.contracts.base import PersonId

MOST = 10_000
PAGE = 200


class OwnData:
    """Gathers it for its owner."""

    def __init__(
        self,
        rows: Tables,
        replicas: Replicas,
        preferences: PreferencesOf,
        inbox: Inbox,
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._replicas = replicas
        self._preferences = preferences
        self._inbox = inbox
        self._clock = clock

    async def export(self, identity: str) -> dict[str, Any] | None:
        """All of it; None when nobody here has this identity."""
        me = await self._replicas.people.by_identity(identity)
        if me is None:
            return None
        contact = await self._replicas.contacts.get(me.id)
        wanted = await self._preferences.load(me.id)
        return {
            "id": me.id,
            "you_as_known_here": me.state,
            "how_you_are_reached": contact.state if contact else None,
            "mails_you_want": wanted.state.mail,
            "told": await self._told(me.id),
            "mails": await self._mails(me.id),
        }

    async def _told(self, me: PersonId) -> list[dict[str, Any]]:
        """In words, as the inbox has them; what nobody can put into words any more by its matter."""
        rows = await self._rows.notifications.find(
            {"person": me}, sort=[("touched", -1)], limit=MOST
        )
        items: dict[str, Any] = {}
        for start in range(0, len(rows), PAGE):
            page = await self._inbox.items(rows[start : start + PAGE])
            items |= {item["id"]: item for item in page}
        return [
            items.get(row["_id"], {"id": row["_id"], "at": row["at"], "matter": row["matter"]})
            for row in rows
        ]

    async def _mails(self, me: PersonId) -> list[dict[str, Any]]:
        rows = await self._rows.deliveries.find({"person": me}, limit=MOST)
        return [views.delivery(row) for row in rows]
