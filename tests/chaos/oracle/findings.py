"""What the oracle finds wrong, and how the findings are counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

What = Literal["lost", "duplicated", "astray", "dead"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: what is lost, twice, where it does not belong, or left undone; with its ids."""

    what: What
    words: str

    def __str__(self) -> str:
        return f"{self.what}: {self.words}"


@dataclass(frozen=True)
class Verdict:
    """All findings; `unknown` are mails of which nobody can say whether they arrived."""

    findings: tuple[Finding, ...]
    unknown: int = 0

    @property
    def held(self) -> bool:
        """Nothing was found."""
        return not self.findings

    def __str__(self) -> str:
        found = Counter(one.what for one in self.findings)
        words: tuple[What, ...] = ("lost", "duplicated", "astray", "dead")
        return " ".join(f"{what}={found[what]}" for what in words)


def differences(
    expected: Counter[object], found: Counter[object], subject: str
) -> Iterable[Finding]:
    """A finding for each that is missing, and for each that is there too often."""
    for one, times in (expected - found).items():
        yield Finding("lost", f"{subject}: {one} ({times} missing)")
    for one, times in (found - expected).items():
        what: What = "duplicated" if one in expected else "astray"
        yield Finding(what, f"{subject}: {one} ({times} too many)")
