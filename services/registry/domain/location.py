"""Where an accommodation lies: known to few, told by no event, read on one page only."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.base import PersonId
from shared.contracts.texts import Prose


class Position(BaseModel):
    """WGS 84, in degrees; anywhere in or near Sweden."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    latitude: Annotated[float, Field(ge=54, le=70)]
    longitude: Annotated[float, Field(ge=9, le=26)]


class Whereabouts(BaseModel):
    """The address as on an envelope, the position, and how to find the door."""

    model_config = ConfigDict(frozen=True)

    address: Prose
    position: Position | None = None
    directions: Prose | None = None


class Location(Whereabouts):
    """The aggregate; its id is the accommodation's. It says itself who set it, for no event does."""

    set_by: PersonId
    set_at: datetime


def at(whereabouts: Whereabouts, person: PersonId, now: datetime) -> Location:
    """The location as `person` gives it now."""
    return Location(**whereabouts.model_dump(), set_by=person, set_at=now)
