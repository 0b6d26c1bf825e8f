"""A person: who they are to us, how to reach them, and the roles they hold for a time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.registry.domain.organisation import MailAddress, PhoneNumber
from services.registry.domain.places import COUNTIES, Municipality
from shared.contracts.base import Facts
from shared.contracts.problems import FieldError, Invalid, NotFound, Refused, Text
from shared.contracts.registry import (
    ContactChanged,
    ContactErased,
    PersonChanged,
    PersonErased,
    PersonRegistered,
    RoleEnded,
    RoleGrant,
    RoleGranted,
    RoleName,
    RoleRevoked,
    Scope,
)
from shared.contracts.texts import LanguageCode, Name

CONTACT_FIELDS = ("mail", "phone")
MOST_ROLES = 200
MOST_PLACES = 50
SCOPES: Mapping[str, tuple[str, ...]] = {
    "officer": ("national", "counties", "accommodations"),
    "county_reader": ("national", "counties"),
    "administrator": ("national",),
    "operator": ("national",),
    "coordinator": ("organisation",),
    "volunteer": ("organisation",),
}
"""Where each role can hold."""


class Profile(BaseModel):
    """What a person says of themselves."""

    model_config = ConfigDict(frozen=True)

    name: Name
    mail: MailAddress | None = None
    phone: PhoneNumber | None = None
    languages: Annotated[tuple[LanguageCode, ...], Field(max_length=17)] = ()
    preferred_language: LanguageCode = "sv"
    municipality: Municipality | None = None


class Person(Profile):
    """The aggregate. `identity` is the pseudonym of (issuer, subject); none until they sign in."""

    identity: str | None = None
    protected: bool = False
    status: Literal["active", "suspended", "erased"] = "active"
    roles: tuple[RoleGrant, ...] = ()
    founded: tuple[str, ...] = ()
    """Grants that followed from an approval; one that was revoked since does not come back."""


Decision = tuple[Person, tuple[Facts, ...]]


def register(profile: Profile, identity: str) -> Decision:
    """Someone who has signed in says who they are."""
    person = Person(**profile.model_dump(), identity=identity)
    return person, (PersonRegistered(), ContactChanged())


def change(person: Person, profile: Profile) -> Decision:
    """New words about oneself; contacts travel on a road of their own."""
    _insist_on_living(person)
    fields = [name for name, value in profile if value != getattr(person, name)]
    if not fields:
        return person, ()
    public = tuple(name for name in fields if name not in CONTACT_FIELDS)
    events: list[Facts] = [PersonChanged(fields=public)] if public else []
    if any(name in CONTACT_FIELDS for name in fields):
        events.append(ContactChanged())
    return person.model_copy(update=dict(profile)), tuple(events)


def protect(person: Person, protected: bool) -> Decision:
    """Protected identity: others see initials at most, from now on."""
    _insist_on_living(person)
    if person.protected == protected:
        return person, ()
    changed = person.model_copy(update={"protected": protected})
    return changed, (PersonChanged(fields=("protected", "name")),)


def grant(person: Person, role: RoleGrant) -> Decision:
    """Give a role. The same grant (by id) twice is one; so is the same role and scope."""
    _insist_on_living(person)
    if any(_same(held, role) for held in person.roles):
        return person, ()
    if len(person.roles) >= MOST_ROLES:
        raise Refused(
            "too-many-roles",
            sv=f"Personen har redan {MOST_ROLES} roller. Ta bort någon först.",
            en=f"The person has {MOST_ROLES} roles already. Take one back first.",
        )
    return _with_roles(person, (*person.roles, role)), (RoleGranted(grant=role),)


def grant_once(person: Person, role: RoleGrant) -> Decision:
    """Give a role that follows from something else, the first time only."""
    if person.status == "erased" or role.id in person.founded:
        return person, ()
    granted, events = grant(person, role)
    return granted.model_copy(update={"founded": (*person.founded, role.id)}), events


def revoke(person: Person, grant_id: str) -> Decision:
    """Take a role back, at once."""
    taken = next((held for held in person.roles if held.id == grant_id), None)
    if taken is None:
        raise NotFound()
    kept = tuple(held for held in person.roles if held.id != grant_id)
    return _with_roles(person, kept), (RoleRevoked(grant=taken),)


def end_roles(person: Person, now: datetime) -> Decision:
    """Let go of the roles whose time is out."""
    over = tuple(held for held in person.roles if held.until is not None and held.until <= now)
    if not over:
        return person, ()
    kept = tuple(held for held in person.roles if held not in over)
    return _with_roles(person, kept), (RoleEnded(grants=over),)


def suspend(person: Person, suspended: bool) -> Decision:
    """Pause or reopen the account."""
    _insist_on_living(person)
    status: Literal["active", "suspended"] = "suspended" if suspended else "active"
    if person.status == status:
        return person, ()
    changed = person.model_copy(update={"status": status})
    return changed, (PersonChanged(fields=("suspended",)),)


def erase(person: Person) -> Decision:
    """Nothing of the person remains but a tombstone, which no later version can lift."""
    if person.status == "erased":
        return person, ()
    return Person(name="—", status="erased"), (PersonErased(), ContactErased())


def wakes_at(person: Person) -> datetime | None:
    """When the next role ends."""
    return min((held.until for held in person.roles if held.until is not None), default=None)


def initials(name: str) -> str:
    """`V.V.` of Vera Volontär: what others may see of a protected person."""
    return "".join(f"{part[0].upper()}." for part in name.split() if part[0].isalpha()) or "—"


def insist_on_scope(role: RoleName, scope: Scope) -> None:
    """A role holds where its kind of scope says: nowhere in particular, in counties that exist, ..."""
    wanted = 0 if scope.kind == "national" else 1
    most = {"national": 0, "organisation": 1}.get(scope.kind, MOST_PLACES)
    places = len(set(scope.ids))
    counties_exist = scope.kind != "counties" or set(scope.ids) <= COUNTIES.keys()
    if scope.kind in SCOPES[role] and wanted <= places <= most and counties_exist:
        return
    text = Text(
        f"Rollen kan inte gälla där. Ange något av: {', '.join(SCOPES[role])}, med rätt koder.",
        f"The role cannot hold there. Give one of: {', '.join(SCOPES[role])}, with right codes.",
    )
    raise Invalid(fields=(FieldError("scope", "not-for-this-role", text),))


def holds(person: Person, role: RoleName, organisation: str, now: datetime) -> bool:
    """Whether the person has the role in the organisation now, and an account that is open."""
    return person.status == "active" and any(
        held.role == role
        and organisation in held.scope.ids
        and held.from_ <= now
        and (held.until is None or now < held.until)
        for held in person.roles
    )


def _insist_on_living(person: Person) -> None:
    if person.status == "erased":
        raise NotFound()


def _with_roles(person: Person, roles: tuple[RoleGrant, ...]) -> Person:
    return person.model_copy(update={"roles": roles})


def _same(held: RoleGrant, new: RoleGrant) -> bool:
    return held.id == new.id or (
        held.role == new.role and held.scope == new.scope and held.until == new.until
    )
