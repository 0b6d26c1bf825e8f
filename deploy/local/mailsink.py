"""The mail sink: takes every mail by SMTP, delivers none, and shows them in the browser (loopback only)."""

import asyncio
import collections
import contextlib
import dataclasses
import email
import email.policy
import html
import os
import time
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

KEPT_MAILS = 2000
MAIL_BYTES = 10_000_000


@dataclasses.dataclass(frozen=True)
class Mail:
    """One line of the list; `to` are the recipients of the envelope."""

    id: str
    received: float
    to: tuple[str, ...]
    sender: str
    subject: str


class Sink:
    """The newest 2,000 mails, raw in a folder, the list of them in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.mails: collections.deque[Mail] = collections.deque(
            self._line(path) for path in sorted(folder.glob("*.eml"))
        )
        self._number = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep one mail (called by aiosmtpd)."""
        self._number += 1
        path = self.folder / f"{time.time_ns():020d}-{self._number:06d}.eml"
        content = cast(bytes, envelope.original_content)
        path.write_bytes(f"X-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n".encode() + content)
        self.mails.append(self._line(path))
        while len(self.mails) > KEPT_MAILS:
            self.path(self.mails.popleft().id).unlink(missing_ok=True)
        return "250 OK"

    def path(self, mail_id: str) -> Path:
        """Where a mail lies. Raises a 404 when it is not (or no longer) kept."""
        path = self.folder / f"{mail_id}.eml"
        if path.parent != self.folder or not path.exists():
            raise HTTPException(404, "No such mail.")
        return path

    def read(self, mail_id: str) -> EmailMessage:
        """A kept mail, parsed."""
        return _parse(self.path(mail_id).read_bytes())

    def _line(self, path: Path) -> Mail:
        with path.open("rb") as file:
            head = file.read(64_000).partition(b"\r\n\r\n")[0]
        message = _parse(head)
        recipients = tuple(
            address.strip() for address in str(message["X-Envelope-To"] or "").split(",")
        )
        received = int(path.name.partition("-")[0]) / 1e9
        return Mail(
            path.stem,
            received,
            recipients,
            str(message["From"] or ""),
            str(message["Subject"] or ""),
        )

    def found(self, to: str | None) -> list[Mail]:
        """Newest first, all or those to one address."""
        return [mail for mail in reversed(self.mails) if to is None or to in mail.to]


def _parse(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def _page(title: str, body: str) -> HTMLResponse:
    style = "body{font:1rem/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}td{padding:.2rem .8rem .2rem 0}"
    return HTMLResponse(
        f'<!doctype html><html lang="sv"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{style}pre{{white-space:pre-wrap}}</style><h1>{html.escape(title)}</h1>{body}</html>",
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )


def _row(mail: Mail) -> str:
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(mail.received))
    cells = (
        clock,
        html.escape(", ".join(mail.to)),
        f'<a href="/{mail.id}">{html.escape(mail.subject)}</a>',
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def application(sink: Sink, smtp_host: str, smtp_port: int) -> Starlette:
    """The web view; the SMTP server lives and dies with it."""

    async def listing(request: Request) -> Response:
        mails = sink.found(request.query_params.get("to"))
        return _page(f"{len(mails)} mejl", f"<table>{''.join(map(_row, mails[:500]))}</table>")

    async def as_json(request: Request) -> Response:
        return JSONResponse(
            [dataclasses.asdict(mail) for mail in sink.found(request.query_params.get("to"))]
        )

    async def one(request: Request) -> Response:
        message = sink.read(request.path_params["id"])
        part = message.get_body(("plain", "html"))
        names = ("From", "To", "Subject", "Date")
        head = "".join(
            f"<tr><td>{name}<td>{html.escape(str(message[name] or ''))}" for name in names
        )
        text = html.escape(part.get_content() if part else "")
        raw = f'<p><a href="/{request.path_params["id"]}/raw">Allt, som det kom</a>'
        return _page(
            str(message["Subject"] or "Utan ämne"), f"<table>{head}</table><pre>{text}</pre>{raw}"
        )

    async def raw(request: Request) -> Response:
        return PlainTextResponse(sink.path(request.path_params["id"]).read_bytes())

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        def session() -> SMTP:
            return SMTP(
                sink, data_size_limit=MAIL_BYTES, enable_SMTPUTF8=True, hostname="samverkan.example"
            )

        server = await asyncio.get_running_loop().create_server(session, smtp_host, smtp_port)
        yield
        server.close()

    routes = [
        Route("/", listing),
        Route("/mails.json", as_json),
        Route("/{id}", one),
        Route("/{id}/raw", raw),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def main() -> None:
    """Run the web view on SAMVERKAN_HOST:SAMVERKAN_PORT and SMTP on SAMVERKAN_SMTP_PORT."""
    host, port = os.environ["SAMVERKAN_HOST"], int(os.environ["SAMVERKAN_PORT"])
    sink = Sink(Path(os.environ["SAMVERKAN_FOLDER"]))
    app = application(sink, host, int(os.environ["SAMVERKAN_SMTP_PORT"]))
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
