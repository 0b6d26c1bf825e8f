"""Who fits which session, and why: a pure score of what fits, in words, never of what failed.

Each part of the score stands alone: more of one never makes the whole less.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from services.activities.domain.children import with_children
from services.activities.domain.distance import Step, step
from services.activities.domain.helper import Wishes, near, suits
from services.activities.domain.session import Session
from shared.clock import local_date
from shared.contracts.base import PersonId, SessionId
from shared.contracts.problems import Text
from shared.contracts.registry import PersonSnapshot

ReasonCode = Literal["distance", "language", "day", "experience", "rested"]
WEEK_DAYS = 7
TIMES_AT_MOST = 4
WEEKS_AT_MOST = 4
LANGUAGES_AT_MOST = 2
NOTHING_SAID = Wishes()
EVERYBODYS = "sv"
"""Whoever helps here speaks it, or is on their way: nothing to choose by."""

DISTANCES: dict[Step | None, int] = {
    "same": 5, "under_20": 4, "under_50": 3, None: 2, "under_100": 1, "further": 0,
}  # fmt: skip
HOW_FAR: dict[Step | None, Text] = {
    "same": Text("i samma kommun", "in the same municipality"),
    "under_20": Text("mindre än två mil bort", "less than 20 km away"),
    "under_50": Text("mindre än fem mil bort", "less than 50 km away"),
    "under_100": Text("mindre än tio mil bort", "less than 100 km away"),
}
SPOKEN: dict[str, Text] = {
    "en": Text("engelska", "English"), "ar": Text("arabiska", "Arabic"),
    "prs": Text("dari", "Dari"), "ps": Text("pashto", "Pashto"), "fa": Text("persiska", "Persian"),
    "ti": Text("tigrinska", "Tigrinya"), "so": Text("somaliska", "Somali"),
    "kmr": Text("kurmanji", "Kurmanji"), "ckb": Text("sorani", "Sorani"),
    "uk": Text("ukrainska", "Ukrainian"), "ru": Text("ryska", "Russian"),
    "tr": Text("turkiska", "Turkish"), "sq": Text("albanska", "Albanian"),
    "am": Text("amhariska", "Amharic"), "fr": Text("franska", "French"),
    "es": Text("spanska", "Spanish"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of somebody who might help: `times` is how often they did there lately."""

    person: PersonId
    home: str | None = None
    languages: frozenset[str] = frozenset()
    wishes: Wishes = NOTHING_SAID
    asked_at: datetime | None = None
    times: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score; `words` say it where something is known to fit."""

    code: ReasonCode
    points: int
    words: Text | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """How well somebody fits."""

    parts: tuple[Part, ...]

    @property
    def score(self) -> int:
        """The sum of the parts."""
        return sum(one.points for one in self.parts)

    @property
    def reasons(self) -> tuple[Part, ...]:
        """What fits, and can be said."""
        return tuple(one for one in self.parts if one.words is not None)


def is_possible(session: Session, one: Candidate) -> bool:
    """Near enough, at a time and of a kind that suits, in a language of theirs as far as is known."""
    places = near(one.wishes, one.home)
    return (
        session.kind not in one.wishes.not_kinds
        and (places is None or place_of(session) in places)
        and suits(one.wishes, session.start, session.end)
        and speaks(session.languages, one.languages)
    )


def may_take(session: Session, person: PersonSnapshot) -> bool:
    """Where children take part only with an extract, shown to the organiser, that counts on the day."""
    day = local_date(session.start)
    return not with_children(session) or any(
        one.organisation == session.organiser and day <= one.valid_until for one in person.extracts
    )


def speaks(needed: Iterable[str], spoken: Iterable[str]) -> bool:
    """At least one language in common; what is not known does not exclude."""
    needed, spoken = set(needed), set(spoken)
    return not needed or not spoken or bool(needed & spoken)


def place_of(session: Session) -> str:
    """Where it is, as closely as may be told."""
    return session.municipality or session.county


def for_me(session: Session, one: Candidate) -> Fit:
    """Why a session fits somebody who looks for a shift."""
    return Fit((_distance(session, one), _language(session, one), _day(session, one)))


def for_session(session: Session, one: Candidate, now: datetime) -> Fit:
    """Why somebody fits a session that lacks people."""
    parts = (*for_me(session, one).parts, _experience(one), _rested(one, now))
    return Fit(parts)


def best(
    id: SessionId, session: Session, candidates: Iterable[Candidate], now: datetime
) -> Sequence[tuple[Candidate, Fit]]:
    """The possible ones, the best first; equals in an order that differs from session to session."""
    fits = [
        (one, for_session(session, one, now)) for one in candidates if is_possible(session, one)
    ]
    return sorted(fits, key=lambda pair: (-pair[1].score, _lot(id, pair[0].person)))


def _lot(session: SessionId, person: PersonId) -> str:
    return sha256(f"{session} {person}".encode()).hexdigest()


def _distance(session: Session, one: Candidate) -> Part:
    how_far = step(one.home, place_of(session))
    return Part("distance", DISTANCES[how_far], HOW_FAR.get(how_far))


def _language(session: Session, one: Candidate) -> Part:
    common = sorted((set(session.languages) & one.languages) - {EVERYBODYS})
    names = [SPOKEN[code] for code in common if code in SPOKEN]
    if not names:
        return Part("language", 0)
    sv = _listed([name.sv for name in names], "och")
    en = _listed([name.en for name in names], "and")
    points = 2 * min(len(names), LANGUAGES_AT_MOST)
    return Part("language", points, Text(f"talar {sv}", f"speaks {en}"))


def _listed(names: Sequence[str], last: str) -> str:
    *first, end = names
    return f"{', '.join(first)} {last} {end}" if first else end


def _day(session: Session, one: Candidate) -> Part:
    if not one.wishes.days:
        return Part("day", 1)
    if not suits(one.wishes, session.start, session.end):
        return Part("day", 0)
    return Part("day", 2, Text("en tid som passar", "a time that suits"))


def _experience(one: Candidate) -> Part:
    if one.times == 0:
        return Part("experience", 0)
    times = (
        Text("en gång", "once")
        if one.times == 1
        else Text(f"{one.times} gånger", f"{one.times} times")
    )
    words = Text(f"med {times.sv} det senaste halvåret", f"there {times.en} in the last half year")
    return Part("experience", min(one.times, TIMES_AT_MOST), words)


def _rested(one: Candidate, now: datetime) -> Part:
    if one.asked_at is None:
        return Part("rested", WEEKS_AT_MOST, Text("inte tillfrågad förut", "not asked before"))
    weeks = (now - one.asked_at).days // WEEK_DAYS
    if weeks < 1:
        return Part("rested", 0)
    sv = "på en vecka" if weeks == 1 else f"på {weeks} veckor"
    en = "for a week" if weeks == 1 else f"for {weeks} weeks"
    points = min(weeks, WEEKS_AT_MOST)
    return Part("rested", points, Text(f"inte tillfrågad {sv}", f"not asked {en}"))
