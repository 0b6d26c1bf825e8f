"""A helper: which days, places and kinds suit somebody who helps, and when they were asked.

Languages and home municipality are the person's own, in the registry, and are not kept here too.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.activities.domain.distance import places_within
from services.activities.domain.schedule import LocalTime
from shared.clock import STOCKHOLM
from shared.contracts.activities import ActivityKind
from shared.contracts.base import SessionId
from shared.contracts.places import Municipality
from shared.contracts.problems import Stale, Text
from shared.contracts.texts import Body, wrong

ASKED_AGAIN_AFTER = timedelta(days=7)
"""Nobody is asked for a shift twice within it, whoever asks: well below three questions a week."""
ASKED_KEPT = 20
NEAR_UNLESS_SAID_KM = 50

_ENDS_BEFORE = Text("Tiden slutar innan den börjar.", "The time ends before it begins.")


class SuitableTime(Body):
    """A weekday (ISO, 1 = Monday) that suits, between two local times or all day."""

    weekday: Annotated[int, Field(ge=1, le=7, examples=[2])]
    from_: Annotated[LocalTime | None, Field(alias="from", examples=["17:00"])] = None
    to: Annotated[LocalTime | None, Field(examples=["21:00"])] = None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.from_ and self.to and self.to <= self.from_:
            raise wrong("ends-before-it-begins", _ENDS_BEFORE)
        return self


class Wishes(Body):
    """What suits a helper; nothing said is everything, near home.

    `within_km` counts from the home municipality; with `municipalities` either is near enough.
    `not_me` asks not to be asked at all; shifts are still there to be found.
    """

    days: Annotated[tuple[SuitableTime, ...], Field(max_length=28)] = ()
    within_km: Literal[20, 50, 100] | None = None
    municipalities: Annotated[tuple[Municipality, ...], Field(max_length=50)] = ()
    not_me: bool = False
    not_kinds: Annotated[tuple[ActivityKind, ...], Field(max_length=29)] = ()


class Question(BaseModel):
    """That a helper was asked for a session, and when."""

    model_config = ConfigDict(frozen=True)

    session: SessionId
    at: datetime


class Helper(BaseModel):
    """The aggregate; its id is the person's. `revision` counts the changes of the wishes alone."""

    model_config = ConfigDict(frozen=True)

    wishes: Wishes = Wishes()
    revision: int = 1
    asked: tuple[Question, ...] = ()

    @property
    def asked_at(self) -> datetime | None:
        """When they were asked last."""
        return max((one.at for one in self.asked), default=None)


def wish(helper: Helper, wishes: Wishes, seen: int) -> Helper:
    """With new wishes; raises Stale unless they were made on those that hold."""
    if seen != helper.revision:
        raise Stale
    if wishes == helper.wishes:
        return helper
    return helper.model_copy(update={"wishes": wishes, "revision": helper.revision + 1})


def ask(helper: Helper, session: SessionId, now: datetime) -> tuple[Helper, bool]:
    """Take up the helper's next question for a session; False, and nothing changed, when it is too soon.

    The same question again is the same one.
    """
    if not may_be_asked(helper, session, now):
        return helper, False
    if _question(helper, session) is not None:
        return helper, True
    return _with(helper, (*helper.asked, Question(session=session, at=now))), True


def may_be_asked(helper: Helper, session: SessionId, now: datetime) -> bool:
    """Wants to be asked, and was not for a week, or for this very session."""
    last = helper.asked_at
    rested = last is None or now - last >= ASKED_AGAIN_AFTER
    return not helper.wishes.not_me and (rested or _question(helper, session) is not None)


def united(helper: Helper, other: Helper) -> Helper:
    """Two accounts of one human: the questions of both, and the wishes of this one if there are any."""
    wishes = helper.wishes if helper.revision > 1 else other.wishes
    revision = max(helper.revision, other.revision)
    asked = sorted({*helper.asked, *other.asked}, key=lambda one: one.at)
    changed = helper.model_copy(update={"wishes": wishes, "revision": revision})
    return _with(changed, asked)


def near(wishes: Wishes, home: str | None) -> frozenset[str] | None:
    """The places that are near enough; None when nothing is known, and so no place is too far."""
    if home is None:
        return frozenset(wishes.municipalities) or None
    if wishes.municipalities and wishes.within_km is None:
        return frozenset(wishes.municipalities)
    around = places_within(home, wishes.within_km or NEAR_UNLESS_SAID_KM)
    return around | frozenset(wishes.municipalities)


def suits(wishes: Wishes, start: datetime, end: datetime) -> bool:
    """Whether the time lies within one that suits; nothing said is any time."""
    return not wishes.days or any(_within(one, start, end) for one in wishes.days)


def _question(helper: Helper, session: SessionId) -> Question | None:
    return next((one for one in helper.asked if one.session == session), None)


def _within(time: SuitableTime, start: datetime, end: datetime) -> bool:
    begins, ends = start.astimezone(STOCKHOLM), end.astimezone(STOCKHOLM)
    if begins.isoweekday() != time.weekday or f"{begins:%H:%M}" < (time.from_ or ""):
        return False
    same_day = begins.date() == ends.date()
    return time.to is None or (same_day and f"{ends:%H:%M}" <= time.to)


def _with(helper: Helper, asked: Iterable[Question]) -> Helper:
    return helper.model_copy(update={"asked": tuple(asked)[-ASKED_KEPT:]})
