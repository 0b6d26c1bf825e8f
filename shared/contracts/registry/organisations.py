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
    name: str
    kind: OrganisationKind
    status: OrganisationStatus
    parent: OrganisationId | None = None
    languages: tuple[str, ...] = ()
    competences: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()


class OrganisationApplied(Facts, type="registry.organisation.applied"):
    applicant: PersonId | None
    imported_by: str | None = None


class OrganisationReviewed(Facts, type="registry.organisation.reviewed"):
    pass


class OrganisationInformationRequested(Facts, type="registry.organisation.information_requested"):
    applicant: PersonId | None


class OrganisationApproved(Facts, type="registry.organisation.approved"):
    applicant: PersonId | None
    imported_by: str | None = None


class OrganisationDeclined(Facts, type="registry.organisation.declined"):
    applicant: PersonId | None


class OrganisationPaused(Facts, type="registry.organisation.paused"):
    pass


class OrganisationResumed(Facts, type="registry.organisation.resumed"):
    pass


class OrganisationLeft(Facts, type="registry.organisation.left"):
    pass


class OrganisationExcluded(Facts, type="registry.organisation.excluded"):
    pass


class OrganisationChanged(Facts, type="registry.organisation.changed"):
    fields: tuple[str, ...]
