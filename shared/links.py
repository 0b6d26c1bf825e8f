"""Links in messages (P23): `/l/TOKEN`, signed, bound to what they are for, to whom and until when.

A token is `r.SIGNED`: the first letter is the initial of the service that owns the matter (registry,
activities, notifications) and answers the page; the gateway chooses by it. A key derived from the
one that the three services share signs it, so whoever sends a mail can make the link, and a letter
that is changed makes the token worthless. Nothing in it is secret but that it was sent to somebody.
"""

import binascii
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.http.cursors import derived_key

PATH = "/l/"
_SIGNATURE_BYTES = 32
_LONGEST = 1000


class BadLink(Exception):
    """Not a link of ours, or one for something else."""


@dataclass(frozen=True, slots=True)
class Link:
    """`purpose` is the aggregate it acts on (`registry.invitation`), `subject` its id; it holds until
    `until`. `person` is whom it was sent to, where that is somebody we know.
    """

    purpose: str
    subject: str
    until: datetime
    person: str = ""


class Links:
    """Makes and reads tokens with the services' one key."""

    def __init__(self, secret_key: str) -> None:
        self._key = derived_key(secret_key, "link")

    def token(self, link: Link) -> str:
        """The token for a link; the same for the same link. Times count to the millisecond."""
        until = round(link.until.timestamp() * 1000)
        parts = [link.purpose, link.subject, until, link.person]
        payload = json.dumps(parts, separators=(",", ":")).encode()
        signed = urlsafe_b64encode(self._signature(payload) + payload).rstrip(b"=").decode()
        return f"{link.purpose[0]}.{signed}"

    def path(self, link: Link) -> str:
        """Where the link leads on our own site."""
        return PATH + self.token(link)

    def read(self, token: str, purpose: str) -> Link:
        """What a token says; BadLink unless we made it for this purpose. Its time is not judged here."""
        try:
            raw = _decoded(token, purpose)
        except (ValueError, binascii.Error):
            raise BadLink from None
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(payload)):
            raise BadLink
        found, subject, until, person = json.loads(payload)
        if found != purpose:
            raise BadLink
        return Link(purpose, subject, datetime.fromtimestamp(until / 1000, UTC), person)

    def _signature(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")


def _decoded(token: str, purpose: str) -> bytes:
    """Strict: one link has one spelling."""
    letter, dot, signed = token.partition(".")
    if len(token) > _LONGEST or not dot or letter != purpose[0]:
        raise ValueError
    raw = urlsafe_b64decode(signed.encode("ascii") + b"=" * (-len(signed) % 4))
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != signed:
        raise ValueError
    return raw
