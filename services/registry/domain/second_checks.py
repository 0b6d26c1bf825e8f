"""The second look at a change of roles that only holds if nobody made another at the same moment (P5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registry.domain.person import NETWORK, Decision, Person, Unsettled, holds
from shared.contracts.base import Facts, PersonId
from shared.contracts.registry import PersonChanged, RoleGranted, RoleRevoked, RoleSettled


@dataclass(frozen=True)
class Party:
    """One of those whose roles decide whether a change stands."""

    id: PersonId
    person: Person


def settle(person: Person, grant_id: str) -> Decision:
    """The change stands."""
    if not _doubts(person, grant_id):
        return person, ()
    return _without(person, grant_id), (RoleSettled(grant=grant_id),)


def undo(person: Person, grant_id: str) -> Decision:
    """The change yields: the role comes back or goes again, the account is open again."""
    events: dict[str, Facts] = {}
    for doubt in _doubts(person, grant_id):
        person, event = _undone(person, doubt)
        events[event.type] = event
    return _without(person, grant_id), tuple(events.values())


def who_yields(
    mine: Party, doubt: Unsettled, all_there: Sequence[Party], now: datetime
) -> tuple[PersonId, str] | None:
    """The person and grant whose change yields, if one must: the later by time, then id."""
    if doubt.kind == "first":
        others = (one for one in all_there if one.id != mine.id)
        taken = any(_comes_first(one, mine, doubt, now) for one in others)
        return (mine.id, doubt.grant.id) if taken else None
    if any(holds(one.person, doubt.grant.role, place(doubt), now) for one in all_there):
        return None
    left = [
        (other.at, one.id, other.grant.id)
        for one in all_there
        for other in one.person.unsettled
        if _alike(other, doubt) and _would_help(one.person, other, now)
    ]
    return max(left)[1:] if left else None


def place(doubt: Unsettled) -> str:
    """The organisation, or the network, that the change is about."""
    return next(iter(doubt.grant.scope.ids), NETWORK)


def _undone(person: Person, doubt: Unsettled) -> tuple[Person, Facts]:
    if doubt.kind == "suspended":
        return person.model_copy(
            update={"status": "active", "suspended_because": None}
        ), PersonChanged(fields=("suspended",))
    others = tuple(held for held in person.roles if held.id != doubt.grant.id)
    event: Facts = RoleSettled(grant=doubt.grant.id)
    if doubt.kind == "left":
        others, event = (*others, doubt.grant), RoleGranted(grant=doubt.grant)
    elif len(others) < len(person.roles):
        event = RoleRevoked(grant=doubt.grant)
    return person.model_copy(update={"roles": others}), event


def _would_help(person: Person, doubt: Unsettled, now: datetime) -> bool:
    """Whether somebody holds the role again once this change, and what goes with it, is undone."""
    return holds(undo(person, doubt.grant.id)[0], doubt.grant.role, place(doubt), now)


def _comes_first(other: Party, mine: Party, doubt: Unsettled, now: datetime) -> bool:
    """Whom the first coordinator has appointed since does not make them the second."""
    later = {
        one.grant.id
        for one in other.person.unsettled
        if _alike(one, doubt) and (one.at, other.id) > (doubt.at, mine.id)
    }
    before = tuple(
        held for held in other.person.roles if held.id not in later and held.granted_by != mine.id
    )
    trimmed = other.person.model_copy(update={"roles": before})
    return holds(trimmed, doubt.grant.role, place(doubt), now)


def _alike(one: Unsettled, other: Unsettled) -> bool:
    """Of one role in one place, and both about the last or both about the first."""
    about = (one.kind == "first", one.grant.role, place(one))
    return about == (other.kind == "first", other.grant.role, place(other))


def _doubts(person: Person, grant_id: str) -> tuple[Unsettled, ...]:
    if person.merged is not None:
        return ()
    return tuple(one for one in person.unsettled if one.grant.id == grant_id)


def _without(person: Person, grant_id: str) -> Person:
    kept = tuple(one for one in person.unsettled if one.grant.id != grant_id)
    return person.model_copy(update={"unsettled": kept})
