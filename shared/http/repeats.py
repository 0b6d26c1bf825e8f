"""Idempotency-Key (P18): what makes a repeated request the same request. The store keeps it."""

import re
from dataclasses import dataclass
from hashlib import sha256

from fastapi import Request
from pydantic_core import to_json

from shared.contracts.problems import BadRequest, KeyReused, Text

_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")
_MALFORMED = Text(
    "Idempotency-Key ska vara 1-255 synliga ASCII-tecken, till exempel ett UUID.",
    "Idempotency-Key must be 1-255 visible ASCII characters, a UUID for example.",
)


@dataclass(frozen=True, slots=True)
class RepeatKey:
    """Two hashes (32 hex digits): of person, route and key; and of the query and body that came with it."""

    key_hash: str
    body_hash: str

    def refuse_other_body(self, remembered_body_hash: str) -> None:
        """Raise KeyReused when the key was first used with another body."""
        if remembered_body_hash != self.body_hash:
            raise KeyReused()


async def repeat_key(request: Request, person: str) -> RepeatKey | None:
    """The key of this request, scoped to the person and the address with its path values.

    None without the header; BadRequest when it is malformed or given twice.
    """
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    if len(given) > 1 or not _VISIBLE.fullmatch(given[0]):
        raise BadRequest("bad-idempotency-key", _MALFORMED)
    scope = to_json([person, request.method, request.scope["path"], given[0]])
    query = request.scope["query_string"]
    return RepeatKey(_digest(scope), _digest(query + b"\0" + await request.body()))


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]
