"""What answers look like, for the API's description."""

from typing import Any

Responses = dict[int | str, dict[str, Any]]

_ITEM = {
    "id": "1c8ad1a7-6a05-5bb1-a7c2-3a3f2f4f7c11",
    "kind": "cancelled",
    "at": "2026-12-08T09:12:00Z",
    "unread": True,
    "archived": False,
    "language": "en",
    "title": "Cancelled: Language café Tuesday 8 December",
    "text": "The leader has fallen ill. You don't need to do anything. "
    "The notice at the house is changed.\nNext time: Tuesday 15 December 18:00.",
    "action": "Want to help somewhere else that day?",
    "link": "https://samverkan.example/shifts?on=2026-12-08",
    "about": [
        {
            "kind": "session",
            "id": "0b9b4d8a-0f9a-5a5c-8b0f-6f2f8f1f9a10",
            "until": None,
            "still_true": True,
        }
    ],
}
_DELIVERY = {
    "id": "5d2f60c4-1f0e-5c53-9a50-0d5e0f6a7b20",
    "channel": "mail",
    "status": "sent",
    "reason": None,
    "tries": 0,
    "at": "2026-12-08T09:12:00Z",
}
_EVENTS = (
    "retry: 2481\n\n"
    "id: 1796721120000.1c8ad1a7-6a05-5bb1-a7c2-3a3f2f4f7c11\n"
    "event: notification\n"
    'data: {"id":"1c8ad1a7-6a05-5bb1-a7c2-3a3f2f4f7c11","kind":"cancelled"}\n\n'
    'event: unread\ndata: {"unread":1}\n\n'
    'event: closed\ndata: {"reason":"expired"}\n\n'
)
_MAIL = {
    "my_shifts": True,
    "asked_for_help": False,
    "news_nearby": True,
    "role_summary": True,
}


def _json(example: object) -> Responses:
    return {200: {"content": {"application/json": {"example": example}}}}


INBOX = _json({"items": [_ITEM], "next": None, "unread": 1})
ITEM = _json({**_ITEM, "deliveries": [_DELIVERY]})
DELIVERIES = _json({"items": [{**_DELIVERY, "status": "unknown"}], "next": None})
PREFERENCES = _json({"mail": _MAIL})
STREAM: Responses = {200: {"content": {"text/event-stream": {"example": _EVENTS}}}}
