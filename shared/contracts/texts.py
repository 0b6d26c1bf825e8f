"""What people write: types that clean a text when it comes in, and the strict body they stand in.

Cleaning is the same for every field: Unicode NFC, no control, bidirectional override or invisible
filler characters. The joiners that Persian, Dari and emoji need stay.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, PydanticCustomError

from shared.contracts.problems import Text

LanguageCode = Literal[
    "sv", "en", "ar", "prs", "ps", "fa", "ti", "so", "kmr", "ckb", "uk", "ru", "tr", "sq", "am",
    "fr", "es",
]  # fmt: skip

WHOLE_NUMBER_LIMIT = 2**53 - 1
"""The largest whole number that JSON, JavaScript and MongoDB all keep exactly."""

_LINE_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_UNWANTED = re.compile(
    r"[\x01-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff"
    r"\ufff9-\uffff\U000e0000-\U000e007f]"
)
_NOT_PLAIN = Text(
    "Texten innehåller tecken som inte går att spara. Skriv om den utan dem.",
    "The text contains characters that cannot be stored. Write it without them.",
)
_YEARS = (2000, 2200)
_NOT_IN_OUR_TIME = Text(
    f"Ange en tid mellan år {_YEARS[0]} och {_YEARS[1]}.",
    f"Give a time between the years {_YEARS[0]} and {_YEARS[1]}.",
)


def wrong(code: str, text: Text) -> PydanticCustomError:
    """What a validator raises so that its own code and words reach the caller (P17)."""
    return PydanticCustomError(code, "see ctx", {"sv": text.sv, "en": text.en})


def clean_line(value: object) -> object:
    """One line: breaks and runs of space become one space. Other types pass on, to be refused."""
    return " ".join(_clean(value).split()) if isinstance(value, str) else value


def clean_prose(value: object) -> object:
    """Several lines: at most one empty line in a row, no space at the end of lines."""
    if not isinstance(value, str):
        return value
    lines = "\n".join(line.rstrip() for line in _clean(value).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def _clean(value: str) -> str:
    if "\0" in value:
        raise wrong("not-plain-text", _NOT_PLAIN)
    value = _UNWANTED.sub("", _LINE_BREAKS.sub("\n", value))
    value = unicodedata.normalize("NFC", value)
    return value if any(sign.isprintable() and not sign.isspace() for sign in value) else ""


def _in_our_time(value: datetime) -> datetime:
    """In UTC; a year at either end of the calendar leaves it when the zone is taken away."""
    try:
        moment = value.astimezone(UTC)
    except OverflowError as error:
        raise wrong("not-in-our-time", _NOT_IN_OUR_TIME) from error
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise wrong("not-in-our-time", _NOT_IN_OUR_TIME)
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_in_our_time)]
"""A point in time in a body: with its zone, kept in UTC, within what database and calendar hold."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=120), BeforeValidator(clean_line)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200), BeforeValidator(clean_line)]
Prose = Annotated[
    str, StringConstraints(min_length=1, max_length=5000), BeforeValidator(clean_prose)
]
Whole = Annotated[int, Field(strict=True, ge=-WHOLE_NUMBER_LIMIT, le=WHOLE_NUMBER_LIMIT)]
Translations = Annotated[dict[LanguageCode, Line], Field(min_length=1)]
ProseTranslations = Annotated[dict[LanguageCode, Prose], Field(min_length=1)]


def _numbers(node: Any) -> Iterator[dict[str, Any]]:
    """Every number in a core schema; nested models have tightened their own."""
    if isinstance(node, dict):
        if node.get("type") in ("int", "float", "bool"):
            yield node
        for value in list(node.values()):
            yield from _numbers(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _numbers(value)


def _limit(number: dict[str, Any]) -> None:
    if "lt" not in number:
        number.setdefault("le", WHOLE_NUMBER_LIMIT)
    if "gt" not in number:
        number.setdefault("ge", -WHOLE_NUMBER_LIMIT)


class Body(BaseModel):
    """A request body: unknown fields are refused, `true` is no number and `"12"` is not 12.

    Whole numbers have a limit even where the model states none: the database cannot hold more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Tighten the numbers, which pydantic would otherwise convert."""
        schema = handler(source)
        for number in _numbers(schema):
            number["strict"] = True
            if number["type"] == "int":
                _limit(number)
        return schema
