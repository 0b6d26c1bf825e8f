"""The body of a request, read whole and within its limits before anything parses it (P21)."""

import asyncio
from collections.abc import Collection

from starlette.types import Message, Receive, Scope

from shared.contracts.problems import BadRequest, Problem, Text, TooLarge, WrongMediaType
from shared.http.limits import MAX_BODY_BYTES, MAX_FILE_BYTES, refuse_bombs

BODY_SECONDS = 10.0
"""The gateway hands over whole bodies, so a slow one comes from somebody inside."""

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON = b"application/json"
FILES = frozenset(
    {
        b"text/csv",
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        b"application/vnd.oasis.opendocument.spreadsheet",
    }
)
"""Media types of what a table may come in: CSV, XLSX, ODS."""


class TooSlow(Problem):
    """408: the body did not arrive in time."""

    code = "too-slow"
    status = 408
    title = Text("Det tog för lång tid", "It took too long")
    detail = Text(
        "Innehållet kom inte fram i tid. Skicka det igen.",
        "The body did not arrive in time. Send it again.",
    )


async def checked(scope: Scope, receive: Receive, file_paths: Collection[str]) -> Receive:
    """Read and judge the body; the returned receive gives it to the app in one piece.

    Raises WrongMediaType, TooLarge, TooSlow, BadRequest or Invalid. A request without a body, and
    one whose method has none, passes untouched.
    """
    if scope["method"] in _WITHOUT_BODY:
        return receive
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    if length in (b"", b"0") and b"transfer-encoding" not in headers:
        return receive
    kind = _kind(headers, files_allowed=scope["path"] in file_paths)
    most = MAX_FILE_BYTES if kind in FILES else MAX_BODY_BYTES
    if length.isdigit() and int(length[:12]) > most:
        raise TooLarge()
    body = await _in_time(receive, most)
    if body and kind == _JSON:
        refuse_bombs(body)
    return _replay(body, receive)


def _kind(headers: dict[bytes, bytes], files_allowed: bool) -> bytes:
    """The media type, when we read it; a packed body is never unpacked."""
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise WrongMediaType()
    if kind == _JSON or (kind in FILES and files_allowed):
        return kind
    raise WrongMediaType()


async def _in_time(receive: Receive, most: int) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _whole(receive, most)
    except TimeoutError:
        raise TooSlow() from None


async def _whole(receive: Receive, most: int) -> bytes:
    """All parts together; stops reading at the limit, whatever the length header said."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest()
        part = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(part)
        if size > most:
            raise TooLarge()
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Gives the body once, then whatever the server says next (a disconnect)."""
    message: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def give() -> Message:
        nonlocal message
        if message is None:
            return await receive()
        given, message = message, None
        return given

    return give
