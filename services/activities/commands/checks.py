"""What must hold before something is planned: place, host, agreement, room, leader, and who is free."""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from services.activities.commands.clashes import Clashes
from services.activities.domain.activity import Plan, insist_on_time
from services.activities.domain.agreement import covered_until
from services.activities.domain.children import insist_on_two_adults
from services.activities.domain.description import Description, needs_of
from services.activities.domain.recurrence import Meeting
from services.activities.replicas import Replicas
from shared.clock import local_date
from shared.contracts.base import OrganisationId, PersonId
from shared.contracts.problems import NotYetKnown, Refused
from shared.contracts.registry import MeetingPlaceSnapshot
from shared.store import Store

OPEN = ("open", "open_on_trial")


class Checks:
    """The first of the two checks (P5); the second is made by the sessions' own events."""

    def __init__(self, store: Store, replicas: Replicas) -> None:
        self._store = store
        self._replicas = replicas
        self._clashes = Clashes(store)

    async def all(
        self, wish: Plan, dates: Sequence[Meeting], activity: str
    ) -> MeetingPlaceSnapshot:
        """The place, when all that is wished can be there on these dates.

        Raises NotYetKnown for what has not arrived here, and Refused when place, host, agreement, room
        or leader does not allow it.
        """
        place = await self.known_place(wish.meeting_place)
        insist_open(place)
        await self.host(wish, place)
        insist_on_agreement(place, dates)
        await self.description(wish, wish.organiser, place)
        await self.free(wish, dates, activity)
        return place

    async def refusals(self, wish: Plan, dates: Sequence[Meeting], activity: str) -> list[Refused]:
        """Everything that planning would be refused for, each by itself."""
        place = await self.known_place(wish.meeting_place)
        seats = sum(one.maximum for one in needs_of(wish))
        now = self._store.clock.now()
        at_once: tuple[Callable[[], None], ...] = (
            lambda: insist_on_time(dates, now),
            lambda: insist_open(place),
            lambda: insist_on_agreement(place, dates),
            lambda: insist_on_two_adults(wish, seats),
        )
        asking: tuple[Callable[[], Awaitable[None]], ...] = (
            lambda: self.host(wish, place),
            lambda: self.description(wish, wish.organiser, place),
            lambda: self.free(wish, dates, activity),
        )
        found: list[Refused] = []
        for check in at_once:
            try:
                check()
            except Refused as refused:
                found.append(refused)
        for ask in asking:
            try:
                await ask()
            except Refused as refused:
                found.append(refused)
        return found

    async def known_place(self, id: str) -> MeetingPlaceSnapshot:
        """The meeting place; NotYetKnown when it has not arrived here."""
        place = await self._replicas.places.get(id)
        if place is None:
            raise NotYetKnown(extra={"field": "meeting_place"})
        return place.state

    async def host(self, wish: Plan, place: MeetingPlaceSnapshot) -> None:
        """Raise Refused unless the organiser hosts the place."""
        if await self._replicas.people.organisations.get(wish.organiser) is None:
            raise NotYetKnown(extra={"field": "organiser"})
        if wish.organiser not in place.hosts:
            raise Refused(
                "not-a-host",
                sv="Bara de organisationer som håller i mötesplatsen kan ordna något där.",
                en="Only the organisations that host the meeting place can organise there.",
            )

    async def description(
        self, wish: Description, organiser: OrganisationId, place: MeetingPlaceSnapshot
    ) -> None:
        """Raise for a room, co-organiser or leader that there is not, or not with the organiser."""
        insist_on_room(wish.room, place)
        for one in wish.co_organisers:
            if await self._replicas.people.organisations.get(one) is None:
                raise NotYetKnown(extra={"field": "co_organisers"})
        if wish.leader is not None:
            await self._leader(wish.leader, organiser)

    async def free(self, wish: Plan, dates: Sequence[Meeting], activity: str) -> None:
        """Raise Refused with the dates on which another activity has the room, or the leader."""
        for room in {one.room or wish.room for one in dates}:
            mine = [one for one in dates if (one.room or wish.room) == room]
            await self._clashes.insist_on_free_room(wish.meeting_place, room, mine, activity)
        if wish.leader is not None and dates:
            await self._clashes.insist_on_free_person(wish.leader, dates, activity)

    async def _leader(self, person: PersonId, organiser: OrganisationId) -> None:
        if await self._replicas.people.persons.get(person) is None:
            raise NotYetKnown(extra={"field": "leader"})
        now = self._store.clock.now()
        if not await self._replicas.helpers([person], organiser, now):
            raise Refused(
                "leader-not-yours",
                sv="Den som leder ska vara volontär eller samordnare hos er.",
                en="Whoever leads must be a volunteer or coordinator of yours.",
            )


def insist_open(place: MeetingPlaceSnapshot) -> None:
    """Raise Refused for a place that is not open."""
    if place.status not in OPEN:
        raise Refused(
            "place-not-open",
            sv="Mötesplatsen är inte öppen. Välj en annan, eller vänta tills den öppnar.",
            en="The meeting place is not open. Choose another, or wait until it opens.",
            extra={"status": place.status},
        )


def insist_on_agreement(place: MeetingPlaceSnapshot, dates: Iterable[Meeting]) -> None:
    """Raise Refused when a date lies after what is agreed."""
    until = covered_until(place)
    if until is None:
        return
    later = sum(local_date(one.start) > until for one in dates)
    if later:
        raise Refused(
            "agreement-ends",
            sv=f"Mötesplatsen är öppen till och med {until}. {later} tillfällen ligger efter. "
            "Planera till dess och fråga om förlängning.",
            en=f"The meeting place is open until {until}. {later} sessions are later. "
            "Plan until then and ask for an extension.",
            extra={"until": until.isoformat(), "later": later},
        )


def insist_on_room(room: str | None, place: MeetingPlaceSnapshot) -> None:
    """Raise Refused for a room that the place does not have."""
    if room is not None and room not in {one.id for one in place.rooms}:
        raise Refused(
            "no-such-room",
            sv="Det rummet finns inte på mötesplatsen. Välj ett av dem som finns.",
            en="The meeting place has no such room. Choose one of those it has.",
        )
