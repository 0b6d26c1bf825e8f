"""Two entries for one organisation become one: which may be merged, and what follows."""

from datetime import datetime

from services.registry.domain.merging import Merger, insist_on_another, refuse_merged
from services.registry.domain.organisation import ENDED, UNDECIDED, Decision, Organisation
from shared.contracts.base import OrganisationId, PersonId
from shared.contracts.problems import Refused
from shared.contracts.registry import (
    OrganisationChanged,
    OrganisationMerged,
    OrganisationMergeUndone,
    OrganisationMoved,
)


def merge(
    id: OrganisationId,
    loser: Organisation,
    into: OrganisationId,
    winner: Organisation,
    now: datetime,
) -> Decision:
    """The loser becomes the winner; the winner's own words about itself stay as they are."""
    if loser.merged is not None and loser.merged.into == into:
        return loser, ()
    insist_on_another(id, into)
    refuse_merged(loser.merged)
    _insist_on_fit(loser, winner)
    merger = Merger(into=into, at=now, before=loser.status)
    merged = loser.model_copy(update={"status": "merged", "merged": merger})
    return merged, (OrganisationMerged(into=into),)


def undo(organisation: Organisation, merger: Merger) -> Decision:
    """This merger yields; a later one of the same organisation is another matter."""
    if organisation.merged != merger:
        return organisation, ()
    back = organisation.model_copy(update={"status": merger.before, "merged": None})
    return back, (OrganisationMergeUndone(into=merger.into),)


def follow_parent(organisation: Organisation, parent: OrganisationId) -> Decision:
    """The branch of a merged national organisation is the other's branch."""
    if organisation.parent == parent:
        return organisation, ()
    moved = organisation.model_copy(update={"parent": parent})
    return moved, (OrganisationMoved(parent=parent, was=organisation.parent),)


def follow_applicant(organisation: Organisation, applicant: PersonId) -> Decision:
    """Whoever applied has become one with another account of theirs."""
    if organisation.applicant == applicant:
        return organisation, ()
    changed = organisation.model_copy(update={"applicant": applicant})
    return changed, (OrganisationChanged(fields=("applicant",)),)


def was_member(organisation: Organisation) -> bool:
    """Merged while it was part of the network: its applicant has a role coming from it."""
    return organisation.merged is not None and organisation.merged.before in ("approved", "paused")


def _insist_on_fit(loser: Organisation, winner: Organisation) -> None:
    if loser.kind != winner.kind:
        raise Refused(
            "kinds-differ",
            sv="De är av olika slag. Bara organisationer av samma slag kan slås samman.",
            en="They are of different kinds. Only organisations of one kind can be merged.",
            extra={"kinds": [loser.kind, winner.kind]},
        )
    if loser.status in ENDED:
        raise Refused(
            "loser-ended",
            sv="Den är inte med i nätverket längre, så det finns inget att flytta.",
            en="It is no longer in the network, so there is nothing to move.",
            extra={"status": loser.status},
        )
    _insist_on_lasting(loser, winner)


def _insist_on_lasting(loser: Organisation, winner: Organisation) -> None:
    refuse_merged(winner.merged)
    if winner.status in ENDED or (winner.status in UNDECIDED and loser.status not in UNDECIDED):
        raise Refused(
            "winner-not-a-member",
            sv="Den som ska finnas kvar är inte med i nätverket. Välj åt andra hållet, "
            "eller godkänn den först.",
            en="The one that is to remain is not in the network. Choose the other way round, "
            "or approve it first.",
            extra={"status": winner.status},
        )
