"""What is told: a line per event and recipient, gathered under one notification (P4, P16).

Both hold references only. Words, names and addresses are made when somebody reads, from what is
known then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.contracts.activities import ActivitySnapshot, SessionSnapshot
from shared.contracts.base import PersonId
from shared.contracts.registry import (
    IncidentSnapshot,
    InvitationSnapshot,
    OrganisationSnapshot,
    PersonSnapshot,
    SupportCaseSnapshot,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One event told to one person.

    `subject` is the aggregate it is about and `start` when that begins, as it was when told;
    `until` is the person's own time to answer, `by` who decided it. After `useful_until` it helps
    nobody any more. `strength` decides which of two lines about one subject is enough, `needs`
    what standing the person must still have when it leaves the house.
    """

    id: str
    notification: str
    person: PersonId
    flow: int
    subject: str
    at: datetime
    start: datetime
    useful_until: datetime
    strength: int
    needs: int
    until: datetime | None = None
    by: PersonId | None = None
    event: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one notification in the order of their starts: the `first`, and how many `more`."""

    first: tuple[Line, ...] = ()
    more: int = 0

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.first) + self.more


@dataclass(frozen=True, slots=True)
class Notification:
    """What one command (`correlation`) means to one person in one matter; `touched` is its last change."""

    id: str
    person: PersonId
    matter: str
    at: datetime
    touched: datetime
    unread: bool
    archived: bool
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """What is known right now of all that some lines speak of, by id."""

    sessions: Mapping[str, SessionSnapshot] = field(default_factory=dict)
    activities: Mapping[str, ActivitySnapshot] = field(default_factory=dict)
    organisations: Mapping[str, OrganisationSnapshot] = field(default_factory=dict)
    people: Mapping[PersonId, PersonSnapshot] = field(default_factory=dict)
    next_start: Mapping[str, datetime] = field(default_factory=dict)
    """By activity: the next session that takes place."""
    invitations: Mapping[str, InvitationSnapshot] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    """By invitation: where the link of its last sending leads, on our own site."""
    incidents: Mapping[str, IncidentSnapshot] = field(default_factory=dict)
    support_cases: Mapping[str, SupportCaseSnapshot] = field(default_factory=dict)

    def knows(self, subject: str) -> bool:
        """True when there is something to say about the subject."""
        known: tuple[Mapping[str, object], ...] = (
            self.sessions,
            self.activities,
            self.organisations,
            self.invitations,
            self.incidents,
            self.support_cases,
            self.people,
        )
        return any(subject in one for one in known)

    def reader(self, id: str) -> PersonSnapshot | None:
        """Who is told: a person, or somebody without a name yet who was invited."""
        invitation = self.invitations.get(id)
        if invitation is None:
            return self.people.get(id)
        return PersonSnapshot(name="", preferred_language=invitation.language)


def threads(lines: Sequence[Line]) -> tuple[str, ...]:
    """What the lines are about, each once: mails about one session belong together."""
    return tuple(dict.fromkeys(line.subject for line in lines))
