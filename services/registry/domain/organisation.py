"""An organisation of the network: from application to membership and out again.

applied → [under_review ⇄ information_requested] → approved | declined; approved ⇄ paused;
approved | paused → left | excluded. Each rule is a pure function of what is to what will be.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.registry.domain.numbers import OrganisationNumber
from services.registry.domain.places import County, Municipality
from shared.contracts.activities import ActivityKind, TargetGroup
from shared.contracts.base import Facts, OrganisationId, PersonId
from shared.contracts.problems import FieldError, Invalid, Refused, Text
from shared.contracts.registry import (
    OrganisationApplied,
    OrganisationApproved,
    OrganisationChanged,
    OrganisationDeclined,
    OrganisationExcluded,
    OrganisationInformationRequested,
    OrganisationKind,
    OrganisationLeft,
    OrganisationPaused,
    OrganisationResumed,
    OrganisationReviewed,
    OrganisationStatus,
)
from shared.contracts.texts import LanguageCode, Line, Name, Prose, clean_line

_MAIL_SIGN = r"[^@\s<>,;:\"\x00-\x1f\x7f]"
MailAddress = Annotated[
    str,
    Field(max_length=254, pattern=rf"^{_MAIL_SIGN}{{1,64}}@{_MAIL_SIGN}{{1,189}}$"),
    BeforeValidator(clean_line),
]
PhoneNumber = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]

MOST_UNDECIDED = 10
"""Applications that one person may have waiting."""
UNDECIDED = ("applied", "under_review", "information_requested")
ENDED = ("declined", "left", "excluded", "merged")


class Profile(BaseModel):
    """What an organisation says of itself."""

    model_config = ConfigDict(frozen=True)

    name: Name
    number: OrganisationNumber | None = None
    kind: OrganisationKind
    parent: OrganisationId | None = None
    mail: MailAddress | None = None
    phone: PhoneNumber | None = None
    web: Line | None = None
    languages: Annotated[tuple[LanguageCode, ...], Field(max_length=17)] = ()
    competences: Annotated[tuple[ActivityKind, ...], Field(max_length=29)] = ()
    target_groups: Annotated[tuple[TargetGroup, ...], Field(max_length=10)] = ()
    counties: Annotated[tuple[County, ...], Field(max_length=21)] = ()
    municipalities: Annotated[tuple[Municipality, ...], Field(max_length=290)] = ()
    activities_a_week: Annotated[int, Field(ge=0, le=10_000)] | None = None


class Organisation(Profile):
    """The aggregate: profile, membership, and who applied."""

    status: OrganisationStatus = "applied"
    applicant: PersonId | None = None
    words: Prose | None = None
    """The administrator's own words to the applicant: what is missing, or why not."""


Decision = tuple[Organisation, tuple[Facts, ...]]


def apply(profile: Profile, applicant: PersonId) -> Decision:
    """Someone applies for an organisation; a branch names its national organisation."""
    _insist_on_parent(profile)
    _insist_on_number(profile)
    organisation = Organisation(**profile.model_dump(), applicant=applicant)
    return organisation, (OrganisationApplied(applicant=applicant),)


def enter(profile: Profile, import_id: str) -> Decision:
    """An import enters a member that the network knows already."""
    _insist_on_parent(profile)
    organisation = Organisation(**profile.model_dump(), status="approved")
    applied = OrganisationApplied(applicant=None, imported_by=import_id)
    return organisation, (applied, OrganisationApproved(applicant=None, imported_by=import_id))


def change(organisation: Organisation, profile: Profile) -> Decision:
    """The organisation describes itself anew; kind and parent are not its own to change."""
    _refuse_ended(organisation)
    if organisation.number is not None:
        _insist_on_number(profile)
    if (profile.kind, profile.parent) != (organisation.kind, organisation.parent):
        raise Refused(
            "kind-is-fixed",
            sv="Slag och riksorganisation kan inte ändras här. Fråga nätverkets administratör.",
            en="Kind and national organisation cannot be changed here. Ask the network administrator.",
        )
    changed = organisation.model_copy(update=dict(profile))
    fields = tuple(name for name, value in profile if value != getattr(organisation, name))
    return changed, (OrganisationChanged(fields=fields),) if fields else ()


def review(organisation: Organisation) -> Decision:
    """An administrator begins to look, or goes on after an answer."""
    _insist(organisation, ("applied", "information_requested"), "be prövad", "be reviewed")
    return _moved(organisation, "under_review"), (OrganisationReviewed(),)


def request_information(organisation: Organisation, words: Prose) -> Decision:
    """Something is missing; the words go to the applicant as they are."""
    _insist(organisation, ("applied", "under_review"), "kompletteras", "be completed")
    asked = organisation.model_copy(update={"status": "information_requested", "words": words})
    return asked, (OrganisationInformationRequested(applicant=organisation.applicant),)


def approve(organisation: Organisation, parent: Organisation | None) -> Decision:
    """Welcome: a branch only while its national organisation is approved."""
    if organisation.status == "approved":
        return organisation, ()
    _insist(organisation, UNDECIDED, "godkännas", "be approved")
    if organisation.parent is not None and (parent is None or parent.status != "approved"):
        raise Refused(
            "parent-not-active",
            sv="Föreningens riksorganisation är inte med just nu. Godkänn eller återuppta den först. "
            "Har den lämnat nätverket: avslå, så kan föreningen ansöka på nytt som fristående.",
            en="The branch's national organisation is not active now. Approve or resume it first. "
            "Has it left the network: decline, and the branch can apply anew as independent.",
        )
    approved = organisation.model_copy(update={"status": "approved", "words": None})
    return approved, (OrganisationApproved(applicant=organisation.applicant),)


def decline(organisation: Organisation, words: Prose) -> Decision:
    """No, with the reason that goes to the applicant as it is."""
    _insist(organisation, UNDECIDED, "avslås", "be declined")
    declined = organisation.model_copy(update={"status": "declined", "words": words})
    return declined, (OrganisationDeclined(applicant=organisation.applicant),)


def pause(organisation: Organisation) -> Decision:
    """A pause: its roles have no effect until it resumes."""
    _insist(organisation, ("approved",), "pausas", "be paused")
    return _moved(organisation, "paused"), (OrganisationPaused(),)


def resume(organisation: Organisation) -> Decision:
    """Back from a pause."""
    _insist(organisation, ("paused",), "återupptas", "be resumed")
    return _moved(organisation, "approved"), (OrganisationResumed(),)


def leave(organisation: Organisation) -> Decision:
    """The organisation leaves the network of its own will."""
    if organisation.status == "left":
        return organisation, ()
    _insist(organisation, ("approved", "paused"), "lämna nätverket", "leave the network")
    return _moved(organisation, "left"), (OrganisationLeft(),)


def exclude(organisation: Organisation) -> Decision:
    """The network ends the membership."""
    _insist(organisation, ("approved", "paused"), "uteslutas", "be excluded")
    return _moved(organisation, "excluded"), (OrganisationExcluded(),)


def _moved(organisation: Organisation, status: OrganisationStatus) -> Organisation:
    return organisation.model_copy(update={"status": status})


def _insist(organisation: Organisation, allowed: Sequence[str], sv: str, en: str) -> None:
    if organisation.status not in allowed:
        raise Refused(
            "wrong-status",
            sv=f"Organisationen kan inte {sv} som läget är nu. Läs om sidan.",
            en=f"The organisation cannot {en} as things stand. Reload the page.",
            extra={"status": organisation.status},
        )


def _refuse_ended(organisation: Organisation) -> None:
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
