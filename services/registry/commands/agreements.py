"""What the parties of a meeting place do with their agreement."""

from collections.abc import Sequence
from datetime import date

from services.registry.commands.meeting_places import MeetingPlaces
from services.registry.domain import agreement as rules
from services.registry.domain.meeting_place_parts import Terms
from services.registry.domain.meeting_place_state import MeetingPlace
from shared.causes import following
from shared.clock import Clock
from shared.contracts.registry import EndReason
from shared.kind import By, Stored


class Agreements:
    """Use cases of the agreement; it is part of its meeting place."""

    def __init__(self, places: MeetingPlaces, clock: Clock) -> None:
        self._places = places
        self._clock = clock

    async def sign(self, id: str, party: str, edition: int | None, by: By) -> Stored[MeetingPlace]:
        """One party signs; on trial the last signature may open it."""
        now, person = self._clock.now(), _person(by)
        party = await self._places.party_now(party)
        return await self._places.upheld(
            id, lambda one: rules.sign(one, party, person, now, edition), by
        )

    async def sign_renewal(
        self, id: str, party: str, edition: int | None, by: By
    ) -> Stored[MeetingPlace]:
        """One party signs what is to take over; a host that was merged is what it is now."""
        await self._places.reconcile(id, following(by))
        party = await self._places.party_now(party)
        now, person = self._clock.now(), _person(by)
        return await self._places.upheld(
            id, lambda one: rules.sign_renewal(one, party, person, now, edition), by
        )

    async def rewrite(
        self, id: str, hosts: Sequence[str], terms: Terms, by: By
    ) -> Stored[MeetingPlace]:
        """Other hosts or terms than proposed."""
        hosts = await self._places.hosts_now(hosts)
        accommodations = (await self._places.load(id)).state.accommodations
        standing, now = await self._places.standing(accommodations, hosts), self._clock.now()
        return await self._places.upheld(
            id, lambda one: rules.rewrite(one, hosts, terms, standing, now), by
        )

    async def renew(
        self, id: str, hosts: Sequence[str], terms: Terms, by: By
    ) -> Stored[MeetingPlace]:
        """Propose what takes over."""
        hosts = await self._places.hosts_now(hosts)
        accommodations = (await self._places.load(id)).state.accommodations
        standing, now = await self._places.standing(accommodations, hosts), self._clock.now()
        return await self._places.change_by(
            id, lambda one: rules.renew(one, hosts, terms, standing, now), by
        )

    async def allow_trial(self, id: str, days: int, by: By) -> Stored[MeetingPlace]:
        """An officer says yes to a trial."""
        now, person = self._clock.now(), _person(by)
        return await self._places.change_by(
            id, lambda one: rules.allow_trial(one, days, person, now), by
        )

    async def end(
        self, id: str, party: str, on: date, reason: EndReason, words: str | None, by: By
    ) -> Stored[MeetingPlace]:
        """A party ends it early."""
        party = await self._places.party_now(party)
        now, person = self._clock.now(), _person(by)
        return await self._places.change_by(
            id, lambda one: rules.end(one, party, on, reason, words, person, now), by
        )


def _person(by: By) -> str:
    assert by.actor is not None
    return by.actor
