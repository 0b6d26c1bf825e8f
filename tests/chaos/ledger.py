"""What was acknowledged, in the words of the history that must show it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.chaos.people import Answer


class Deed(NamedTuple):
    """One event that an acknowledged command must have left, told apart by the facts' own word."""

    service: str
    type: str
    subject: str
    detail: str | None = None


@dataclass
class Ledger:
    """The clients' own books: every answer, and what the acknowledged ones must have done."""

    deeds: Counter[Deed] = field(default_factory=Counter)
    acknowledged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    again: int = 0
    residents: dict[str, int] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)

    def note(self, answer: Answer, *deeds: Deed) -> bool:
        """Write an answer down with what it promises; True when it was acknowledged."""
        self.again += answer.tries - 1
        if not answer.acknowledged:
            self.refused[answer.code] += 1
            return False
        self.acknowledged += 1
        self.deeds.update(deeds)
        return True
