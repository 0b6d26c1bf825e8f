"""Permissions: each route names one, and one look at a service's table says who may do what (P14).

A service lists its permissions in one file and states one for each route:

    caller: Annotated[Caller, Depends(allow(APPROVE_ORGANISATION))]
    token: Annotated[Token, Depends(signed_in)]        # valid token, perhaps nobody we know
    dependencies=[Depends(public)]                     # nobody is asked who they are

What depends on the object is asked in the route, once it is loaded: `PERMISSION.check(caller, it)`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import HTTPBearer
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security.base import SecurityBase

from shared.access import Access
from shared.caller import Caller
from shared.contracts.problems import NotAllowed, NotFound, Text
from shared.tokens import Token

T = TypeVar("T")


def _anyone(_caller: Caller) -> bool:
    return True


def _any_object(_caller: Caller, _subject: object) -> bool:
    return True


@dataclass(frozen=True)
class Permission(Generic[T]):
    """One thing one may do: `who` in words for people, and the rules that make it true.

    `rule` is judged before anything is read; `visible` and `within` once the object is at hand:
    what the caller may not see does not exist for them, what they see may still not be theirs.
    """

    name: str
    who: Text
    rule: Callable[[Caller], bool] = _anyone
    within: Callable[[Caller, T], bool] = _any_object
    visible: Callable[[Caller, T], bool] = _any_object

    def admit(self, caller: Caller) -> None:
        """Raise NotAllowed (403) unless the caller may do this somewhere."""
        if not self.rule(caller):
            raise NotAllowed

    def check(self, caller: Caller, subject: T) -> T:
        """The object itself, when the caller may do this to it.

        Raises NotFound (404) when it is not visible to them, NotAllowed (403) when it is.
        """
        if not self.visible(caller, subject):
            raise NotFound
        if not (self.rule(caller) and self.within(caller, subject)):
            raise NotAllowed
        return subject


PUBLIC = Permission[object]("public", Text("Alla", "Everyone"))
SIGNED_IN = Permission[object]("signed-in", Text("Alla som är inloggade", "Anyone signed in"))


class _Stated:
    """A dependency that states which permission its route needs."""

    permission: Permission[Any]


class _Public(_Stated):
    permission = PUBLIC

    async def __call__(self) -> None:
        return None


class _Bearer(_Stated, SecurityBase):
    """Stands in OpenAPI as the bearer token that the route asks for."""

    def __init__(self, permission: Permission[Any]) -> None:
        self.permission = permission
        self.model = HTTPBearer(bearerFormat="JWT")
        self.scheme_name = "bearer"


class _SignedIn(_Bearer):
    async def __call__(self, request: Request) -> Token:
        return await _access(request).identity_only(_authorization(request))


class _Allow(_Bearer):
    async def __call__(self, request: Request) -> Caller:
        caller = await _access(request).caller(_authorization(request))
        self.permission.admit(caller)
        return caller


public = _Public()
signed_in = _SignedIn(SIGNED_IN)


def allow(permission: Permission[Any]) -> Callable[[Request], Any]:
    """The dependency that lets in callers with this permission, and gives the route the caller."""
    return _Allow(permission)


def stated_permissions(app: FastAPI) -> Iterator[tuple[str, Permission[Any] | None]]:
    """Each route of the app as `GET /path` with the permission it states; None when it states none.

    Raises ValueError when a route states several: which one holds would be anybody's guess.
    """
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            route = f"{'|'.join(sorted(context.methods or ()))} {context.path}"
            yield route, _only(route, set(_permissions_in(context.dependant)))


def _only(route: str, stated: set[Permission[Any]]) -> Permission[Any] | None:
    if len(stated) > 1:
        raise ValueError(f"{route} states {sorted(permission.name for permission in stated)}")
    return next(iter(stated), None)


def _permissions_in(dependant: Dependant) -> Iterator[Permission[Any]]:
    if isinstance(dependant.call, _Stated):
        yield dependant.call.permission
    for needed in dependant.dependencies:
        yield from _permissions_in(needed)


def _access(request: Request) -> Access:
    access: Access = request.app.state.access
    return access


def _authorization(request: Request) -> list[str]:
    return request.headers.getlist("authorization")
