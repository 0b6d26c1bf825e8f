"""As last season: the same activity from another first date on, on the same weekdays."""

from dataclasses import replace
from datetime import date

from services.activities.domain.activity import Activity, Plan, Shift
from services.activities.domain.rule import written
from services.activities.domain.schedule import MEETINGS_AT_MOST, Schedule, Weekly
from shared.contracts.problems import Invalid


def once_more(activity: Activity, first: date, last: date | None) -> Plan:
    """The plan of another season: weekdays and times as they came to be, as many meetings as before.

    With `last` it ends there. Raises Invalid when that is before the first. Skips and extra dates of the
    old season say nothing of the new one; that holidays are skipped stays.
    """
    if last is not None and last < first:
        raise Invalid(
            "last-before-first",
            sv="Sista datumet är före det första.",
            en="The last date is before the first one.",
        )
    ends = {"last": last} if last else {"meetings": _of_the_pattern(activity)}
    plan = {name: getattr(activity, name) for name in Plan.model_fields}
    plan["schedule"] = Schedule(
        **_pattern(activity),
        **ends,
        first=first,
        skip_holidays=activity.schedule.skip_holidays,
    )
    return Plan(**plan)


def _of_the_pattern(activity: Activity) -> int:
    """As many as a season may have: those called off are counted, and more may have come instead."""
    count = sum(not one.extra for one in activity.meetings)
    return min(max(1, count), MEETINGS_AT_MOST)


def _pattern(activity: Activity) -> dict[str, object]:
    """How it recurs now, its series moved as it was since it was planned."""
    schedule = activity.schedule
    if schedule.recurrence is None:
        return {"weekly": tuple(_moved(one, activity.shifts) for one in schedule.weekly)}
    assert schedule.start is not None
    assert schedule.end is not None
    rule = schedule.rule
    slots = [
        _moved(Weekly(weekday=weekday + 1, start=schedule.start, end=schedule.end), activity.shifts)
        for _, weekday in rule.days
    ]
    days = tuple((nth, one.weekday - 1) for (nth, _), one in zip(rule.days, slots, strict=True))
    first = slots[0] if slots else schedule
    return {
        "recurrence": written(replace(rule, days=days)),
        "start": first.start,
        "end": first.end,
    }


def _moved(slot: Weekly, shifts: tuple[Shift, ...]) -> Weekly:
    for shift in shifts:
        if (slot.weekday, slot.start) == (shift.weekday, shift.at):
            weekday = (slot.weekday - 1 + shift.days) % 7 + 1
            slot = Weekly(weekday=weekday, start=shift.start, end=shift.end)
    return slot
