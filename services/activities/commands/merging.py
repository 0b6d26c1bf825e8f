"""Sessions and activities follow what was merged: from the newest word, as often as it comes."""

from services.activities.commands.helping import Helping
from services.activities.commands.sessions import Sessions
from services.activities.domain import merging as rules
from services.activities.domain.activity import Activity
from services.activities.domain.session import Session
from services.activities.kinds import ACTIVITY, SESSION
from services.activities.many import AT_A_TIME
from services.activities.replicas import Replicas
from shared.contracts.base import OrganisationId, PersonId
from shared.database import Document
from shared.kind import By, Change, Stored
from shared.store import Store


class Merging:
    """Compares with what is known of the registry's mergers and mends the difference."""

    def __init__(self, store: Store, replicas: Replicas, sessions: Sessions) -> None:
        self._store = store
        self._replicas = replicas
        self._sessions = sessions
        self._helping = Helping(store, replicas)

    async def person(self, id: PersonId, by: By) -> bool:
        """Move what is a merged account's, or the accounts' that this one has absorbed.

        True for a merged account, which has nothing of its own any more. Nothing moves before the
        other account is known to have the roles as well: its word comes, and then this is done.
        """
        known = await self._replicas.people.persons.get(id)
        if known is None:
            return False
        if known.state.merged_into is None:
            for loser in known.state.absorbed:
                await self._move_person(loser, id, by)
            return False
        winner = await self.winner(id)
        if winner is not None:
            await self._move_person(id, winner, by)
        return True

    async def winner(self, id: PersonId) -> PersonId | None:
        """The account that has all that was this merged one's; None while that is not known here."""
        now = (await self._replicas.people.persons.now([id]))[id]
        known = await self._replicas.people.persons.get(now)
        return now if known is not None and id in known.state.absorbed else None

    async def organisation(self, id: OrganisationId, by: By) -> bool:
        """Move what a merged organisation organises or organised; True when it was merged."""
        now = await self._now(id)
        if now is None:
            return False
        query: Document = {"keys.organiser": id}
        while activities := await self._store.find(ACTIVITY, query, limit=AT_A_TIME):
            for one in activities:
                await self._activity(one.id, now, by)
        while sessions := await self._store.find(SESSION, query, limit=AT_A_TIME):
            for stored in sessions:
                await self._session(stored.id, now, by)
        return True

    async def follow_organiser(self, stored: Stored[Session], by: By) -> Stored[Session]:
        """A session that was planned while its organiser was merged."""
        now = await self._now(stored.state.organiser)
        return stored if now is None else await self._session(stored.id, now, by)

    async def follow_organiser_of(self, stored: Stored[Activity], by: By) -> Stored[Activity]:
        """An activity that was planned while its organiser was merged."""
        now = await self._now(stored.state.organiser)
        return stored if now is None else await self._activity(stored.id, now, by)

    async def _now(self, organisation: OrganisationId) -> OrganisationId | None:
        """What a merged organisation is now; None for one that was not merged."""
        now = (await self._replicas.people.organisations.now([organisation]))[organisation]
        return None if now == organisation else now

    async def _activity(self, id: str, organiser: OrganisationId, by: By) -> Stored[Activity]:
        return await self._store.change(
            ACTIVITY, id, lambda one: Change(*rules.move_activity(one, organiser)), by
        )

    async def _session(self, id: str, organiser: OrganisationId, by: By) -> Stored[Session]:
        return await self._store.change(
            SESSION, id, lambda one: Change(*rules.move_session(one, organiser)), by
        )

    async def _move_person(self, person: PersonId, winner: PersonId, by: By) -> None:
        await self._helping.unite(person, winner, by)
        while led := await self._store.find(ACTIVITY, {"keys.leader": person}, limit=AT_A_TIME):
            for one in led:
                await self._store.change(
                    ACTIVITY,
                    one.id,
                    lambda now: Change(*rules.with_leader(now, person, winner)),
                    by,
                )
        while found := await self._store.find(SESSION, {"keys.named": person}, limit=AT_A_TIME):
            for stored in found:
                await self._sessions.move_person(stored, person, winner, by)
