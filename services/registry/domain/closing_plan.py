"""A closing wave: one plan over many accommodations, each with its own day; changed and undone one by one.

The plan only says what is to be. Each accommodation follows it once for each `revision` of its line,
and remembers that it has: so following again does nothing, and what is done by hand since then stands.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.registry.domain.accommodation import CLOSED_BACK, CLOSING_AHEAD, Accommodation
from shared.contracts.base import AccommodationId, Facts
from shared.contracts.problems import FieldError, Invalid, Refused, Text
from shared.contracts.registry import ClosingPlanChanged, ClosingPlanDecided, ClosingPlanUndone
from shared.contracts.texts import Name

MOST_HOUSES = 500

_TWICE = Text("Boendet står två gånger i planen.", "The accommodation stands twice in the plan.")
_NOT_OPEN = Text(
    "Boendet är inte öppet. Ta bort det ur planen, eller stäng det för sig.",
    "The accommodation is not open. Take it out of the plan, or close it by itself.",
)
_NOT_THAT_DAY = Text(
    "Välj en dag från en vecka bakåt till två år framåt.",
    "Choose a day from a week back to two years ahead.",
)


class Wanted(BaseModel):
    """An accommodation, and the first day on which it is to be closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accommodation: Annotated[AccommodationId, Field(min_length=1, max_length=80)]
    closes_on: date


class Line(BaseModel):
    """One accommodation's line; withdrawn means that its closing was undone or left out."""

    model_config = ConfigDict(frozen=True)

    accommodation: AccommodationId
    county: str
    closes_on: date
    revision: int = 1
    withdrawn: bool = False


class ClosingPlan(BaseModel):
    """The aggregate; a line never leaves it."""

    model_config = ConfigDict(frozen=True)

    name: Name
    lines: tuple[Line, ...]


Decision = tuple[ClosingPlan, tuple[Facts, ...]]


def decide(
    name: str, wanted: Sequence[Wanted], houses: Mapping[str, Accommodation], today: date
) -> Decision:
    """The plan is made. Invalid with every fault at once."""
    _insist(wanted, houses, {}, today)
    lines = tuple(_line(one, houses) for one in wanted)
    told = ClosingPlanDecided(accommodations=tuple(one.accommodation for one in wanted))
    return ClosingPlan(name=name, lines=lines), (told,)


def change(
    plan: ClosingPlan,
    name: str,
    wanted: Sequence[Wanted],
    houses: Mapping[str, Accommodation],
    today: date,
) -> Decision:
    """Other days, more accommodations or fewer; whose line stays as it is does nothing anew."""
    known = {line.accommodation: line for line in plan.lines}
    _insist(wanted, houses, known, today)
    asked = {one.accommodation: one for one in wanted}
    lines = [_changed(line, asked.get(line.accommodation)) for line in plan.lines]
    lines += [_line(one, houses) for one in wanted if one.accommodation not in known]
    if len(lines) > MOST_HOUSES:
        raise _too_many()
    after = ClosingPlan(name=name, lines=tuple(lines))
    changed = tuple(line.accommodation for line in lines if known.get(line.accommodation) != line)
    return after, (ClosingPlanChanged(accommodations=changed),) if after != plan else ()


def undo(plan: ClosingPlan, accommodations: Collection[str]) -> Decision:
    """These are not to close after all. Refused for one that is not in the plan."""
    if strangers := set(accommodations) - {line.accommodation for line in plan.lines}:
        raise Refused(
            "not-in-the-plan",
            sv="Ett av boendena finns inte i planen. Läs om sidan.",
            en="One of the accommodations is not in the plan. Reload the page.",
            extra={"accommodations": sorted(strangers)},
        )
    lines = tuple(
        _changed(line, None) if line.accommodation in accommodations else line
        for line in plan.lines
    )
    undone = tuple(
        after.accommodation
        for before, after in zip(plan.lines, lines, strict=True)
        if before != after
    )
    if not undone:
        return plan, ()
    return plan.model_copy(update={"lines": lines}), (ClosingPlanUndone(accommodations=undone),)


def faults(
    wanted: Sequence[Wanted],
    houses: Mapping[str, Accommodation],
    known: Mapping[str, Line],
    today: date,
) -> dict[str, FieldError]:
    """What speaks against closing them so, by accommodation; nothing against a line that stays."""
    found: dict[str, FieldError] = {}
    seen: set[str] = set()
    for place, one in enumerate(wanted):
        fault = _fault(one, houses[one.accommodation], known.get(one.accommodation), today)
        if one.accommodation in seen:
            fault = ("twice", _TWICE)
        if fault is not None:
            found.setdefault(one.accommodation, FieldError(f"houses.{place}", *fault))
        seen.add(one.accommodation)
    return found


def _fault(
    one: Wanted, house: Accommodation, line: Line | None, today: date
) -> tuple[str, Text] | None:
    if line is not None and not line.withdrawn and line.closes_on == one.closes_on:
        return None
    if house.status not in ("open", "closing"):
        return ("not-open", _NOT_OPEN)
    if not today - CLOSED_BACK <= one.closes_on <= today + CLOSING_AHEAD:
        return ("date-out-of-range", _NOT_THAT_DAY)
    return None


def _insist(
    wanted: Sequence[Wanted],
    houses: Mapping[str, Accommodation],
    known: Mapping[str, Line],
    today: date,
) -> None:
    if found := faults(wanted, houses, known, today):
        raise Invalid(fields=tuple(found.values()))


def _line(one: Wanted, houses: Mapping[str, Accommodation]) -> Line:
    county = houses[one.accommodation].county
    return Line(accommodation=one.accommodation, county=county, closes_on=one.closes_on)


def _changed(line: Line, wanted: Wanted | None) -> Line:
    """The line as it is wanted now, with a further revision if that is another thing."""
    on = line.closes_on if wanted is None else wanted.closes_on
    after = line.model_copy(update={"closes_on": on, "withdrawn": wanted is None})
    if after == line:
        return line
    return after.model_copy(update={"revision": line.revision + 1})


def _too_many() -> Invalid:
    text = Text(
        f"En plan rymmer högst {MOST_HOUSES} boenden. Gör en plan till.",
        f"A plan holds at most {MOST_HOUSES} accommodations. Make another plan.",
    )
    return Invalid(fields=(FieldError("houses", "too-many", text),))
