"""What an organisation says of itself, and what a branch has from its national organisation."""

from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.registry.domain.contact import MailAddress, PhoneNumber, WebAddress
from services.registry.domain.location import Position
from services.registry.domain.numbers import OrganisationNumber
from shared.contracts.activities import ActivityKind, TargetGroup
from shared.contracts.base import OrganisationId
from shared.contracts.places import (
    MUNICIPALITIES,
    County,
    Municipality,
    municipalities_within,
)
from shared.contracts.problems import Text
from shared.contracts.registry import OrganisationKind
from shared.contracts.texts import LanguageCode, Name, wrong

FARTHEST_KM = 300
_ONE_CENTRE = Text(
    "Ange antingen en kommun eller en punkt som mitt, inte båda.",
    "Give either a municipality or a point as the centre, not both.",
)


class Around(BaseModel):
    """So many km around a municipality's centre, or around a public point of the organisation's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    municipality: Municipality | None = None
    point: Position | None = None
    km: Annotated[int, Field(strict=True, ge=1, le=FARTHEST_KM)]

    @model_validator(mode="after")
    def _has_one_centre(self) -> Self:
        if (self.municipality is None) == (self.point is None):
            raise wrong("one-centre", _ONE_CENTRE)
        return self


class Offer(BaseModel):
    """What a branch has from its national organisation where it says nothing itself."""

    model_config = ConfigDict(frozen=True)

    mail: MailAddress | None = None
    phone: PhoneNumber | None = None
    web: WebAddress | None = None
    languages: Annotated[tuple[LanguageCode, ...], Field(max_length=17)] = ()
    competences: Annotated[tuple[ActivityKind, ...], Field(max_length=29)] = ()
    target_groups: Annotated[tuple[TargetGroup, ...], Field(max_length=10)] = ()


class Profile(Offer):
    """What an organisation says of itself; where it works and how much it can are never inherited."""

    model_config = ConfigDict(frozen=True)

    name: Name
    number: OrganisationNumber | None = None
    kind: OrganisationKind
    parent: OrganisationId | None = None
    counties: Annotated[tuple[County, ...], Field(max_length=21)] = ()
    municipalities: Annotated[tuple[Municipality, ...], Field(max_length=290)] = ()
    around: Around | None = None
    activities_a_week: Annotated[int, Field(ge=0, le=10_000)] | None = None


P = TypeVar("P", bound=Profile)


def works_in(profile: Profile) -> tuple[str, ...]:
    """The municipalities it names and those whose centre its radius reaches, in the order of codes."""
    return tuple(sorted({*profile.municipalities, *_reached(profile.around)}))


def handed_down(national: Profile) -> Offer:
    """What its branches have from a national organisation."""
    return Offer(**{name: getattr(national, name) for name in Offer.model_fields})


def inherited_fields(own: Profile, above: Offer | None) -> tuple[str, ...]:
    """The fields in which what holds comes from above: nothing of one's own stands there."""
    if above is None:
        return ()
    return tuple(name for name, value in above if value and not getattr(own, name))


def with_inherited(own: P, above: Offer | None) -> P:
    """The profile as others see it: its own words, and where there are none those from above."""
    return own.model_copy(
        update={name: getattr(above, name) for name in inherited_fields(own, above)}
    )


def its_own(sent: P, own: Profile, above: Offer | None) -> P:
    """What was shown as inherited and is sent back unchanged stays inherited."""
    kept = [
        name for name in inherited_fields(own, above) if getattr(sent, name) == getattr(above, name)
    ]
    return sent.model_copy(update={name: getattr(own, name) for name in kept})


def _reached(around: Around | None) -> tuple[str, ...]:
    if around is None:
        return ()
    if around.point is not None:
        return municipalities_within(around.point.latitude, around.point.longitude, around.km)
    assert around.municipality is not None
    centre = MUNICIPALITIES[around.municipality]
    return municipalities_within(centre.latitude, centre.longitude, around.km)
