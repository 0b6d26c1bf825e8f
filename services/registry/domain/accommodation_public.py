"""What everyone in the network may know of an accommodation, and how often that has changed.

Five or more figures that make a total could be worked out from their bands (each band's lowest leaves
one when divided by five, its highest nothing); four cannot. So the ages of children are for officers.

An officer's change that nobody else may see (a move within the county where only that is named, a
figure within its band) must not show in a number either: so the network has a revision of its own.
"""

from services.registry.domain.accommodation import Accommodation, shown_municipality
from services.registry.domain.residents import AGES
from shared.contracts.bands import band
from shared.contracts.registry import ResidentsFigure

OFFICERS_ONLY = frozenset({"external_ids", "corrections"})
_OF_NOBODY_ELSE = {"public_version", "residents", "followed", *OFFICERS_ONLY}
_AGES = {name for ages in AGES.values() for name in ages}


def as_everyone_sees(one: Accommodation) -> dict[str, object]:
    """Its fields without the hidden municipality, and with the newest figures in bands."""
    return {
        **one.model_dump(mode="json", exclude=_OF_NOBODY_ELSE),
        "municipality": shown_municipality(one),
        "capacity": str(band(one.capacity)),
        "residents": [_banded(figure) for figure in one.residents[-1:]],
    }


def counted(before: Accommodation, after: Accommodation) -> Accommodation:
    """`after`, its public version raised if everyone sees another accommodation than before."""
    if as_everyone_sees(before) == as_everyone_sees(after):
        return after
    return after.model_copy(update={"public_version": before.public_version + 1})


def _banded(figure: ResidentsFigure) -> dict[str, object]:
    return {
        name: str(band(value)) if isinstance(value, int) else value
        for name, value in figure.model_dump(mode="json", exclude=_AGES).items()
    }
