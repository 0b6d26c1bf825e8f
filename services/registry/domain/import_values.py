"""How the text of a cell becomes the value of a field, and how a value is written again.

A reader never fails: what it does not understand stays as it is, and its field's type refuses it.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, cast

from shared.contracts.places import COUNTIES, MUNICIPALITIES
from shared.words import fold

Part = Callable[[str], str]
Reader = Callable[[str, bool], Any]

MOST_PARTS = 300
REPAIRED = ("municipality", "county", "phone", "on", "opens_on")
"""Fields of which a repair is told."""
_DAY_ZERO = date(1899, 12, 30)
"""Spreadsheets count days from here: 46235 is 2026-08-01; since they take 1900 for a leap year."""
_DAY_ZERO_1904 = date(1904, 1, 1)
_SERIALS = range(20_000, 80_000)
_ISO_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[T ]00:00(?::00)?(?:\.0+)?)?")
_PHONE_FILLERS = re.compile(r"[\s()./\-\u2010-\u2015\u2212]")
_KINDS = MappingProxyType(
    {
        "riksorganisation": "national",
        "riks": "national",
        "nationell": "national",
        "lokalforening": "branch",
        "krets": "branch",
        "forsamling": "branch",
        "fristaende": "independent",
        "samverkanspart": "partner",
        "ankomstboende": "arrival",
        "ankomstcenter": "arrival",
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
_ROLES = MappingProxyType(
    {
        "samordnare": "coordinator",
        "volontar": "volunteer",
        "frivillig": "volunteer",
    }
)
_LANGUAGES = MappingProxyType(
    {
        "svenska": "sv", "engelska": "en", "arabiska": "ar", "dari": "prs", "pashto": "ps",
        "persiska": "fa", "farsi": "fa", "tigrinja": "ti", "tigrinska": "ti", "somaliska": "so",
        "kurmanji": "kmr", "nordkurdiska": "kmr", "sorani": "ckb", "centralkurdiska": "ckb",
        "ukrainska": "uk", "ryska": "ru", "turkiska": "tr", "albanska": "sq", "amhariska": "am",
        "franska": "fr", "spanska": "es",
        "swedish": "sv", "english": "en", "arabic": "ar", "persian": "fa", "tigrinya": "ti",
        "somali": "so", "ukrainian": "uk", "russian": "ru", "turkish": "tr", "albanian": "sq",
        "amharic": "am", "french": "fr", "spanish": "es",
    }
)  # fmt: skip
_BY_NAME = MappingProxyType({fold(one.name): code for code, one in MUNICIPALITIES.items()})
_COUNTIES_BY_NAME = MappingProxyType({fold(name): code for code, name in COUNTIES.items()})


def as_it_is(cell: str, from_1904: bool) -> str:
    """A text."""
    return cell


def same(part: str) -> str:
    """A part that is its own code."""
    return part


def has_digit(text: str) -> bool:
    """Whether a number stands in it."""
    return any(sign.isdigit() for sign in text)


def list_of(one: Part) -> Reader:
    """A reader of several parts between commas, semicolons or bars, brackets and quotes around them."""

    def read(cell: str, from_1904: bool) -> tuple[str, ...]:
        inner = cell.strip("[]").replace(";", ",").replace("|", ",")
        pieces = inner.split(",", MOST_PARTS)
        return tuple(one(part) for piece in pieces if (part := piece.strip().strip("'\"")))

    return read


def municipality_code(text: str) -> str:
    """The code of a municipality's name, or of a code that a spreadsheet took for a number."""
    digits = text.strip('"').removesuffix(".0")
    if digits.isascii() and digits.isdigit():
        # Three digits have lost exactly one zero.
        return f"0{digits}" if len(digits) == 3 and f"0{digits}" in MUNICIPALITIES else digits
    return _BY_NAME.get(fold(text.removesuffix(" kommun")), text)


def municipality(cell: str, from_1904: bool) -> str:
    """A municipality's code."""
    return municipality_code(cell)


def county(text: str) -> str:
    """A county's code."""
    digits = text.strip('"').removesuffix(".0")
    if digits.isascii() and digits.isdigit():
        return digits.zfill(2)
    return _COUNTIES_BY_NAME.get(fold(text.removesuffix(" län").removesuffix("s län")), text)


def county_cell(cell: str, from_1904: bool) -> str:
    """A county's code."""
    return county(cell)


def number(cell: str, from_1904: bool) -> str:
    """A whole number, a space between its thousands or not."""
    digits = re.sub(r"[\s\u00a0\u202f]", "", cell).removesuffix(".0").removesuffix(",0")
    return digits if digits.isascii() and digits.isdigit() else cell


def day(cell: str, from_1904: bool) -> str:
    """A day: ISO with or without dashes, or a spreadsheet's count of days; never 1/8/2026."""
    if cell.isascii() and cell.isdigit() and int(cell[:8]) in _SERIALS:
        zero = _DAY_ZERO_1904 if from_1904 else _DAY_ZERO
        return (zero + timedelta(days=int(cell))).isoformat()
    match = _ISO_DAY.fullmatch(cell)
    return "-".join(match.groups()) if match else cell


def phone(cell: str, from_1904: bool) -> str:
    """A phone number as the world dials it; one that begins with 0 is Swedish."""
    digits = _PHONE_FILLERS.sub("", cell)
    if digits.startswith("+460"):
        # Written `+46 (0)70 ...`.
        digits = f"+46{digits[4:]}"
    if not digits.removeprefix("+").isdigit() or digits.startswith("+"):
        return digits if digits.startswith("+") else cell
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    # A spreadsheet took a mobile number for a number: nine digits have lost their zero.
    lost = len(digits) == 9 and digits.startswith("7")
    return f"+46{digits.removeprefix('0')}" if digits.startswith("0") or lost else cell


def kind(cell: str, from_1904: bool) -> str:
    """What kind of organisation or accommodation."""
    return _KINDS.get(fold(cell), cell.lower())


def confidentiality(cell: str, from_1904: bool) -> str:
    """How much of where an accommodation lies may be said."""
    return _CONFIDENTIALITY.get(fold(cell), cell.lower())


def role(cell: str, from_1904: bool) -> str:
    """A role in an organisation."""
    return _ROLES.get(fold(cell), cell.lower())


def language(text: str) -> str:
    """A language's code."""
    return _LANGUAGES.get(fold(text), text.lower())


def language_cell(cell: str, from_1904: bool) -> str:
    """A language's code."""
    return language(cell)


def written(value: Any) -> str:
    """A value as it is read again."""
    return "" if value is None else str(value)


def written_list(value: Any) -> str:
    """Several values in one cell."""
    return ", ".join(written(one) for one in cast("tuple[Any, ...]", value or ()))
