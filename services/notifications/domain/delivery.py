"""A message on its way to somebody, judged anew when it is sent (P22)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.notifications.domain.flows import BY_NUMBER, STRONGER_WITHIN
from services.notifications.domain.notification import Line, Sources
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

    `seen` are the lines that were decided before.
    """

    now: datetime
    lines: tuple[Line, ...]
    seen: frozenset[str]
    sources: Sources
    person: PersonSnapshot | None
    takes_part: bool
    preferences: Preferences
    contact: ContactSnapshot | None
    recent: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    """Send these lines to this address."""

    lines: tuple[Line, ...]
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


Verdict = Send | Close | Wait | NothingNew


def judge(it: Circumstances) -> Verdict:
    """Still new, useful, known, permitted, true, wanted, reachable: in this order."""
    lines = [line for line in it.lines if line.id not in it.seen]
    if not lines:
        return NothingNew()
    lines = [line for line in lines if line.useful_until > it.now]
    if not lines:
        return Close("expired", "too-late")
    if it.person is None or it.contact is None or not _all_known(lines, it.sources):
        return Wait(it.now + UNKNOWN_PERSON_PAUSE)
    if it.person.suspended:
        return Close("overtaken", "no-longer-permitted")
    return _what_is_left(it, lines, it.contact)


def _what_is_left(
    it: Circumstances, lines: Sequence[Line], contact: ContactSnapshot
) -> Send | Close:
    filters: tuple[tuple[str, Callable[[Line], bool]], ...] = (
        (
            "no-longer-permitted",
            lambda line: it.takes_part or not BY_NUMBER[line.flow].members_only,
        ),
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
    return Send(tuple(lines), contact.mail)


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
