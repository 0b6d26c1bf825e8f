"""Swedish organisation numbers in all their spellings."""

import re
from typing import Annotated

from pydantic import AfterValidator

from shared.contracts.problems import Text
from shared.contracts.texts import wrong

_SPELLING = re.compile(r"(?:16)?([0-9]{10})|SE([0-9]{10})01")
_BORN = re.compile(r"(?:1[89]|20)([0-9]{10})")
_BLANKS_AND_DASHES = re.compile(r"[\s\-+\u2010-\u2015\u2212]")
HIDDEN_NUMBER = "[personnummer]"
"""What stands where a personal number stood: the number itself is kept nowhere."""
_PERSONAL_NUMBER = re.compile(r"(?<![0-9+])(?:19|20)?([0-9]{6})[-+ ]?([0-9]{4})(?![0-9])")
_PERSONAL = Text(
    "Det ser ut som ett personnummer. Skriv organisationens nummer; personnummer sparas aldrig här.",
    "That looks like a personal number. Write the organisation's; we never keep personal numbers.",
)
_PHONE = Text(
    "Det ser ut som ett telefonnummer. Skriv organisationsnumret, till exempel 802400-0005.",
    "That looks like a phone number. Write the organisation number, for example 802400-0005.",
)
_THIRD_DIGIT = Text(
    "Tredje siffran i ett organisationsnummer är 2 eller högre. Kontrollera numret.",
    "The third digit of an organisation number is 2 or more. Check the number.",
)
_WRONG_DIGIT = Text(
    "Sista siffran stämmer inte. Kontrollera numret.",
    "The last digit does not fit. Check the number.",
)
_NOT_A_NUMBER = Text(
    "Det är inget organisationsnummer. Skriv tio siffror, till exempel 802400-0005.",
    "That is no organisation number. Write ten digits, for example 802400-0005.",
)


def organisation_number(text: str) -> str:
    """The ten digits of an organisation number; all spellings of one number give the same.

    Skatteverket's rules (SKV 709): the first digit is never 0 or 4 here, the third is 2 or more
    (else it would be a personal number), the last is a Luhn check digit. Each reason to refuse has
    its own code; what looks like a personal number is named as that before anything else.
    """
    plain = _BLANKS_AND_DASHES.sub("", text).upper()
    if text == HIDDEN_NUMBER:
        raise wrong("personal-number", _PERSONAL)
    if (born := _BORN.fullmatch(plain)) and _is_like_a_persons(born.group(1)):
        raise wrong("personal-number", _PERSONAL)
    match = _SPELLING.fullmatch(plain)
    digits = (match.group(1) or match.group(2)) if match else ""
    fault = _fault(digits)
    if fault:
        raise wrong(*fault)
    return digits


def _fault(digits: str) -> tuple[str, Text] | None:
    if not digits:
        return "not-an-organisation-number", _NOT_A_NUMBER
    if _is_like_a_persons(digits):
        return "personal-number", _PERSONAL
    if digits[0] == "0" and digits[1] != "0":
        return "looks-like-a-phone-number", _PHONE
    if digits[0] in "04":
        return "not-an-organisation-number", _NOT_A_NUMBER
    if digits[2] < "2":
        return "wrong-third-digit", _THIRD_DIGIT
    return None if _luhn(digits) else ("wrong-check-digit", _WRONG_DIGIT)


def _is_like_a_persons(digits: str) -> bool:
    """A date of birth in front; coordination numbers add 60 to the day."""
    month, day = int(digits[2:4]), int(digits[4:6])
    return 1 <= month <= 12 and (1 <= day <= 31 or 61 <= day <= 91)


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return sum(sum(divmod(number, 10)) for number in doubled) % 10 == 0


OrganisationNumber = Annotated[str, AfterValidator(organisation_number)]


def is_personal_number(text: str) -> bool:
    """Whether a text is written as an organisation number, but is a person's, right or mistyped."""
    plain = _BLANKS_AND_DASHES.sub("", text).upper()
    match = _BORN.fullmatch(plain) or _SPELLING.fullmatch(plain)
    digits = next((group for group in match.groups() if group), "") if match else ""
    return bool(digits) and _is_like_a_persons(digits)


def without_personal_numbers(text: str) -> str:
    """The text with what stands in the place of each personal number whose check digit is right."""

    def hidden(match: re.Match[str]) -> str:
        digits = match.group(1) + match.group(2)
        is_one = _is_like_a_persons(digits) and _luhn(digits)
        return HIDDEN_NUMBER if is_one else match.group()

    return _PERSONAL_NUMBER.sub(hidden, text) if len(text) >= 10 else text
