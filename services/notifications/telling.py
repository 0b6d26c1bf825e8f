"""Telling (P4): who hears of an event, written down once, however often the event comes.

Inserts with derived ids, and what follows from them. What kills this in the middle is mended by the event's next delivery.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.notifications import tables
from services.notifications.audience import pages
from services.notifications.domain.delivery import REOPENED
from services.notifications.domain.flows import Flow, Happening, Told, flows_on
from services.notifications.domain.notification import Line, Notification
from services.notifications.merging import Merging
from services.notifications.replicas import Replicas
from services.notifications.tables import Tables
from shared.clock import Clock
from shared.contracts.activities import SessionSnapshot
from shared.contracts.base import Event, PersonId
from shared.failed import NotThereYet


class Telling:
    """Writes down what each event means to whom."""

    def __init__(
        self,
        rows: Tables,
        replicas: Replicas,
        merging: Merging,
        clock: Clock,
        mail_hold: timedelta,
    ) -> None:
        self._rows = rows
        self._replicas = replicas
        self._clock = clock
        self._hold = mail_hold
        self._merging = merging

    async def tell(self, event: Event) -> None:
        """Tell everyone whom a flow names; raises NotThereYet when what it is about is unknown."""
        for flow in flows_on(event.type):
            happening = await self._happening(flow, event)
            audience = flow.whom(happening.facts)
            async for page in pages(audience, self._replicas, self._clock.now()):
                told = await self._as_now(page, event.actor)
                await self._tell_page(flow, happening, told)

    async def _as_now(self, page: Sequence[Told], actor: PersonId | None) -> list[Told]:
        """Each human once, by the account that they are now, and never of their own act."""
        ids = [*(one.person for one in page), *([actor] if actor else [])]
        now = await self._replicas.people.persons.now(ids)
        first: dict[PersonId, Told] = {}
        for one in page:
            first.setdefault(now[one.person], replace(one, person=now[one.person]))
        first.pop(now[actor] if actor else "", None)
        return list(first.values())

    async def _happening(self, flow: Flow[Any], event: Event) -> Happening[Any]:
        facts = flow.on.model_validate(event.data.facts)
        session = await self._session(event) if flow.about == "session" else None
        return Happening(event, facts, session)

    async def _session(self, event: Event) -> SessionSnapshot:
        if event.data.state is not None:
            return SessionSnapshot.model_validate(event.data.state)
        known = await self._replicas.sessions.get(event.subject)
        if known is None:
            raise NotThereYet("the session that the event is about")
        return known.state

    async def _tell_page(
        self, flow: Flow[Any], happening: Happening[Any], page: Sequence[Told]
    ) -> None:
        if not page:
            return
        now = self._clock.now()
        notifications = [_notification(flow, happening, one, now) for one in page]
        lines = [
            _line(flow, happening, one, notification.id, now)
            for one, notification in zip(page, notifications, strict=True)
        ]
        due = self._due(flow, happening, now)
        deliveries = [
            tables.new_delivery(one, channel, due)
            for one in notifications
            for channel in flow.channels
        ]
        new, *_ = await asyncio.gather(
            self._rows.notifications.insert_new([tables.stored(one) for one in notifications]),
            self._rows.lines.insert_new([tables.stored(one) for one in lines]),
        )
        # Not before its lines: it may be due at once.
        await self._rows.deliveries.insert_new(deliveries)
        joined = new < len(notifications)
        await asyncio.gather(
            self._hasten([one["_id"] for one in deliveries], due),
            self._rows.show_again([one.id for one in lines] if joined else [], now),
            self._forget_erased([one.person for one in page]),
            # Asked after the inserts, as of the erased: their merger sees our rows, or we see it.
            self._merging.follow([one.person for one in page]),
        )

    def _due(self, flow: Flow[Any], happening: Happening[Any], now: datetime) -> datetime:
        hold = flow.held_for(happening, self._hold, now)
        return max(now, happening.event.time + hold)

    async def _hasten(self, deliveries: Sequence[str], due: datetime) -> None:
        """A line that joins a message that waits longer, or one that has left, has it looked at.

        Whoever sends takes only lines that were not decided before, so this may be done twice.
        """
        if not deliveries:
            return
        longer = {"status": "waiting", "due": {"$gt": due}}
        left = {"status": {"$in": list(REOPENED)}}
        await self._rows.deliveries.update_many(
            {"_id": {"$in": list(deliveries)}, "$or": [longer, left]},
            {"$set": {"due": due}},
        )

    async def _forget_erased(self, people: Sequence[PersonId]) -> None:
        """Asked after the inserts: either we see the tombstone, or its arrival sees our rows."""
        persons = self._replicas.people.persons.collection
        gone = await persons.find(
            {"_id": {"$in": list(people)}, "erased": True},
            projection={"_id": 1},
            limit=len(people),
        )
        if gone:
            await self._rows.forget([one["_id"] for one in gone])


def _notification(
    flow: Flow[Any], happening: Happening[Any], told: Told, now: datetime
) -> Notification:
    matter = flow.matter(happening)
    id = tables.notification_id(happening.event.correlationid, told.person, matter)
    return Notification(
        id, told.person, matter, now, now, unread=True, archived=False,
        correlation=happening.event.correlationid,
    )  # fmt: skip


def _line(
    flow: Flow[Any], happening: Happening[Any], told: Told, notification: str, now: datetime
) -> Line:
    event = happening.event
    return Line(
        id=tables.line_id(event.id, told.person),
        notification=notification,
        person=told.person,
        flow=flow.number,
        subject=event.subject,
        at=now,
        start=happening.session.start if happening.session else event.time,
        useful_until=flow.useful_for(told, happening),
        strength=flow.strength,
        needs=told.needs,
        until=told.until,
        by=event.actor,
        event=event.id,
    )
