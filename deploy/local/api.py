"""A client as anyone could write one: through the gateway, with a bearer token, and plain errors."""

import json
import os
import time
from collections.abc import Iterator
from typing import Any, Self
from uuid import uuid4

import httpx

from deploy.local.people import BY_SUBJECT
from deploy.local.state import State

TOKEN_SECONDS = 1800


class ApiError(RuntimeError):
    """What a service refused, in its own words."""

    def __init__(self, answer: httpx.Response) -> None:
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        self.status = answer.status_code
        self.code = str(problem.get("code", "no-answer"))
        words = [str(problem.get("detail", answer.text[:200]))]
        words += [f"{one['field']}: {one['detail']}" for one in problem.get("errors", ())]
        super().__init__(f"{self.status} {self.code}: {' '.join(words)}")


class Person:
    """One person's way through the gateway; SAMVERKAN_TOKEN, when set, signs in instead."""

    def __init__(self, subject: str, language: str = "sv") -> None:
        self.subject = subject
        self.name = BY_SUBJECT[subject].name if subject in BY_SUBJECT else subject
        self._language = language
        self._http = httpx.Client(
            base_url=os.environ["SAMVERKAN_PUBLIC_URL"] + "/api", timeout=30, trust_env=False
        )
        self._token = ""
        self._renew_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """GET `/SERVICE/...`; the JSON answer, or ApiError."""
        return self._send("GET", path, params=query)

    def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        """POST with an Idempotency-Key; the JSON answer (None when there is no body), or ApiError."""
        return self._send("POST", path, json=body, headers={"Idempotency-Key": key or str(uuid4())})

    def put(self, path: str, body: Any, version: int | None = None) -> Any:
        """PUT, based on a version when given."""
        headers = {"If-Match": f'"{version}.x"'} if version else {}
        return self._send("PUT", path, json=body, headers=headers)

    def introduce(self, **profile: Any) -> Any:
        """Say who one is, also when one has done so before; the person as the registry has it."""
        words = {"name": self.name, "mail": f"{self.subject}@demo.example", **profile}
        try:
            return self.put("/registry/me", words)
        except ApiError as error:
            if error.code != "precondition-required":
                raise
        return self.put("/registry/me", words, self.get("/registry/me")["version"])

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """Every item of a list, page by page."""
        page = self.get(path, limit=200, **query)
        while True:
            yield from page["items"]
            if page["next"] is None:
                return
            page = self.get(path, limit=200, cursor=page["next"], **query)

    def stream(self, path: str, seconds: float) -> Iterator[dict[str, Any]]:
        """The messages of a server-sent event stream, until nothing came for `seconds`."""
        with self._http.stream(
            "GET", path, headers=self._headers(), timeout=httpx.Timeout(10, read=seconds)
        ) as answer:
            if answer.status_code != 200:
                answer.read()
                raise ApiError(answer)
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    def _send(self, method: str, path: str, **options: Any) -> Any:
        headers = {**self._headers(), **options.pop("headers", {})}
        answer = self._http.request(method, path, headers=headers, **options)
        if answer.status_code >= 400:
            raise ApiError(answer)
        return answer.json() if answer.content else None

    def _headers(self) -> dict[str, str]:
        if time.monotonic() > self._renew_at:
            self._token = os.environ.get("SAMVERKAN_TOKEN") or local_token(self.subject)
            self._renew_at = time.monotonic() + TOKEN_SECONDS
        return {"Authorization": f"Bearer {self._token}", "Accept-Language": self._language}


def local_token(subject: str) -> str:
    """A demo person's bearer token from the development issuer; httpx.HTTPError when it is away."""
    state = State.default()
    answer = httpx.post(
        f"http://127.0.0.1:{state.port('issuer')}/admin/token",
        data={"person": subject},
        headers={"X-Admin-Secret": state.secret("issuer-admin")},
        trust_env=False,
    )
    return str(answer.raise_for_status().json()["access_token"])
