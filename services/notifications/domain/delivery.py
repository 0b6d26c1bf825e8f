"""A message on its way to somebody, judged anew when it is sent (P22)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.notifications.domain.flows import BY_NUMBER, STRONGER_WITHIN
from services.notifications.domain.notification import Line, Lines, Sources
from services.notifications.domain.preferences import Preferences
from shared.contracts.registry import ContactSnapshot, PersonSnapshot

Status = Literal["waiting", "sending", "sent", "overtaken", "expired", "unknown", "failed"]
REOPENED: tuple[Status, ...] = ("sent", "overtaken", "expired")
"""A line that comes late opens these again; what became of the others is not ours to say."""

PAUSES_SECONDS = (30, 120, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 86_400)
UNKNOWN_PERSON_PAUSE = timedelta(seconds=30)
JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that decides whether lines are sent to a person now; None is what is not known (yet).

    `lines` are those that were not decided before.
    """

    now: datetime
    lines: Lines
    sources: Sources
    person: PersonSnapshot | None
    standing: int
    preferences: Preferences
    contact: ContactSnapshot | None
    recent: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    """Send these lines to this address."""

    lines: Lines
    address: str


@dataclass(frozen=True, slots=True)
class Close:
    """Send nothing; what became of it and why."""

    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Decide later: what is needed has not reached us."""

    until: datetime


@dataclass(frozen=True, slots=True)
class NothingNew:
    """All lines were decided before; what became of them stands."""


@dataclass(frozen=True, slots=True)
class ReadOn:
    """None of those that were read is to be sent, but there are more."""


Verdict = Send | Close | Wait | NothingNew | ReadOn


def judge(it: Circumstances) -> Verdict:
    """Still new, useful, known, permitted, true, wanted, reachable: in this order."""
    if not it.lines.first:
        return NothingNew()
    lines = [line for line in it.lines.first if line.useful_until > it.now]
    if not lines:
        return Close("expired", "too-late")
    if (
        it.person is None
        or it.person.merged_into
        or it.contact is None
        or not _all_known(lines, it.sources)
    ):
        return Wait(it.now + UNKNOWN_PERSON_PAUSE)
    if it.person.suspended:
        return Close("overtaken", "no-longer-permitted")
    decided = _what_is_left(it, lines, it.contact)
    overtaken = isinstance(decided, Close) and decided.status == "overtaken"
    return ReadOn() if overtaken and it.lines.more else decided


def _what_is_left(
    it: Circumstances, lines: Sequence[Line], contact: ContactSnapshot
) -> Send | Close:
    filters: tuple[tuple[str, Callable[[Line], bool]], ...] = (
        ("no-longer-permitted", lambda line: it.standing >= line.needs),
        ("no-longer-true", lambda line: BY_NUMBER[line.flow].still_true(line, it.sources)),
        ("stronger-told", lambda line: not has_stronger(line, it.recent)),
        ("not-wanted", lambda line: it.preferences.wants_mail(BY_NUMBER[line.flow].group)),
    )
    for reason, keeps in filters:
        lines = [line for line in lines if keeps(line)]
        if not lines:
            return Close("overtaken", reason)
    if contact.mail is None:
        return Close("failed", "no-address")
    return Send(Lines(tuple(lines), it.lines.more), contact.mail)


def has_stronger(line: Line, others: Sequence[Line]) -> bool:
    """True when something stronger on the same subject was told to them since 10 minutes before."""
    return any(
        other.subject == line.subject
        and other.person == line.person
        and other.strength > line.strength
        and line.at - other.at <= STRONGER_WITHIN
        for other in others
    )


def next_try(tries: int, now: datetime, chance: float) -> datetime | None:
    """When to try again after `tries` tries; None when it has been enough (some 75 hours).

    `chance` from 0 to 1 spreads what failed together.
    """
    if tries > len(PAUSES_SECONDS):
        return None
    pause = PAUSES_SECONDS[tries - 1] * (1 + JITTER * (2 * chance - 1))
    return now + timedelta(seconds=pause)


def _all_known(lines: Sequence[Line], sources: Sources) -> bool:
    return all(sources.knows(line.subject) for line in lines)
