"""Vera, her roles and the town that knows her: what tests of access are made of."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.access import Access
from shared.caller import Caller, KnownPerson
from shared.clock import Clock
from shared.contracts.registry import RoleGrant, RoleName, Scope, ScopeKind
from shared.tokens import Identity, Token, TokenVerifier
from tests.issuer import AUDIENCE, CLIENT, Issuer, PublishedKeys

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ISSUER = Issuer(port=1, seconds=NOW.timestamp())
VERA = Identity(ISSUER.url, "vera")
TOKEN = Token(VERA, NOW + timedelta(seconds=330))


def a_grant(
    role: RoleName,
    kind: ScopeKind = "national",
    *ids: str,
    since: datetime = NOW - DAY,
    until: datetime | None = None,
) -> RoleGrant:
    """A role since yesterday, for ever unless `until` is given."""
    scope = Scope(kind=kind, ids=ids)
    return RoleGrant(id=f"{role}-{kind}", role=role, scope=scope, from_=since, until=until)


def a_person(*roles: RoleGrant, suspended: bool = False, active: str = "A B P") -> KnownPerson:
    """Vera as a service knows her; `active` names the organisations that are."""
    return KnownPerson("vera-id", False, suspended, roles, frozenset(active.split()))


def a_caller(*roles: RoleGrant, active: str = "A B P") -> Caller:
    """Vera with a good token, judged at NOW."""
    return Caller(a_person(*roles, active=active), TOKEN, NOW)


class Seconds:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return self.passed


class Town:
    """The people a service knows, as its store or replica would tell."""

    def __init__(self) -> None:
        self.people: dict[str, KnownPerson] = {VERA.key: a_person(a_grant("administrator"))}
        self.age: float | None = None
        self.asked: list[list[str]] = []
        self.trouble: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def people_of(self, identity_keys: Collection[str]) -> Mapping[str, KnownPerson]:
        """Whom the town knows; waits at the gate if there is one, after having looked."""
        self.asked.append(list(identity_keys))
        known = {key: self.people[key] for key in identity_keys if key in self.people}
        if self.gate is not None:
            await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        return known

    async def replica_age(self) -> float | None:
        """As the test has set it."""
        return self.age


def an_access(town: Town, clock: Clock, seconds: Seconds) -> Access:
    """Access for the people of the town, with tokens of ISSUER."""
    verifier = TokenVerifier(PublishedKeys(ISSUER), ISSUER.url, AUDIENCE, [CLIENT], clock)
    return Access(verifier, town, clock, monotonic=seconds)


def header(subject: str = "vera", **claims: Any) -> list[str]:
    """The Authorization headers of a request by the subject."""
    return [f"Bearer {ISSUER.token(subject, **claims)}"]
