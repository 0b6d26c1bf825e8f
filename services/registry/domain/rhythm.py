"""The rhythm of a house: what happens there anyway, so that a planner can be warned (never stopped)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.registry import RoutineKind

Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Weekday = Annotated[int, Field(ge=1, le=7)]


class WantedRoutine(BaseModel):
    """A meal, prayer, school hour, agency information or the last bus, in local time.

    Weekdays are ISO (1 = Monday), all seven unless said otherwise; `until` ≤ `at` is the next day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: RoutineKind
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] = tuple(range(1, 8))
    at: Clock
    until: Clock | None = None
