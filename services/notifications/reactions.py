"""What notifications does when it hears something: tell, and forget; it decides nothing."""

from collections.abc import Sequence

from services.notifications.commands.preferences import PreferencesOf
from services.notifications.merging import Merging
from services.notifications.replicas import Replicas
from services.notifications.tables import Tables
from services.notifications.telling import Telling
from shared.bus import Subscription
from shared.contracts.base import Event
from shared.contracts.registry import InvitationAccepted, InvitationExpired, InvitationWithdrawn
from shared.failed import FailedMessages

LISTENS = (
    "registry.organisation",
    "registry.person",
    "registry.contact",
    "registry.accommodation",
    "registry.meeting_place",
    "registry.invitation",
    "registry.invitation_contact",
    "registry.incident",
    "registry.support_case",
    "activities.activity",
    "activities.session",
)

INVITATION_ENDED = {
    ended.type for ended in (InvitationAccepted, InvitationWithdrawn, InvitationExpired)
}


def subscriptions(
    telling: Telling,
    merging: Merging,
    replicas: Replicas,
    rows: Tables,
    preferences: PreferencesOf,
    failed: FailedMessages,
) -> Sequence[Subscription]:
    """Each aggregate with its replica; three kinds of events set off flows."""

    async def forget(event: Event) -> None:
        """The tombstone stands already: what is told meanwhile sees it and removes itself."""
        await rows.forget([event.subject])
        await preferences.forget(event.subject)
        await failed.forget(event.subject)

    async def forget_answered(event: Event) -> None:
        """Nobody reads what was told of an invitation that is open no more."""
        await telling.tell(event)
        if event.type in INVITATION_ENDED:
            await rows.forget([event.subject])

    return [
        Subscription(
            "registry.organisation", replica=replicas.people.organisations, tell=telling.tell
        ),
        Subscription(
            "registry.person",
            replica=replicas.people.persons,
            tell=telling.tell,
            forget=forget,
            reconcile=merging.person,
        ),
        Subscription("registry.contact", replica=replicas.contacts, forget=forget),
        Subscription("registry.invitation", replica=replicas.invitations, tell=forget_answered),
        Subscription("registry.invitation_contact", replica=replicas.invited),
        Subscription("registry.accommodation", replica=replicas.accommodations),
        Subscription("registry.meeting_place", replica=replicas.meeting_places),
        Subscription("registry.incident", replica=replicas.incidents, tell=telling.tell),
        Subscription("registry.support_case", replica=replicas.support_cases, tell=telling.tell),
        Subscription("activities.activity", replica=replicas.activities, tell=telling.tell),
        Subscription("activities.session", replica=replicas.sessions, tell=telling.tell),
    ]
