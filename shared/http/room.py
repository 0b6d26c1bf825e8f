"""A service's routes, compared with a path only where the path can lie among them.

A request would else be tried against each route of its service, one pattern after the other: the
more the service can do, the slower every answer.
"""

from functools import cached_property

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope


class Room(APIRouter):
    """An APIRouter to be included under `/api/SERVICE`; it looks at the next part of a path first."""

    @cached_property
    def _parts(self) -> frozenset[str]:
        routes = [route for route in self.routes if isinstance(route, APIRoute)]
        return frozenset(route.path.split("/")[1] for route in routes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As APIRouter's, without trying any route when the path lies elsewhere."""
        if self._parts.isdisjoint(scope["path"].split("/", 4)[3:4]):
            return Match.NONE, {}
        return super().matches(scope)
