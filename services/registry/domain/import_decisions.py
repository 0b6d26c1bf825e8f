"""What an import does to records: describe them, take back what it entered by mistake, restore.

Each is a pure function of what is to what will be, like the records' own rules, and goes by them.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel

from services.registry.domain import organisation as organisations
from services.registry.domain import person as people
from services.registry.domain.accommodation import Accommodation
from services.registry.domain.organisation import ENDED, Organisation
from services.registry.domain.organisation_profile import Profile
from services.registry.domain.person import Person
from shared.contracts.base import Facts
from shared.contracts.registry import (
    AccommodationChanged,
    AccommodationClosed,
    ContactChanged,
    OrganisationChanged,
    OrganisationLeft,
    PersonChanged,
    PersonRegistered,
    RoleGrant,
)

S = TypeVar("S", bound=BaseModel)
Events = tuple[Facts, ...]


def describe_organisation(
    one: Organisation, profile: Profile, external: Mapping[str, str]
) -> tuple[Organisation, Events]:
    """What a row says of a member that is there; a new external id joins those of other systems."""
    after, events = organisations.change(one, profile)
    ids = {**one.external_ids, **external}
    if ids == one.external_ids:
        return after, events
    named = (OrganisationChanged(fields=("external_ids",)),)
    return after.model_copy(update={"external_ids": ids}), events or named


def take_out(one: Organisation) -> tuple[Organisation, Events]:
    """A member that an import entered by mistake leaves."""
    if one.status in ENDED:
        return one, ()
    return one.model_copy(update={"status": "left"}), (OrganisationLeft(),)


def close_again(one: Accommodation, today: date) -> tuple[Accommodation, Events]:
    """An accommodation that an import entered by mistake is closed."""
    if one.status == "closed":
        return one, ()
    closed = one.model_copy(update={"status": "closed", "closes_on": today})
    return closed, (AccommodationClosed(),)


def enter_person(
    profile: people.Profile, external: Mapping[str, str], grant: RoleGrant | None
) -> tuple[Person, Events]:
    """Someone the network knows; without an identity until they have followed an invitation."""
    person = Person(**profile.model_dump(), external_ids=dict(external))
    events: Events = (PersonRegistered(), ContactChanged())
    if grant is None:
        return person, events
    granted, told = people.grant(person, grant)
    return granted, (*events, *told)


def describe_person(
    one: Person, profile: people.Profile, external: Mapping[str, str], grant: RoleGrant | None
) -> tuple[Person, Events]:
    """What a row says of a person who is there: their own words stay once they have signed in."""
    after, events = (one, ()) if one.identity else people.change(one, profile)
    ids = {**one.external_ids, **external}
    if ids != one.external_ids:
        after = after.model_copy(update={"external_ids": ids})
        events = events or (PersonChanged(fields=("external_ids",)),)
    if grant is None:
        return after, events
    granted, told = people.grant(after, grant)
    return granted, (*events, *told)


def restored(state: S, before: Mapping[str, Any]) -> tuple[S, Events]:
    """The record with the values that an import has replaced."""
    fields = tuple(sorted(before))
    known = state.model_dump(mode="json")
    if all(known[name] == before[name] for name in fields):
        return state, ()
    after = type(state).model_validate({**known, **before})
    return after, _RESTORED[type(state)](fields)


def _organisation_restored(fields: tuple[str, ...]) -> Events:
    return (OrganisationChanged(fields=fields),)


def _house_restored(fields: tuple[str, ...]) -> Events:
    return (AccommodationChanged(fields=fields),)


def _person_restored(fields: tuple[str, ...]) -> Events:
    public = tuple(name for name in fields if name not in people.CONTACT_FIELDS)
    return (PersonChanged(fields=public), ContactChanged())


_RESTORED: Mapping[type[BaseModel], Callable[[tuple[str, ...]], Events]] = {
    Organisation: _organisation_restored,
    Accommodation: _house_restored,
    Person: _person_restored,
}
