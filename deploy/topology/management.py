"""RabbitMQ's management HTTP API, as far as the admin step needs it."""

import asyncio
from typing import Any, Self
from urllib.parse import quote

import httpx

TIMEOUT_SECONDS = 15.0
# More does not make a broker on two cores any faster.
CONCURRENT_REQUESTS = 12


class BrokerRefused(RuntimeError):
    """The broker did not do what it was asked; the message says what and why, without passwords."""


def path(*parts: str) -> str:
    """`/api/...` with each part quoted, so that a vhost or routing key may hold any character."""
    return "/api/" + "/".join(quote(part, safe="") for part in parts)


class Management:
    """A connection to the API; `url` carries the administrator's credentials. Use with `async with`."""

    def __init__(self, url: str) -> None:
        address = httpx.URL(url)
        self.user = address.username
        self._http = httpx.AsyncClient(
            base_url=address.copy_with(username=None, password=None),
            auth=(address.username, address.password),
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )
        self._slots = asyncio.Semaphore(CONCURRENT_REQUESTS)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(self, *parts: str) -> Any:
        """The decoded JSON answer, or None when there is no such thing."""
        response = await self._request("GET", path(*parts), None)
        return None if response.status_code == httpx.codes.NOT_FOUND else response.json()

    async def send(self, method: str, where: str, body: dict[str, Any] | None = None) -> Any:
        """Ask for a change; deleting what is gone already is fine. Raises BrokerRefused."""
        response = await self._request(method, where, body)
        if response.status_code == httpx.codes.NOT_FOUND and method != "DELETE":
            raise BrokerRefused(f"RabbitMQ does not know {where}.")
        return response.json() if response.content and method == "POST" else None

    async def _request(
        self, method: str, where: str, body: dict[str, Any] | None
    ) -> httpx.Response:
        try:
            async with self._slots:
                response = await self._http.request(method, where, json=body)
        except httpx.HTTPError as error:
            raise BrokerRefused(
                f"RabbitMQ at {self._http.base_url} does not answer: {error or type(error).__name__}."
            ) from error
        if response.is_error and response.status_code != httpx.codes.NOT_FOUND:
            raise BrokerRefused(
                f"RabbitMQ answered {response.status_code} to {method} {where}: {_reason(response)}"
            )
        return response


def _reason(response: httpx.Response) -> str:
    try:
        answer = response.json()
    except ValueError:
        return response.text[:200]
    return str(answer.get("reason", answer)) if isinstance(answer, dict) else str(answer)
