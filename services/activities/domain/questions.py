"""The questions that a session's helpers were asked, and what became of each."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared.contracts.base import PersonId


class Asked(BaseModel):
    """Somebody was asked for a shift. `declined_at` is their no; `thanked` that it is solved was told."""

    model_config = ConfigDict(frozen=True)

    person: PersonId
    at: datetime
    declined_at: datetime | None = None
    thanked: bool = False


def without(asked: tuple[Asked, ...], person: PersonId) -> tuple[Asked, ...]:
    """Nobody knows any more that an erased person was asked."""
    return tuple(one for one in asked if one.person != person)


def as_one(asked: tuple[Asked, ...], person: PersonId, into: PersonId) -> tuple[Asked, ...]:
    """Two accounts of one human were asked once; the earlier question stands."""
    moved = (
        one.model_copy(update={"person": into}) if one.person == person else one for one in asked
    )
    first: dict[PersonId, Asked] = {}
    for one in moved:
        first.setdefault(one.person, one)
    return tuple(first.values())
