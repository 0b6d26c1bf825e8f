"""Bombs in JSON, found by scanning the bytes before anything is parsed (P21).

All loops run in C: a megabyte of brackets takes some 20 ms.
"""

import re
from array import array
from itertools import accumulate

from shared.contracts.problems import BadRequest, Invalid, Text

MAX_BODY_BYTES = 1_000_000
MAX_FILE_BYTES = 12_000_000
"""An honest table of 100,000 rows has seven."""
MAX_DEPTH = 32
MAX_DIGITS = 100
MAX_VALUES = 20_000

_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_UP_AND_DOWN = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")
_NO_BRACKETS = bytes(set(range(256)) - set(b"{[}]"))
_LONG_NUMBER = b"0" * (MAX_DIGITS + 1)

NOT_JSON = Text(
    "Innehållet är inte giltig JSON i UTF-8. Kontrollera det och skicka igen.",
    "The body is not valid JSON in UTF-8. Check it and send it again.",
)


def refuse_bombs(body: bytes) -> None:
    """Raise a Problem when the JSON is nested too deep, has too long numbers or too many values.

    UTF-16 and UTF-32, which Python's parser would read, are refused: a scan for bytes misses them.
    """
    if b"\0" in body:
        raise BadRequest("not-json", NOT_JSON)
    bare = _STRINGS.sub(b"", body)
    if depth(bare) > MAX_DEPTH:
        raise Invalid(
            "too-deep",
            sv=f"Innehållet har fler än {MAX_DEPTH} nivåer. Skicka det plattare.",
            en=f"The body has more than {MAX_DEPTH} levels. Send it less nested.",
        )
    if len(bare) > MAX_DIGITS and _LONG_NUMBER in bare.translate(_DIGITS_ALIKE):
        raise Invalid(
            "number-too-long",
            sv=f"Ett tal har fler än {MAX_DIGITS} siffror. Rätta det och skicka igen.",
            en=f"A number has more than {MAX_DIGITS} digits. Correct it and send again.",
        )
    if len(bare) > MAX_VALUES and bare.count(b",") > MAX_VALUES:
        raise Invalid(
            "too-many-values",
            sv=f"Innehållet har fler än {MAX_VALUES} värden. Dela upp det.",
            en=f"The body has more than {MAX_VALUES} values. Split it.",
        )


def depth(bare: bytes) -> int:
    """The deepest nesting in JSON whose strings are taken out."""
    if bare.count(b"[") + bare.count(b"{") <= MAX_DEPTH:
        return 0
    steps = array("b", bare.translate(_UP_AND_DOWN, _NO_BRACKETS))
    return max(accumulate(steps), default=0)
