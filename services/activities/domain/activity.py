"""An activity: what is planned for whom and when; its sessions follow from it.

draft → planned → running → ended | cancelled. The numbers of its meetings are given once, here, so
that a session's identity within the series never changes.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.activities.domain.recurrence import Meeting, Schedule
from services.activities.domain.seats import RoleNeed
from shared.contracts.activities import (
    ActivityCancelled,
    ActivityEnded,
    ActivityKind,
    ActivityPlanned,
    ActivityStarted,
    ActivityStatus,
    CancelReason,
    TargetGroup,
)
from shared.contracts.base import AccommodationId, Facts
from shared.contracts.problems import Invalid, Refused
from shared.contracts.texts import Body, LanguageCode, Line, ProseTranslations, Translations

Id = Annotated[str, Field(min_length=1, max_length=64)]
LIVE = ("planned", "running")


class Plan(Body):
    """What a coordinator plans. `places` is how many are welcome, not the volunteers' seats."""

    kind: ActivityKind
    title: Translations
    description: ProseTranslations | None = None
    target_groups: Annotated[tuple[TargetGroup, ...], Field(min_length=1, max_length=10)] = ("all",)
    languages: Annotated[tuple[LanguageCode, ...], Field(max_length=17)] = ()
    childcare: bool = False
    places: Annotated[int, Field(ge=1, le=1000)]
    organiser: Id
    meeting_place: Id
    room: Id | None = None
    schedule: Schedule
    roles: Annotated[tuple[RoleNeed, ...], Field(max_length=5)] = ()
    leader: Id | None = None


class Whereabouts(BaseModel):
    """What the meeting place says of where an activity is."""

    model_config = ConfigDict(frozen=True)

    accommodations: tuple[AccommodationId, ...]
    municipality: str | None
    county: str


class Activity(Plan, Whereabouts):
    """The aggregate."""

    status: ActivityStatus = "planned"
    meetings: tuple[Meeting, ...]
    cancel_reason: CancelReason | None = None
    cancel_words: Line | None = None

    @property
    def first_start(self) -> datetime:
        """When the first meeting begins."""
        return self.meetings[0].start

    @property
    def last_end(self) -> datetime:
        """When the last meeting ends."""
        return max(one.end for one in self.meetings)


Decision = tuple[Activity, tuple[Facts, ...]]


def plan(wish: Plan, where: Whereabouts, dates: tuple[Meeting, ...], now: datetime) -> Decision:
    """Plan the activity with all its meetings; none of them may have begun."""
    if dates[0].start <= now:
        raise Refused(
            "begins-in-the-past",
            sv="Den första träffen har redan börjat. Välj ett senare första datum.",
            en="The first meeting has begun already. Choose a later first date.",
        )
    wished = {**dict(wish), "roles": _roles(wish)}
    activity = Activity(**wished, **dict(where), meetings=dates)
    planned = ActivityPlanned(
        organiser=wish.organiser, meeting_place=wish.meeting_place, sessions=len(dates)
    )
    return activity, (planned,)


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


def _roles(wish: Plan) -> tuple[RoleNeed, ...]:
    """Each role once and with room for its minimum; a leader who is named has a seat."""
    names = [one.role for one in wish.roles]
    if len(set(names)) < len(names) or any(one.minimum > one.maximum for one in wish.roles):
        raise Invalid(
            "roles-do-not-fit",
            sv="Ange varje uppgift en gång, med högst lika många som minst som det finns plats för.",
            en="Give each role once, with a minimum no larger than its maximum.",
        )
    if wish.leader is None or any(one.role == "leader" and one.maximum for one in wish.roles):
        return wish.roles
    others = tuple(one for one in wish.roles if one.role != "leader")
    return (RoleNeed(role="leader", minimum=1, maximum=1), *others)
