"""Small numbers: what others than officers in scope may know of how many people live somewhere.

Two houses that are equal in bands look the same, so that nobody can be told apart by a figure.
"""

from collections.abc import Mapping
from itertools import pairwise

_UPPER_ENDS = (0, 5, 10, 20, 50, 100)


def band(number: int) -> str:
    """0, 1-5, 6-10, 11-20, 21-50, 51-100, then hundreds: 101-200, 201-300 and so on."""
    if number <= 0:
        return "0"
    for below, upper in pairwise(_UPPER_ENDS):
        if number <= upper:
            return f"{below + 1}-{upper}"
    hundreds = (number - 1) // 100
    return f"{hundreds * 100 + 1}-{hundreds * 100 + 100}"


def banded(figures: Mapping[str, object]) -> dict[str, object]:
    """The same figures with each number in its band; dates and what is unknown stay."""
    return {
        name: band(value) if isinstance(value, int) else value for name, value in figures.items()
    }
