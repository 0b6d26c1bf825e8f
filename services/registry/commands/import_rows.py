"""What becomes of a row: judged against what is known, with every fault and every change at once.

Each kind of import has its own `Rows`; what they share stands here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from services.registry.domain.external import LONGEST_EXTERNAL_ID, external_key
from services.registry.domain.import_ import Import
from services.registry.domain.import_columns import Read, understood
from services.registry.domain.numbers import HIDDEN_NUMBER, organisation_number
from shared.contracts.base import Facts
from shared.contracts.problems import FieldError, Problem, Text
from shared.database import Document
from shared.http.validation import field_errors
from shared.kind import By, Change, Kind, Rule, Stored, derived_id

M = TypeVar("M", bound=BaseModel)

Verdict = Literal["new", "changed", "unchanged", "faulty", "made"]
FOLLOWING = ("public_version", "inherited")
"""Fields of a record that follow from something else."""

_PERSONAL = Text(
    "Här står ett personnummer. Ta bort det ur filen; personnummer sparas aldrig här.",
    "There is a personal number here. Remove it from the file; we never keep personal numbers.",
)
_TOO_LONG = Text(
    f"Ett externt id har högst {LONGEST_EXTERNAL_ID} tecken.",
    f"An external id has at most {LONGEST_EXTERNAL_ID} characters.",
)
TWICE = Text("Samma rad finns högre upp i filen.", "The same row stands higher up in the file.")
IN_USE = Text(
    "Det finns redan hos en annan post. Kontrollera raden.",
    "Another record has that already. Check the row.",
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row to be judged: its number in the file, the id of what it would become, what it says."""

    number: int
    id: str
    read: Read


@dataclass(slots=True)
class Judged:
    """One row with its verdict.

    `target` is the record that it makes or changes; `stamp` is that of the record as it is; `made` is the verdict when this import has made
    it already. `changes` are old and new values by field, of a record that is there. `entered` is
    what a new one begins as, `rule` what changes one that is there.
    """

    number: int
    verdict: Verdict
    target: str = ""
    faults: tuple[FieldError, ...] = ()
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    county: str | None = None
    entered: Change[Any] | None = None
    rule: Rule[Any] | None = None
    repairs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    stamp: str = ""


@dataclass
class Seen:
    """What stands higher up in the file: keys of rows → their records' ids, which ids may have branches."""

    keys: dict[str, str] = field(default_factory=dict)
    nationals: set[str] = field(default_factory=set)

    def is_twice(self, id: str, *keys: str) -> bool:
        """Whether one of the keys is another row's; remembers them all."""
        twice = any(self.keys.get(key, id) != id for key in keys)
        for key in keys:
            self.keys.setdefault(key, id)
        return twice


class Rows(Protocol):
    """How the rows of one kind of import are judged and written."""

    kind: Kind[Any]

    async def judge(
        self, one: Import, import_id: str, rows: Sequence[Row], seen: Seen | None
    ) -> list[Judged]:
        """Each row's verdict; without `seen` (when they are made) no look at the rest of the file."""
        ...

    async def change(self, id: str, rule: Rule[Any], by: By) -> Stored[Any]:
        """Change one record, and what depends on it."""
        ...

    async def in_use(self, id: str, import_id: str) -> bool:
        """Whether somebody works with a record that the import made."""
        ...

    async def end(self, id: str, import_id: str, by: By) -> None:
        """End a record that the import made by mistake; nothing when it has ended."""
        ...


def rows_of(one: Import, import_id: str, documents: Iterable[Document]) -> list[Row]:
    """Kept rows as they are judged."""
    return [
        Row(
            row["row"],
            derived_id(import_id, row["row"]),
            understood(one.kind, one.mapping, row["cells"], one.from_1904),
        )
        for row in documents
    ]


def unfit(values: Mapping[str, Any]) -> tuple[FieldError, ...]:
    """A fault for each field in which a personal number stood, and for an id that is none."""
    too_long = len(as_text(values.get("external_id"))) > LONGEST_EXTERNAL_ID
    return (FieldError("external_id", "too-long", _TOO_LONG),) * too_long + tuple(
        FieldError(name, "personal-number", _PERSONAL)
        for name, value in values.items()
        if HIDDEN_NUMBER in (value if isinstance(value, str) else " ".join(value or ()))
    )


def faulty(row: Row, faults: Iterable[FieldError], county: str | None = None) -> Judged:
    """The row needs correcting."""
    return Judged(row.number, "faulty", faults=tuple(faults), county=county)


def entered(row: Row, change: Change[Any], county: str | None = None) -> Judged:
    """The row becomes a new record."""
    return Judged(row.number, "new", row.id, entered=change, county=county)


def known(row: Row, stored: Stored[Any], rule: Rule[Any], county: str | None = None) -> Judged:
    """The row is about a record that is there: what would change, or why it cannot."""
    if stored.id == row.id:
        return Judged(row.number, "made", row.id, county=county, stamp=stamp(stored.state))
    try:
        after = rule(stored.state)
    except Problem as problem:
        return faulty(row, faults_of(problem), county)
    changes = differences(stored.state, after.state) if after.events else {}
    verdict: Verdict = "changed" if changes else "unchanged"
    return Judged(
        row.number,
        verdict,
        stored.id,
        changes=changes,
        county=county,
        rule=rule,
        stamp=stamp(stored.state),
    )


def stamp(state: BaseModel) -> str:
    """The same as long as nobody changes the record; what follows from another record is left out."""
    said = state.model_dump_json(exclude=set(FOLLOWING))
    return sha256(said.encode()).hexdigest()[:32]


def differences(before: BaseModel, after: BaseModel) -> dict[str, tuple[Any, Any]]:
    """Old and new values, as JSON, of the fields that differ."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return {
        name: (old[name], value)
        for name, value in new.items()
        if old[name] != value and name not in FOLLOWING
    }


def merged(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is there with what a row says; None clears, what the row does not mention stays."""
    said = {**base, **given}
    return {name: value for name, value in said.items() if not (name in given and value is None)}


def validated(model: type[M], values: Mapping[str, Any]) -> tuple[M | None, tuple[FieldError, ...]]:
    """The model, or every fault of its fields."""
    try:
        return model.model_validate(dict(values)), ()
    except ValidationError as error:
        return None, field_errors([dict(fault) for fault in error.errors()])


def faults_of(problem: Problem, field: str = "") -> tuple[FieldError, ...]:
    """A rule's refusal as faults of a row."""
    return problem.fields or (FieldError(field, problem.code, problem.detail),)


def marked(events: Iterable[Facts], import_id: str, notify: bool = False) -> tuple[Facts, ...]:
    """Events that say by which import they came, and whether messages are wanted."""
    said = {"imported_by": import_id, "notify": notify}
    return tuple(
        one.model_copy(update={k: v for k, v in said.items() if k in type(one).model_fields})
        for one in events
    )


def number_in(text: str) -> tuple[str, ...]:
    """The organisation number that a text is, or nothing."""
    try:
        return (organisation_number(text),)
    except PydanticCustomError:
        return ()


def as_text(value: Any) -> str:
    """A value that should be a text, to be looked up by."""
    return value if isinstance(value, str) else ""


def external_ids_in(row: Row, source: str) -> dict[str, str]:
    """The id that the row has in the system whose ids the file has; none or one."""
    given = as_text(row.read.values.get("external_id"))
    return {source: given} if given else {}


def external_keys_in(rows: Iterable[Row], source: str) -> list[str]:
    """What records are found by in that system's words."""
    return [external_key(*pair) for row in rows for pair in external_ids_in(row, source).items()]
