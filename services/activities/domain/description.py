"""What an activity is, for whom, and who is needed: what its coordinators describe."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from services.activities.domain.seats import RoleNeed
from shared.contracts.activities import ActivityKind, TargetGroup
from shared.contracts.problems import Invalid, Text
from shared.contracts.texts import Body, LanguageCode, Line, ProseTranslations, Translations, wrong

Id = Annotated[str, Field(min_length=1, max_length=64)]
Age = Annotated[int, Field(ge=0, le=120)]

_YOUNGEST_FIRST = Text(
    "Lägsta ålder är högre än högsta.", "The youngest age is above the oldest one."
)


class Ages(Body):
    """From which age on and up to which, both included; None is no limit."""

    youngest: Age | None = None
    oldest: Age | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if None not in (self.youngest, self.oldest) and self.youngest > self.oldest:  # type: ignore[operator]
            raise wrong("youngest-above-oldest", _YOUNGEST_FIRST)
        return self


class Description(Body):
    """What a coordinator says of an activity.

    `places` is how many are welcome, not the volunteers' seats. `voluntary` is printed where residents
    read; False is part of the agency's duty. `bring` is what to bring. `study_circle` is the number
    that the study association knows it by. `method` is the one it builds on.
    """

    kind: ActivityKind
    title: Translations
    description: ProseTranslations | None = None
    target_groups: Annotated[tuple[TargetGroup, ...], Field(min_length=1, max_length=10)] = ("all",)
    ages: Ages | None = None
    languages: Annotated[tuple[LanguageCode, ...], Field(max_length=17)] = ()
    childcare: bool = False
    bring: Translations | None = None
    places: Annotated[int, Field(ge=1, le=1000)]
    led_by_residents: bool = False
    voluntary: bool = True
    co_organisers: Annotated[tuple[Id, ...], Field(max_length=10)] = ()
    room: Id | None = None
    roles: Annotated[tuple[RoleNeed, ...], Field(max_length=5)] = ()
    leader: Id | None = None
    method: Id | None = None
    study_circle: Line | None = None

    @property
    def seats(self) -> int:
        """How many volunteers have room in each meeting."""
        return sum(one.maximum for one in self.roles)


def needs_of(wish: Description) -> tuple[RoleNeed, ...]:
    """Each role once and with room for its minimum; a leader who is named has a seat."""
    names = [one.role for one in wish.roles]
    if len(set(names)) < len(names) or any(one.minimum > one.maximum for one in wish.roles):
        raise Invalid(
            "roles-do-not-fit",
            sv="Ange varje uppgift en gång, med högst lika många som minst som det finns plats för.",
            en="Give each role once, with a minimum no larger than its maximum.",
        )
    if wish.leader is None or any(one.role == "leader" and one.maximum for one in wish.roles):
        return wish.roles
    others = tuple(one for one in wish.roles if one.role != "leader")
    return (RoleNeed(role="leader", minimum=1, maximum=1), *others)
