"""Who lives in an accommodation, in numbers alone: a dated series, its corrections with their reasons."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.base import PersonId
from shared.contracts.problems import FieldError, Invalid, Text
from shared.contracts.registry import ResidentsFigure
from shared.contracts.texts import Line

FIGURES_KEPT = 100
CORRECTIONS_KEPT = 100
FIGURES_BACK = timedelta(days=366)
GROUPS = ("women", "men", "girls", "boys")
AGES = {sex: tuple(f"{sex}_{ages}" for ages in ("0_5", "6_12", "13_17")) for sex in GROUPS[2:]}
"""The children's groups, and the ages that make each of them."""

People = Annotated[int, Field(ge=0, le=20_000)]


class Figure(BaseModel):
    """Residents on a date as somebody reports them; `not_known_yet` are people in no group.

    A group that is left out is not known yet. The ages of girls and boys, once all three are known,
    make the group.
    """

    model_config = ConfigDict(frozen=True)

    on: date
    total: People
    women: People | None = None
    men: People | None = None
    girls: People | None = None
    girls_0_5: People | None = None
    girls_6_12: People | None = None
    girls_13_17: People | None = None
    boys: People | None = None
    boys_0_5: People | None = None
    boys_6_12: People | None = None
    boys_13_17: People | None = None
    unaccompanied_minors: People | None = None
    not_known_yet: People = 0


class Correction(BaseModel):
    """What stood for a day before, who replaced it, on which day and why; for officers alone."""

    model_config = ConfigDict(frozen=True)

    was: ResidentsFigure
    by: PersonId | None
    corrected_on: date
    reason: Line


Series = tuple[ResidentsFigure, ...]


def with_figure(series: Series, figure: Figure) -> Series:
    """The series, oldest first, with this figure for its day. Invalid unless its parts fit."""
    kept = _consistent(figure)
    others = [one for one in series if one.on != kept.on]
    return tuple(sorted([*others, kept], key=lambda one: one.on)[-FIGURES_KEPT:])


def insist_on_day(series: Series, on: date, today: date) -> None:
    """Nobody counts tomorrow's people; what is older than all that is kept is not dropped in silence."""
    if not today - FIGURES_BACK <= on <= today:
        raise _not_that_day(
            "Välj en dag som har varit, högst ett år tillbaka. Framtiden kan ingen räkna.",
            "Choose a day that has been, at most a year ago. Nobody can count the future.",
        )
    if len(series) >= FIGURES_KEPT and on < series[0].on:
        raise _not_that_day(
            f"Boendet har redan {FIGURES_KEPT} nyare siffror, och äldre sparas inte. "
            "Välj en senare dag.",
            f"There are {FIGURES_KEPT} newer figures, and older ones are not kept. "
            "Choose a later day.",
        )


def corrected(
    corrections: Sequence[Correction],
    was: ResidentsFigure,
    by: PersonId | None,
    reason: str | None,
    today: date,
) -> tuple[Correction, ...]:
    """The corrections with one more. Invalid without a reason: someone has relied on what stood there."""
    if reason is None:
        text = Text(
            f"Det finns redan en annan siffra för {was.on}. Skriv varför den rättas.",
            f"There is another figure for {was.on} already. Write why it is corrected.",
        )
        raise Invalid(fields=(FieldError("reason", "reason-needed", text),))
    one = Correction(was=was, by=by, corrected_on=today, reason=reason)
    return (*corrections, one)[-CORRECTIONS_KEPT:]


def figure_on(series: Series, on: date) -> ResidentsFigure | None:
    """What stands for a day."""
    return next((one for one in series if one.on == on), None)


def _consistent(figure: Figure) -> ResidentsFigure:
    given = figure.model_dump(exclude={"not_known_yet"})
    for sex, ages in AGES.items():
        known = [given[name] for name in ages if given[name] is not None]
        if given[sex] is None and len(known) == len(ages):
            given[sex] = sum(known)
        if given[sex] is not None and _ages_differ(given[sex], known, len(ages)):
            raise _ages_do_not_add_up(sex, sum(known), given[sex])
    _insist_on_sum(given, figure.not_known_yet)
    return ResidentsFigure(**given)


def _ages_differ(group: int, known: Sequence[int], ages: int) -> bool:
    return sum(known) > group or (len(known) == ages and sum(known) != group)


def _insist_on_sum(given: dict[str, int], not_known_yet: int) -> None:
    """Groups that are all known, and the people in none, make the total; else they fit into it."""
    known = [_at_least(given, name) for name in GROUPS]
    groups, total = sum(known), given["total"]
    missing = total - groups - not_known_yet
    all_known = all(given[name] is not None for name in GROUPS)
    if missing < 0 or (missing > 0 and all_known):
        raise _do_not_add_up(groups, total, missing)
    children = [given[sex] for sex in AGES]
    minors = given["unaccompanied_minors"] or 0
    if minors > total or (None not in children and minors > sum(children)):
        text = Text(
            "De ensamkommande barnen är fler än barnen. Ändra en siffra.",
            "There are more unaccompanied minors than children. Change a figure.",
        )
        fault = FieldError("unaccompanied_minors", "more-than-the-children", text)
        raise Invalid("groups-do-not-add-up", text, fields=(fault,))


def _at_least(given: dict[str, int], group: str) -> int:
    """A group's people; of one that is not known, those whose ages are."""
    if given[group] is not None:
        return given[group]
    return sum(given[name] or 0 for name in AGES.get(group, ()))


def _ages_do_not_add_up(sex: str, ages: int, group: int) -> Invalid:
    word = {"girls": Text("flickor", "girls"), "boys": Text("pojkar", "boys")}[sex]
    text = Text(
        f"Åldrarna blir {ages} men du skrev {group} {word.sv}. Ändra en siffra.",
        f"The ages add up to {ages} but you wrote {group} {word.en}. Change a figure.",
    )
    return Invalid("groups-do-not-add-up", text, fields=(FieldError(sex, "ages-differ", text),))


def _do_not_add_up(groups: int, total: int, missing: int) -> Invalid:
    sv = f"Grupperna blir {groups} men du skrev {total} personer. Ändra en siffra"
    en = f"The groups add up to {groups} but you wrote {total} people. Change a figure"
    if missing > 0:
        sv += f", eller spara med {missing} som 'vet inte än'"
        en += f", or save with {missing} as 'not known yet'"
    text = Text(f"{sv}.", f"{en}.")
    fault = FieldError("total", "groups-do-not-add-up", text)
    extra = {"groups": groups, "total": total, "not_known_yet": max(missing, 0)}
    return Invalid("groups-do-not-add-up", text, fields=(fault,), extra=extra)


def _not_that_day(sv: str, en: str) -> Invalid:
    return Invalid(fields=(FieldError("on", "date-out-of-range", Text(sv, en)),))
