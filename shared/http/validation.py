"""Pydantic's complaints as our own field errors, in two languages, without the input."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.contracts.problems import FieldError, Text
from shared.http.wordings import INVALID, WORDINGS

MAX_ERRORS = 100

_PLAIN_NAME = re.compile(r"[A-Za-z_-]{1,60}[0-9]{0,2}")
_SOURCES = ("body", "query", "path", "header", "cookie")


def field_errors(errors: Iterable[Mapping[str, Any]]) -> tuple[FieldError, ...]:
    """Every faulty field at once, the first hundred."""
    return tuple(field_error(error) for error, _ in zip(errors, range(MAX_ERRORS), strict=False))


def field_error(error: Mapping[str, Any]) -> FieldError:
    """One pydantic error in our words; a validator's own code and words are kept (texts.wrong)."""
    field, context = dotted(error["loc"]), error.get("ctx", {})
    if "sv" in context and "en" in context:
        return FieldError(field, error["type"], Text(context["sv"], context["en"]))
    code, text = WORDINGS.get(error["type"], INVALID)
    return FieldError(field, code, text.filled(**_shown(context)))


def dotted(location: Sequence[str | int]) -> str:
    """`groups.0.count`; a name that the caller made up and that is no plain word becomes `?`."""
    parts = location[1:] if location and location[0] in _SOURCES else location
    return ".".join(safe_name(part) for part in parts if part != "[key]")


def safe_name(part: str | int) -> str:
    """The name of a field as it may be repeated: it could be someone's mail address or phone."""
    if isinstance(part, int):
        return str(part)
    return part if _PLAIN_NAME.fullmatch(part) else "?"


def _shown(context: Mapping[str, Any]) -> dict[str, Any]:
    """What a wording may fill in; the exception and input that pydantic adds stay out."""
    limit = next((context[name] for name in _LIMITS if name in context), "")
    return {"limit": limit, "expected": _with_commas(str(context.get("expected", "")))}


_LIMITS = ("min_length", "max_length", "ge", "gt", "le", "lt", "multiple_of")


def _with_commas(expected: str) -> str:
    return expected.replace("'", "").replace(" or ", ", ")
