"""What columns are called in Swedish and English, and what their values mean.

Each field has its own type; a repair (a municipality's lost zero) is told, never made in silence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from services.registry.domain.places import COUNTIES, MUNICIPALITIES
from shared.words import fold

ImportKind = Literal["organisations", "accommodations"]

_NAMES: Mapping[ImportKind, Mapping[str, str]] = {
    "organisations": {
        "name": "namn name organisation organization forening",
        "number": "organisationsnummer orgnr orgnummer number organisationnumber organizationnumber",
        "kind": "slag typ kind type",
        "parent": "riksorganisation riks parent nationalorganisation moderorganisation",
        "mail": "epost mail email epostadress",
        "phone": "telefon telefonnummer phone tel",
        "web": "webb webbplats hemsida web website",
        "languages": "sprak languages",
        "competences": "kompetenser kompetens competences",
        "target_groups": "malgrupper malgrupp targetgroups",
        "counties": "lan counties county",
        "municipalities": "kommun kommuner municipality municipalities",
    },
    "accommodations": {
        "code": "kod code boendekod",
        "name": "namn name boende accommodation",
        "kind": "slag typ kind type",
        "operator": "operator operatorn driftas driverav",
        "municipality": "kommun kommunkod municipality municipalitycode",
        "confidentiality": "sekretess confidentiality",
        "capacity": "platser antalplatser capacity places",
        "languages": "sprak languages",
        "total": "antal antalpersoner personer total residents",
        "women": "kvinnor women",
        "men": "man men",
        "girls": "flickor girls",
        "boys": "pojkar boys",
        "on": "datum per date on",
    },
}
_KINDS = MappingProxyType(
    {
        "riksorganisation": "national",
        "riks": "national",
        "lokalforening": "branch",
        "krets": "branch",
        "forsamling": "branch",
        "fristaende": "independent",
        "samverkanspart": "partner",
        "ankomstboende": "arrival",
        "asylcenter": "asylum_centre",
        "asylboende": "asylum_centre",
        "lagenheter": "flats",
        "lagenhet": "flats",
        "atervandandecenter": "return_centre",
        "kommunalt boende": "municipal_home",
        "hvb": "municipal_home",
        "entreprenad": "supplier_run",
    }
)
_CONFIDENTIALITY = MappingProxyType({"oppen": "open", "kommun": "municipality", "lan": "county"})
MOST_PARTS = 300
DIGITS = tuple('"0123456789')
_LISTS = ("languages", "competences", "target_groups", "counties", "municipalities")
_BY_NAME = MappingProxyType({fold(one.name): code for code, one in MUNICIPALITIES.items()})
_COUNTIES_BY_NAME = MappingProxyType({fold(name): code for code, name in COUNTIES.items()})


@dataclass(frozen=True, slots=True)
class Read:
    """Values as the domain takes them, and which of them were repaired: field → (old, new)."""

    values: Mapping[str, Any]
    repairs: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def columns(kind: ImportKind) -> Mapping[str, str]:
    """Every name under which a column is known → its field."""
    return {name: field for field, names in _NAMES[kind].items() for name in names.split()}


def understood(values: Mapping[str, str]) -> Read:
    """Words and codes as codes; what is not understood stays, to be refused by its field's type."""
    read: dict[str, Any] = {}
    repairs: dict[str, tuple[str, str]] = {}
    for name, value in values.items():
        if name in _LISTS:
            read[name] = tuple(_code(name, part) for part in _parts(value))
            continue
        read[name] = _code(name, value)
        if name == "municipality" and value[:1] in DIGITS and read[name] != value:
            repairs[name] = (value, read[name])
    return Read(read, repairs)


def _parts(value: str) -> Sequence[str]:
    inner = value.strip("[]").replace(";", ",").replace("|", ",")
    return [part for piece in inner.split(",", MOST_PARTS) if (part := piece.strip().strip("'\""))]


def _code(name: str, value: str) -> str:
    return _CODES.get(name, _as_it_is)(value)


def _as_it_is(value: str) -> str:
    return value


def _municipality(value: str) -> str:
    digits = value.strip('"').removesuffix(".0")
    if digits.isascii() and digits.isdigit():
        # A spreadsheet took the code for a number; three digits have lost exactly one zero.
        return f"0{digits}" if len(digits) == 3 and f"0{digits}" in MUNICIPALITIES else digits
    return _BY_NAME.get(fold(value.removesuffix(" kommun")), value)


def _county(value: str) -> str:
    digits = value.strip('"').removesuffix(".0")
    if digits.isascii() and digits.isdigit():
        return digits.zfill(2)
    return _COUNTIES_BY_NAME.get(fold(value.removesuffix(" län").removesuffix("s län")), value)


_CODES: Mapping[str, Callable[[str], str]] = {
    "kind": lambda value: _KINDS.get(fold(value), value.lower()),
    "confidentiality": lambda value: _CONFIDENTIALITY.get(fold(value), value.lower()),
    "municipality": _municipality,
    "municipalities": _municipality,
    "counties": _county,
}
