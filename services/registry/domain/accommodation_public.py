"""What everyone in the network may know of an accommodation, and how often that has changed.

An officer's change that nobody else may see (a move within the county where only that is named, a
figure within its band) must not show in a number either: so the network has a revision of its own.
"""

from datetime import date

from services.registry.domain.accommodation import Accommodation, shown_municipality
from shared.contracts.bands import band
from shared.contracts.registry import ResidentsFigure


def as_everyone_sees(one: Accommodation, today: date) -> dict[str, object]:
    """Its fields without the hidden municipality, and with the present figures in bands."""
    figure = current_figure(one, today)
    return {
        **one.model_dump(mode="json", exclude={"public_version", "residents"}),
        "municipality": shown_municipality(one),
        "capacity": str(band(one.capacity)),
        "residents": [] if figure is None else [_banded(figure)],
    }


def current_figure(one: Accommodation, today: date) -> ResidentsFigure | None:
    """The newest figure whose day has come: what is expected of next month is not so yet."""
    come = [figure for figure in one.residents if figure.on <= today]
    return come[-1] if come else None


def counted(before: Accommodation, after: Accommodation, today: date) -> Accommodation:
    """`after`, its public version raised if everyone sees another accommodation than before."""
    if as_everyone_sees(before, today) == as_everyone_sees(after, today):
        return after
    return after.model_copy(update={"public_version": before.public_version + 1})


def _banded(figure: ResidentsFigure) -> dict[str, object]:
    return {
        name: str(band(value)) if isinstance(value, int) else value
        for name, value in figure.model_dump(mode="json").items()
    }
