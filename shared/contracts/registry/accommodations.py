"""What the registry says of accommodations; address and position never leave it."""

from datetime import date
from typing import Literal

from shared.contracts.base import Contract, Facts, Snapshot

AccommodationKind = Literal[
    "arrival", "asylum_centre", "flats", "supplier_run", "return_centre", "municipal_home"
]


AccommodationStatus = Literal["planned", "open", "closing", "closed"]


Confidentiality = Literal["open", "municipality", "county"]


RoutineKind = Literal["meal", "prayer", "school", "agency_information", "last_bus"]


class Routine(Contract):
    """What happens in a house anyway, in local time; ISO weekdays, `until` ≤ `at` is the next day."""

    what: RoutineKind
    weekdays: tuple[int, ...]
    at: str
    until: str | None = None


class ResidentsFigure(Contract):
    """Residents on a date; a group is None when not known yet, the ages make the children's groups."""

    on: date
    total: int
    women: int | None = None
    men: int | None = None
    girls: int | None = None
    girls_0_5: int | None = None
    girls_6_12: int | None = None
    girls_13_17: int | None = None
    boys: int | None = None
    boys_0_5: int | None = None
    boys_6_12: int | None = None
    boys_13_17: int | None = None
    unaccompanied_minors: int | None = None


class AccommodationSnapshot(Snapshot, aggregate="registry.accommodation"):
    """Address and position are not here: they live in the registry's own Location.

    `municipality` is None where the confidentiality is `county`: nobody is to tell which one.
    `residents` is the dated series, oldest first. `closes_on` is the first day it is closed.
    """

    code: str
    name: str
    kind: AccommodationKind
    status: AccommodationStatus
    municipality: str | None = None
    county: str
    confidentiality: Confidentiality = "municipality"
    capacity: int
    opens_on: date | None = None
    closes_on: date | None = None
    languages: tuple[str, ...] = ()
    residents: tuple[ResidentsFigure, ...] = ()
    operator: str | None = None
    facilities: tuple[str, ...] = ()
    rhythm: tuple[Routine, ...] = ()


class AccommodationRegistered(Facts, type="registry.accommodation.registered"):
    imported_by: str | None = None


class AccommodationOpened(Facts, type="registry.accommodation.opened"):
    """`notify`: the import that entered it asks for the messages that imports are spared."""

    imported_by: str | None = None
    notify: bool = False


class AccommodationChanged(Facts, type="registry.accommodation.changed"):
    fields: tuple[str, ...]
    imported_by: str | None = None


class ResidentsChanged(Facts, type="registry.accommodation.residents_changed"):
    on: date
    corrected: bool = False
    imported_by: str | None = None


class AccommodationClosing(Facts, type="registry.accommodation.closing"):
    closes_on: date


class AccommodationClosed(Facts, type="registry.accommodation.closed"):
    """`imported_by`: an import that entered it by mistake was undone."""

    imported_by: str | None = None


class AccommodationReopened(Facts, type="registry.accommodation.reopened"):
    pass
