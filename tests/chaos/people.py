"""People who use the system through the gateway and do not give up before they have an answer."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from joserfc import jwt

from deploy.local.issuer import AUDIENCE, Issuer

CLIENT = "samverkan-cli"
TOKEN_SECONDS = 3600
ANSWER_WITHIN_SECONDS = 120.0
AGAIN_AFTER_SECONDS = 0.25
REQUEST_SECONDS = 10.0


class Unanswered(Exception):
    """A command got no answer although it was sent again and again."""


class ServerFault(Exception):
    """A 500 or another answer that no service of ours may give."""


class Tokens:
    """Signs for anybody with the key of the local runtime's development issuer."""

    def __init__(self, issuer_url: str, state_folder: Path) -> None:
        self._issuer = Issuer(issuer_url, state_folder / "issuer", "")

    def sign(self, subject: str) -> str:
        """A bearer token, valid for an hour."""
        now = int(time.time())
        claims = {
            "iss": self._issuer.url,
            "sub": subject,
            "aud": AUDIENCE,
            "client_id": CLIENT,
            "azp": CLIENT,
            "jti": uuid4().hex,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }
        header = {"alg": "RS256", "typ": "at+jwt", "kid": self._issuer.key.kid}
        return jwt.encode(header, claims, self._issuer.key)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said in the end; `tries` counts how often it was asked."""

    status: int
    body: dict[str, Any]
    tries: int

    @property
    def acknowledged(self) -> bool:
        """Done, and said so."""
        return self.status < 300

    @property
    def code(self) -> str:
        """The problem's code, where it was refused."""
        return str(self.body.get("code", ""))


@dataclass
class Someone:
    """One person; `id` is known once they have registered."""

    subject: str
    http: httpx.AsyncClient
    token: str
    id: str = ""

    async def register(self) -> "Someone":
        """Say who they are, with an address for mail."""
        body = {"name": f"{self.subject} demo", "mail": f"{self.subject}@demo.example"}
        answer = await self.send("PUT", "/registry/me", body)
        assert answer.acknowledged, answer
        self.id = answer.body["id"]
        return self

    async def recognised(self) -> "Someone":
        """Learn who they are, where somebody has entered them already."""
        self.id = (await self.get("/registry/me"))["id"]
        return self

    async def get(self, path: str) -> dict[str, Any]:
        """What stands at a path; AssertionError when it is refused."""
        answer = await self.send("GET", path)
        assert answer.acknowledged, (path, answer)
        return answer.body

    async def done(self, path: str, body: Any = None) -> dict[str, Any]:
        """A command that must succeed: also waits for what is not known everywhere yet."""
        give_up_at, key = time.monotonic() + ANSWER_WITHIN_SECONDS, str(uuid4())
        while True:
            answer = await self.send("POST", path, body, key)
            if answer.acknowledged:
                return answer.body
            # Roles and references travel by events; a refusal may only be early.
            early = answer.status in (403, 404, 409) and time.monotonic() < give_up_at
            assert early, (path, answer)
            await asyncio.sleep(AGAIN_AFTER_SECONDS)
            key = str(uuid4())

    async def command(self, path: str, body: Any, key: str) -> Answer:
        """POST, and again under the same key until there is an answer."""
        return await self.send("POST", path, body, key)

    async def send(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> Answer:
        """Ask until answered. Raises Unanswered, and ServerFault for what must never be answered."""
        give_up_at, tries = time.monotonic() + ANSWER_WITHIN_SECONDS, 0
        while True:
            tries += 1
            answer = await self._once(method, path, body, key)
            if answer is not None:
                return Answer(answer.status_code, _body(answer), tries)
            if time.monotonic() > give_up_at:
                raise Unanswered(f"{method} {path} of {self.subject}, key {key}")
            await asyncio.sleep(AGAIN_AFTER_SECONDS)

    async def _once(
        self, method: str, path: str, body: Any, key: str | None
    ) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {self.token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        try:
            answer = await self.http.request(method, "/api" + path, json=body, headers=headers)
        except httpx.TransportError:
            return None
        if answer.status_code == 503:
            return None
        if answer.status_code >= 500 or answer.status_code == 401:
            raise ServerFault(f"{answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer


def _body(answer: httpx.Response) -> dict[str, Any]:
    return dict(answer.json()) if answer.content else {}


class People:
    """Makes people who share one connection pool to the gateway."""

    def __init__(self, url: str, tokens: Tokens) -> None:
        self.http = httpx.AsyncClient(base_url=url, timeout=REQUEST_SECONDS, trust_env=False)
        self._tokens = tokens

    def someone(self, subject: str) -> Someone:
        """A person who has not registered yet."""
        return Someone(subject, self.http, self._tokens.sign(subject))

    async def registered(self, *subjects: str) -> list[Someone]:
        """People who have said who they are."""
        return list(await asyncio.gather(*(self.someone(one).register() for one in subjects)))

    async def close(self) -> None:
        """Let the connections go."""
        await self.http.aclose()
