"""Ways to reach somebody: mail address, phone and web address, all spellings of one alike."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from shared.contracts.problems import Text
from shared.contracts.texts import Line, clean_line, wrong

_MAIL_SIGN = r"[^@\s<>,;:\"\x00-\x1f\x7f]"
MailAddress = Annotated[
    str,
    Field(max_length=254, pattern=rf"^{_MAIL_SIGN}{{1,64}}@{_MAIL_SIGN}{{1,189}}$"),
    BeforeValidator(clean_line),
]

_BETWEEN_DIGITS = re.compile(r"[\s\-\u2010-\u2015\u2212./()]")
_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")
_NO_WEB_ADDRESS = Text(
    "Det är ingen webbadress. Skriv den som i webbläsaren, till exempel https://majblomman.example.",
    "That is no web address. Write it as in the browser, for example https://majblomman.example.",
)


def _international(value: object) -> object:
    """`070-174 06 05` and `0046 (0)70 174 06 05` are `+46701740605` (E.164)."""
    if not isinstance(value, str):
        return value
    digits = _BETWEEN_DIGITS.sub("", value.replace("(0)", ""))
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    return f"+46{digits[1:]}" if digits.startswith("0") else digits


PhoneNumber = Annotated[
    str, Field(pattern=r"^\+[1-9][0-9]{6,14}$"), BeforeValidator(_international)
]


def web_address(text: str) -> str:
    """The address with its scheme; only what a browser opens as a page, nobody's name in it."""
    full = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(full)
        host = parts.hostname or ""
    except ValueError as error:
        raise wrong("not-a-web-address", _NO_WEB_ADDRESS) from error
    plain = parts.scheme.lower() in ("http", "https") and parts.username is None
    if not plain or not _HOST.fullmatch(host) or " " in full:
        raise wrong("not-a-web-address", _NO_WEB_ADDRESS)
    return full


WebAddress = Annotated[Line, AfterValidator(web_address)]
