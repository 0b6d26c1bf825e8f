"""Words that point nobody out: a text with a mail address, phone or personal number is refused.

Names cannot be told from other words, so the forms ask for none; numbers and addresses can.
"""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from shared.contracts.problems import Text
from shared.contracts.texts import Line, Prose, clean_prose, wrong

SHORT = 500

_DASHES = r"\-\u2010-\u2015\u2212"
_GAP = rf"[\s{_DASHES}/().:]{{0,3}}"
_MAIL = re.compile(r"[^\s@]{1,64}\s?@\s?[^\s@]{1,255}")
_PERSONAL = re.compile(rf"(?<!\d)(?:\d\d)?\d{{6}}\s?[{_DASHES}+]?\s?\d{{4}}(?!\d)")
_PHONE = re.compile(rf"(?<!\d)(?:\+{_GAP}\d|0)(?:{_GAP}\d){{5,14}}")
_HOUR = r"(?:[01]?\d|2[0-3])[.:][0-5]\d"
_DAY = rf"\d{{4}}[{_DASHES}]\d\d[{_DASHES}]\d\d|\d{{1,2}}[/{_DASHES}]\d{{1,2}}"
_MOMENT = re.compile(
    rf"(?<![\d{_DASHES}/.:])(?:{_HOUR}(?:[{_DASHES}]{_HOUR})?|{_DAY})(?![\d]|[{_DASHES}/.:]\d)"
)
_FEWEST_DIGITS = 4

NO_MAIL = Text(
    "Ta bort e-postadressen. Skriv vad som hände utan att peka ut någon.",
    "Remove the mail address. Write what happened without pointing anybody out.",
)
NO_PERSONAL_NUMBER = Text(
    "Ta bort personnumret. Skriv vad som hände utan att peka ut någon.",
    "Remove the personal number. Write what happened without pointing anybody out.",
)
NO_PHONE = Text(
    "Ta bort telefonnumret. Skriv vad som hände utan att peka ut någon.",
    "Remove the phone number. Write what happened without pointing anybody out.",
)


def unnamed(text: str) -> str:
    """The text itself; refused when it holds what leads to a person. Nothing of it is repeated."""
    plain = _in_plain_digits(text)
    if _MAIL.search(plain):
        raise wrong("mail-in-text", NO_MAIL)
    if _PERSONAL.search(plain):
        raise wrong("personal-number-in-text", NO_PERSONAL_NUMBER)
    if _holds_a_phone(plain):
        raise wrong("phone-in-text", NO_PHONE)
    return text


def _holds_a_phone(plain: str) -> bool:
    """Dates and hours also are digits with signs between them, but none begins with a plus."""
    other = _MOMENT.sub(lambda moment: " " * len(moment.group()), plain)
    return any(
        found.group().startswith("+")
        or sum(sign.isdigit() for sign in other[slice(*found.span())]) >= _FEWEST_DIGITS
        for found in _PHONE.finditer(plain)
    )


def _in_plain_digits(text: str) -> str:
    """Arabic, Persian and wide digits and signs as the plain ones."""
    text = unicodedata.normalize("NFKC", text)
    digits = (unicodedata.digit(sign, None) for sign in text)
    return "".join(
        sign if digit is None else str(digit) for sign, digit in zip(text, digits, strict=True)
    )


UnnamedLine = Annotated[Line, AfterValidator(unnamed)]
UnnamedProse = Annotated[Prose, AfterValidator(unnamed)]
UnnamedShort = Annotated[
    str,
    StringConstraints(min_length=1, max_length=SHORT),
    BeforeValidator(clean_prose),
    AfterValidator(unnamed),
]
