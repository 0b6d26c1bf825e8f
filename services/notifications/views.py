"""How a notification is shown: one function for lists, single items and the live stream (P15)."""

from typing import Any

from services.notifications.domain.flows import BY_NUMBER
from services.notifications.domain.notification import Line, Lines, Notification, Sources
from services.notifications.domain.words import Message, template_of, write
from shared.database import Document


def item(
    notification: Notification, lines: Lines, sources: Sources, public_url: str
) -> dict[str, Any] | None:
    """The notification in its reader's language, as things stand now.

    None while nothing is known of what it is about.
    """
    reader = sources.people.get(notification.person)
    message = write(lines, sources, reader.preferred_language if reader else "sv")
    if message is None:
        return None
    return {
        "id": notification.id,
        "kind": template_of(lines.first[0]),
        "at": notification.at,
        "unread": notification.unread,
        "archived": notification.archived,
        **_words(message, public_url),
        "about": [_about(line, sources) for line in lines.first],
    }


def _words(message: Message, public_url: str) -> dict[str, str]:
    return {
        "language": message.language,
        "title": message.title.text,
        "text": message.text,
        "action": message.action,
        "link": public_url.rstrip("/") + message.path,
    }


def _about(line: Line, sources: Sources) -> dict[str, Any]:
    flow = BY_NUMBER[line.flow]
    return {
        "kind": flow.about,
        "id": line.subject,
        "until": line.until,
        "still_true": flow.still_true(line, sources),
    }


def delivery(row: Document) -> dict[str, Any]:
    """What became of a message; whom it went to stands elsewhere."""
    shown = ("channel", "status", "reason", "tries", "at")
    return {"id": row["_id"], **{name: row[name] for name in shown}}
