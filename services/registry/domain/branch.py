"""A branch and its national organisation: what it inherits, where it belongs, and standing alone."""

from services.registry.domain.membership import Act
from services.registry.domain.organisation import (
    APPROVE,
    MEMBER,
    UNDECIDED,
    Decision,
    Organisation,
    approve,
    effective,
    from_above,
    insist_on_open,
    is_own,
    refuse_ended,
)
from services.registry.domain.organisation_profile import Offer
from shared.contracts.base import OrganisationId
from shared.contracts.problems import Refused
from shared.contracts.registry import OrganisationInherited, OrganisationMoved


def approve_alone(organisation: Organisation, act: Act) -> Decision:
    """Welcome a branch as an independent organisation, its national one not being there for it."""
    if organisation.status == "approved" and is_own(organisation, act):
        return organisation, ()
    insist_on_open(organisation, UNDECIDED, act, APPROVE)
    alone, moved = move(organisation, None, None)
    approved, events = approve(alone, None, act)
    return approved, (*moved, *events)


def move(
    organisation: Organisation, parent: OrganisationId | None, above: Organisation | None
) -> Decision:
    """A branch comes under another national organisation, or stands alone (`parent` None).

    Nationals have no parent, so no circle can arise. What it inherited goes; its own words stay.
    """
    refuse_ended(organisation)
    if organisation.parent is None or (above is not None and above.kind != "national"):
        raise Refused(
            "parent-not-national",
            sv="Bara en lokalförening kan flyttas, och bara till en riksorganisation.",
            en="Only a branch can be moved, and only to a national organisation.",
        )
    if parent == organisation.parent:
        return organisation, ()
    if parent is None and organisation.number is None:
        raise Refused(
            "number-needed",
            sv="En fristående förening behöver ett organisationsnummer. Lägg till det först.",
            en="An independent organisation needs an organisation number. Add it first.",
        )
    where = {"parent": parent, "kind": "branch" if parent else "independent"}
    moved = organisation.model_copy(update=where)
    inherited = from_above(moved, above) if moved.status in MEMBER else None
    event = OrganisationMoved(parent=parent, was=organisation.parent)
    return moved.model_copy(update={"inherited": inherited}), (event,)


def inherit(organisation: Organisation, parent: Organisation | None) -> Decision:
    """What the national organisation hands down has changed; nothing happens to who is no member."""
    if organisation.status not in MEMBER:
        return organisation, ()
    after = organisation.model_copy(update={"inherited": from_above(organisation, parent)})
    if after == organisation:
        return organisation, ()
    before, seen = effective(organisation), effective(after)
    fields = tuple(name for name in Offer.model_fields if _differ(before, seen, name))
    return after, (OrganisationInherited(fields=fields),)


def _differ(one: Organisation, other: Organisation, field: str) -> bool:
    return bool(getattr(one, field) != getattr(other, field))
