"""Two accounts of one human become one: roles and asks are united, the winner's own words stay.

The loser keeps how it signs in (it signs in as the winner) and whose it is now, and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from services.registry.domain.merging import Merger, insist_on_another, refuse_merged
from services.registry.domain.person import Ask, Decision, Person
from services.registry.domain.volunteer_terms import Extract, Pledge
from shared.contracts.base import OrganisationId, PersonId
from shared.contracts.problems import NotFound
from shared.contracts.registry import (
    ContactChanged,
    PersonAbsorbed,
    PersonHandedOver,
    PersonMerged,
    PersonMergeUndone,
    RoleGrant,
    RolesMoved,
)


def merge(id: PersonId, loser: Person, into: PersonId, winner: Person, now: datetime) -> Decision:
    """The loser becomes the winner."""
    if loser.merged is not None and loser.merged.into == into:
        return loser, ()
    insist_on_another(id, into)
    if loser.status == "erased" or winner.status == "erased":
        raise NotFound()
    refuse_merged(loser.merged)
    refuse_merged(winner.merged)
    merger = Merger(into=into, at=now, before=loser.status)
    merged = loser.model_copy(update={"status": "merged", "merged": merger})
    return merged, (PersonMerged(into=into), ContactChanged())


def undo(person: Person, merger: Merger) -> Decision:
    """This merger yields, as long as nothing has been handed over."""
    if person.merged != merger or is_handed_over(person):
        return person, ()
    back = person.model_copy(update={"status": merger.before, "merged": None})
    return back, (PersonMergeUndone(into=merger.into), ContactChanged())


def absorb(person: Person, id: PersonId, loser: Person) -> Decision:
    """Take over what was the loser's, once: a role that is taken back later does not return."""
    if person.status in ("erased", "merged") or id in person.absorbed:
        return person, ()
    united = person.model_copy(
        update={
            "roles": distinct((*person.roles, *loser.roles)),
            "asks": _asks((*person.asks, *loser.asks)),
            "joined": tuple(dict.fromkeys((*loser.joined, *person.joined))),
            "founded": tuple(dict.fromkeys((*person.founded, *loser.founded))),
            "unsettled": (*person.unsettled, *loser.unsettled),
            "extracts": _newest((*person.extracts, *loser.extracts), lambda one: one.shown_on),
            "pledges": _newest((*person.pledges, *loser.pledges), lambda one: one.at),
            "absorbed": tuple(dict.fromkeys((*person.absorbed, id, *loser.absorbed))),
            # What protects one of them protects the human.
            "protected": person.protected or loser.protected,
        }
    )
    return united, (PersonAbsorbed(person=id),)


Noted = TypeVar("Noted", Extract, Pledge)


def _newest(notes: Sequence[Noted], when: Callable[[Noted], Any]) -> tuple[Noted, ...]:
    """Of each organisation the newest."""
    return tuple({one.organisation: one for one in sorted(notes, key=when)}.values())


def hand_over(person: Person) -> Decision:
    """Nothing stays with the loser that is the winner's now."""
    if person.merged is None or is_handed_over(person):
        return person, ()
    merger = person.merged.model_copy(update={"settled": True})
    left = Person(name="—", identity=person.identity, status="merged", merged=merger)
    return left, (PersonHandedOver(into=person.merged.into),)


def is_handed_over(person: Person) -> bool:
    """The winner has it all."""
    return person.merged is not None and person.merged.settled


def follow_organisations(person: Person, now: Mapping[OrganisationId, OrganisationId]) -> Decision:
    """Roles, asks, what was joined and an extract shown go on where the organisations are now.

    A pledge does not: it was another text that was promised.
    """
    moved = {id: into for id, into in now.items() if id != into and id in named(person)}
    if not moved or person.status == "erased":
        return person, ()
    followed = person.model_copy(
        update={
            "roles": distinct([moved_grant(one, moved) for one in person.roles]),
            "asks": _asks([_moved_to(one, moved) for one in person.asks]),
            "joined": tuple(dict.fromkeys(moved.get(id, id) for id in person.joined)),
            "extracts": _newest(
                [_moved_to(one, moved) for one in person.extracts], lambda one: one.shown_on
            ),
            "pledges": tuple(one for one in person.pledges if one.organisation not in moved),
            "unsettled": tuple(
                one.model_copy(update={"grant": moved_grant(one.grant, moved)})
                for one in person.unsettled
            ),
        }
    )
    return followed, (RolesMoved(moved=moved),)


def named(person: Person) -> frozenset[OrganisationId]:
    """The organisations that stand in anything of somebody's."""
    grants = (*person.roles, *(one.grant for one in person.unsettled))
    roles = {id for one in grants if one.scope.kind == "organisation" for id in one.scope.ids}
    asked = {one.organisation for one in person.asks}
    noted = {one.organisation for one in person.extracts}
    promised = {one.organisation for one in person.pledges}
    return frozenset(roles | asked | noted | promised | set(person.joined))


def moved_grant(grant: RoleGrant, moved: Mapping[OrganisationId, OrganisationId]) -> RoleGrant:
    """The role where its organisation is now; it remembers what that was called before."""
    if grant.scope.kind != "organisation" or not moved.keys() & set(grant.scope.ids):
        return grant
    ids = tuple(dict.fromkeys(moved.get(id, id) for id in grant.scope.ids))
    before = (*grant.formerly, *(id for id in grant.scope.ids if id in moved))
    scope = grant.scope.model_copy(update={"ids": ids})
    formerly = tuple(id for id in dict.fromkeys(before) if id not in ids)
    return grant.model_copy(update={"scope": scope, "formerly": formerly})


def distinct(grants: Sequence[RoleGrant]) -> tuple[RoleGrant, ...]:
    """The same role in the same place until the same end is one; the one that began first stays."""
    kept: dict[object, RoleGrant] = {}
    for one in grants:
        same = (one.role, one.scope, one.until)
        other = kept.get(same, one)
        first = min(one, other, key=lambda grant: (grant.from_, grant.id))
        formerly = tuple(dict.fromkeys((*other.formerly, *one.formerly)))
        kept[same] = first.model_copy(update={"formerly": formerly})
    return tuple(kept.values())


Theirs = TypeVar("Theirs", Ask, Extract)


def _moved_to(one: Theirs, moved: Mapping[OrganisationId, OrganisationId]) -> Theirs:
    into = moved.get(one.organisation, one.organisation)
    return one.model_copy(update={"organisation": into})


def _asks(asks: Sequence[Ask]) -> tuple[Ask, ...]:
    first: dict[str, Ask] = {}
    for one in sorted(asks, key=lambda ask: ask.at):
        first.setdefault(one.organisation, one)
    return tuple(first.values())


def in_common(one: Person, other: Person) -> tuple[str, ...]:
    """Of how to reach them and what they are called: what is the same, as a help to be sure."""
    return tuple(
        field
        for field in ("name", "mail", "phone")
        if (getattr(one, field) or "").casefold() == (getattr(other, field) or "-").casefold()
    )
