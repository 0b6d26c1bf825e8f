"""What notifications knows of the others: whom to tell, how to reach them, what to tell of."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from pymongo import ASCENDING, IndexModel

from services.notifications.domain.flows import BY_NUMBER, Subject
from services.notifications.domain.notification import Line, Sources
from shared.clock import Clock
from shared.contracts.activities import ActivitySnapshot, SessionSnapshot
from shared.contracts.base import OrganisationId, PersonId, Snapshot
from shared.contracts.registry import (
    AccommodationSnapshot,
    ContactSnapshot,
    IncidentSnapshot,
    InvitationContactSnapshot,
    InvitationSnapshot,
    MeetingPlaceSnapshot,
    PersonSnapshot,
    SupportCaseSnapshot,
)
from shared.database import Database
from shared.due import in_parallel
from shared.links import Link, Links
from shared.people import ReplicaPeople
from shared.replica import Replica

S = TypeVar("S", bound=Snapshot)

# Whoever holds a role in an organisation, page by page in the order of their ids.
MEMBERS = (
    IndexModel([("state.roles.scope.ids", ASCENDING), ("_id", ASCENDING)], name="members"),
    IndexModel([("state.roles.formerly", ASCENDING), ("_id", ASCENDING)], name="formerly"),
)
# Whoever holds a certain role, wherever it is.
HOLDERS = IndexModel([("state.roles.role", ASCENDING), ("_id", ASCENDING)], name="holders")
SESSIONS_OF_ACTIVITY = IndexModel(
    [("state.activity", ASCENDING), ("state.status", ASCENDING), ("state.start", ASCENDING)],
    name="activity",
)


@dataclass(frozen=True)
class Replicas:
    """One replica for each foreign aggregate that this service hears of."""

    people: ReplicaPeople
    contacts: Replica[ContactSnapshot]
    invitations: Replica[InvitationSnapshot]
    invited: Replica[InvitationContactSnapshot]
    accommodations: Replica[AccommodationSnapshot]
    meeting_places: Replica[MeetingPlaceSnapshot]
    activities: Replica[ActivitySnapshot]
    sessions: Replica[SessionSnapshot]
    incidents: Replica[IncidentSnapshot]
    support_cases: Replica[SupportCaseSnapshot]
    clock: Clock
    links: Links

    @classmethod
    def of(cls, database: Database, clock: Clock, links: Links) -> "Replicas":
        """Those of one service's database."""
        return cls(
            people=ReplicaPeople(database, clock),
            contacts=Replica(database, ContactSnapshot),
            invitations=Replica(database, InvitationSnapshot),
            invited=Replica(database, InvitationContactSnapshot),
            accommodations=Replica(database, AccommodationSnapshot),
            meeting_places=Replica(database, MeetingPlaceSnapshot),
            activities=Replica(database, ActivitySnapshot),
            sessions=Replica(database, SessionSnapshot, (SESSIONS_OF_ACTIVITY,)),
            incidents=Replica(database, IncidentSnapshot),
            support_cases=Replica(database, SupportCaseSnapshot),
            clock=clock,
            links=links,
        )

    @property
    def all(self) -> tuple[Replica[Any], ...]:
        """Each of them."""
        return (
            self.people.organisations,
            self.people.persons,
            self.contacts,
            self.invitations,
            self.invited,
            self.accommodations,
            self.meeting_places,
            self.activities,
            self.sessions,
            self.incidents,
            self.support_cases,
        )

    async def names_of(
        self, organisation: OrganisationId, same: Mapping[OrganisationId, OrganisationId]
    ) -> set[OrganisationId]:
        """The ids under which people's roles in an organisation may be told, older ones of merged too."""
        query = {"state.merged_into": organisation}
        merged = {one.id for one in await self.people.organisations.find(query)}
        return {organisation, *merged, *(id for id, now in same.items() if now == organisation)}

    async def sources(self, lines: Sequence[Line], readers: Collection[PersonId]) -> Sources:
        """All that is known to put these lines into words for these readers, and to judge them."""
        invitations = await states(self.invitations, _subjects(lines, "invitation"))
        acted = {line.by for line in lines if line.by}
        people, sessions, activities, organisations = await asyncio.gather(
            self._people(readers, acted),
            states(self.sessions, _subjects(lines, "session")),
            states(self.activities, _subjects(lines, "activity")),
            states(
                self.people.organisations,
                _subjects(lines, "organisation") | _places(invitations.values()),
            ),
        )
        organisers = {one.organiser for one in activities.values()} - organisations.keys()
        of_cancelled = {one.activity for one in sessions.values() if one.status == "cancelled"}
        further, next_start, incidents, cases = await asyncio.gather(
            states(self.people.organisations, organisers),
            self._next_starts(of_cancelled),
            states(self.incidents, _subjects(lines, "incident")),
            states(self.support_cases, _subjects(lines, "support_case")),
        )
        return Sources(
            sessions,
            activities,
            {**organisations, **further},
            people,
            next_start,
            invitations,
            {id: self._path(id, one) for id, one in invitations.items()},
            incidents,
            cases,
        )

    async def contacts_of(self, ids: Collection[str]) -> dict[str, ContactSnapshot]:
        """The addresses of people, and of invitations that are open."""
        people, invited = await asyncio.gather(
            states(self.contacts, ids), states(self.invited, ids)
        )
        return people | {id: ContactSnapshot(mail=one.mail) for id, one in invited.items()}

    def _path(self, id: str, invitation: InvitationSnapshot) -> str:
        return self.links.path(Link(invitation.aggregate, id, invitation.expires_at))

    async def _people(
        self, readers: Collection[PersonId], acted: Collection[PersonId]
    ) -> dict[PersonId, PersonSnapshot]:
        """Readers as they are known; who acted by the account that they are now."""
        known = await states(self.people.persons, {*readers, *acted})
        merged = [id for id in acted if id in known and known[id].merged_into]
        now = await self.people.persons.now([id for id in merged if id not in readers])
        winners = await states(self.people.persons, set(now.values()))
        return known | {id: winners[winner] for id, winner in now.items() if winner in winners}

    async def _next_starts(self, activities: Collection[str]) -> dict[str, datetime]:
        """By activity: when the next session that takes place begins."""
        found: dict[str, datetime] = {}

        async def find(activity: str) -> None:
            now = self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
            coming = await self.sessions.find(
                {
                    "state.activity": activity,
                    "state.status": "scheduled",
                    "state.start": {"$gt": now},
                },
                sort=[("state.start", 1)],
                limit=1,
            )
            if coming:
                found[activity] = coming[0].state.start

        await in_parallel([partial(find, activity) for activity in activities])
        return found


async def states(replica: Replica[S], ids: Collection[str]) -> dict[str, S]:
    """What is known of several aggregates, by id; no question asked for none."""
    if not ids:
        return {}
    return {id: one.state for id, one in (await replica.many(list(ids))).items()}


def _places(invitations: Iterable[InvitationSnapshot]) -> set[str]:
    return {id for one in invitations if one.scope.kind == "organisation" for id in one.scope.ids}


def _subjects(lines: Sequence[Line], about: Subject) -> set[str]:
    return {line.subject for line in lines if BY_NUMBER[line.flow].about == about}
