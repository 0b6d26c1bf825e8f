"""The 290 municipalities and 21 counties of Sweden (SCB's codes): a county is never entered, it follows.

Two-digit counties and four-digit municipalities are text: 90 of the codes begin with 0.
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator

from shared.contracts.problems import Text
from shared.contracts.texts import wrong

_NOT_A_MUNICIPALITY = Text(
    "Ingen kommun har den koden. Skriv kommunens fyra siffror, till exempel 2582 för Boden.",
    "No municipality has that code. Write its four digits, for example 2582 for Boden.",
)
_NOT_A_COUNTY = Text(
    "Inget län har den koden. Skriv länets två siffror, till exempel 25 för Norrbotten.",
    "No county has that code. Write its two digits, for example 25 for Norrbotten.",
)
_NOW_ANOTHER = Text(
    "Kommunen har bytt kod. Skriv {now} ({name}).",
    "The municipality has a new code. Write {now} ({name}).",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality and where it lies; the centroid in degrees (WGS 84)."""

    code: str
    name: str
    county: str
    county_name: str
    latitude: float
    longitude: float


def _read() -> dict[str, Place]:
    table = files("shared.contracts").joinpath("data/municipalities.csv").read_text("utf-8")
    return {
        row["municipality_code"]: Place(
            row["municipality_code"],
            row["municipality"],
            row["county_code"],
            row["county"],
            float(row["latitude"]),
            float(row["longitude"]),
        )
        for row in csv.DictReader(table.splitlines())
    }


MUNICIPALITIES = MappingProxyType(_read())
COUNTIES = MappingProxyType({one.county: one.county_name for one in MUNICIPALITIES.values()})
EARTH_RADIUS_KM = 6371.0088
FORMER_CODES = MappingProxyType({"1917": "0331"})
"""Codes that held once: Heby moved from Västmanland to Uppsala in 2007."""


def county_of(municipality: str) -> str:
    """The county in which a municipality lies."""
    return MUNICIPALITIES[municipality].county


@lru_cache(maxsize=10_000)
def municipalities_within(latitude: float, longitude: float, km: int) -> tuple[str, ...]:
    """The municipalities whose centre lies within so many km of a point, in the order of codes."""
    return tuple(
        code
        for code, place in MUNICIPALITIES.items()
        if kilometres(latitude, longitude, place.latitude, place.longitude) <= km
    )


def kilometres(latitude: float, longitude: float, other: float, along: float) -> float:
    """Great-circle distance between two points in degrees (WGS 84, mean radius of the Earth)."""
    north, east = radians(other - latitude), radians(along - longitude)
    turn = sin(north / 2) ** 2 + (cos(radians(latitude)) * cos(radians(other)) * sin(east / 2) ** 2)
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(turn)))


def _known_municipality(code: str) -> str:
    if code in MUNICIPALITIES:
        return code
    if code in FORMER_CODES:
        now = FORMER_CODES[code]
        raise wrong("former-code", _NOW_ANOTHER.filled(now=now, name=MUNICIPALITIES[now].name))
    raise wrong("no-such-municipality", _NOT_A_MUNICIPALITY)


def _known_county(code: str) -> str:
    if code not in COUNTIES:
        raise wrong("no-such-county", _NOT_A_COUNTY)
    return code


Municipality = Annotated[str, AfterValidator(_known_municipality)]
County = Annotated[str, AfterValidator(_known_county)]
