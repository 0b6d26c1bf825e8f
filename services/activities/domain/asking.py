"""Asking helpers for a session: whom, when by itself, what they answer, and that it is solved.

Three days before the start the five best are asked, fifteen more a day later, and a day before the
start it is the coordinator's. It stops as soon as enough have a seat; then all who were asked are
thanked, each once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from services.activities.domain.fitting import Candidate, is_possible
from services.activities.domain.helper import Helper, may_be_asked
from services.activities.domain.questions import Asked
from services.activities.domain.seats import active, entry, taken
from services.activities.domain.session import Decision, Session
from shared.contracts.activities import (
    HelpDeclined,
    HelpersAsked,
    HelpersThanked,
    SessionUnfilled,
)
from shared.contracts.base import Facts, PersonId, SessionId
from shared.contracts.problems import Refused

FIRST_ASKED = timedelta(days=3)
ASKED_ON = timedelta(hours=24)
LIFTED = timedelta(hours=24)
"""So long before the start it becomes the coordinator's; nobody is asked by itself after that."""
TIME_TO_PLAN = timedelta(hours=1)
"""Whoever plans at short notice may find people themselves first."""
ROUNDS = (5, 15)
ASKED_AT_MOST = 200

Step = Literal["ask", "lift"]
Verdict = Literal[
    "asked", "already_asked", "asked_lately", "on_it", "works_that_day", "does_not_suit",
    "cannot_take_it", "not_yours",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around a session of those who might be asked.

    `candidates` are the organiser's own; `working` have a shift that day; `unable` may not have a
    seat in it, whatever they wish.
    """

    candidates: Mapping[PersonId, Candidate]
    helpers: Mapping[PersonId, Helper] = field(default_factory=dict)
    working: Collection[PersonId] = ()
    unable: Collection[PersonId] = ()


def verdict(
    id: SessionId, session: Session, person: PersonId, around: Around, now: datetime
) -> Verdict:
    """Whether somebody may be asked for a session (`asked`), or the first thing that forbids it."""
    one = around.candidates.get(person)
    if one is None:
        return "not_yours"
    if active(session.seats, person) is not None:
        return "on_it"
    if entry(session.seats, person) is not None or question(session, person) is not None:
        return "already_asked"
    if person in around.working:
        return "works_that_day"
    if person in around.unable:
        return "cannot_take_it"
    helper = around.helpers.get(person, Helper())
    if helper.wishes.not_me or not is_possible(session, one):
        return "does_not_suit"
    return "asked" if may_be_asked(helper, id, now) else "asked_lately"


def missing(session: Session) -> int:
    """How many are missing: below the minimum of each role, or somebody at all."""
    held = {one.role: taken(session.seats, one.role) for one in session.needs}
    short = sum(max(0, one.minimum - held[one.role]) for one in session.needs)
    has_room = any(one.maximum > 0 for one in session.needs)
    return short or int(has_room and not any(held.values()))


def next_step(session: Session) -> tuple[datetime, Step] | None:
    """What happens by itself next, and when; None when nothing is missing or all has been done."""
    if session.status != "scheduled" or missing(session) == 0:
        return None
    lifted_at = session.start - LIFTED
    asks_at = _asks_at(session)
    if asks_at is not None and asks_at < lifted_at:
        return asks_at, "ask"
    if session.lifted or session.planned_at >= lifted_at:
        return None
    return lifted_at, "lift"


def due(session: Session, now: datetime) -> Step | None:
    """What is to be done by now; what has come too late to ask is the coordinator's."""
    step = next_step(session)
    if step is None or step[0] > now:
        return None
    return "ask" if step[1] == "ask" and now < session.start - LIFTED else "lift"


def is_open(session: Session, now: datetime) -> bool:
    """Whether somebody is missing while there is time to find them."""
    return session.status == "scheduled" and now < session.start and missing(session) > 0


def ask(session: Session, people: Collection[PersonId], now: datetime) -> Decision:
    """Put the question to these people; who was asked before is not asked again."""
    if not is_open(session, now):
        raise Refused(
            "nobody-missing",
            sv="Ingen behöver tillfrågas: tillfället är fyllt, inställt eller har börjat.",
            en="Nobody needs to be asked: the session is filled, cancelled or has begun.",
        )
    return _asked(session, people, now, by_itself=False)


def ask_by_itself(session: Session, people: Collection[PersonId], now: datetime) -> Decision:
    """One of the rounds; also one for which nobody was found is over."""
    if due(session, now) != "ask":
        return session, ()
    changes = {"rounds": session.rounds + 1, "round_at": now}
    return _asked(session.model_copy(update=changes), people, now, by_itself=True)


def lift(session: Session, now: datetime) -> Decision:
    """Nobody more is asked by itself: the coordinator is told how many are missing."""
    if due(session, now) != "lift":
        return session, ()
    event = SessionUnfilled(organiser=session.organiser, missing=missing(session))
    return session.model_copy(update={"lifted": True, "rounds": len(ROUNDS)}), (event,)


def not_this_time(session: Session, person: PersonId, now: datetime) -> Decision:
    """A no, which is a good answer; again is fine, and a yes may still follow."""
    asked = question(session, person)
    if asked is None:
        raise Refused(
            "not-asked",
            sv="Du har inte fått någon fråga om det här passet, så du behöver inte svara.",
            en="You were not asked about this shift, so there is nothing to answer.",
        )
    if asked.declined_at is not None or active(session.seats, person) is not None:
        return session, ()
    no = asked.model_copy(update={"declined_at": now})
    return _with(session, asked, no), (HelpDeclined(person=person),)


def settled(session: Session, events: tuple[Facts, ...], now: datetime) -> Decision:
    """After any change: when nobody is missing any more, all who were asked are thanked, once.

    Who took the seat knows already.
    """
    unthanked = [one for one in session.asked if not one.thanked]
    if not unthanked or not _is_filled(session, now):
        return session, events
    asked = tuple(one.model_copy(update={"thanked": True}) for one in session.asked)
    people = tuple(one.person for one in unthanked if active(session.seats, one.person) is None)
    told = (HelpersThanked(people=people),) if people else ()
    return session.model_copy(update={"asked": asked}), (*events, *told)


def _is_filled(session: Session, now: datetime) -> bool:
    return session.status == "scheduled" and now < session.start and missing(session) == 0


def _asks_at(session: Session) -> datetime | None:
    if session.rounds >= len(ROUNDS) or session.lifted:
        return None
    if session.round_at is not None:
        return session.round_at + ASKED_ON
    return max(session.start - FIRST_ASKED, session.planned_at + TIME_TO_PLAN)


def _asked(
    session: Session, people: Collection[PersonId], now: datetime, by_itself: bool
) -> Decision:
    room = ASKED_AT_MOST - len(session.asked)
    new = [
        one
        for one in dict.fromkeys(people)
        if question(session, one) is None and entry(session.seats, one) is None
    ][:room]
    if not new:
        return session, ()
    asked = (*session.asked, *(Asked(person=one, at=now) for one in new))
    event = HelpersAsked(people=tuple(new), organiser=session.organiser, by_itself=by_itself)
    return session.model_copy(update={"asked": asked}), (event,)


def question(session: Session, person: PersonId) -> Asked | None:
    """What somebody was asked and answered about a session."""
    return next((one for one in session.asked if one.person == person), None)


def _with(session: Session, before: Asked, after: Asked) -> Session:
    asked = tuple(after if one is before else one for one in session.asked)
    return session.model_copy(update={"asked": asked})
