"""An organisation of the network: from application to membership and out again.

applied → [under_review ⇄ information_requested] → approved | declined; approved ⇄ paused;
approved | paused → left | excluded; any that has not ended → merged. Each rule is a pure function
of what is to what will be.
"""

from collections.abc import Sequence

from pydantic import Field

from services.registry.domain.external import ExternalIds
from services.registry.domain.membership import (
    MOST_STEPS,
    Act,
    Step,
    already_decided,
    parent_not_active,
)
from services.registry.domain.merging import Merger
from services.registry.domain.organisation_profile import (
    Offer,
    Profile,
    handed_down,
    its_own,
    with_inherited,
)
from services.registry.domain.volunteer_terms import YEAR_MONTHS, PledgeText
from shared.contracts.base import Facts, OrganisationId, PersonId
from shared.contracts.problems import FieldError, Invalid, Refused, Text
from shared.contracts.registry import (
    OrganisationApplied,
    OrganisationApproved,
    OrganisationChanged,
    OrganisationDeclined,
    OrganisationExcluded,
    OrganisationInformationGiven,
    OrganisationInformationRequested,
    OrganisationLeft,
    OrganisationPaused,
    OrganisationResumed,
    OrganisationReviewed,
    OrganisationStatus,
)

MOST_UNDECIDED = 10
"""Applications that one person may have waiting."""
UNDECIDED = ("applied", "under_review", "information_requested")
MEMBER = ("approved", "paused")
ENDED = ("declined", "left", "excluded", "merged")


class Organisation(Profile):
    """The aggregate: profile, membership step by step, and who applied.

    `inherited` is what its national organisation hands down to a branch that is a member. It stands
    in the branch's own document, put there by `inherit` whenever the national one has changed, so
    that every reader and snapshot has the effective values (`effective`) without a second look.
    """

    status: OrganisationStatus = "applied"
    applicant: PersonId | None = None
    steps: tuple[Step, ...] = ()
    inherited: Offer | None = None
    pledges: tuple[PledgeText, ...] = ()
    """What its volunteers promise, the version of today last; see `conditions`."""
    extract_months: int = YEAR_MONTHS
    external_ids: ExternalIds = Field(default_factory=dict)
    """What other systems know it by."""
    uncoordinated: bool = False
    """It has lost its last coordinator."""
    merged: Merger | None = None

    @property
    def merged_into(self) -> OrganisationId | None:
        """What it was merged into."""
        return self.merged.into if self.merged else None


Decision = tuple[Organisation, tuple[Facts, ...]]


def effective(organisation: Organisation) -> Organisation:
    """As others see it: its own words, and where it has none those of its national organisation."""
    return with_inherited(organisation, organisation.inherited)


def apply(profile: Profile, act: Act) -> Decision:
    """Someone applies for an organisation; a branch names its national organisation."""
    _insist_on_parent(profile)
    _insist_on_number(profile)
    organisation = Organisation(**dict(profile), applicant=act.by)
    applied, step = _moved(organisation, "applied", act)
    return applied, (OrganisationApplied(applicant=act.by, step=step),)


def enter(profile: Profile, import_id: str) -> Decision:
    """An import enters a member that the network knows already."""
    _insist_on_parent(profile)
    organisation = Organisation(**dict(profile), status="approved")
    applied = OrganisationApplied(applicant=None, imported_by=import_id)
    return organisation, (applied, OrganisationApproved(applicant=None, imported_by=import_id))


def change(organisation: Organisation, profile: Profile) -> Decision:
    """The organisation describes itself anew; kind and parent are not its own to change."""
    refuse_ended(organisation)
    if organisation.number is not None:
        _insist_on_number(profile)
    if (profile.kind, profile.parent) != (organisation.kind, organisation.parent):
        raise Refused(
            "kind-is-fixed",
            sv="Slag och riksorganisation kan inte ändras här. Fråga nätverkets administratör.",
            en="Kind and national organisation cannot be changed here. Ask the network administrator.",
        )
    profile = its_own(profile, organisation, organisation.inherited)
    changed = organisation.model_copy(update=dict(profile))
    fields = tuple(name for name, value in profile if value != getattr(organisation, name))
    return changed, (OrganisationChanged(fields=fields),) if fields else ()


def review(organisation: Organisation, act: Act) -> Decision:
    """An administrator begins to look, or goes on after an answer."""
    if organisation.status == "under_review":
        return organisation, ()
    insist_on_open(organisation, ("applied", "information_requested"), act, _REVIEW)
    reviewed, step = _moved(organisation, "under_review", act)
    return reviewed, (OrganisationReviewed(step=step),)


def request_information(organisation: Organisation, act: Act) -> Decision:
    """Something is missing; the words go to the applicant as they are."""
    insist_on_open(organisation, ("applied", "under_review"), act, _REQUEST)
    asked, step = _moved(organisation, "information_requested", act)
    event = OrganisationInformationRequested(applicant=organisation.applicant, step=step)
    return asked, (event,)


def answer(organisation: Organisation, act: Act) -> Decision:
    """Whoever applied has answered; the application is looked at again."""
    insist_on_open(organisation, ("information_requested",), act, _ANSWER)
    answered, step = _moved(organisation, "under_review", act)
    return answered, (OrganisationInformationGiven(step=step),)


def approve(organisation: Organisation, parent: Organisation | None, act: Act) -> Decision:
    """Welcome: a branch only while its national organisation is approved; safe to repeat."""
    if organisation.status == "approved" and is_own(organisation, act):
        return organisation, ()
    insist_on_open(organisation, UNDECIDED, act, APPROVE)
    if organisation.parent is not None and (parent is None or parent.status != "approved"):
        name, status = (parent.name, parent.status) if parent else (None, None)
        raise parent_not_active(organisation.name, name, status)
    welcome = organisation.model_copy(update={"inherited": from_above(organisation, parent)})
    approved, step = _moved(welcome, "approved", act)
    return approved, (OrganisationApproved(applicant=organisation.applicant, step=step),)


def decline(organisation: Organisation, act: Act) -> Decision:
    """No, with the reason that goes to the applicant as it is; safe to repeat."""
    if organisation.status == "declined" and is_own(organisation, act):
        return organisation, ()
    insist_on_open(organisation, UNDECIDED, act, _DECLINE)
    declined, step = _moved(organisation, "declined", act)
    return declined, (OrganisationDeclined(applicant=organisation.applicant, step=step),)


def pause(organisation: Organisation, act: Act) -> Decision:
    """A pause: its roles have no effect until it resumes."""
    _insist(organisation, ("approved",), "pausas", "be paused")
    paused, step = _moved(organisation, "paused", act)
    return paused, (OrganisationPaused(step=step),)


def resume(organisation: Organisation, act: Act) -> Decision:
    """Back from a pause."""
    _insist(organisation, ("paused",), "återupptas", "be resumed")
    resumed, step = _moved(organisation, "approved", act)
    return resumed, (OrganisationResumed(step=step),)


def leave(organisation: Organisation, act: Act) -> Decision:
    """The organisation leaves the network of its own will."""
    if organisation.status == "left":
        return organisation, ()
    _insist(organisation, MEMBER, "lämna nätverket", "leave the network")
    left, step = _moved(organisation, "left", act)
    return left, (OrganisationLeft(step=step),)


def exclude(organisation: Organisation, act: Act) -> Decision:
    """The network ends the membership."""
    _insist(organisation, MEMBER, "uteslutas", "be excluded")
    excluded, step = _moved(organisation, "excluded", act)
    return excluded, (OrganisationExcluded(step=step),)


def from_above(organisation: Organisation, parent: Organisation | None) -> Offer | None:
    """What a branch has from its national organisation, if it has one."""
    return handed_down(parent) if organisation.parent is not None and parent is not None else None


def _moved(
    organisation: Organisation, status: OrganisationStatus, act: Act
) -> tuple[Organisation, int]:
    number = organisation.steps[-1].number + 1 if organisation.steps else 1
    step = Step(number=number, to=status, at=act.at, by=act.by, words=act.words)
    steps = (*organisation.steps, step)[-MOST_STEPS:]
    return organisation.model_copy(update={"status": status, "steps": steps}), number


def _decision(organisation: Organisation) -> Step | None:
    """How the application was answered, if it was and is known (not of an import)."""
    return next((one for one in organisation.steps if one.to in ("approved", "declined")), None)


def is_own(organisation: Organisation, act: Act) -> bool:
    """The same person again, or an import, which nobody is to be told of."""
    decision = _decision(organisation)
    return decision is None or decision.by == act.by


_REVIEW = ("prövas", "be reviewed")
_REQUEST = ("kompletteras", "be completed")
_ANSWER = ("besvaras", "be answered")
APPROVE = ("godkännas", "be approved")
_DECLINE = ("avslås", "be declined")


def insist_on_open(
    organisation: Organisation, allowed: Sequence[str], act: Act, words: tuple[str, str]
) -> None:
    """Whoever answers an application that a colleague has answered hears when and by whom."""
    decision = _decision(organisation)
    if decision is not None and organisation.status == decision.to:
        raise already_decided(decision, act.at)
    _insist(organisation, allowed, *words)


def _insist(organisation: Organisation, allowed: Sequence[str], sv: str, en: str) -> None:
    if organisation.status not in allowed:
        raise Refused(
            "wrong-status",
            sv=f"Organisationen kan inte {sv} som läget är nu. Läs om sidan.",
            en=f"The organisation cannot {en} as things stand. Reload the page.",
            extra={"status": organisation.status},
        )


def refuse_ended(organisation: Organisation) -> None:
    """What has ended stays as it was."""
    if organisation.status in ENDED:
        _insist(organisation, (), "ändras", "be changed")


def _insist_on_parent(profile: Profile) -> None:
    if (profile.kind == "branch") != (profile.parent is not None):
        raise Refused(
            "branch-needs-parent",
            sv="En lokalförening anger sin riksorganisation; andra anger ingen.",
            en="A branch names its national organisation; others name none.",
        )


def _insist_on_number(profile: Profile) -> None:
    """Branches and partners may be without; nationals too, but only when an import knows them."""
    if profile.number is None and profile.kind in ("national", "independent"):
        text = Text(
            "Skriv organisationsnumret, till exempel 802400-0005.",
            "Write the organisation number, for example 802400-0005.",
        )
        raise Invalid(fields=(FieldError("number", "missing", text),))
