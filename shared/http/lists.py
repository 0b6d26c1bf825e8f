"""Lists (P20): what may be asked of one, page by page.

A `Listing` is the whole truth about a list's query: a filter or sort that does not stand in it does
not exist, and the answer is the same for a field that is hidden and one that never was (X01).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from shared.contracts.problems import FieldError, Invalid, Text, UnknownField
from shared.http import cursors
from shared.http.cursors import Position
from shared.http.validation import field_errors, safe_name
from shared.http.wordings import UNKNOWN_FIELD

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_LONGEST_VALUE = 2000
_PLUMBING = ("limit", "cursor", "sort")

Row = TypeVar("Row")

_ONCE = Text("Ange fältet en gång.", "Give the field once.")
_LIMIT = Text(
    f"Ange ett heltal mellan 1 och {MAX_LIMIT}.", f"Give a whole number from 1 to {MAX_LIMIT}."
)
_TOO_LONG = Text(
    f"Skriv högst {_LONGEST_VALUE} tecken.", f"Write at most {_LONGEST_VALUE} characters."
)
_SORT = Text("Sortera efter något av: {sorts}.", "Sort by one of: {sorts}.")


@dataclass(frozen=True, slots=True)
class Page:
    """A page asked for: how many rows, in which order (`-` = falling), after which, which ones."""

    limit: int
    sort: str
    filters: Mapping[str, Any]
    after: Position | None
    _key: bytes = field(repr=False)
    _binding: str = field(repr=False)

    def cut(
        self, rows: Sequence[Row], position: Callable[[Row], Position]
    ) -> tuple[Sequence[Row], str | None]:
        """Of `limit + 1` rows read: those of this page, and the cursor of the next if any."""
        if len(rows) <= self.limit:
            return rows, None
        shown = rows[: self.limit]
        return shown, cursors.written(position(shown[-1]), self._key, self._binding)

    def going_on(self, last: Position | None) -> str | None:
        """The cursor after a row that was read, shown or not: for a look that stops halfway."""
        return None if last is None else cursors.written(last, self._key, self._binding)


def page_answer(items: Sequence[Any], next_cursor: str | None) -> dict[str, Any]:
    """The shape of every list: no totals, which would count what the caller may not see."""
    return {"items": items, "next": next_cursor}


class Listing:
    """A list by name, its filters (name → type of value) and its orders, the first by default."""

    def __init__(
        self, name: str, *, sorts: Sequence[str], filters: Mapping[str, Any] | None = None
    ) -> None:
        """`sorts` as `("name", "-opens_on")`; a filter's type is anything pydantic validates."""
        self.name = name
        self.sorts = tuple(sorts)
        self.filters = {key: TypeAdapter(kind) for key, kind in (filters or {}).items()}

    def page(self, request: Request) -> Page:
        """Read the query; raises UnknownField, Invalid (all faults at once) or BadCursor."""
        given = single_values(request, {*_PLUMBING, *self.filters})
        faults: list[FieldError] = []
        limit = _limit(given.get("limit"), faults)
        sort = self._sort(given.get("sort"), faults)
        filters = self._filters(given, faults)
        if faults:
            raise Invalid(fields=tuple(faults))
        key: bytes = request.app.state.cursor_key
        binding = to_json([self.name, sort, sorted(filters.items())]).decode()
        cursor = given.get("cursor")
        after = None if cursor is None else cursors.read(cursor, key, binding)
        return Page(limit, sort, filters, after, key, binding)

    @property
    def openapi(self) -> dict[str, Any]:
        """For `openapi_extra` of the route: its query parameters, from the same table."""
        own = {key: adapter.json_schema() for key, adapter in self.filters.items()}
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        sort = {"type": "string", "enum": list(self.sorts), "default": self.sorts[0]}
        everything = own | {"sort": sort, "limit": limit, "cursor": {"type": "string"}}
        return {
            "parameters": [
                {"name": name, "in": "query", "required": False, "schema": schema}
                for name, schema in everything.items()
            ]
        }

    def _sort(self, given: str | None, faults: list[FieldError]) -> str:
        if given is None or given in self.sorts:
            return given or self.sorts[0]
        if given.lstrip("-") not in {sort.lstrip("-") for sort in self.sorts}:
            raise UnknownField(extra={"known": list(self.sorts)})
        text = _SORT.filled(sorts=", ".join(self.sorts))
        faults.append(FieldError("sort", "not-one-of", text))
        return self.sorts[0]

    def _filters(self, given: Mapping[str, str], faults: list[FieldError]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name in sorted(self.filters.keys() & given.keys()):
            if len(given[name]) > _LONGEST_VALUE:
                faults.append(FieldError(name, "too-long", _TOO_LONG))
                continue
            try:
                values[name] = self.filters[name].validate_python(given[name])
            except ValidationError as error:
                located = [{**fault, "loc": (name,)} for fault in error.errors()[:1]]
                faults.extend(field_errors(located))
        return values


def single_values(request: Request, known: set[str]) -> dict[str, str]:
    """The query as one value per known name; anything else is `unknown-field`, named only if plain.

    `?county[$ne]=x` is an unknown name. For a route without parameters give an empty set.
    """
    given = request.query_params.multi_items()
    unknown = sorted({safe_name(name) for name, _ in given if name not in known})
    if unknown:
        code, text = UNKNOWN_FIELD
        fields = tuple(FieldError(name, code, text) for name in unknown[:10])
        raise UnknownField(fields=fields, extra={"known": sorted(known)})
    values = dict(given)
    if len(values) < len(given):
        repeated = sorted(name for name in values if sum(name == other for other, _ in given) > 1)
        raise Invalid(fields=tuple(FieldError(name, "repeated", _ONCE) for name in repeated))
    return values


def _limit(given: str | None, faults: list[FieldError]) -> int:
    if given is None:
        return DEFAULT_LIMIT
    if given.isascii() and given.isdigit() and 1 <= int(given[:4]) <= MAX_LIMIT:
        return int(given[:4])
    faults.append(FieldError("limit", "not-one-of", _LIMIT))
    return DEFAULT_LIMIT
