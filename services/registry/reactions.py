"""What the registry does when it hears something: mend the difference, never trust the event."""

from collections.abc import Sequence

from services.registry.commands.organisations import Organisations
from shared.bus import Subscription
from shared.causes import by_event
from shared.contracts.base import Event
from shared.contracts.problems import NotFound

LISTENS = (
    "registry.organisation",
    "registry.person",
    "registry.accommodation",
    "registry.meeting_place",
    "activities.session",
)


def subscriptions(organisations: Organisations) -> Sequence[Subscription]:
    """The registry hears its own events too: what a killed process left undone is done then."""

    async def reconcile_organisation(event: Event) -> None:
        try:
            await organisations.reconcile(event.subject, by_event(event.actor))
        except NotFound:
            return

    return [
        Subscription("registry.organisation", reconcile=reconcile_organisation),
        *(Subscription(name) for name in LISTENS if name != "registry.organisation"),
    ]
