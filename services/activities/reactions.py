"""What activities does when it hears something: mend the difference, never trust the event."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from services.activities.coalesce import Coalesced
from services.activities.commands.activities import Activities
from services.activities.commands.coverage import Coverages
from services.activities.commands.reconcile import Reconciler
from services.activities.replicas import Replicas
from shared.bus import Subscription
from shared.causes import by_event
from shared.contracts.activities import SessionPlanned
from shared.contracts.base import Event
from shared.contracts.problems import NotFound
from shared.failed import FailedMessages

LISTENS = (
    "registry.organisation",
    "registry.person",
    "registry.accommodation",
    "registry.meeting_place",
    "activities.activity",
    "activities.session",
)
BURST_SECONDS = 0.05
# They change who comes to help, which no figure of coverage counts.
ONLY_SEATS = "activities.session.seat"


@dataclass(frozen=True)
class Reactions:
    """The reactions' hands."""

    activities: Activities
    reconciler: Reconciler
    coverages: Coverages
    failed: FailedMessages


def subscriptions(replicas: Replicas, hands: Reactions) -> Sequence[Subscription]:
    """Replicas of the registry, and own events: what a killed process left undone is done then."""
    sessions = Coalesced(
        lambda id: hands.reconciler.session(id, by_event()), rest_seconds=BURST_SECONDS
    )

    async def reconcile_session(event: Event) -> None:
        if event.type == SessionPlanned.type:
            await hands.reconciler.planned(event.subject, by_event())
        await sessions.run(event.subject)
        if not event.type.startswith(ONLY_SEATS):
            await hands.coverages.recompute((event.data.state or {}).get("accommodations", ()))

    async def reconcile_activity(event: Event) -> None:
        try:
            await hands.activities.reconcile(event.subject, by_event(event.actor))
        except NotFound:
            return

    async def forget_person(event: Event) -> None:
        await hands.reconciler.forget(event.subject, by_event(event.actor))
        await hands.failed.forget(event.subject)

    async def reconcile_place(event: Event) -> None:
        house_closes = event.data.facts.get("cause") == "accommodation_closed"
        await hands.reconciler.place(event.subject, house_closes, by_event(event.actor))
        await hands.coverages.recompute_place(event.subject)

    async def reconcile_accommodation(event: Event) -> None:
        await hands.coverages.recompute([event.subject])

    return [
        Subscription(
            "registry.organisation",
            replica=replicas.people.organisations,
            reconcile=_of_subject(hands.reconciler.organisation),
        ),
        Subscription(
            "registry.person",
            replica=replicas.people.persons,
            forget=forget_person,
            reconcile=_of_subject(hands.reconciler.person),
        ),
        Subscription(
            "registry.accommodation",
            replica=replicas.accommodations,
            reconcile=reconcile_accommodation,
        ),
        Subscription("registry.meeting_place", replica=replicas.places, reconcile=reconcile_place),
        Subscription("activities.activity", reconcile=reconcile_activity),
        Subscription("activities.session", reconcile=reconcile_session),
    ]


def _of_subject(
    reconcile: Callable[..., Awaitable[None]],
) -> Callable[[Event], Awaitable[None]]:
    """A reaction that needs to know of whom, and who set it off."""

    async def reaction(event: Event) -> None:
        await reconcile(event.subject, by_event(event.actor))

    return reaction
