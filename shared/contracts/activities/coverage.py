"""What is said of coverage."""

from shared.contracts.base import Facts, Snapshot


class CoverageSnapshot(Snapshot, aggregate="activities.coverage"):
    """Of one accommodation; exact figures never travel, only what everyone may know."""

    living: bool
    county: str


class CoverageChanged(Facts, type="activities.coverage.changed"):
    """The accommodation's edge of living was crossed."""

    living: bool
