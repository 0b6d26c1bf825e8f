"""Rows of an import: each judged against what is known, with every fault at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from services.registry.domain.accommodation import Code, Details, register, report
from services.registry.domain.import_file import Row
from services.registry.domain.numbers import organisation_number
from services.registry.domain.organisation import enter
from services.registry.domain.organisation_profile import Profile
from services.registry.domain.places import county_of
from services.registry.domain.residents import Figure
from shared.caller import Caller
from shared.contracts.problems import FieldError, Problem, Text
from shared.http.validation import field_errors
from shared.kind import derived_id
from shared.words import sort_key

M = TypeVar("M", bound=BaseModel)

FIGURES = ("total", "women", "men", "girls", "boys", "on")

_TWICE = Text("Samma rad finns högre upp i filen.", "The same row stands higher up in the file.")
_NO_PARENT = Text(
    "Riksorganisationen finns varken i nätverket eller högre upp i filen.",
    "The national organisation is neither in the network nor higher up in the file.",
)
_NOT_NATIONAL = Text(
    "Organisationen är ingen riksorganisation i nätverket. En lokalförening hör till en sådan.",
    "That organisation is no national one of the network. A branch belongs to one.",
)
_NOT_YOURS = Text("Kommunen ligger utanför ditt område.", "The municipality is outside your area.")


@dataclass
class Judged:
    """One row with its verdict: `new`, `exists` (left as it is) or `faulty` with every fault."""

    number: int
    values: Mapping[str, Any]
    verdict: str = "new"
    county: str | None = None
    faults: tuple[FieldError, ...] = ()
    repairs: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class _House(Details):
    code: Code | None = None


class OrganisationRows:
    """Rows that become organisations; `known` are those of the network, by number and by name.

    `nationals` are the ids of those that may have branches; the file's own come to them.
    """

    def __init__(
        self, import_id: str, known: Mapping[str, str], nationals: Collection[str]
    ) -> None:
        self._import_id = import_id
        self._known = known
        self._nationals = set(nationals)
        self._seen: dict[str, str] = {}

    def judge(self, row: Row, values: Mapping[str, Any]) -> Judged:
        """What would become of the row."""
        values = {"kind": "branch" if "parent" in values else "independent", **values}
        profile, faults = _validated(Profile, {k: v for k, v in values.items() if k != "parent"})
        if profile is None:
            return Judged(row.number, values, "faulty", faults=faults)
        names = [sort_key(profile.name)] if profile.number is None else [profile.number]
        if names[0] in self._seen:
            return Judged(
                row.number, values, "faulty", faults=(FieldError("name", "twice", _TWICE),)
            )
        id = derived_id(self._import_id, row.number)
        for name in {*names, sort_key(profile.name)}:
            self._seen.setdefault(name, id)
        if profile.kind == "national":
            self._nationals.add(id)
        if names[0] in self._known:
            return Judged(row.number, values, "exists")
        return self._with_parent(row, values, profile)

    def _with_parent(self, row: Row, values: Mapping[str, Any], profile: Profile) -> Judged:
        parent = self._parent(str(values["parent"])) if "parent" in values else None
        if "parent" in values and parent not in self._nationals:
            fault = no_such_parent() if parent is None else parent_not_national()
            return Judged(row.number, values, "faulty", faults=(fault,))
        values = {**values, "parent": parent}
        try:
            enter(profile.model_copy(update={"parent": parent}), self._import_id)
        except Problem as problem:
            return Judged(row.number, values, "faulty", faults=_faults_of(problem, "kind"))
        return Judged(row.number, values)

    def _parent(self, given: str) -> str | None:
        """The id behind a parent's number or name, in the network or else higher up in the file."""
        for name in (*number_in(given), sort_key(given)):
            if found := self._known.get(name) or self._seen.get(name):
                return found
        return None


class AccommodationRows:
    """Rows that become accommodations where people live; `known` are codes, and names in counties."""

    def __init__(self, today: date, known: Collection[str]) -> None:
        self._today = today
        self._known = known
        self._seen: set[str] = set()

    def judge(self, row: Row, values: Mapping[str, Any], caller: Caller) -> Judged:
        """What would become of the row."""
        house, faults = _validated(_House, {k: v for k, v in values.items() if k not in FIGURES})
        figure, more = figure_in(values, self._today)
        if house is None or more:
            return Judged(row.number, values, "faulty", faults=(*faults, *more))
        county = county_of(house.municipality)
        if not caller.is_officer_for(county):
            fault = FieldError("municipality", "outside-your-area", _NOT_YOURS)
            return Judged(row.number, values, "faulty", county, (fault,))
        known_by = house.code.casefold() if house.code else house_key(house.name, county)
        if known_by in self._seen:
            fault = FieldError("code" if house.code else "name", "twice", _TWICE)
            return Judged(row.number, values, "faulty", county, (fault,))
        self._seen.add(known_by)
        if known_by in self._known:
            return Judged(row.number, values, "exists", county)
        return self._with_figure(Judged(row.number, values, "new", county), house, figure)

    def _with_figure(self, judged: Judged, house: _House, figure: Figure | None) -> Judged:
        if figure is None:
            return judged
        try:
            planned, _ = register(_details(house), house.code or "-")
            report(planned, figure, self._today)
        except Problem as problem:
            faults = _faults_of(problem, "total")
            return Judged(judged.number, judged.values, "faulty", judged.county, faults)
        return replace(judged, values={**judged.values, "on": figure.on.isoformat()})


def house_in(values: Mapping[str, Any]) -> tuple[Details, str | None]:
    """What a row says of an accommodation, and its code if it has one."""
    house = _House.model_validate({k: v for k, v in values.items() if k not in FIGURES})
    return _details(house), house.code


def _details(house: _House) -> Details:
    return Details.model_validate(house.model_dump(exclude={"code"}))


def figure_in(
    values: Mapping[str, Any], today: date
) -> tuple[Figure | None, tuple[FieldError, ...]]:
    """How many live there, if the row says so; without a date as of today."""
    given = {name: value for name, value in values.items() if name in FIGURES}
    if not given.keys() - {"on"}:
        return None, ()
    return _validated(Figure, {"on": today, **given})


def number_in(text: str) -> tuple[str, ...]:
    """The organisation number that a text is, or nothing."""
    try:
        return (organisation_number(text),)
    except PydanticCustomError:
        return ()


def house_key(name: str, county: str) -> str:
    """What an accommodation without a code is known by."""
    return f"{county} {sort_key(name)}"


def no_such_parent() -> FieldError:
    """The row names a national organisation that is not there."""
    return FieldError("parent", "no-such-parent", _NO_PARENT)


def parent_not_national() -> FieldError:
    """The row names an organisation that can have no branches."""
    return FieldError("parent", "parent-not-national", _NOT_NATIONAL)


def _faults_of(problem: Problem, field: str) -> tuple[FieldError, ...]:
    return problem.fields or (FieldError(field, problem.code, problem.detail),)


def _validated(
    model: type[M], values: Mapping[str, Any]
) -> tuple[M | None, tuple[FieldError, ...]]:
    try:
        return model.model_validate(dict(values)), ()
    except ValidationError as error:
        return None, field_errors([dict(fault) for fault in error.errors()])
