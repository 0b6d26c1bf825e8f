"""A person: who they are to us, how to reach them, and the roles they hold for a time."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.registry.domain.contact import MailAddress, PhoneNumber
from services.registry.domain.external import ExternalIds
from services.registry.domain.merging import Merger, refuse_merged
from services.registry.domain.volunteer_terms import Extract, Pledge
from shared.clock import STOCKHOLM
from shared.contracts.base import Facts, OrganisationId, PersonId
from shared.contracts.places import COUNTIES, Municipality
from shared.contracts.problems import FieldError, Invalid, NotFound, Refused, Text
from shared.contracts.registry import (
    ContactChanged,
    ContactErased,
    PersonChanged,
    PersonErased,
    PersonRegistered,
    PersonWarned,
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
MOST_JOINED = 200
Why = Literal["unused", "own", "administrator"]
"""Why an account is suspended: nobody came, its person wished it, an administrator decided it."""
WIDE = ("officer", "county_reader", "administrator", "operator")
"""Roles beyond one organisation: an account that has them is not opened by its person alone."""
NETWORK = "*"
"""Where a national role is held."""
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


class Ask(BaseModel):
    """A wish to join an organisation, which its coordinators have not answered yet."""

    model_config = ConfigDict(frozen=True)

    organisation: OrganisationId
    at: datetime


class Unsettled(BaseModel):
    """A change of roles that holds only if nobody else's at the same moment speaks against it.

    `left`: a coordinator's or administrator's role was taken back, which must not be the last one.
    `suspended`: an administrator's account was paused, which must not be the last one either.
    `first`: a branch got its first coordinator, of whom there must not be two.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["left", "suspended", "first"]
    grant: RoleGrant
    at: datetime


class Person(Profile):
    """The aggregate. `identity` is the pseudonym of (issuer, subject); none until they sign in."""

    identity: str | None = None
    external_ids: ExternalIds = Field(default_factory=dict)
    """What other systems know them by."""
    protected: bool = False
    status: Literal["active", "suspended", "merged", "erased"] = "active"
    suspended_because: Why | None = None
    warned_of: date | None = None
    """The day of which their own unused account was last warned."""
    roles: tuple[RoleGrant, ...] = ()
    founded: tuple[str, ...] = ()
    """Grants that followed from an approval or an invitation; one that was revoked since does not
    come back."""
    asks: tuple[Ask, ...] = ()
    joined: tuple[OrganisationId, ...] = ()
    """Organisations where they have or had a role, the newest last."""
    unsettled: tuple[Unsettled, ...] = ()
    extracts: tuple[Extract, ...] = ()
    """The last that was shown to each organisation."""
    pledges: tuple[Pledge, ...] = ()
    """What was promised to each organisation, the last version."""
    merged: Merger | None = None
    absorbed: tuple[PersonId, ...] = ()
    """The accounts that were merged into this one and whose roles and shifts are its own now."""

    @property
    def merged_into(self) -> PersonId | None:
        """The other account of the same human."""
        return self.merged.into if self.merged else None


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


def grant(person: Person, role: RoleGrant, first_at: datetime | None = None) -> Decision:
    """Give a role. The same grant (by id) twice is one; so is the same role, scope and end.

    One that begins earlier than the one held extends it. `first_at` is now, when the role is given
    on the condition that it is a branch's first coordinator's.
    """
    _insist_on_living(person)
    held = held_as(person, role)
    if held is not None:
        return _from_earlier(person, held, role)
    if len(person.roles) >= MOST_ROLES:
        raise Refused(
            "too-many-roles",
            sv=f"Personen har redan {MOST_ROLES} roller. Ta bort någon först.",
            en=f"The person has {MOST_ROLES} roles already. Take one back first.",
        )
    granted = _with_roles(person, (*person.roles, role))
    if first_at is not None:
        granted = _doubted(granted, Unsettled(kind="first", grant=role, at=first_at))
    return _joined(granted, role.scope), (RoleGranted(grant=role),)


def held_as(person: Person, role: RoleGrant) -> RoleGrant | None:
    """The grant by which the person holds this role already."""
    return next((held for held in person.roles if _same(held, role)), None)


def insist_on_acquaintance(person: Person, organisations: Collection[str]) -> None:
    """Roles are given to who has asked, or has or had one there; for all others nobody is there."""
    roles = {
        id for held in person.roles if held.scope.kind == "organisation" for id in held.scope.ids
    }
    asked = {ask.organisation for ask in person.asks}
    if not (roles | asked | set(person.joined)) & set(organisations):
        raise NotFound()


def grant_once(person: Person, role: RoleGrant, first_at: datetime | None = None) -> Decision:
    """Give a role that follows from something else, the first time only; `first_at` as in `grant`."""
    if person.status in ("erased", "merged") or role.id in person.founded:
        return person, ()
    granted, events = grant(person, role, first_at)
    return granted.model_copy(update={"founded": (*person.founded, role.id)}), events


def revoke(person: Person, grant_id: str, left_at: datetime | None = None) -> Decision:
    """Take a role back, at once; `left_at` is now, when it must not be the last of its kind."""
    refuse_merged(person.merged)
    taken = next((held for held in person.roles if held.id == grant_id), None)
    if taken is None:
        raise NotFound()
    kept = tuple(held for held in person.roles if held.id != grant_id)
    left = _with_roles(person, kept)
    if left_at is not None:
        left = _doubted(left, Unsettled(kind="left", grant=taken, at=left_at))
    return left, (RoleRevoked(grant=taken),)


def end_roles(person: Person, now: datetime) -> Decision:
    """Let go of the roles whose time is out."""
    if person.status == "merged":
        return person, ()
    over = tuple(held for held in person.roles if held.until is not None and held.until <= now)
    if not over:
        return person, ()
    kept = tuple(held for held in person.roles if held not in over)
    return _with_roles(person, kept), (RoleEnded(grants=over),)


def suspend(person: Person, why: Why, now: datetime | None = None) -> Decision:
    """Pause the account; an administrator's decision stands above all other reasons.

    `now` is given where the network must keep an administrator.
    """
    _insist_on_living(person)
    before = person.status
    if before == "suspended" and (why != "administrator" or why == _why(person)):
        return person, ()
    changed = person.model_copy(update={"status": "suspended", "suspended_because": why})
    if before == "active" and now is not None:
        for grant in _as_administrator(person):
            changed = _doubted(changed, Unsettled(kind="suspended", grant=grant, at=now))
    return changed, (PersonChanged(fields=("suspended",)),)


def reopen(person: Person) -> Decision:
    """Open the account again."""
    _insist_on_living(person)
    if person.status == "active":
        return person, ()
    kept = tuple(doubt for doubt in person.unsettled if doubt.kind != "suspended")
    changed = person.model_copy(
        update={"status": "active", "suspended_because": None, "unsettled": kept}
    )
    return changed, (PersonChanged(fields=("suspended",)),)


def may_reopen(person: Person, now: datetime) -> bool:
    """Whether they may come back by themselves.

    From a pause of their own, always. After disuse, unless they hold a role beyond one organisation:
    whoever finds such an account forgotten must not have it for a click.
    """
    wide = any(
        held.role in WIDE and (held.until is None or now < held.until) for held in person.roles
    )
    why = _why(person)
    return person.status == "active" or why == "own" or (why == "unused" and not wide)


def come_back(person: Person, now: datetime) -> Decision:
    """Open one's own account again; Refused where somebody else has to."""
    if not may_reopen(person, now):
        raise Refused(
            "ask-to-reopen",
            sv="Kontot kan bara öppnas av nätverkets administratör. Hör av dig dit.",
            en="Only the network's administrator can reopen the account. Please get in touch.",
        )
    return reopen(person)


def warn(id: str, person: Person, of: date) -> Decision:
    """Say once that the account is suspended on a day unless it is used."""
    _insist_on_living(person)
    if person.status != "active" or person.warned_of == of:
        return person, ()
    at = datetime.combine(of, time(), STOCKHOLM).astimezone(UTC)
    warned = PersonWarned(person=id, suspended_at=at)
    return person.model_copy(update={"warned_of": of}), (warned,)


def _why(person: Person) -> Why:
    """Accounts that were suspended before reasons were kept were so by an administrator."""
    return person.suspended_because or "administrator"


def erase(person: Person) -> Decision:
    """Nothing of the person remains but a tombstone, which no later version can lift."""
    if person.status == "erased":
        return person, ()
    coordinated = {
        id for held in person.roles if held.role == "coordinator" for id in held.scope.ids
    }
    erased = PersonErased(coordinated=tuple(sorted(coordinated)))
    return Person(name="—", status="erased"), (erased, ContactErased())


def wakes_at(person: Person) -> datetime | None:
    """When the next role ends."""
    if person.status == "merged":
        return None
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


def holds(person: Person, role: RoleName, where: str, now: datetime) -> bool:
    """Whether the person has the role there (or in the NETWORK) now, and an account that is open."""
    return person.status == "active" and any(
        held.role == role
        and where in (held.scope.ids or (NETWORK,))
        and held.from_ <= now
        and (held.until is None or now < held.until)
        for held in person.roles
    )


def works_in(person: Person, organisation: str, now: datetime) -> tuple[RoleGrant, ...]:
    """The person's roles in the organisation, in effect or to come."""
    return tuple(
        held
        for held in person.roles
        if held.scope.kind == "organisation"
        and organisation in held.scope.ids
        and (held.until is None or now < held.until)
    )


def _as_administrator(person: Person) -> list[RoleGrant]:
    """Grants that make, or would make if a revocation is undone, an administrator of the person."""
    taken = (doubt.grant for doubt in person.unsettled if doubt.kind == "left")
    return [grant for grant in (*person.roles, *taken) if grant.role == "administrator"]


def _insist_on_living(person: Person) -> None:
    if person.status == "erased":
        raise NotFound()
    refuse_merged(person.merged)


def _with_roles(person: Person, roles: tuple[RoleGrant, ...]) -> Person:
    return person.model_copy(update={"roles": roles})


def _from_earlier(person: Person, held: RoleGrant, role: RoleGrant) -> Decision:
    if held.from_ <= role.from_:
        return person, ()
    earlier = held.model_copy(update={"from_": role.from_})
    roles = tuple(earlier if one is held else one for one in person.roles)
    return _with_roles(person, roles), (RoleGranted(grant=earlier),)


def _joined(person: Person, scope: Scope) -> Person:
    if scope.kind != "organisation":
        return person
    asks = tuple(ask for ask in person.asks if ask.organisation not in scope.ids)
    joined = (*(id for id in person.joined if id not in scope.ids), *scope.ids)[-MOST_JOINED:]
    return person.model_copy(update={"asks": asks, "joined": joined})


def _doubted(person: Person, doubt: Unsettled) -> Person:
    return person.model_copy(update={"unsettled": (*person.unsettled, doubt)})


def _same(held: RoleGrant, new: RoleGrant) -> bool:
    return held.id == new.id or (
        held.role == new.role and held.scope == new.scope and held.until == new.until
    )
