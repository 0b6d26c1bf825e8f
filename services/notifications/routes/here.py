"""What the routes find at hand."""

from dataclasses import dataclass

from starlette.requests import Request

from services.notifications.commands.deliveries import Outbox
from services.notifications.commands.inbox import Marking
from services.notifications.commands.preferences import PreferencesOf
from services.notifications.own_data import OwnData
from services.notifications.queries import Inbox
from services.notifications.stream import Streams
from shared.access import Access


@dataclass(frozen=True)
class Notifications:
    """The use cases and questions of notifications."""

    inbox: Inbox
    marking: Marking
    preferences: PreferencesOf
    own_data: OwnData
    streams: Streams
    outbox: Outbox


def here(request: Request) -> Notifications:
    """Those of this process."""
    notifications: Notifications = request.app.state.notifications
    return notifications


def access(request: Request) -> Access:
    """Who may come in, and until when."""
    found: Access = request.app.state.access
    return found
