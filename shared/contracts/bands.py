"""Small numbers: what others than officers in scope see instead of a figure about people.

One definition for every service: two worlds that are equal in bands look alike everywhere.
"""

from typing import Literal, NamedTuple

Group = Literal["women", "men", "girls", "boys", "unaccompanied_minors"]
GROUPS: tuple[Group, ...] = ("women", "men", "girls", "boys", "unaccompanied_minors")

_EDGES = (0, 5, 10, 20, 50, 100)


class Band(NamedTuple):
    """From lowest to highest, both within."""

    lowest: int
    highest: int

    @property
    def middle(self) -> int:
        """What ratios are worked out from."""
        return (self.lowest + self.highest) // 2

    def __str__(self) -> str:
        return "0" if self.highest == 0 else f"{self.lowest}-{self.highest}"


def band(number: int) -> Band:
    """0, 1-5, 6-10, 11-20, 21-50, 51-100, then hundreds: 101-200, 201-300 and so on."""
    if number <= 0:
        return Band(0, 0)
    if number > _EDGES[-1]:
        highest = -(-number // 100) * 100
        return Band(highest - 99, highest)
    highest = next(edge for edge in _EDGES if number <= edge)
    return Band(_EDGES[_EDGES.index(highest) - 1] + 1, highest)


def to_tens(number: int) -> int:
    """A county's or the country's figure as everybody may know it."""
    return (number + 5) // 10 * 10
