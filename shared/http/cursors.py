"""Signed cursors (P20): where a list goes on, usable only in the very list that gave it out."""

import binascii
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.contracts.problems import BadRequest, Text

SortValue = str | int | float | datetime | None

_SIGNATURE_BYTES = 16
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Position:
    """The last row already given: its sort value, and its id to tell equal values apart."""

    value: SortValue
    id: str


class BadCursor(BadRequest):
    """400: a cursor that is not ours, or is from another list, filter or order."""

    code = "bad-cursor"
    title = Text("Platsmarkören gäller inte här", "The cursor does not hold here")
    detail = Text(
        "Börja om från första sidan, utan cursor.",
        "Start again from the first page, without a cursor.",
    )


def derived_key(secret_key: str, purpose: str) -> bytes:
    """A key for each purpose: what is signed for one is worth nothing for another."""
    return hmac.digest(secret_key.encode(), b"samverkan:" + purpose.encode(), "sha256")


def written(position: Position, key: bytes, binding: str) -> str:
    """The cursor for a position; `binding` names the list with its filters and order."""
    parts = [*_tagged(position.value), position.id]
    payload = json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()
    return urlsafe_b64encode(_signature(payload, key, binding) + payload).rstrip(b"=").decode()


def read(cursor: str, key: bytes, binding: str) -> Position:
    """The position in a cursor, or BadCursor: always the same answer, whatever is wrong with it."""
    try:
        raw = _decoded(cursor)
    except (ValueError, binascii.Error):
        raise BadCursor() from None
    signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(payload, key, binding)):
        raise BadCursor()
    kind, value, id = json.loads(payload)
    return Position(datetime.fromisoformat(value) if kind == "t" else value, id)


def _decoded(cursor: str) -> bytes:
    """Strict: one cursor has one spelling."""
    if len(cursor) > _LONGEST:
        raise ValueError
    raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != cursor:
        raise ValueError
    return raw


def _tagged(value: SortValue) -> tuple[str, Any]:
    return ("t", value.isoformat()) if isinstance(value, datetime) else ("v", value)


def _signature(payload: bytes, key: bytes, binding: str) -> bytes:
    return hmac.digest(key, binding.encode() + b"\0" + payload, "sha256")[:_SIGNATURE_BYTES]
