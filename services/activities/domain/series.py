"""Edits of a series: move, extend, call off; this meeting, this and following, or all that come.

Numbers are given once, so that sessions keep their id, seats and queue. What was held or cancelled stays as
it is; what was moved by itself follows the series no more.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.activities.domain.activity import LIVE, Activity, Decision, Shift
from services.activities.domain.description import Id
from services.activities.domain.recurrence import (
    Meeting,
    Slot,
    insist_on_the_clock,
    local_slot,
    pattern,
    refuse_overlap,
    refuse_too_many,
)
from services.activities.domain.schedule import (
    EXTRA_AT_MOST,
    MEETINGS_AT_MOST,
    Day,
    ExtraDate,
    LocalTime,
    MeetingCount,
)
from shared.contracts.activities import (
    ActivityExtended,
    ActivityRescheduled,
    ActivityShortened,
    CancelReason,
)
from shared.contracts.problems import Invalid, NotFound, Refused, Text
from shared.contracts.texts import Body, wrong

Reach = Literal["this", "following", "all"]
Number = Annotated[int, Field(ge=1, le=10_000)]

_WHAT_CHANGES = Text("Ange en ny dag, tid eller ett nytt rum.", "Give a new day, time or room.")
_HOW_MUCH = Text(
    "Ange antal träffar, sista datum eller extra datum.",
    "Give a number of meetings, a last date or extra dates.",
)


class Move(Body):
    """Where a meeting goes, and those that its reach takes along.

    `day` is the meeting's own new day: the others move by as many days. Without `end` they last as long as
    before. `ask` asks whoever has a seat also for less than half an hour.
    """

    number: Number
    reach: Reach = "this"
    day: Day | None = None
    start: LocalTime | None = None
    end: LocalTime | None = None
    room: Id | None = None
    ask: bool = False

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not any((self.day, self.start, self.end, self.room)):
            raise wrong("nothing-to-change", _WHAT_CHANGES)
        return self


class More(Body):
    """What is added: until so many meetings take place, until a date, or some dates of their own."""

    meetings: MeetingCount | None = None
    last: Day | None = None
    extra: Annotated[tuple[ExtraDate, ...], Field(max_length=EXTRA_AT_MOST)] = ()

    @model_validator(mode="after")
    def _adds_something(self) -> Self:
        if (self.meetings is not None) + (self.last is not None) + bool(self.extra) != 1:
            raise wrong("meetings-last-or-extra", _HOW_MUCH)
        return self


@dataclass(frozen=True, slots=True)
class Ground:
    """What a rule must know of the sessions: the time, and which numbers were cancelled or held."""

    now: datetime
    cancelled: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()

    def comes(self, one: Meeting) -> bool:
        """Whether a meeting is still to come, so that it can change."""
        return (
            one.start > self.now
            and one.cancel_reason is None
            and one.number not in self.cancelled
            and one.number not in self.held
        )

    def takes_place(self, one: Meeting) -> bool:
        """Whether a meeting was or will be."""
        return one.cancel_reason is None and one.number not in self.cancelled


def reschedule(activity: Activity, wish: Move, ground: Ground) -> Decision:
    """Move a meeting and those within reach; the same again changes nothing."""
    changed = moved(activity, wish, ground)
    if not changed:
        return activity, ()
    meetings = tuple(changed.get(one.number, one) for one in activity.meetings)
    _refuse_overlap(meetings, ground)
    changes: dict[str, object] = {"meetings": meetings}
    shift = _shift(activity, wish)
    if wish.reach != "this" and shift is not None:
        changes["shifts"] = (*activity.shifts, shift)
    return activity.model_copy(update=changes), (ActivityRescheduled(numbers=tuple(changed)),)


def moved(activity: Activity, wish: Move, ground: Ground) -> dict[int, Meeting]:
    """The meetings that become other ones, by number.

    Raises Refused for what has begun, is cancelled or would lie in the past, and Invalid for a time that is
    on no clock.
    """
    _insist_live(activity)
    anchor = _anchor(activity, wish.number, ground)
    found = {
        one.number: _moved(one, anchor, wish)
        for one in _reached(activity, anchor, wish.reach, ground)
    }
    now = {one.number: one for one in activity.meetings}
    changed = {number: one for number, one in found.items() if _differs(one, now[number])}
    if any(one.start <= ground.now for one in changed.values()):
        raise Refused(
            "begins-in-the-past",
            sv="Den tiden har redan varit. Välj en senare.",
            en="That time is past already. Choose a later one.",
        )
    return changed


def extend(activity: Activity, wish: More, ground: Ground) -> Decision:
    """Add meetings at the end of the pattern, or on some dates of their own; the same again adds none."""
    _insist_live(activity)
    slots = _extra(wish) if wish.extra else _further(activity, wish, ground)
    known = {(one.start, one.end) for one in activity.meetings}
    spans = [slot.span for slot in slots if slot.span not in known]
    if any(start <= ground.now for start, _ in spans):
        raise Refused(
            "begins-in-the-past",
            sv="Den tiden har redan varit. Välj en senare.",
            en="That time is past already. Choose a later one.",
        )
    if not spans:
        return activity, ()
    first = max(one.number for one in activity.meetings) + 1
    added = tuple(
        Meeting(number=number, start=start, end=end, extra=bool(wish.extra))
        for number, (start, end) in enumerate(sorted(spans), start=first)
    )
    meetings = (*activity.meetings, *added)
    refuse_too_many(sum(map(ground.takes_place, meetings)))
    _refuse_overlap(meetings, ground)
    event = ActivityExtended(numbers=tuple(one.number for one in added))
    return activity.model_copy(update={"meetings": meetings}), (event,)


def call_off(
    activity: Activity, number: int, reason: CancelReason, words: str | None, ground: Ground
) -> Decision:
    """Call off a meeting and all that come after it; what came before goes on."""
    _insist_live(activity)
    anchor = _meeting(activity, number)
    off = {
        one.number for one in activity.meetings if one.start >= anchor.start and ground.comes(one)
    }
    if not off:
        return activity, ()
    changes = {"cancel_reason": reason, "cancel_words": words}
    meetings = tuple(
        one.model_copy(update=changes) if one.number in off else one for one in activity.meetings
    )
    event = ActivityShortened(numbers=tuple(sorted(off)), reason=reason)
    return activity.model_copy(update={"meetings": meetings}), (event,)


def _reached(
    activity: Activity, anchor: Meeting, reach: Reach, ground: Ground
) -> Iterator[Meeting]:
    """The meeting itself, and of its weekday and time those that still follow the series."""
    yield anchor
    if reach == "this":
        return
    mine = local_slot(anchor)
    for one in activity.meetings:
        slot = local_slot(one)
        same = (slot.day.weekday(), slot.start) == (mine.day.weekday(), mine.start)
        follows = one is not anchor and not one.apart and not one.extra and ground.comes(one)
        if same and follows and (reach == "all" or one.start > anchor.start):
            yield one


def _moved(one: Meeting, anchor: Meeting, wish: Move) -> Meeting:
    slot = _new_slot(local_slot(one), local_slot(anchor).day, wish)
    changes: dict[str, object] = {"ask": wish.ask, "room": wish.room or one.room}
    if slot != local_slot(one):
        insist_on_the_clock(slot)
        changes["start"], changes["end"] = slot.span
    if wish.reach == "this":
        changes["apart"] = True
    return one.model_copy(update=changes)


def _new_slot(slot: Slot, anchor_day: date, wish: Move) -> Slot:
    days = (wish.day - anchor_day) if wish.day else timedelta()
    start = wish.start or slot.start
    end = wish.end or (_later(slot, start) if wish.start else slot.end)
    return Slot(slot.day + days, start, end)


def _later(slot: Slot, start: str) -> str:
    """The end that keeps the length on the clock."""
    length = (_minutes(slot.end) - _minutes(slot.start)) % (24 * 60)
    end = (_minutes(start) + length) % (24 * 60)
    return f"{end // 60:02}:{end % 60:02}"


def _minutes(local: str) -> int:
    return int(local[:2]) * 60 + int(local[3:])


def _shift(activity: Activity, wish: Move) -> Shift | None:
    """How the pattern itself goes on; None for another room alone."""
    before = local_slot(_meeting(activity, wish.number))
    after = _new_slot(before, before.day, wish)
    if after == before:
        return None
    return Shift(
        weekday=before.day.isoweekday(),
        at=before.start,
        days=(after.day - before.day).days,
        start=after.start,
        end=after.end,
    )


def _further(activity: Activity, wish: More, ground: Ground) -> list[Slot]:
    """What the pattern has after its last meeting, moved as the series was."""
    used = sum(not one.extra for one in activity.meetings)
    rest = islice(pattern(activity.season, beyond_its_end=True), used, None)
    shifted = (_shifted(slot, activity.shifts) for slot in rest)
    coming = (slot for slot in shifted if slot.exists and slot.span[0] > ground.now)
    if wish.last is not None:
        last = wish.last
        return list(islice(takewhile(lambda slot: slot.day <= last, coming), MEETINGS_AT_MOST + 1))
    have = sum(map(ground.takes_place, activity.meetings))
    return list(islice(coming, max(0, (wish.meetings or 0) - have)))


def _shifted(slot: Slot, shifts: Collection[Shift]) -> Slot:
    for one in shifts:
        if (slot.day.isoweekday(), slot.start) == (one.weekday, one.at):
            slot = Slot(slot.day + timedelta(days=one.days), one.start, one.end)
    return slot


def _extra(wish: More) -> list[Slot]:
    slots = [Slot(one.day, one.start or "", one.end or "") for one in wish.extra]
    if any(not slot.start or not slot.end for slot in slots):
        raise Invalid(
            "extra-needs-times",
            sv="Ange start och slut för varje extra datum.",
            en="Give start and end for each extra date.",
        )
    for slot in slots:
        insist_on_the_clock(slot)
    return slots


def _refuse_overlap(meetings: Collection[Meeting], ground: Ground) -> None:
    spans = sorted((one.start, one.end) for one in meetings if ground.takes_place(one))
    refuse_overlap(spans)


def _differs(one: Meeting, before: Meeting) -> bool:
    return (one.start, one.end, one.room) != (before.start, before.end, before.room)


def _insist_live(activity: Activity) -> None:
    if activity.status not in LIVE:
        raise Refused(
            "activity-not-under-way",
            sv="Det går bara med en aktivitet som är planerad eller pågår.",
            en="That works only for an activity that is planned or under way.",
            extra={"status": activity.status},
        )


def _meeting(activity: Activity, number: int) -> Meeting:
    found = next((one for one in activity.meetings if one.number == number), None)
    if found is None:
        raise NotFound()
    return found


def _anchor(activity: Activity, number: int, ground: Ground) -> Meeting:
    anchor = _meeting(activity, number)
    if not ground.comes(anchor):
        raise Refused(
            "cannot-change-now",
            sv="Tillfället har börjat, varit eller är inställt, så det ändras inte mer.",
            en="The session has begun, is over or cancelled, so it does not change any more.",
        )
    return anchor
