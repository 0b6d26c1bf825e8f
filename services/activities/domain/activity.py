"""An activity: what is planned for whom and when; its sessions follow from it.

draft → planned → running → ended | cancelled. The numbers of its meetings are given once, here, so
that a session's identity within the series never changes. Edits of the series: `series.py`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.activities.domain.children import insist_on_two_adults
from services.activities.domain.description import Description, Id, needs_of
from services.activities.domain.recurrence import Meeting
from services.activities.domain.schedule import LocalTime, Schedule
from shared.contracts.activities import (
    ActivityCancelled,
    ActivityChanged,
    ActivityDrafted,
    ActivityEnded,
    ActivityPlanned,
    ActivityStarted,
    ActivityStatus,
    CancelReason,
)
from shared.contracts.base import AccommodationId, Facts
from shared.contracts.problems import Refused
from shared.contracts.texts import Line

LIVE = ("planned", "running")


class Plan(Description):
    """What a coordinator plans: a described activity, of whom, where and when."""

    organiser: Id
    meeting_place: Id
    schedule: Schedule

    @property
    def season(self) -> Schedule:
        """Its schedule, as it is for its kind."""
        return self.schedule.of_kind(self.kind)


class Whereabouts(BaseModel):
    """What the meeting place says of where an activity is."""

    model_config = ConfigDict(frozen=True)

    accommodations: tuple[AccommodationId, ...]
    municipality: str | None
    county: str


class Shift(BaseModel):
    """From some meeting on, those of a weekday and time are so many days later, at another time."""

    model_config = ConfigDict(frozen=True)

    weekday: Annotated[int, Field(ge=1, le=7)]
    at: LocalTime
    days: int
    start: LocalTime
    end: LocalTime


class Activity(Plan, Whereabouts):
    """The aggregate. `shifts` are how its series was moved since, for what is added to it later."""

    status: ActivityStatus = "planned"
    meetings: tuple[Meeting, ...]
    shifts: tuple[Shift, ...] = ()
    cancel_reason: CancelReason | None = None
    cancel_words: Line | None = None

    @property
    def first_start(self) -> datetime:
        """When the first meeting begins."""
        return min(one.start for one in self.meetings)

    @property
    def last_end(self) -> datetime:
        """When the last meeting ends that was not called off."""
        going_on = [one.end for one in self.meetings if one.cancel_reason is None]
        return max(going_on or [one.end for one in self.meetings])


Decision = tuple[Activity, tuple[Facts, ...]]


def draft(wish: Plan, where: Whereabouts, dates: tuple[Meeting, ...]) -> Decision:
    """Put it down without planning it: nobody but the organiser's coordinators sees it."""
    activity = _activity(wish, where, dates, "draft")
    return activity, (ActivityDrafted(organiser=wish.organiser, meeting_place=wish.meeting_place),)


def plan(wish: Plan, where: Whereabouts, dates: tuple[Meeting, ...], now: datetime) -> Decision:
    """Plan the activity with all its meetings; none of them may have begun."""
    insist_on_time(dates, now)
    insist_on_two_adults(wish, _activity(wish, where, dates, "planned").seats)
    return _activity(wish, where, dates, "planned"), (_planned(wish, dates),)


def redraft(
    activity: Activity, wish: Plan, where: Whereabouts, dates: tuple[Meeting, ...]
) -> Decision:
    """Write a draft anew, with other dates where the schedule says so."""
    _insist_on_draft(activity)
    written = _activity(wish, where, dates, "draft")
    return written, _changed(activity, written)


def publish(
    activity: Activity, where: Whereabouts, dates: tuple[Meeting, ...], now: datetime
) -> Decision:
    """Plan what was a draft; again changes nothing."""
    if activity.status in LIVE:
        return activity, ()
    _insist_on_draft(activity)
    insist_on_time(dates, now)
    insist_on_two_adults(activity, activity.seats)
    changes = {**dict(where), "status": "planned", "meetings": dates}
    return activity.model_copy(update=changes), (_planned(activity, dates),)


def describe(activity: Activity, wish: Description) -> Decision:
    """Describe anew what is planned; its coming sessions follow, what was held stays."""
    if activity.status not in LIVE:
        raise Refused(
            "activity-over",
            sv="Aktiviteten är redan slut eller inställd.",
            en="The activity is over or cancelled already.",
        )
    described = activity.model_copy(update={**dict(wish), "roles": needs_of(wish)})
    insist_on_two_adults(described, described.seats)
    return described, _changed(activity, described)


def _activity(
    wish: Plan, where: Whereabouts, dates: tuple[Meeting, ...], status: ActivityStatus
) -> Activity:
    wished = {**dict(wish), "roles": needs_of(wish)}
    return Activity(**wished, **dict(where), meetings=dates, status=status)


def _planned(wish: Plan, dates: tuple[Meeting, ...]) -> ActivityPlanned:
    return ActivityPlanned(
        organiser=wish.organiser, meeting_place=wish.meeting_place, sessions=len(dates)
    )


def _changed(before: Activity, after: Activity) -> tuple[Facts, ...]:
    old, new = dict(before), dict(after)
    fields = tuple(sorted(name for name in new if new[name] != old[name]))
    return (ActivityChanged(fields=fields),) if fields else ()


def _insist_on_draft(activity: Activity) -> None:
    if activity.status != "draft":
        raise Refused(
            "not-a-draft",
            sv="Aktiviteten är redan planerad. Läs om den.",
            en="The activity is planned already. Reload it.",
        )


def insist_on_time(dates: Sequence[Meeting], now: datetime) -> None:
    """Raise Refused when the first meeting has begun already."""
    if dates[0].start <= now:
        raise Refused(
            "begins-in-the-past",
            sv="Den första träffen har redan börjat. Välj ett senare första datum.",
            en="The first meeting has begun already. Choose a later first date.",
        )


def cancel(activity: Activity, reason: CancelReason, words: str | None) -> Decision:
    """Cancel what is left of it; the sessions that were held stay as they are."""
    if activity.status == "cancelled":
        return activity, ()
    if activity.status == "ended":
        raise Refused(
            "activity-over",
            sv="Aktiviteten är redan slut.",
            en="The activity is over already.",
        )
    changes = {"status": "cancelled", "cancel_reason": reason, "cancel_words": words}
    return activity.model_copy(update=changes), (ActivityCancelled(reason=reason),)


def advance(activity: Activity, now: datetime) -> Decision:
    """By the clock: running from the first start, ended after the last end."""
    if activity.status not in LIVE:
        return activity, ()
    if now >= activity.last_end:
        return activity.model_copy(update={"status": "ended"}), (ActivityEnded(),)
    if activity.status == "planned" and now >= activity.first_start:
        return activity.model_copy(update={"status": "running"}), (ActivityStarted(),)
    return activity, ()


def without_leader(activity: Activity, person: str) -> Decision:
    """Whoever was erased is named nowhere; nobody is told of it from here."""
    if activity.leader != person:
        return activity, ()
    return activity.model_copy(update={"leader": None}), ()


def wakes_at(activity: Activity) -> datetime | None:
    """When it starts, then when it ends."""
    if activity.status == "planned":
        return activity.first_start
    return activity.last_end if activity.status == "running" else None
