"""Swedish organisation numbers in all their spellings."""

import re
from typing import Annotated

from pydantic import AfterValidator

from shared.contracts.problems import Text
from shared.contracts.texts import wrong

_SPELLING = re.compile(r"(?:16)?(\d{6})\D?(\d{4})")
_BLANKS_AND_DASHES = re.compile(r"[\s\-\u2010-\u2015\u2212]")
_NOT_A_NUMBER = Text(
    "Det är inget organisationsnummer. Skriv tio siffror, till exempel 802400-0005.",
    "That is no organisation number. Write ten digits, for example 802400-0005.",
)


def organisation_number(text: str) -> str:
    """The ten digits of an organisation number; all spellings of one number give the same.

    Skatteverket's rules (SKV 709): the first digit is never 0 or 4 here, the third is 2 or more
    (else it would be a personal number), the last is a Luhn check digit.
    """
    match = _SPELLING.fullmatch(_BLANKS_AND_DASHES.sub("", text))
    digits = "".join(match.groups()) if match else ""
    if not digits.isascii() or not _holds(digits):
        raise wrong("not-an-organisation-number", _NOT_A_NUMBER)
    return digits


def _holds(digits: str) -> bool:
    return len(digits) == 10 and digits[0] not in "04" and digits[2] >= "2" and _luhn(digits)


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return sum(sum(divmod(number, 10)) for number in doubled) % 10 == 0


OrganisationNumber = Annotated[str, AfterValidator(organisation_number)]
