"""The automated flows: which event tells whom, about what, by which channels, and until when.

One entry per flow; the numbers are those of the description of the field. Two rules stand above
all of them: one person, one matter, one message; and nobody is told of their own act.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Generic, Literal, TypeVar

from services.notifications.domain.notification import Line, Sources
from services.notifications.domain.preferences import Group
from services.notifications.domain.roles import MEMBER, NOBODY, ROLE
from shared.clock import STOCKHOLM
from shared.contracts.activities import (
    ActivityPlanned,
    HelpersAsked,
    HelpersThanked,
    SeatsOffered,
    SessionCancelled,
    SessionLeaderChanged,
    SessionMoved,
    SessionSnapshot,
    SessionUnfilled,
)
from shared.contracts.base import AccommodationId, Event, Facts, OrganisationId, PersonId
from shared.contracts.registry import (
    IncidentReported,
    InvitationSent,
    OrganisationApproved,
    OrganisationUncoordinated,
    PersonWarned,
    RoleName,
    SupportCaseAnswered,
    SupportCaseLifted,
)

F = TypeVar("F", bound=Facts)
Channel = Literal["mail"]
Subject = Literal[
    "session", "activity", "organisation", "invitation", "incident", "support_case", "person"
]

HELD_UNLESS_WITHIN = timedelta(hours=2)
WELCOME_USEFUL = timedelta(days=14)
NEWS_USEFUL = timedelta(days=7)
EVENING_BEGINS, EVENING_ENDS = 17, 20
STRONGER_WITHIN = timedelta(minutes=10)
"""A weaker line on the same subject, so soon after a stronger one, is not sent."""

PLAIN, RESERVE, MOVED, CANCELLED = 0, 1, 2, 3
"""Strengths: closing (4) > cancelled > moved > the rest."""


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient, until when this person may answer, if that is theirs alone, and what standing
    they must still have when a message leaves the house.
    """

    person: PersonId
    until: datetime | None = None
    needs: int = MEMBER


@dataclass(frozen=True, slots=True)
class Overseers:
    """The network's administrators, and the officers in whose scope one of these places lies."""

    counties: tuple[str, ...] = ()
    accommodations: tuple[AccommodationId, ...] = ()


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a flow tells: people by name of the event, and whoever holds a role somewhere."""

    people: tuple[Told, ...] = ()
    role: RoleName | None = None
    organisations: tuple[OrganisationId, ...] = ()
    overseers: Overseers | None = None


@dataclass(frozen=True, slots=True)
class Happening(Generic[F]):
    """An event with its facts, and the session it is about as far as it is known."""

    event: Event
    facts: F
    session: SessionSnapshot | None = None


@dataclass(frozen=True)
class Flow(Generic[F]):
    """One flow. `about` is the kind of aggregate its event belongs to. `channels` come besides the inbox, which is always told, and at once."""

    number: int
    on: type[F]
    whom: Callable[[F], Audience]
    about: Subject
    matter: Callable[[Happening[F]], str]
    useful_until: Callable[[Happening[F]], datetime]
    still_true: Callable[[Line, Sources], bool]
    channels: tuple[Channel, ...] = ("mail",)
    group: Group | None = None
    strength: int = PLAIN
    rests: Callable[[Happening[F]], timedelta] = lambda _: timedelta()
    """How long it waits besides, until a better hour."""

    def useful_for(self, told: Told, happening: Happening[F]) -> datetime:
        """The end of its use for one recipient, who may have less time than others."""
        end = self.useful_until(happening)
        return end if told.until is None else min(end, told.until)

    def held_for(self, happening: Happening[F], hold: timedelta, now: datetime) -> timedelta:
        """How long a message waits, so that a slip can be undone: not at all when time is short."""
        session = happening.session
        soon = session is not None and session.start - now <= HELD_UNLESS_WITHIN
        return timedelta() if soon else max(hold, self.rests(happening))


def applicant(facts: OrganisationApproved) -> Audience:
    """Whoever applied; an import tells nobody unless it is asked to."""
    if facts.applicant is None or (facts.imported_by is not None and not facts.notify):
        return Audience()
    # The role that the approval brings may be a moment behind it.
    return Audience(people=(Told(facts.applicant, needs=NOBODY),))


def volunteers_of_organiser(facts: ActivityPlanned) -> Audience:
    """The organiser's volunteers."""
    return Audience(role="volunteer", organisations=(facts.organiser,))


def concerned_and_coordinators(facts: SessionCancelled) -> Audience:
    """Who had a seat or stood in the queue, and the coordinators of the organiser and the hosts.

    The first also when their organisation is the reason: they would stand before a closed door.
    """
    return Audience(
        people=tuple(Told(person, needs=ROLE) for person in facts.concerned),
        role="coordinator",
        organisations=tuple(dict.fromkeys((facts.organiser, *facts.hosts))),
    )


def carried_along(facts: SessionMoved) -> Audience:
    """Who has or waits for a seat, those who are asked with their time to answer; organiser and hosts."""
    asked = set(facts.asked)
    return Audience(
        people=tuple(
            Told(person, facts.answer_by if person in asked else None) for person in facts.concerned
        ),
        role="coordinator",
        organisations=tuple(dict.fromkeys((facts.organiser, *facts.hosts))),
    )


def new_leader(facts: SessionLeaderChanged) -> Audience:
    """Who was named to lead."""
    return Audience(people=(Told(facts.leader),) if facts.leader else ())


def earlier_leader(facts: SessionLeaderChanged) -> Audience:
    """In whose place somebody else was named, or nobody."""
    return Audience(people=(Told(facts.before),) if facts.before else ())


def moved_up(facts: SeatsOffered) -> Audience:
    """Those who were next in the queue, each with their own time to confirm."""
    return Audience(people=tuple(Told(one.person, one.until) for one in facts.moved_up))


def invited(facts: InvitationSent) -> Audience:
    """Whoever reads at an address that only the invitation knows: told by its id, once a sending."""
    return Audience(people=(Told(facts.invitation, facts.expires_at, needs=NOBODY),))


def who_answers_for(facts: IncidentReported) -> Audience:
    """The officers of the place, and the administrators."""
    return Audience(overseers=Overseers(facts.counties, facts.accommodations))


def owner_or_administrators(facts: SupportCaseLifted) -> Audience:
    """Whoever has taken it is reminded once; then, and where nobody has, it is everybody's."""
    if facts.owner is not None and facts.times == 1:
        return Audience(people=(Told(facts.owner),))
    return Audience(overseers=Overseers())


def asker(facts: SupportCaseAnswered) -> Audience:
    """Whoever asked, whatever they are by now."""
    return Audience(people=(Told(facts.asker, needs=NOBODY),))


def is_unsettled(line: Line, sources: Sources) -> bool:
    """The incident is not closed."""
    incident = sources.incidents.get(line.subject)
    return incident is not None and incident.status != "closed"


def waits(line: Line, sources: Sources) -> bool:
    """The question has no answer yet."""
    case = sources.support_cases.get(line.subject)
    return case is not None and case.status in ("open", "owned")


def is_answered(line: Line, sources: Sources) -> bool:
    """The question has its answer, and was not asked anew since."""
    return line.subject in sources.support_cases and not waits(line, sources)


def asked(facts: HelpersAsked) -> Audience:
    """Whom activities has chosen to ask."""
    return Audience(people=tuple(Told(person) for person in facts.people))


def until_the_evening(happening: Happening[HelpersAsked]) -> timedelta:
    """What is asked by itself is read between 17 and 20; a coordinator's own question goes at once."""
    local = happening.event.time.astimezone(STOCKHOLM)
    if not happening.facts.by_itself or EVENING_BEGINS <= local.hour < EVENING_ENDS:
        return timedelta()
    day = local.date() + timedelta(days=local.hour >= EVENING_ENDS)
    evening = datetime.combine(day, time(EVENING_BEGINS), STOCKHOLM)
    return evening.astimezone(UTC) - happening.event.time


def thanked(facts: HelpersThanked) -> Audience:
    """Everyone who was asked in vain."""
    return Audience(people=tuple(Told(person) for person in facts.people))


def organisers_coordinators(facts: SessionUnfilled) -> Audience:
    """The coordinators of the organiser."""
    return Audience(role="coordinator", organisations=(facts.organiser,))


def missing(session: SessionSnapshot) -> int:
    """How many are missing: below the minimum of each role, or somebody at all."""
    held = [len(one.seated) + len(one.offered) for one in session.seats]
    both = zip(session.seats, held, strict=True)
    short = sum(max(0, one.minimum - taken) for one, taken in both)
    return short or int(any(one.maximum for one in session.seats) and not any(held))


def is_unfilled(line: Line, sources: Sources) -> bool:
    """Somebody is missing still, and this person has neither a seat nor a place in the queue."""
    session = sources.sessions.get(line.subject)
    if session is None or session.status != "scheduled" or not missing(session):
        return False
    person = sources.people.get(line.person)
    theirs = {line.person, *(person.absorbed if person else ())}
    there = ({*one.seated, *one.offered, *one.waiting} for one in session.seats)
    return not any(theirs & people for people in there)


def takes_place(line: Line, sources: Sources) -> bool:
    """The session takes place, with enough who help."""
    session = sources.sessions.get(line.subject)
    return session is not None and session.status == "scheduled" and not missing(session)


def administrators(_: OrganisationUncoordinated) -> Audience:
    """The network's administrators."""
    return Audience(overseers=Overseers())


def has_nobody(line: Line, sources: Sources) -> bool:
    """The organisation is without a coordinator still."""
    organisation = sources.organisations.get(line.subject)
    return organisation is not None and organisation.uncoordinated


def unused(facts: PersonWarned) -> Audience:
    """Whoever has not been here for months, with or without a role."""
    return Audience(people=(Told(facts.person, facts.suspended_at, needs=NOBODY),))


def is_not_suspended(line: Line, sources: Sources) -> bool:
    """The account is still open, so that there is something to do about it."""
    person = sources.people.get(line.person)
    return person is not None and not person.suspended


def is_open(line: Line, sources: Sources) -> bool:
    """The invitation waits for an answer, and was not sent again since."""
    invitation = sources.invitations.get(line.subject)
    return (
        invitation is not None
        and invitation.status == "open"
        and invitation.expires_at == line.until
    )


def is_member(line: Line, sources: Sources) -> bool:
    """The organisation is still approved."""
    organisation = sources.organisations.get(line.subject)
    return organisation is not None and organisation.status == "approved"


def goes_on(line: Line, sources: Sources) -> bool:
    """The activity is still to come or under way."""
    activity = sources.activities.get(line.subject)
    return activity is not None and activity.status in ("planned", "running")


def is_cancelled(line: Line, sources: Sources) -> bool:
    """The session is still cancelled."""
    session = sources.sessions.get(line.subject)
    return session is not None and session.status == "cancelled"


def is_still_then(line: Line, sources: Sources) -> bool:
    """The session takes place at the time that the line tells of, and was not moved again since."""
    session = sources.sessions.get(line.subject)
    return session is not None and session.status == "scheduled" and session.start == line.start


def leads_no_more(line: Line, sources: Sources) -> bool:
    """The session takes place, and this person does not lead it."""
    session = sources.sessions.get(line.subject)
    return session is not None and session.status == "scheduled" and session.leader != line.person


def has_seat(line: Line, sources: Sources) -> bool:
    """The session takes place and the seat is still this person's; one to be answered for, still
    offered: who has said yes must not be asked.
    """
    session = sources.sessions.get(line.subject)
    if session is None or session.status != "scheduled":
        return False
    person = sources.people.get(line.person)
    # The session's word may be older than that of a merger of accounts.
    theirs = {line.person, *(person.absorbed if person else ())}
    return any(
        theirs & set(seats.offered if line.until else seats.seated) for seats in session.seats
    )


def _after(use: timedelta) -> Callable[[Happening[Any]], datetime]:
    return lambda happening: happening.event.time + use


def _start(happening: Happening[Any]) -> datetime:
    """Told after the start, it would speak of something that has begun."""
    return happening.session.start if happening.session else happening.event.time


FLOWS: tuple[Flow[Any], ...] = (
    Flow(
        number=3,
        on=OrganisationApproved,
        whom=applicant,
        about="organisation",
        matter=lambda happening: f"organisation:{happening.event.subject}",
        useful_until=_after(WELCOME_USEFUL),
        still_true=is_member,
    ),
    Flow(
        number=10,
        on=ActivityPlanned,
        whom=volunteers_of_organiser,
        about="activity",
        matter=lambda happening: f"activity:{happening.event.subject}",
        useful_until=_after(NEWS_USEFUL),
        still_true=goes_on,
        channels=(),
        group="news_nearby",
    ),
    Flow(
        number=11,
        on=HelpersAsked,
        whom=asked,
        about="session",
        matter=lambda _: "asked",
        useful_until=_start,
        still_true=is_unfilled,
        group="asked_for_help",
        rests=until_the_evening,
    ),
    Flow(
        number=13,
        on=SessionCancelled,
        whom=concerned_and_coordinators,
        about="session",
        # Not the session: one command that cancels twenty is one message with twenty lines.
        matter=lambda _: "cancelled",
        useful_until=_start,
        still_true=is_cancelled,
        group="my_shifts",
        strength=CANCELLED,
    ),
    Flow(
        number=14,
        on=SessionMoved,
        whom=carried_along,
        about="session",
        # As of cancelling: one command that moves twenty is one message.
        matter=lambda _: "moved",
        useful_until=_start,
        still_true=is_still_then,
        group="my_shifts",
        strength=MOVED,
    ),
    Flow(
        number=15,
        on=SeatsOffered,
        whom=moved_up,
        about="session",
        matter=lambda _: "moved-up",
        useful_until=_start,
        still_true=has_seat,
        group="my_shifts",
        strength=RESERVE,
    ),
    Flow(
        # Not numbered in the field: naming a leader is nothing to find out by chance.
        number=104,
        on=SessionLeaderChanged,
        whom=new_leader,
        about="session",
        matter=lambda _: "leads",
        useful_until=_start,
        still_true=has_seat,
        group="my_shifts",
    ),
    Flow(
        number=105,
        on=SessionLeaderChanged,
        whom=earlier_leader,
        about="session",
        matter=lambda _: "leads-no-more",
        useful_until=_start,
        still_true=leads_no_more,
        group="my_shifts",
    ),
    Flow(
        number=27,
        on=OrganisationUncoordinated,
        whom=administrators,
        about="organisation",
        matter=lambda happening: f"uncoordinated:{happening.event.subject}",
        useful_until=_after(WELCOME_USEFUL),
        still_true=has_nobody,
        channels=(),
    ),
    Flow(
        number=31,
        on=IncidentReported,
        whom=who_answers_for,
        about="incident",
        matter=lambda happening: f"incident:{happening.event.subject}",
        useful_until=_after(WELCOME_USEFUL),
        still_true=is_unsettled,
        channels=(),
    ),
    Flow(
        number=32,
        on=SupportCaseLifted,
        whom=owner_or_administrators,
        about="support_case",
        matter=lambda happening: f"support-case:{happening.event.subject}",
        useful_until=_after(NEWS_USEFUL),
        still_true=waits,
        channels=(),
    ),
    Flow(
        number=35,
        on=HelpersThanked,
        whom=thanked,
        about="session",
        matter=lambda _: "thanked",
        useful_until=_start,
        still_true=takes_place,
        group="asked_for_help",
    ),
    Flow(
        # The end of flow 11: nobody was found, a day before.
        number=103,
        on=SessionUnfilled,
        whom=organisers_coordinators,
        about="session",
        matter=lambda _: "unfilled",
        useful_until=_start,
        still_true=is_unfilled,
    ),
    Flow(
        # Not numbered either in the field: whoever asked learns what became of it.
        number=101,
        on=SupportCaseAnswered,
        whom=asker,
        about="support_case",
        matter=lambda happening: f"answered:{happening.event.subject}",
        useful_until=_after(WELCOME_USEFUL),
        still_true=is_answered,
    ),
    Flow(
        # Not among the numbered flows of the field: it tells somebody who is not here yet.
        number=100,
        on=InvitationSent,
        whom=invited,
        about="invitation",
        matter=lambda _: "invited",
        useful_until=lambda happening: happening.facts.expires_at,
        still_true=is_open,
    ),
    Flow(
        number=102,
        on=PersonWarned,
        whom=unused,
        about="person",
        matter=lambda _: "unused",
        useful_until=lambda happening: happening.facts.suspended_at,
        still_true=is_not_suspended,
    ),
)

BY_NUMBER = {flow.number: flow for flow in FLOWS}


def flows_on(event_type: str) -> tuple[Flow[Any], ...]:
    """The flows that an event sets off."""
    return _BY_TYPE.get(event_type, ())


_BY_TYPE = {
    type: tuple(flow for flow in FLOWS if flow.on.type == type)
    for type in {flow.on.type for flow in FLOWS}
}
