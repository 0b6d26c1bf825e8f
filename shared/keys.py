"""The issuer's public keys (P13): fetched ahead, kept through its outages, never asked for in a flood."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.contracts.problems import Text, Unavailable

REFRESH_SECONDS = 300
COOLDOWN_SECONDS = 30
FIRST_RETRY_SECONDS = 0.5
JITTER = 0.1
KEEP_SECONDS = 24 * 3600
ALARM_SECONDS = 3600
FETCH_SECONDS = 2
FETCH_BYTES = 256 * 1024
RSA_BITS = range(2048, 8193)
KEY_ID_CHARACTERS = 256

PublicKey = RSAKey | ECKey | OKPKey
log = structlog.get_logger(__name__)


class SignInUnavailable(Unavailable):
    """503: no signing key of the issuer is at hand, so nobody can be recognised."""

    code = "sign-in-unavailable"
    detail = Text(
        "Inloggningen svarar inte just nu. Försök igen om en stund.",
        "Signing in does not work right now. Try again in a while.",
    )


class KeySetError(ValueError):
    """The issuer answered with something that is not a set of public signing keys."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key and the one algorithm it may be used with: the token does not choose."""

    algorithm: str
    key: PublicKey


class KeySet:
    """The issuer's signing keys, refreshed by `run`; a failed refresh keeps the old ones for 24 h.

    `monotonic` counts seconds and is replaced in tests.
    """

    def __init__(self, issuer: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._monotonic = monotonic
        self._http = httpx.AsyncClient(
            timeout=FETCH_SECONDS, follow_redirects=False, trust_env=False
        )
        self._keys: dict[str, SigningKey] = {}
        self._confirmed_at: float | None = None
        self._attempted_at: float | None = None
        self._failures = 0
        self._flight: asyncio.Task[None] | None = None
        self.generation = 0

    @property
    def loaded(self) -> bool:
        """True once a key set has been fetched since the start."""
        return self._confirmed_at is not None

    async def key(self, kid: str) -> SigningKey | None:
        """The key with this id, None when the issuer has none such.

        An unknown id asks the issuer anew, at most once per 30 s for the whole process, counted
        from the attempt. Raises SignInUnavailable while there is no key at all.
        """
        found = self._current().get(kid)
        if found is None and (self._flight or self._cooled_down()):
            await self.refresh()
            found = self._current().get(kid)
        if found is None and not self._current():
            raise SignInUnavailable
        return found

    async def run(self) -> None:
        """Keep the keys fresh until cancelled: every 5 min; sooner after a failure."""
        while True:
            await self.refresh()
            await asyncio.sleep(self._pause_seconds())

    async def refresh(self) -> None:
        """Ask the issuer now, or join whoever is asking already. A failure leaves the old keys."""
        if self._flight is None:
            self._flight = asyncio.create_task(self._fetch())
            self._flight.add_done_callback(self._landed)
        await asyncio.shield(self._flight)

    async def close(self) -> None:
        """Stop asking and close the connections."""
        if self._flight is not None:
            self._flight.cancel()
        await self._http.aclose()

    def _landed(self, _flight: asyncio.Task[None]) -> None:
        self._flight = None

    def _current(self) -> dict[str, SigningKey]:
        return self._keys if self._age_seconds() < KEEP_SECONDS else {}

    def _age_seconds(self) -> float:
        if self._confirmed_at is None:
            return float("inf")
        return self._monotonic() - self._confirmed_at

    def _cooled_down(self) -> bool:
        attempted_at = self._attempted_at
        return attempted_at is None or self._monotonic() - attempted_at >= COOLDOWN_SECONDS

    def _pause_seconds(self) -> float:
        """A first set is wanted soon (0.5 s, 1 s, 2 s ...); jitter keeps copies apart."""
        pause: float = REFRESH_SECONDS
        if self._failures:
            pause = COOLDOWN_SECONDS
            if not self.loaded:
                pause = min(pause, FIRST_RETRY_SECONDS * 2 ** min(self._failures - 1, 10))
        return pause * random.uniform(1 - JITTER, 1 + JITTER)

    async def _fetch(self) -> None:
        self._attempted_at = self._monotonic()
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                jwks_uri = await self._discover()
                keys = usable_keys(await self._get_json(jwks_uri))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, RecursionError) as why:
            self._keep_old(why)
        else:
            self._replace(keys)

    def _replace(self, keys: dict[str, SigningKey]) -> None:
        if keys != self._keys:
            self.generation += 1
            log.info("signing keys changed", keys=len(keys))
        self._keys = keys
        self._confirmed_at = self._monotonic()
        self._failures = 0

    def _keep_old(self, why: Exception) -> None:
        """A failed refresh is a warning; an hour without one is an alarm, for at 24 h all are out."""
        self._failures += 1
        old = self.loaded and self._age_seconds() >= ALARM_SECONDS
        tell = log.error if old else log.warning
        tell("signing keys not refreshed", why=type(why).__name__, failures=self._failures)

    async def _discover(self) -> str:
        """Where the keys are, as the issuer itself says; only for the issuer we trust."""
        document = await self._get_json(
            self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        )
        jwks_uri = document.get("jwks_uri")
        if document.get("issuer") != self._issuer or not isinstance(jwks_uri, str):
            raise KeySetError("not the discovery document of the issuer")
        if self._issuer.startswith("https:") and not jwks_uri.startswith("https:"):
            raise KeySetError("the keys are offered without encryption")
        return jwks_uri

    async def _get_json(self, url: str) -> dict[str, Any]:
        """One JSON object of at most 256 kB, raw bytes counted: nothing is unpacked or followed."""
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        body = bytearray()
        async with self._http.stream("GET", url, headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                raise KeySetError(f"status {response.status_code}")
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > FETCH_BYTES:
                    raise KeySetError("too large")
        document = json.loads(body)
        if not isinstance(document, dict):
            raise KeySetError("not an object")
        return document


def usable_keys(document: dict[str, Any]) -> dict[str, SigningKey]:
    """The public signing keys of a JWK set by id; others in it are passed over.

    Raises KeySetError when none is left, so that a set is never replaced by an empty one.
    """
    listed = document.get("keys")
    keys: dict[str, SigningKey] = {}
    for jwk in listed if isinstance(listed, list) else []:
        key = _signing_key(jwk) if isinstance(jwk, dict) else None
        if key is not None:
            keys.setdefault(jwk["kid"], key)
    if not keys:
        raise KeySetError("no usable key")
    return keys


def _signing_key(jwk: dict[str, Any]) -> SigningKey | None:
    if not _is_for_signatures(jwk):
        return None
    try:
        return _imported(jwk)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _is_for_signatures(jwk: dict[str, Any]) -> bool:
    """Private keys are refused too: an issuer that publishes one cannot be believed on it."""
    kid, operations = jwk.get("kid"), jwk.get("key_ops", ["verify"])
    return (
        isinstance(kid, str)
        and 0 < len(kid) <= KEY_ID_CHARACTERS
        and jwk.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and "d" not in jwk
    )


def _imported(jwk: dict[str, Any]) -> SigningKey | None:
    """Only the members that make up the key: what else the set says of it decides nothing."""
    match jwk:
        case {"kty": "RSA", "n": str(n), "e": str(e)} if jwk.get("alg", "RS256") == "RS256":
            if len(n) * 6 < RSA_BITS.start:
                return None
            rsa = RSAKey.import_key({"kty": "RSA", "n": n, "e": e})
            return SigningKey("RS256", rsa) if rsa.public_key.key_size in RSA_BITS else None
        case {"kty": "EC", "crv": "P-256", "x": str(x), "y": str(y)} if (
            jwk.get("alg", "ES256") == "ES256"
        ):
            curve = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
            return SigningKey("ES256", curve)
        case {"kty": "OKP", "crv": "Ed25519", "x": str(x)} if jwk.get("alg", "EdDSA") in (
            "EdDSA",
            "Ed25519",
        ):
            return SigningKey("EdDSA", OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x}))
    return None
