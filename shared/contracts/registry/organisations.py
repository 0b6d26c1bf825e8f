"""What the registry says of organisations."""

from typing import Literal

from shared.contracts.base import Facts, OrganisationId, PersonId, Snapshot

OrganisationKind = Literal["national", "branch", "independent", "partner"]


OrganisationStatus = Literal[
    "applied",
    "under_review",
    "information_requested",
    "approved",
    "paused",
    "declined",
    "left",
    "excluded",
    "merged",
]


class OrganisationSnapshot(Snapshot, aggregate="registry.organisation"):
    """A branch's languages, competences and target groups are its national organisation's where it
    names none; `municipalities` are those it names and those that its radius reaches. `merged_into`
    is what a merged one is now; see shared.aliases.
    """

    name: str
    kind: OrganisationKind
    status: OrganisationStatus
    parent: OrganisationId | None = None
    languages: tuple[str, ...] = ()
    competences: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    activities_a_week: int | None = None
    merged_into: OrganisationId | None = None
    uncoordinated: bool = False
    pledge_version: int = 0
    """Of the text that its volunteers promise before their first shift; 0: it has none."""


class OrganisationStep(Facts):
    """A step of the membership; its number leads to the words, which never leave the registry."""

    step: int | None = None


class OrganisationApplied(OrganisationStep, type="registry.organisation.applied"):
    applicant: PersonId | None
    imported_by: str | None = None


class OrganisationReviewed(OrganisationStep, type="registry.organisation.reviewed"):
    pass


class OrganisationInformationRequested(
    OrganisationStep, type="registry.organisation.information_requested"
):
    applicant: PersonId | None


class OrganisationInformationGiven(
    OrganisationStep, type="registry.organisation.information_given"
):
    """Whoever applied has answered what was asked."""


class OrganisationApproved(OrganisationStep, type="registry.organisation.approved"):
    """`notify`: the import that entered it asks for the messages that imports are spared."""

    applicant: PersonId | None
    imported_by: str | None = None
    notify: bool = False


class OrganisationDeclined(OrganisationStep, type="registry.organisation.declined"):
    applicant: PersonId | None


class OrganisationPaused(OrganisationStep, type="registry.organisation.paused"):
    pass


class OrganisationResumed(OrganisationStep, type="registry.organisation.resumed"):
    pass


class OrganisationLeft(OrganisationStep, type="registry.organisation.left"):
    """`imported_by`: an import that entered it by mistake was undone."""

    imported_by: str | None = None


class OrganisationExcluded(OrganisationStep, type="registry.organisation.excluded"):
    pass


class OrganisationChanged(Facts, type="registry.organisation.changed"):
    fields: tuple[str, ...]
    imported_by: str | None = None


class OrganisationMoved(Facts, type="registry.organisation.moved"):
    """A branch has come under another national organisation, or stands alone."""

    parent: OrganisationId | None
    was: OrganisationId | None


class OrganisationInherited(Facts, type="registry.organisation.inherited"):
    """What a branch has from its national organisation has changed, in the fields named."""

    fields: tuple[str, ...]


class OrganisationMerged(Facts, type="registry.organisation.merged"):
    """It is `into` from now on; what was its own follows."""

    into: OrganisationId


class OrganisationMergeUndone(Facts, type="registry.organisation.merge_undone"):
    """It yielded to another merger of the same moment that went the other way."""

    into: OrganisationId


class PledgePublished(Facts, type="registry.organisation.pledge_published"):
    version: int


class ExtractIntervalChanged(Facts, type="registry.organisation.extract_interval_changed"):
    months: int


class OrganisationUncoordinated(Facts, type="registry.organisation.uncoordinated"):
    """Its last coordinator has gone, however that came."""


class OrganisationCoordinated(Facts, type="registry.organisation.coordinated"):
    """Somebody coordinates it again."""
