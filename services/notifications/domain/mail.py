"""A mail as it leaves us: RFC 5322 bytes, text and HTML, that no receiver can misread.

Headers are made by email.header.Header: EmailMessage loses blanks between encoded words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from html import escape

from services.notifications.domain.words import Message, clean

SENDER_NAME = "Samverkan"
ENCODED_WORD_FITS = 74
"""Makes Header's encoded words at most 75 characters, the limit of RFC 2047."""
REFERENCES_AT_MOST = 10
STYLE = "font-family:sans-serif;font-size:16px;line-height:1.5;max-width:36em"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a mail needs besides its words. `threads` are the subjects it speaks of."""

    id: str
    sender: str
    recipient: str
    at: datetime
    threads: tuple[str, ...]
    public_url: str

    @property
    def domain(self) -> str:
        """The domain that our ids stand in."""
        return self.sender.rpartition("@")[2]


def compose(message: Message, envelope: Envelope) -> bytes:
    """The mail, lines ended by CRLF. `id` makes the Message-ID, so a repeat is seen as one."""
    mail = MIMEMultipart("alternative")
    mail["From"] = formataddr((SENDER_NAME, envelope.sender))
    mail["To"] = envelope.recipient
    mail["Subject"] = _header("Subject", message.title.text)
    mail["Date"] = format_datetime(envelope.at)
    mail["Message-ID"] = f"<{envelope.id}@{envelope.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = message.language
    if envelope.threads:
        mail["References"] = _references(envelope.threads, envelope.domain)
    link = envelope.public_url.rstrip("/") + message.path
    mail.attach(MIMEText(_text(message, link), "plain", "utf-8"))
    mail.attach(MIMEText(_html(message, link), "html", "utf-8"))
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _header(name: str, value: str) -> str:
    header = Header(clean(value), "utf-8", maxlinelen=ENCODED_WORD_FITS, header_name=name)
    return header.encode()


def _references(threads: Sequence[str], domain: str) -> str:
    """Plain ids, each on a line of its own; the thread of one subject begins with its own id."""
    return "\n ".join(f"<{thread}@{domain}>" for thread in threads[:REFERENCES_AT_MOST])


def _text(message: Message, link: str) -> str:
    parts = [message.title.text, message.text, f"{message.action} {link}", "-- \n" + message.why]
    return "\n\n".join(part for part in parts if part) + "\n"


def _html(message: Message, link: str) -> str:
    items = "".join(f"<p>{item.html}</p>" for item in message.items)
    paragraphs = "".join(f"<p>{one.html}</p>" for one in message.paragraphs)
    return (
        f'<!doctype html><html><head><meta charset="utf-8"></head><body>'
        f'<div lang="{message.language}" dir="ltr" style="{STYLE}">'
        f'<h1 style="font-size:20px">{message.title.html}</h1>{items}{paragraphs}'
        f'<p><a href="{escape(link)}">{escape(message.action)}</a></p>'
        f'<p style="color:#555;font-size:14px">{escape(message.why)}</p>'
        f"</div></body></html>"
    )
