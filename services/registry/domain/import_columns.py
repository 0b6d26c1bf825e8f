"""The columns of each kind's table: one list for reading a file and for writing one.

A column has a Swedish and an English header, further names by which it is known, how its text is
read, and how a value is written so that reading it again gives the same. Nothing is guessed from a
value: each column has the type of its field, and a repair (a lost zero) is told, never made silently.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from services.registry.domain import import_values as values
from services.registry.domain.numbers import HIDDEN_NUMBER, is_personal_number
from services.registry.domain.numbers import without_personal_numbers as hide
from shared.words import fold

ImportKind = Literal["organisations", "people", "accommodations"]
KINDS: tuple[ImportKind, ...] = ("organisations", "people", "accommodations")

CLEARED = None
"""What `<tom>` means: the value is to go. An empty cell leaves what is there."""
CLEARS = frozenset({"<tom>", "<empty>"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `also` are further names, apart from its headers."""

    field: str
    swedish: str
    english: str
    also: str = ""
    read: Callable[[str, bool], Any] = values.as_it_is
    write: Callable[[Any], str] = values.written

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it is known by, plain."""
        return tuple(_plain(name) for name in (self.swedish, self.english, *self.also.split()))


def _many(
    field: str, swedish: str, english: str, also: str = "", one: values.Part = values.same
) -> Column:
    return Column(field, swedish, english, also, values.list_of(one), values.written_list)


_EXTERNAL = Column("external_id", "externt id", "external id", "externid idikallan kallansid")
_MAIL = Column("mail", "e-post", "mail", "email epostadress epostadresser")
_PHONE = Column("phone", "telefon", "phone", "telefonnummer tel mobil mobilnummer", values.phone)
_LANGUAGES = _many("languages", "språk", "languages", "", values.language)
_MUNICIPALITY = Column(
    "municipality", "kommun", "municipality", "kommunkod municipalitycode", values.municipality
)

TABLES: Mapping[ImportKind, tuple[Column, ...]] = MappingProxyType(
    {
        "organisations": (
            _EXTERNAL,
            Column("name", "namn", "name", "organisation organization förening"),
            Column(
                "number",
                "organisationsnummer",
                "number",
                "orgnr orgnummer organisationnumber organizationnumber",
            ),
            Column("kind", "slag", "kind", "typ type", values.kind),
            Column(
                "parent",
                "riksorganisation",
                "parent",
                "riks nationalorganisation moderorganisation",
            ),
            _MAIL,
            _PHONE,
            Column("web", "webbplats", "web", "webb hemsida website"),
            _LANGUAGES,
            _many("competences", "kompetenser", "competences", "kompetens"),
            _many("target_groups", "målgrupper", "target groups", "målgrupp"),
            _many("counties", "län", "counties", "county", values.county),
            _many(
                "municipalities",
                "kommuner",
                "municipalities",
                "kommun municipality",
                values.municipality_code,
            ),
            Column(
                "activities_a_week",
                "aktiviteter per vecka",
                "activities a week",
                "kapacitet",
                values.number,
            ),
        ),
        "people": (
            _EXTERNAL,
            Column("name", "namn", "name", "person"),
            _MAIL,
            _PHONE,
            _LANGUAGES,
            Column(
                "preferred_language",
                "skriv på",
                "preferred language",
                "önskatspråk",
                values.language_cell,
            ),
            _MUNICIPALITY,
            Column(
                "organisation",
                "organisation",
                "organisation",
                "organization förening organisationsnummer orgnr",
            ),
            Column("role", "roll", "role", "uppdrag", values.role),
        ),
        "accommodations": (
            _EXTERNAL,
            Column("code", "kod", "code", "boendekod"),
            Column("name", "namn", "name", "boende accommodation"),
            Column("kind", "slag", "kind", "typ type", values.kind),
            Column("operator", "operatör", "operator", "operatören driftasav driverav"),
            _MUNICIPALITY,
            Column("county", "län", "county", "länskod", values.county_cell),
            Column("confidentiality", "sekretess", "confidentiality", "", values.confidentiality),
            Column("capacity", "platser", "capacity", "antalplatser places", values.number),
            Column("opens_on", "öppnar", "opens on", "öppningsdatum opens", values.day),
            _LANGUAGES,
            _many("facilities", "faciliteter", "facilities"),
            Column("total", "antal", "total", "antalpersoner personer residents", values.number),
            Column("women", "kvinnor", "women", "", values.number),
            Column("men", "män", "men", "", values.number),
            Column("girls", "flickor", "girls", "", values.number),
            Column("boys", "pojkar", "boys", "", values.number),
            Column(
                "unaccompanied_minors", "ensamkommande", "unaccompanied minors", "", values.number
            ),
            Column("on", "datum", "date", "per on", values.day),
        ),
    }
)
_BY_FIELD = MappingProxyType(
    {kind: {one.field: one for one in table} for kind, table in TABLES.items()}
)


@dataclass(frozen=True, slots=True)
class Read:
    """Values as the domain takes them (None: to be cleared), and repairs: field → (old, new)."""

    values: Mapping[str, Any]
    repairs: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def columns(kind: ImportKind) -> Mapping[str, str]:
    """Every plain name under which a column is known → its field."""
    return {name: one.field for one in TABLES[kind] for name in one.names}


def fields(kind: ImportKind) -> tuple[str, ...]:
    """The fields that a column may fill."""
    return tuple(_BY_FIELD[kind])


def understood(
    kind: ImportKind,
    mapping: Sequence[str | None],
    cells: Sequence[str],
    from_1904: bool = False,
) -> Read:
    """Words and codes as codes; what is not understood stays, to be refused by its field's type."""
    read: dict[str, Any] = {}
    repairs: dict[str, tuple[str, str]] = {}
    for name, cell in zip(mapping, cells, strict=False):
        if name is None or not cell:
            continue
        if cell.casefold() in CLEARS:
            read[name] = CLEARED
            continue
        read[name] = value = _BY_FIELD[kind][name].read(cell, from_1904)
        if name in values.REPAIRED and isinstance(value, str) and value != cell:
            repairs[name] = (cell, value)
    return Read(read, _told(repairs))


def _told(repairs: Mapping[str, tuple[str, str]]) -> Mapping[str, tuple[str, str]]:
    """Only what somebody could mistake: a name in place of its code is no repair."""
    return {name: change for name, change in repairs.items() if values.has_digit(change[0])}


def _plain(name: str) -> str:
    return "".join(sign for sign in fold(name) if sign.isalnum())


def without_personal_numbers(mapping: Sequence[str | None], cells: Sequence[str]) -> list[str]:
    """The cells of a row without personal numbers; a phone number may look like one."""
    return [
        cell if name == "phone" else _hidden(name, cell)
        for name, cell in zip(mapping, cells, strict=False)
    ]


def _hidden(name: str | None, cell: str) -> str:
    if name in ("number", "parent", "organisation") and is_personal_number(cell):
        return HIDDEN_NUMBER
    return hide(cell)
