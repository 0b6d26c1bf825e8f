"""What the registry says of questions to the network: who and where, never what was asked."""

from datetime import datetime
from typing import Literal

from shared.contracts.base import Facts, OrganisationId, PersonId, Snapshot

SupportCaseStatus = Literal["open", "owned", "answered", "closed"]


class SupportCaseSnapshot(Snapshot, aggregate="registry.support_case"):
    """`lifted` counts how often the present wait was lifted."""

    organisation: OrganisationId
    asker: PersonId
    status: SupportCaseStatus
    owner: PersonId | None = None
    waiting_since: datetime
    lifted: int = 0


class SupportCaseAsked(Facts, type="registry.support_case.asked"):
    organisation: OrganisationId


class SupportCaseOwned(Facts, type="registry.support_case.owned"):
    owner: PersonId


class SupportCaseReleased(Facts, type="registry.support_case.released"):
    """Its owner is no administrator any more."""

    owner: PersonId


class SupportCaseAnswered(Facts, type="registry.support_case.answered"):
    asker: PersonId
    organisation: OrganisationId


class SupportCaseLifted(Facts, type="registry.support_case.lifted"):
    """Unanswered too long, for the first or second time."""

    times: int
    owner: PersonId | None = None


class SupportCaseClosed(Facts, type="registry.support_case.closed"):
    cause: Literal["asker", "network", "time", "erasure"]


class SupportCaseReopened(Facts, type="registry.support_case.reopened"):
    owner: PersonId | None = None


class SupportCaseMoved(Facts, type="registry.support_case.moved"):
    """Its organisation, or someone in it, was merged with another entry for the same."""

    organisation: OrganisationId


class SupportCaseWordsRemoved(Facts, type="registry.support_case.words_removed"):
    cause: Literal["time", "erasure"]
