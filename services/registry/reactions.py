"""What the registry does when it hears something: mend the difference, never trust the event."""

from collections.abc import Awaitable, Callable, Sequence

from services.registry.routes.here import Registry
from shared.bus import Reaction, Subscription
from shared.causes import by_event
from shared.contracts.base import Event, Facts
from shared.contracts.problems import NotFound
from shared.contracts.registry import (
    AccommodationOpened,
    AccommodationRegistered,
    InvitationAccepted,
)
from shared.kind import By

LISTENS = (
    "registry.organisation",
    "registry.person",
    "registry.accommodation",
    "registry.meeting_place",
    "registry.invitation",
    "registry.closing_plan",
    "activities.session",
)


def subscriptions(registry: Registry) -> Sequence[Subscription]:
    """The registry hears its own events too: what a killed process left undone is done then."""
    places = registry.meeting_places

    async def reconcile_organisation(id: str, by: By) -> None:
        await registry.organisations.reconcile(id, by)
        await registry.merging.organisations.reconcile(id, by)
        await places.reconcile_organisation(id, by)
        await registry.branches.reconcile(id, by)
        await registry.volunteering.reconcile(id, by)
        await registry.support_cases.follow_organisation(id, by)
        await registry.complaints.follow_organisation(id, by)

    async def reconcile_person(id: str, by: By) -> None:
        await registry.merging.people.reconcile(id, by)
        await registry.people.roles.reconcile(id, by)
        await registry.support_cases.reconcile_person(id, by)
        await registry.incidents.follow_person(id, by)
        await registry.accounts.reconcile(id, by)

    reconcile_subject = _for_subject(reconcile_person)

    async def person_changed(event: Event) -> None:
        await reconcile_subject(event)
        await registry.coordination.after(event, by_event(event.actor))

    async def reconcile_accommodation(id: str, by: By) -> None:
        await places.reconcile_accommodation(id, by)
        await registry.incidents.reconcile_accommodation(id, by)
        await registry.complaints.reconcile_accommodation(id, by)

    async def forget_person(event: Event) -> None:
        await registry.leaving.forget(event.subject)
        # Whoever is erased may stand in a file that somebody has uploaded.
        await registry.imports.forget_person(event.subject)

    return [
        Subscription("registry.organisation", reconcile=_for_subject(reconcile_organisation)),
        Subscription("registry.person", reconcile=person_changed, forget=forget_person),
        Subscription(
            "registry.accommodation",
            # Nothing refers to a house that is new.
            reconcile=_for_subject(reconcile_accommodation, unless=_is_new),
        ),
        Subscription("registry.meeting_place", reconcile=_for_subject(places.reconcile)),
        Subscription(
            "registry.invitation",
            reconcile=_for_subject(registry.invitations.reconcile, only=InvitationAccepted),
        ),
        Subscription(
            "registry.closing_plan", reconcile=_for_subject(registry.closing_plans.reconcile)
        ),
        Subscription("activities.session", replica=registry.grounds.sessions),
    ]


def _for_subject(
    reconcile: Callable[[str, By], Awaitable[object]],
    only: type[Facts] | None = None,
    unless: Callable[[Event], bool] = lambda _: False,
) -> Reaction:
    async def reaction(event: Event) -> None:
        if unless(event):
            return
        if only is not None and event.type != only.type:
            return
        try:
            await reconcile(event.subject, by_event(event.actor))
        except NotFound:
            return

    return reaction


def _is_new(event: Event) -> bool:
    """Registered, or entered as an open one by an import: no meeting place can serve it yet."""
    if event.type == AccommodationRegistered.type:
        return True
    return event.type == AccommodationOpened.type and bool(event.data.facts.get("imported_by"))
