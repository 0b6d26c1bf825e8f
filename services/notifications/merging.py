"""What an account was told that was merged into another: it is the other's, and told once.

Ids are derived anew for the other account, so that what both were told of one event in one matter
falls together, whichever way round the merger and the event have come. Each step may be done twice.
"""

from collections.abc import Sequence

from services.notifications import tables
from services.notifications.commands.preferences import PreferencesOf
from services.notifications.domain.delivery import REOPENED
from services.notifications.replicas import Replicas
from services.notifications.tables import DROPPED, MOVED, Tables
from shared.clock import Clock
from shared.contracts.base import Event, PersonId
from shared.database import Document
from shared.failed import NotThereYet

PAGE = 200


class Merging:
    """Moves what was told to accounts that were merged."""

    def __init__(
        self, rows: Tables, replicas: Replicas, preferences: PreferencesOf, clock: Clock
    ) -> None:
        self._rows = rows
        self._replicas = replicas
        self._preferences = preferences
        self._clock = clock

    async def person(self, event: Event) -> None:
        """Something has become of a person; of a merged one nothing stays here."""
        if await self.follow([event.subject]):
            await self._preferences.forget(event.subject)

    async def follow(self, people: Sequence[PersonId]) -> bool:
        """Move what those of them who were merged have been told; whether there were any.

        Raises NotThereYet while one of their mails is leaving: it can neither be held nor told again.
        """
        now = await self._replicas.people.persons.now(people)
        merged = {id: winner for id, winner in now.items() if id != winner}
        for id, winner in merged.items():
            await self._move_all(id, winner)
        return bool(merged)

    async def _move_all(self, person: PersonId, winner: PersonId) -> None:
        last = ""
        leaving = False
        while True:
            query = {"person": person, "_id": {"$gt": last}}
            page = await self._rows.notifications.find(query, sort=[("_id", 1)], limit=PAGE)
            for row in page:
                leaving |= not await self._move(row, winner)
            if len(page) < PAGE:
                break
            last = page[-1]["_id"]
        if leaving:
            raise NotThereYet("the end of a mail that is leaving")

    async def _move(self, row: Document, winner: PersonId) -> bool:
        """One notification with its lines and its mail; False while the mail is leaving."""
        correlation = row.get("correlation") or row["_id"]
        new = tables.notification_id(correlation, winner, row["matter"])
        mail = await self._held(row["_id"])
        if mail is not None and mail["status"] == "sending":
            return False
        await self._rows.notifications.insert_new([{**row, "_id": new, "person": winner}])
        await self._move_lines(row["_id"], new, winner, mail)
        if mail is not None:
            await self._move_mail(mail, new, winner)
        await self._rows.notifications.delete_many({"_id": row["_id"]})
        return True

    async def _held(self, notification: str) -> Document | None:
        """Its mail, which nobody sends from now on; unless somebody is sending it now."""
        id = tables.delivery_id(notification, "mail")
        hold = {"status": MOVED, "was": "$status", "was_due": "$due", "due": None}
        sendable = {"$nin": ["sending", MOVED]}
        await self._rows.deliveries.update_one({"_id": id, "status": sendable}, [{"$set": hold}])
        return await self._rows.deliveries.find_one({"_id": id})

    async def _move_lines(
        self, old: str, new: str, winner: PersonId, mail: Document | None
    ) -> None:
        while found := await self._rows.lines.find({"notification": old}, limit=PAGE):
            await self._rows.lines.insert_new(
                [_moved_line(line, new, winner, mail) for line in found]
            )
            await self._rows.lines.delete_many({"_id": {"$in": [line["_id"] for line in found]}})

    async def _move_mail(self, mail: Document, new: str, winner: PersonId) -> None:
        """What has left stays as it is; what has not joins the other's mail, or becomes it."""
        id = tables.delivery_id(new, mail["channel"])
        kept = {key: value for key, value in mail.items() if key not in ("was", "was_due", "lease")}
        moved = {**kept, "_id": id, "notification": new, "person": winner, "decided": [DROPPED]}
        moved |= {"status": mail["was"], "due": mail["was_due"]}
        await self._rows.deliveries.insert_new([moved])
        undecided = {"notification": new, "claim": {"$exists": False}}
        if await self._rows.lines.find(undecided, limit=1):
            await self._rows.deliveries.update_one(
                {"_id": id, "status": {"$in": list(REOPENED)}}, {"$set": {"due": self._clock.now()}}
            )
        await self._rows.deliveries.delete_many({"_id": mail["_id"]})


def _moved_line(line: Document, new: str, winner: PersonId, mail: Document | None) -> Document:
    decided = mail is not None and line.get("claim") in mail["decided"]
    kept = {key: value for key, value in line.items() if key != "claim"}
    moved = {
        **kept,
        "_id": tables.line_id(line.get("event") or line["_id"], winner),
        "notification": new,
        "person": winner,
    }
    return moved | ({"claim": DROPPED} if decided else {})
