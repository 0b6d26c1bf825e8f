"""A real issuer for tests: HTTP on a free loopback port, three kinds of keys, and bad manners."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode

from shared.keys import KeySet, SigningKey, usable_keys

AUDIENCE = "samverkan-api"
CLIENT = "samverkan-web"
Algorithm = Literal["RS256", "ES256", "EdDSA"]
Mood = Literal["well", "500", "hang", "{}", "no keys", "html", "redirect", "huge", "drip"]
PrivateKey = RSAKey | ECKey | OKPKey
HUGE_BYTES = 50 * 1024 * 1024


def sign(
    claims: Mapping[str, Any] | bytes, key: Any, algorithm: str, header: Mapping[str, Any]
) -> str:
    """A compact JWS of the claims (or of raw bytes), put together by hand: nothing is checked."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    members = json.dumps({"alg": algorithm, **header}).encode()
    signed = urlsafe_b64encode(members) + b"." + urlsafe_b64encode(payload)
    signature = JWSRegistry.algorithms[algorithm].sign(signed, key)
    return (signed + b"." + urlsafe_b64encode(signature)).decode()


def new_key(algorithm: Algorithm) -> PrivateKey:
    """A fresh private key with a random id, for signatures with `algorithm`."""
    parameters: Any = {"kid": uuid4().hex, "use": "sig", "alg": algorithm}
    match algorithm:
        case "RS256":
            return RSAKey.generate_key(2048, parameters)
        case "ES256":
            return ECKey.generate_key("P-256", parameters)
        case "EdDSA":
            return OKPKey.generate_key("Ed25519", parameters)


@dataclass
class Issuer:
    """Serves discovery and keys, signs tokens; `mood` says how it behaves, `fetches` counts."""

    mood: Mood = "well"
    keys: dict[Algorithm, PrivateKey] = field(
        default_factory=lambda: {name: new_key(name) for name in ("RS256", "ES256", "EdDSA")}
    )
    extra_jwks: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0
    fetches: int = 0
    asked: list[str] = field(default_factory=list)
    seconds: float | None = None
    _server: asyncio.Server | None = None
    _busy: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The issuer's name and address."""
        return f"http://127.0.0.1:{self.port}/issuer"

    def claims(self, subject: str = "vera", **overrides: Any) -> dict[str, Any]:
        """The claims of a good access token; an override of None takes the claim away."""
        now = int(self.seconds if self.seconds is not None else time.time())
        claims = {
            "iss": self.url,
            "sub": subject,
            "aud": AUDIENCE,
            "azp": CLIENT,
            "typ": "Bearer",
            "iat": now,
            "exp": now + 300,
            "jti": uuid4().hex,
            **overrides,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self,
        subject: str = "vera",
        *,
        algorithm: Algorithm = "ES256",
        header: Mapping[str, Any] | None = None,
        key: PrivateKey | None = None,
        **overrides: Any,
    ) -> str:
        """A signed token for the subject; `overrides` replace claims, `header` header members."""
        key = key or self.keys[algorithm]
        members = {"typ": "JWT", "kid": key.kid, **(header or {})}
        members = {name: value for name, value in members.items() if value is not None}
        return sign(self.claims(subject, **overrides), key, algorithm, members)

    def authorization(self, subject: str = "vera", **how: Any) -> dict[str, str]:
        """The headers of a request by the subject."""
        return {"Authorization": f"Bearer {self.token(subject, **how)}"}

    def rotate(self, algorithm: Algorithm = "ES256") -> PrivateKey:
        """Replace the key of this kind by a new one; returns the old."""
        old, self.keys[algorithm] = self.keys[algorithm], new_key(algorithm)
        return old

    def jwks(self) -> dict[str, Any]:
        """The published key set."""
        published = [key.as_dict(private=False) for key in self.keys.values()]
        return {"keys": [*self.extra_jwks, *published]}

    async def start(self) -> None:
        """Listen on a free loopback port, or again on the one it had."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections from now on, and drop those there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for answering in self._busy:
            answering.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering = asyncio.ensure_future(self._serve_one(reader, writer))
        self._busy.add(answering)
        answering.add_done_callback(self._busy.discard)
        await asyncio.wait([answering])

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            await self._answer(request.split(b" ", 2)[1].decode(), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        self.asked.append(path)
        if path.endswith("/.well-known/openid-configuration"):
            document = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
            await _send(writer, json.dumps(document).encode())
        elif path == "/issuer/keys":
            self.fetches += 1
            await self._answer_with_keys(writer)
        else:
            await _send(writer, b"{}", status="404 Not Found")

    async def _answer_with_keys(self, writer: asyncio.StreamWriter) -> None:
        match self.mood:
            case "well":
                await _send(writer, json.dumps(self.jwks()).encode())
            case "500":
                await _send(writer, b"{}", status="500 Internal Server Error")
            case "{}":
                await _send(writer, b"{}")
            case "no keys":
                await _send(writer, b'{"keys":[]}')
            case "html":
                await _send(writer, b"<html>Welcome</html>", kind="text/html")
            case "redirect":
                elsewhere = f"Location: {self.url}/elsewhere\r\n"
                await _send(writer, b"", status="302 Found", more=elsewhere)
            case "huge":
                await _send_huge(writer)
            case "hang":
                await asyncio.sleep(30)
            case "drip":
                await _drip(writer)


async def _send(
    writer: asyncio.StreamWriter,
    body: bytes,
    *,
    status: str = "200 OK",
    kind: str = "application/json",
    more: str = "",
) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}"
    writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
    await writer.drain()


async def _send_huge(writer: asyncio.StreamWriter) -> None:
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {HUGE_BYTES}\r\n\r\n".encode())
    for _ in range(HUGE_BYTES // 65536):
        writer.write(b" " * 65536)
        await writer.drain()


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


@asynccontextmanager
async def issuing(**how: Any) -> AsyncIterator[Issuer]:
    """A running issuer, stopped at the end."""
    issuer = Issuer(**how)
    await issuer.start()
    try:
        yield issuer
    finally:
        await issuer.stop()


class PublishedKeys(KeySet):
    """The issuer's keys without the way there, for tests that are not about the way."""

    def __init__(self, issuer: Issuer) -> None:
        super().__init__(issuer.url)
        self.published = usable_keys(issuer.jwks())

    async def key(self, kid: str) -> SigningKey | None:
        """The key the issuer had published when this was made."""
        return self.published.get(kid)
