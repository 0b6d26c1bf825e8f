"""What can be done with complaints, and with the codes by which they come."""

import secrets
from collections.abc import Callable
from datetime import timedelta

from services.registry.commands.aliases import Aliases
from services.registry.commands.meeting_places import MeetingPlaces
from services.registry.commands.places_of import Places, where
from services.registry.domain import complaint as rules
from services.registry.domain.complaint import Answer, Complaint, Told
from services.registry.domain.meeting_place_state import MeetingPlace
from services.registry.domain.noticeboard import Noticeboard, is_code, new_code
from services.registry.kinds import COMPLAINT, NOTICEBOARD
from services.registry.permissions.meeting_places import PUBLIC_STATUSES
from shared.causes import following
from shared.contracts.base import AccommodationId, MeetingPlaceId
from shared.contracts.problems import NotFound, TooMany
from shared.database import Document, Taken
from shared.kind import By, Change, Stored, new_id
from shared.store import Store

PAGE = 200
MOST_A_DAY = 100
"""From one board: whoever wants to drown a complaint in others is stopped there."""
DAY = timedelta(days=1)


class Complaints:
    """Use cases of complaints and noticeboards."""

    def __init__(self, store: Store, meeting_places: MeetingPlaces, places: Places) -> None:
        self._store = store
        self._aliases = Aliases(store)
        self._meeting_places = meeting_places
        self._places = places

    async def noticeboard(self, meeting_place: MeetingPlaceId) -> Stored[Noticeboard] | None:
        """The board of a meeting place, if it has got one."""
        found = await self._store.find(NOTICEBOARD, {"_id": meeting_place}, limit=1)
        return found[0] if found else None

    async def renew(self, meeting_place: MeetingPlaceId, by: By) -> Stored[Noticeboard]:
        """A board with a new code; the old one leads nowhere from now on."""
        assert by.actor is not None
        code, now = new_code(secrets.choice), self._store.clock.now()
        board = Change(Noticeboard(code=code, renewed_by=by.actor, renewed_at=now))
        if await self.noticeboard(meeting_place) is None:
            try:
                return await self._store.create(NOTICEBOARD, meeting_place, board, by)
            except Taken as taken:
                if taken.field != "_id":
                    raise
        return await self._store.change(NOTICEBOARD, meeting_place, lambda _: board, by)

    async def at_board(self, code: str) -> Stored[MeetingPlace]:
        """The meeting place whose board bears this code; NotFound unless people may come there."""
        query: Document = {"keys.code": code}
        found = await self._store.find(NOTICEBOARD, query, limit=1) if is_code(code) else []
        if not found:
            raise NotFound()
        place = await self._meeting_places.load(found[0].id)
        if place.state.status not in PUBLIC_STATUSES:
            raise NotFound()
        return place

    async def receive(self, place: Stored[MeetingPlace], told: Told, by: By) -> Stored[Complaint]:
        """Somebody before the board says that something is wrong; TooMany for a flood."""
        houses = await self._meeting_places.accommodations(place.state.accommodations)
        now = self._store.clock.now()
        recent: Document = {"keys.meeting_place": place.id, "keys.received": {"$gt": now - DAY}}
        if len(await self._store.find(COMPLAINT, recent, limit=MOST_A_DAY)) >= MOST_A_DAY:
            raise TooMany(retry_after=3600)
        complaint = rules.receive(told, where(houses), place.id, place.state.hosts, now)
        stored = await self._store.create(COMPLAINT, new_id(by), Change(complaint), by)
        await self._reconcile(stored.id, following(by))
        return stored

    async def load(self, id: str) -> Stored[Complaint]:
        """One complaint; NotFound when there is none."""
        return await self._store.load(COMPLAINT, id)

    async def see(self, id: str, by: By) -> Stored[Complaint]:
        """Somebody has read it."""
        assert by.actor is not None
        person, now = by.actor, self._store.clock.now()
        return await self._change(id, lambda one: rules.see(one, person, now), by)

    async def answer(self, id: str, words: Answer, by: By) -> Stored[Complaint]:
        """What became of it."""
        assert by.actor is not None
        person, now = by.actor, self._store.clock.now()
        return await self._change(id, lambda one: rules.answer(one, person, words, now), by)

    async def close(self, id: str, by: By) -> Stored[Complaint]:
        """Nothing more is to be done."""
        assert by.actor is not None
        person, now = by.actor, self._store.clock.now()
        return await self._change(id, lambda one: rules.close(one, person, now), by)

    async def wake(self, id: str, by: By) -> None:
        """The time of its words is over."""
        now = self._store.clock.now()
        await self._change(id, lambda one: rules.wake(one, now), by)

    async def reconcile_accommodation(self, id: AccommodationId, by: By) -> None:
        """An accommodation may have moved: who answers for it now may read what was said there."""
        last = ""
        while True:
            query: Document = {"keys.accommodations": id, "_id": {"$gt": last}}
            page = await self._store.find(COMPLAINT, query, sort=[("_id", 1)], limit=PAGE)
            for one in page:
                await self._reconcile(one.id, following(by))
            if len(page) < PAGE:
                return
            last = page[-1].id

    async def follow_organisation(self, id: str, by: By) -> None:
        """A host that was merged: what is kept from it is kept from its successor."""
        now = await self._aliases.organisations([id])
        if now[id] == id:
            return
        while page := await self._store.find(COMPLAINT, {"keys.hosts": id}, limit=PAGE):
            for one in page:
                await self._change(one.id, lambda it: rules.follow(it, now), following(by))

    async def _reconcile(self, id: str, by: By) -> Stored[Complaint]:
        counties = await self._places.counties((await self.load(id)).state.accommodations)
        return await self._change(id, lambda one: rules.reconcile(one, counties), by)

    async def _change(
        self, id: str, rule: Callable[[Complaint], Complaint], by: By
    ) -> Stored[Complaint]:
        return await self._store.change(COMPLAINT, id, lambda one: Change(rule(one)), by)
