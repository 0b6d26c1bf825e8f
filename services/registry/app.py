"""The registry: the one place where its parts meet."""

from typing import Any

from fastapi import FastAPI

from services.registry import reactions
from services.registry.commands.organisations import Organisations
from services.registry.commands.people import People
from services.registry.kinds import KINDS, PERSON
from services.registry.routes import organisations as organisation_routes
from services.registry.routes import people as people_routes
from services.registry.routes.here import Registry
from shared.causes import by_event
from shared.clock import Clock
from shared.operate import operator_routes
from shared.service import Plumbing, Service, application
from shared.settings import Settings
from shared.store import Kind

NAME = "registry"


def create(settings: Settings, clock: Clock | None = None, prefix: str = "") -> FastAPI:
    """The registry's app. `clock` and the collections' `prefix` are given in tests only."""
    plumbing = Plumbing(NAME, settings, clock, prefix)
    people = People(plumbing.store)
    organisations = Organisations(plumbing.store, people)

    async def wake(kind: Kind[Any], id: str) -> None:
        if kind is PERSON:
            await people.wake(id, by_event())

    app = application(
        Service(
            plumbing=plumbing,
            people=people,
            kinds=KINDS,
            routers=(
                organisation_routes.router,
                people_routes.router,
                operator_routes(plumbing, KINDS, ()),
            ),
            subscriptions=reactions.subscriptions(organisations),
            wake=wake,
        )
    )
    app.state.registry = Registry(plumbing.store, organisations, people)
    return app
