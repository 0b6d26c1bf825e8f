"""Whether every promise held: worked out from each service's history, not from what a client saw."""

from tests.chaos.oracle.findings import Finding, Verdict
from tests.chaos.oracle.judge import judge

__all__ = ["Finding", "Verdict", "judge"]
