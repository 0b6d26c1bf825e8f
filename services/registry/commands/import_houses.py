"""Rows that are accommodations: found by external id, code, or name in its county."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.registry.commands.accommodations import Accommodations, generated_code
from services.registry.commands.import_rows import (
    IN_USE,
    TWICE,
    Judged,
    Row,
    Seen,
    as_text,
    entered,
    external_ids_in,
    external_keys_in,
    faults_of,
    faulty,
    known,
    marked,
    merged,
    unfit,
    validated,
)
from services.registry.domain import accommodation as rules
from services.registry.domain import import_decisions as decisions
from services.registry.domain.accommodation import Accommodation, Code, Details
from services.registry.domain.external import external_key
from services.registry.domain.import_ import Import
from services.registry.domain.residents import Figure
from services.registry.kinds import ACCOMMODATION
from shared.clock import Clock, local_date
from shared.contracts.places import MUNICIPALITIES, county_of
from shared.contracts.problems import FieldError, Problem, Text
from shared.kind import By, Change, Kind, Rule, Stored
from shared.words import sort_key

OF_FIGURE = frozenset(Figure.model_fields)
NOT_OF_DETAILS = OF_FIGURE | {"county", "external_id"}
CORRECTED = "Inläst ur fil / read from a file"

_NOT_YOURS = Text("Kommunen ligger utanför ditt område.", "The municipality is outside your area.")
_OTHER_COUNTY = Text(
    "Länet stämmer inte med kommunen. Ta bort kolumnen: länet följer av kommunen.",
    "The county does not fit the municipality, from which it follows. Remove the column.",
)


class _House(Details):
    code: Code | None = None


class HouseRows:
    """Judges and writes rows of accommodations where people live."""

    kind: Kind[Accommodation] = ACCOMMODATION

    def __init__(self, accommodations: Accommodations, clock: Clock) -> None:
        self._accommodations = accommodations
        self._clock = clock

    async def judge(
        self, one: Import, import_id: str, rows: Sequence[Row], seen: Seen | None
    ) -> list[Judged]:
        """Each row's verdict, in the file's order."""
        values = [row.read.values for row in rows]
        found = await self._accommodations.known_among(
            {as_text(said.get("code")).casefold() for said in values},
            {sort_key(as_text(said.get("name"))) for said in values},
            external_keys_in(rows, one.source),
        )
        page = _Page(one, import_id, found, seen, self._clock)
        return [page.judge(row) for row in rows]

    async def change(self, id: str, rule: Rule[Accommodation], by: By) -> Stored[Accommodation]:
        """Change one, and its meeting places with it."""
        return await self._accommodations.change_by_import(id, rule, by)

    async def in_use(self, id: str, import_id: str) -> bool:
        """There is a meeting place at it."""
        return await self._accommodations.is_needed(id)

    async def end(self, id: str, import_id: str, by: By) -> None:
        """One that was entered by mistake is closed."""
        today = local_date(self._clock.now())

        def rule(one: Accommodation) -> Change[Accommodation]:
            after, events = decisions.close_again(one, today)
            return Change(after, marked(events, import_id))

        await self.change(id, rule, by)


class _Page:
    """Rows judged together against what was loaded for them."""

    def __init__(
        self,
        one: Import,
        import_id: str,
        found: Sequence[Stored[Accommodation]],
        seen: Seen | None,
        clock: Clock,
    ) -> None:
        self._import, self._import_id, self._seen = one, import_id, seen
        self._clock = clock
        self._today = local_date(clock.now())
        self._codes = {got.state.code.casefold(): got for got in found}
        self._names = {
            _in_county(got.state.name, got.state.county): got
            for got in found
            if got.state.status != "closed"
        }
        self._external = {
            external_key(*pair): got for got in found for pair in got.state.external_ids.items()
        }

    def judge(self, row: Row) -> Judged:
        """What would become of the row."""
        values = dict(row.read.values)
        if faults := unfit(values):
            return faulty(row, faults)
        there, faults = self._there(row, values)
        base = _described(there.state) if there else {}
        given = {name: said for name, said in values.items() if name not in NOT_OF_DETAILS}
        house, more = validated(_House, merged(base, given))
        figure, most = self._figure(values)
        faults = (*faults, *more, *most, *_county_faults(values))
        if house is None or faults:
            return faulty(row, faults)
        county = county_of(house.municipality)
        if not self._may(county, there):
            fault = FieldError("municipality", "outside-your-area", _NOT_YOURS)
            return faulty(row, (fault,), county)
        if self._is_twice(row, there, house, county):
            fault = FieldError("code" if house.code else "name", "twice", TWICE)
            return faulty(row, (fault,), county)
        return self._verdict(row, there, house, figure, county)

    def _verdict(
        self,
        row: Row,
        there: Stored[Accommodation] | None,
        house: _House,
        figure: Figure | None,
        county: str,
    ) -> Judged:
        external = external_ids_in(row, self._import.source)
        details = Details(
            **{
                name: getattr(house, name)
                for name in Details.model_fields
                if name != "external_ids"
            },
            external_ids={**(there.state.external_ids if there else {}), **external},
        )
        if there is not None:
            return known(row, there, lambda one: self._changed(one, details, figure), county)
        try:
            code = house.code or generated_code(row.id, 0)
            if figure is not None:
                rules.report(rules.register(details, code)[0], figure, self._today)
            state, events = rules.enter(details, code, self._import_id, figure)
        except Problem as problem:
            return faulty(row, faults_of(problem, "total"), county)
        return entered(row, Change(state, self._marked(events)), county)

    def _changed(
        self, one: Accommodation, details: Details, figure: Figure | None
    ) -> Change[Accommodation]:
        after, events = rules.change(one, details)
        if figure is not None:
            importer = self._import.importer
            after, more = rules.report(after, figure, self._today, importer, CORRECTED)
            events = (*events, *more)
        return Change(after, self._marked(events))

    def _marked(self, events: Any) -> Any:
        return marked(events, self._import_id, self._import.notify)

    def _there(
        self, row: Row, values: Mapping[str, Any]
    ) -> tuple[Stored[Accommodation] | None, tuple[FieldError, ...]]:
        """The accommodation that the row is about, if we have it."""
        code = as_text(values.get("code")).casefold()
        by_code = self._codes.get(code)
        by_id = next(
            (
                self._external[key]
                for key in external_keys_in([row], self._import.source)
                if key in self._external
            ),
            None,
        )
        if by_id and by_code and by_id.id != by_code.id:
            return by_id, (FieldError("code", "code-in-use", IN_USE),)
        if by_id or by_code or code:
            return by_id or by_code, ()
        place = MUNICIPALITIES.get(as_text(values.get("municipality")))
        name = as_text(values.get("name"))
        return (self._names.get(_in_county(name, place.county)) if place else None), ()

    def _figure(self, values: Mapping[str, Any]) -> tuple[Figure | None, tuple[FieldError, ...]]:
        """How many live there, if the row says so; without a date as of today."""
        given = {k: v for k, v in values.items() if k in OF_FIGURE and v is not None}
        if not given.keys() - {"on"}:
            return None, ()
        return validated(Figure, {"on": self._today, **given})

    def _may(self, county: str, there: Stored[Accommodation] | None) -> bool:
        area = self._import.area
        counties = {county} | ({there.state.county} if there else set())
        return area is None or counties <= set(area)

    def _is_twice(
        self, row: Row, there: Stored[Accommodation] | None, house: _House, county: str
    ) -> bool:
        if self._seen is None:
            return False
        keys = [f"row of {there.id}"] if there else []
        keys.append(
            f"code {house.code.casefold()}" if house.code else _in_county(house.name, county)
        )
        keys += external_keys_in([row], self._import.source)
        return self._seen.is_twice(f"{row.number}", *keys)


def _described(state: Accommodation) -> dict[str, Any]:
    return {name: getattr(state, name) for name in _House.model_fields}


def _county_faults(values: Mapping[str, Any]) -> tuple[FieldError, ...]:
    place = MUNICIPALITIES.get(as_text(values.get("municipality")))
    if place is None or values.get("county") in (None, place.county):
        return ()
    return (FieldError("county", "county-does-not-fit", _OTHER_COUNTY),)


def _in_county(name: str, county: str) -> str:
    return f"{county} {sort_key(name)}"
