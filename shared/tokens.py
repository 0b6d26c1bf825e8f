"""Who you are (P13): an access token of the one issuer, for us, from one of our clients, in time.

Every refusal is the same NotSignedIn: why a token does not hold is no news for whoever forged it.
"""

import hashlib
import json
import math
import re
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NoReturn, TypeGuard
from uuid import NAMESPACE_DNS, uuid5

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from shared.clock import Clock
from shared.contracts.problems import NotSignedIn
from shared.keys import KeySet

ALGORITHMS = ("RS256", "ES256", "EdDSA")
SKEW_SECONDS = 30
LONGEST_LIFE_SECONDS = 24 * 3600
HEADER_CHARACTERS = 8192
SUBJECT_CHARACTERS = 255
REMEMBERED_TOKENS = 10_000
REMEMBERED_FOR = timedelta(seconds=60)

IDENTITY_NAMESPACE = uuid5(NAMESPACE_DNS, "identity.samverkan.example")
BEARER = re.compile(r"bearer +([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII | re.IGNORECASE)
# Whatever else a header may hold (crit, b64, jku, jwk, x5u, x5c ...) would let the token decide
# how it is checked.
HEADER_MEMBERS = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
ACCESS_TOKEN_TYPES = ("jwt", "at+jwt", "application/at+jwt")
# Of ID tokens (at_hash, c_hash), logout tokens (events) and tokens bound to a key that the bearer
# would have to prove (cnf).
FOREIGN_CLAIMS = frozenset({"at_hash", "c_hash", "events", "cnf"})


@dataclass(frozen=True)
class Identity:
    """A person as the issuer knows them; never a mail address."""

    issuer: str
    subject: str

    @cached_property
    def key(self) -> str:
        """A pseudonym of (issuer, subject), the same everywhere, that replicas may carry."""
        return str(uuid5(IDENTITY_NAMESPACE, f"{self.issuer}\n{self.subject}"))


@dataclass(frozen=True, slots=True)
class Token:
    """What a verified token says; from `expires_at` (its exp and our 30 s of skew) it is refused."""

    identity: Identity
    expires_at: datetime


class TokenVerifier:
    """Checks access tokens of one issuer, for one audience, got by one of `clients`."""

    def __init__(
        self, keys: KeySet, issuer: str, audience: str, clients: Collection[str], clock: Clock
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clients = frozenset(clients)
        self._clock = clock
        self._memory = _TokenMemory()

    async def verify(self, authorization: Sequence[str]) -> Token:
        """The token in the request's Authorization headers, of which there must be exactly one.

        Raises NotSignedIn (401) for whatever is wrong with it, SignInUnavailable (503) while the
        issuer's keys have never been seen.
        """
        raw = _bearer(authorization)
        digest = hashlib.sha256(raw).digest()
        now = self._clock.now()
        token = self._memory.recall(digest, self._keys.generation, now)
        if token is None:
            token = await self._checked(raw, now)
            self._memory.remember(digest, self._keys.generation, now, token)
        return token

    async def _checked(self, raw: bytes, now: datetime) -> Token:
        try:
            claims = await self._signed_claims(raw)
        except (JoseError, ValueError, RecursionError):
            raise NotSignedIn from None
        if not self._hold(claims, now.timestamp()):
            raise NotSignedIn
        expires_at = datetime.fromtimestamp(claims["exp"] + SKEW_SECONDS, UTC)
        return Token(Identity(self._issuer, claims["sub"]), expires_at)

    async def _signed_claims(self, raw: bytes) -> dict[str, Any]:
        """The claims, read only after the signature held with the key that the issuer published."""
        header = _strict_object(urlsafe_b64decode(raw.partition(b".")[0]))
        if not _is_plain_access_header(header):
            raise NotSignedIn
        key = await self._keys.key(header["kid"])
        if key is None or key.algorithm != header["alg"]:
            raise NotSignedIn
        return _strict_object(jws.deserialize_compact(raw, key.key, registry=REGISTRY).payload)

    def _hold(self, claims: dict[str, Any], now: float) -> bool:
        subject = claims.get("sub")
        return (
            claims.get("iss") == self._issuer
            and isinstance(subject, str)
            and 0 < len(subject) <= SUBJECT_CHARACTERS
            and self._is_meant_for_us(claims)
            and _is_access_token(claims)
            and _is_in_time(claims, now)
        )

    def _is_meant_for_us(self, claims: dict[str, Any]) -> bool:
        """Our audience and one of our clients; among several audiences only azp names the client."""
        audience = claims.get("aud")
        if isinstance(audience, list) and len(audience) > 1 and "azp" not in claims:
            return False
        audiences = audience if isinstance(audience, list) else [audience]
        clients = [claims[name] for name in ("azp", "client_id") if name in claims]
        return (
            self._audience in audiences
            and bool(clients)
            and all(isinstance(client, str) and client in self._clients for client in clients)
        )


class _TokenMemory:
    """Tokens verified in the last minute, by hash; forgotten when the issuer's keys change."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[bytes, tuple[Token, int, datetime]] = OrderedDict()

    def recall(self, digest: bytes, generation: int, now: datetime) -> Token | None:
        remembered = self._tokens.get(digest)
        if remembered is None:
            return None
        token, of_generation, until = remembered
        if of_generation != generation or now >= until:
            del self._tokens[digest]
            return None
        self._tokens.move_to_end(digest)
        return token

    def remember(self, digest: bytes, generation: int, now: datetime, token: Token) -> None:
        self._tokens[digest] = (token, generation, min(now + REMEMBERED_FOR, token.expires_at))
        if len(self._tokens) > REMEMBERED_TOKENS:
            self._tokens.popitem(last=False)


class _OurAlgorithms(JWSRegistry):
    """Exactly our three algorithms; joserfc's own list would warn about EdDSA at every token."""

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


REGISTRY = _OurAlgorithms(algorithms=ALGORITHMS)


def _bearer(authorization: Sequence[str]) -> bytes:
    if len(authorization) != 1 or len(authorization[0]) > HEADER_CHARACTERS:
        raise NotSignedIn
    match = BEARER.fullmatch(authorization[0])
    if match is None:
        raise NotSignedIn
    return match[1].encode("ascii")


def _is_plain_access_header(header: dict[str, Any]) -> bool:
    kind = header.get("typ")
    return (
        header.keys() <= HEADER_MEMBERS
        and header.get("alg") in ALGORITHMS
        and isinstance(header.get("kid"), str)
        and isinstance(kind, str)
        and kind.lower() in ACCESS_TOKEN_TYPES
    )


def _is_access_token(claims: dict[str, Any]) -> bool:
    """Keycloak tells its tokens apart by a `typ` claim: Bearer, ID, Refresh, Offline, DPoP ..."""
    return claims.get("typ", "Bearer") == "Bearer" and not FOREIGN_CLAIMS & claims.keys()


def _is_in_time(claims: dict[str, Any], now: float) -> bool:
    expires, issued, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    return (
        _is_number(expires)
        and _is_number(issued)
        and _is_number(begins)
        and now < expires + SKEW_SECONDS
        and expires <= now + LONGEST_LIFE_SECONDS + SKEW_SECONDS
        and issued <= now + SKEW_SECONDS
        and begins <= now + SKEW_SECONDS
    )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _strict_object(raw: bytes | None) -> dict[str, Any]:
    """JSON that reads one way only: no duplicate name, no NaN, no number beyond what floats hold."""
    value = json.loads(
        (raw or b"").decode("utf-8"),
        object_pairs_hook=_without_duplicates,
        parse_constant=_refuse,
        parse_float=_finite,
    )
    if not isinstance(value, dict):
        raise NotSignedIn
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotSignedIn
    return value


def _refuse(_constant: str) -> NoReturn:
    raise NotSignedIn


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotSignedIn
    return number
