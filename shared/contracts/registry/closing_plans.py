"""What the registry says of closing plans: one plan over many accommodations that are to close."""

from datetime import date

from shared.contracts.base import AccommodationId, Contract, Facts, Snapshot


class HouseClosing(Contract):
    """The first day on which an accommodation is to be closed."""

    accommodation: AccommodationId
    closes_on: date


class ClosingPlanSnapshot(Snapshot, aggregate="registry.closing_plan"):
    """What is planned now; each accommodation tells itself when it closes."""

    houses: tuple[HouseClosing, ...] = ()


class ClosingPlanDecided(Facts, type="registry.closing_plan.decided"):
    accommodations: tuple[AccommodationId, ...]


class ClosingPlanChanged(Facts, type="registry.closing_plan.changed"):
    """Of the accommodations whose day has changed, or that have come or gone."""

    accommodations: tuple[AccommodationId, ...] = ()


class ClosingPlanUndone(Facts, type="registry.closing_plan.undone"):
    accommodations: tuple[AccommodationId, ...]
