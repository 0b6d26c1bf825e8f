"""To the mail server: one recipient per transaction, a few connections kept open."""

import asyncio
import ssl
import time
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

CONNECTIONS = 8
OPEN_SECONDS = 20.0
COMMAND_SECONDS = 10.0
DATA_SECONDS = 20.0
KEPT_OPEN_SECONDS = 20.0

LONGEST_SECONDS = OPEN_SECONDS + 2 * COMMAND_SECONDS + DATA_SECONDS
"""No transaction takes longer, so a message that is longer under way was killed with its sender."""


class TryLater(Exception):
    """The server has not taken it and may do so another time."""


class Refused(Exception):
    """The server will not take it."""


class Unclear(Exception):
    """The connection was lost after the mail had been handed over: nobody knows."""


class MailServer:
    """One SMTP server, `smtp://` or `smtps://user:password@host:port`.

    With a password, STARTTLS is insisted on; without, it is used when offered.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []

    async def send(self, sender: str, recipient: str, mail: bytes) -> None:
        """Return when the server has said yes; else raise TryLater, Refused or Unclear.

        None of them carries the server's words, which repeat the address.
        """
        if not recipient.isascii():
            raise Refused("address")
        async with self._slots:
            client = await self._greeted(sender)
            try:
                await self._hand_over(client, recipient, mail)
            except BaseException:
                client.close()
                raise
            self._idle.append((time.monotonic(), client))

    def close(self) -> None:
        """Let go of the connections."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _greeted(self, sender: str) -> aiosmtplib.SMTP:
        """A connection on which a transaction has begun; a kept one may have died meanwhile."""
        while self._idle:
            used, client = self._idle.pop()
            if time.monotonic() - used < KEPT_OPEN_SECONDS:
                try:
                    await client.mail(sender, timeout=COMMAND_SECONDS)
                    return client
                except (SMTPException, OSError):
                    pass
            client.close()
        return await self._begin(sender)

    async def _begin(self, sender: str) -> aiosmtplib.SMTP:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            start_tls=True if self._user and not self._tls else None,
            timeout=COMMAND_SECONDS,
        )
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await client.connect()
            await client.mail(sender, timeout=COMMAND_SECONDS)
        except (SMTPException, OSError, ssl.SSLError, TimeoutError, ValueError) as error:
            client.close()
            raise TryLater(_code(error)) from None
        return client

    async def _hand_over(self, client: aiosmtplib.SMTP, recipient: str, mail: bytes) -> None:
        try:
            await client.rcpt(recipient, timeout=COMMAND_SECONDS)
        except SMTPResponseException as error:
            raise _answer(error) from None
        except (SMTPException, OSError) as error:
            raise TryLater(_code(error)) from None
        try:
            await client.data(mail, timeout=DATA_SECONDS)
        except SMTPResponseException as error:
            raise _answer(error) from None
        except (SMTPException, OSError) as error:
            raise Unclear(_code(error)) from None


def _answer(error: SMTPResponseException) -> TryLater | Refused:
    return TryLater(_code(error)) if 400 <= error.code < 500 else Refused(_code(error))


def _code(error: Exception) -> str:
    return str(error.code) if isinstance(error, SMTPResponseException) else type(error).__name__
