"""A mail server for tests: keeps what it is given as it came, and refuses whom it is told to."""

import asyncio
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session


class Postbox:
    """`answers` holds what to say for a recipient, each answer once; anything else is taken."""

    def __init__(self) -> None:
        self.raw: list[tuple[str, bytes]] = []
        self.answers: dict[str, list[str]] = {}
        self.connections = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()

    def _session(self) -> SMTP:
        self.connections += 1
        return SMTP(self, hostname="mail.demo.example", enable_SMTPUTF8=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def to(self, address: str) -> list[EmailMessage]:
        """The mails that somebody has got."""
        return [
            message_from_bytes(raw, policy=policy.default)  # type: ignore[arg-type]
            for recipient, raw in self.raw
            if recipient == address
        ]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or answer as told (called by aiosmtpd)."""
        answers = self.answers.get(address, [])
        if answers and not answers[0].startswith("data "):
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail (called by aiosmtpd)."""
        await self.gate.wait()
        [address] = envelope.rcpt_tos
        self.raw.append((address, bytes(envelope.original_content)))
        answers = self.answers.get(address, [])
        if answers and answers[0] == "data hang-up":
            answers.pop(0)
            server.transport.abort()
        return "250 OK"


def text_of(mail: EmailMessage) -> str:
    """The plain words of a mail."""
    part = mail.get_body(("plain",))
    return part.get_content() if part else ""


def links_in(mail: EmailMessage) -> list[str]:
    """Every link of the HTML part."""
    part = mail.get_body(("html",))
    return re.findall(r'href="([^"]*)"', part.get_content()) if part else []
