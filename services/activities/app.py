"""Activities: the one place where its parts meet."""

from typing import Any

from fastapi import FastAPI

from services.activities.commands.activities import Activities
from services.activities.commands.afterwards import Afterwards
from services.activities.commands.asking import Asking
from services.activities.commands.coverage import Coverages
from services.activities.commands.drafts import Drafts
from services.activities.commands.helping import Helping
from services.activities.commands.previews import Previews
from services.activities.commands.reconcile import Reconciler
from services.activities.commands.series import Series
from services.activities.commands.sessions import Sessions
from services.activities.finding import Finding
from services.activities.kinds import ACTIVITY, COVERAGE, KINDS, SESSION
from services.activities.reactions import Reactions, subscriptions
from services.activities.replicas import BRANCH_INDEXES, HELPER_INDEXES, Replicas
from services.activities.routes import activities as activity_routes
from services.activities.routes import afterwards as afterwards_routes
from services.activities.routes import asking as asking_routes
from services.activities.routes import coverage as coverage_routes
from services.activities.routes import helping as helping_routes
from services.activities.routes import own_data as own_data_routes
from services.activities.routes import previews as preview_routes
from services.activities.routes import series as series_routes
from services.activities.routes import sessions as session_routes
from services.activities.routes.here import Here
from shared.causes import by_event
from shared.clock import Clock
from shared.kind import Kind
from shared.operate import operator_routes
from shared.service import Plumbing, Service, application
from shared.settings import Settings

NAME = "activities"


def create(settings: Settings, clock: Clock | None = None, prefix: str = "") -> FastAPI:
    """The app of activities. `clock` and the collections' `prefix` are given in tests only."""
    plumbing = Plumbing(NAME, settings, clock, prefix)
    store = plumbing.store
    replicas = Replicas(plumbing.database, plumbing.clock)
    sessions = Sessions(store, replicas)
    activities = Activities(store, replicas, sessions)
    coverages = Coverages(store, replicas)
    helping = Helping(store, replicas)
    finding = Finding(store, replicas, helping)
    asking = Asking(sessions, helping, finding, plumbing.clock)
    reconciler = Reconciler(store, replicas, activities, sessions)

    async def wake(kind: Kind[Any], id: str) -> None:
        if kind is SESSION:
            await sessions.wake(id, by_event())
            await asking.wake(id, by_event())
        elif kind is ACTIVITY:
            await activities.wake(id, by_event())
        elif kind is COVERAGE:
            await coverages.recompute([id])

    known = (
        replicas.people.persons,
        replicas.people.organisations,
        replicas.accommodations,
        replicas.places,
    )
    app = application(
        Service(
            plumbing=plumbing,
            people=replicas.people,
            kinds=KINDS,
            replicas=known,
            routers=(
                preview_routes.router,
                activity_routes.router,
                series_routes.router,
                session_routes.router,
                afterwards_routes.router,
                coverage_routes.router,
                helping_routes.router,
                asking_routes.router,
                own_data_routes.router,
                operator_routes(plumbing, KINDS, known),
            ),
            subscriptions=subscriptions(
                replicas, Reactions(activities, reconciler, coverages, plumbing.failed)
            ),
            wake=wake,
            indexes={
                replicas.people.organisations.collection.name: BRANCH_INDEXES,
                replicas.people.persons.collection.name: HELPER_INDEXES,
            },
        )
    )
    drafts = Drafts(store, replicas, activities)
    series = Series(store, replicas, activities)
    afterwards = Afterwards(store, replicas)
    app.state.activities = Here(
        store=store,
        replicas=replicas,
        activities=activities,
        drafts=drafts,
        previews=Previews(store, replicas),
        series=series,
        sessions=sessions,
        afterwards=afterwards,
        coverages=coverages,
        helping=helping,
        finding=finding,
        asking=asking,
    )
    return app
