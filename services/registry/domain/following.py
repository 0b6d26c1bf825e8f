"""How an accommodation follows a closing plan: once for each revision of its line."""

from datetime import date

from services.registry.domain import accommodation as houses
from services.registry.domain.accommodation import Accommodation, Decision, Followed
from services.registry.domain.closing_plan import Line

PLANS_REMEMBERED = 20


def has_followed(house: Accommodation, plan: str, line: Line) -> bool:
    """Whether it has done, at some time, what the line says now."""
    step = last_step(house, plan)
    return step is not None and step.revision >= line.revision


def stands_as_planned(house: Accommodation, line: Line) -> bool:
    """Whether it closes, or has closed, on the line's day; or stays open where that is withdrawn."""
    if line.withdrawn:
        return house.status == "open"
    return house.status in ("closing", "closed") and house.closes_on == line.closes_on


def follow(house: Accommodation, plan: str, line: Line, today: date) -> Decision:
    """Do what the line says, once; what has been done by hand since then stands.

    A withdrawn line reopens it only where it still closes as the plan had it.
    """
    if has_followed(house, plan, line):
        return house, ()
    after, events = _as_planned(house, last_step(house, plan), line, today)
    step = Followed(
        plan=plan, revision=line.revision, closes_on=None if line.withdrawn else after.closes_on
    )
    others = [one for one in house.followed if one.plan != plan]
    followed = (*others, step)[-PLANS_REMEMBERED:]
    return after.model_copy(update={"followed": followed}), events


def last_step(house: Accommodation, plan: str) -> Followed | None:
    """What it has done last by this plan."""
    return next((one for one in house.followed if one.plan == plan), None)


def _as_planned(house: Accommodation, before: Followed | None, line: Line, today: date) -> Decision:
    if line.withdrawn:
        by_plan = before is not None and before.closes_on == house.closes_on
        ours = by_plan and house.status in ("closing", "closed")
        return houses.reopen(house) if ours else (house, ())
    if house.status not in ("open", "closing"):
        return house, ()
    # Decided in time, followed late: after an outage the day may lie further back than one may say.
    return houses.close(house, max(line.closes_on, today - houses.CLOSED_BACK), today)
