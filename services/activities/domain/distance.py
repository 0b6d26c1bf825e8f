"""How far it is, in steps: between the centres of municipalities, and never of houses.

A place is a municipality (four digits) or, where the municipality is not told, a county (two): then
the middle of the county counts, and nothing changes when a house moves within it.
"""

from functools import lru_cache
from typing import Literal

from shared.contracts.places import COUNTIES, MUNICIPALITIES, kilometres

Step = Literal["same", "under_20", "under_50", "under_100", "further"]
STEPS: tuple[tuple[int, Step], ...] = ((20, "under_20"), (50, "under_50"), (100, "under_100"))
Point = tuple[float, float]


def _middle(county: str) -> Point:
    there = [one for one in MUNICIPALITIES.values() if one.county == county]
    latitudes, longitudes = [one.latitude for one in there], [one.longitude for one in there]
    return sum(latitudes) / len(there), sum(longitudes) / len(there)


CENTRES: dict[str, Point] = {
    **{code: (one.latitude, one.longitude) for code, one in MUNICIPALITIES.items()},
    **{county: _middle(county) for county in COUNTIES},
}


def step(place: str | None, other: str | None) -> Step | None:
    """The step between two places; None when one of them is not known, which is not near."""
    if place is None or other is None or place not in CENTRES or other not in CENTRES:
        return None
    if place == other and place in MUNICIPALITIES:
        return "same"
    km = kilometres(*CENTRES[place], *CENTRES[other])
    return next((name for limit, name in STEPS if km <= limit), "further")


@lru_cache(maxsize=2000)
def places_within(place: str, km: int) -> frozenset[str]:
    """The places whose middle lies within so many km, the place itself included."""
    if place not in CENTRES:
        return frozenset()
    here = CENTRES[place]
    return frozenset(
        code for code, there in CENTRES.items() if code == place or kilometres(*here, *there) <= km
    )
