"""What the routes find at hand: the use cases, and the lists of this process."""

from dataclasses import dataclass

from starlette.requests import Request

from services.registry.commands.organisations import Organisations
from services.registry.commands.people import People
from shared.store import Store


@dataclass(frozen=True)
class Registry:
    """The registry's use cases."""

    store: Store
    organisations: Organisations
    people: People


def here(request: Request) -> Registry:
    """The registry of this process."""
    registry: Registry = request.app.state.registry
    return registry
