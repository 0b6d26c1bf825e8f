"""Notifications: the one place where its parts meet."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from fastapi import FastAPI

from services.notifications import reactions
from services.notifications.circumstances import Judging
from services.notifications.commands.deliveries import Outbox
from services.notifications.commands.inbox import Marking
from services.notifications.commands.preferences import PreferencesOf
from services.notifications.hints import Hints
from services.notifications.kinds import KINDS
from services.notifications.merging import Merging
from services.notifications.own_data import OwnData
from services.notifications.queries import Inbox
from services.notifications.replicas import HOLDERS, MEMBERS, Replicas
from services.notifications.routes import deliveries as delivery_routes
from services.notifications.routes import inbox as inbox_routes
from services.notifications.routes import own_data as own_data_routes
from services.notifications.routes import preferences as preference_routes
from services.notifications.routes.here import Notifications
from services.notifications.sending import Sender, Sending
from services.notifications.smtp import MailServer
from services.notifications.stream import Streams
from services.notifications.tables import INDEXES, Tables
from services.notifications.telling import Telling
from shared.clock import Clock
from shared.due import DueLoop
from shared.kind import Kind
from shared.links import Links
from shared.operate import operator_routes
from shared.service import Plumbing, Service, application
from shared.settings import Settings

log = structlog.get_logger()

NAME = "notifications"
MAIL_REST_SECONDS = 1.0
BARE_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def create(settings: Settings, clock: Clock | None = None, prefix: str = "") -> FastAPI:
    """The app of notifications. `clock` and the collections' `prefix` are given in tests only."""
    plumbing = Plumbing(NAME, settings, clock, prefix)
    database, now = plumbing.database, plumbing.clock
    rows, replicas = Tables(database), Replicas.of(database, now, _links(settings))
    preferences = PreferencesOf(plumbing.store)
    hold = timedelta(seconds=settings.mail_hold_seconds)
    sender = _sender(settings)
    merging = Merging(rows, replicas, preferences, now)
    telling = Telling(rows, replicas, merging, now, hold)
    inbox, hints = Inbox(rows, replicas, settings.public_url), Hints(database)

    app = application(
        Service(
            plumbing=plumbing,
            people=replicas.people,
            kinds=KINDS,
            routers=(
                inbox_routes.router,
                preference_routes.router,
                own_data_routes.router,
                delivery_routes.router,
                operator_routes(plumbing, KINDS, replicas.all),
            ),
            subscriptions=reactions.subscriptions(
                telling, merging, replicas, rows, preferences, plumbing.failed
            ),
            wake=_never,
            replicas=replicas.all,
            tasks=(hints.run, _mailing(settings, sender, rows, replicas, preferences, now)),
            indexes={**INDEXES, replicas.people.persons.collection.name: (*MEMBERS, HOLDERS)},
        )
    )
    app.state.notifications = Notifications(
        inbox=inbox,
        marking=Marking(rows, now),
        preferences=preferences,
        own_data=OwnData(rows, replicas, preferences, inbox, now),
        streams=Streams(inbox, hints, now),
        outbox=Outbox(rows, now),
    )
    return app


def _links(settings: Settings) -> Links:
    return Links(settings.secret_key.get_secret_value())


async def _never(kind: Kind[Any], id: str) -> None:
    """Nothing here asks to be woken yet."""


def _sender(settings: Settings) -> Sender:
    """Whom the mails are from; ends the process when there is a mail server and no such address."""
    if settings.smtp_url.get_secret_value() and not BARE_ADDRESS.fullmatch(settings.mail_from):
        raise SystemExit(
            f"{NAME} cannot start. SAMVERKAN_MAIL_FROM must be a bare address, "
            f"like no-reply@demo.example; it is {settings.mail_from!r}"
        )
    return Sender(settings.mail_from, settings.public_url)


def _mailing(
    settings: Settings,
    sender: Sender,
    rows: Tables,
    replicas: Replicas,
    preferences: PreferencesOf,
    clock: Clock,
) -> Callable[[], Awaitable[None]]:
    """A due loop of its own: a slow mail server must not hold up anything else."""

    async def run() -> None:
        url = settings.smtp_url.get_secret_value()
        if not url:
            log.warning("mail-not-configured")
            return
        server = MailServer(url)
        judging = Judging(rows, replicas, preferences, clock)
        sending = Sending(rows, judging, server, sender, clock)
        try:
            await DueLoop([sending], MAIL_REST_SECONDS).run()
        finally:
            server.close()

    return run
