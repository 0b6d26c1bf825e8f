"""Every notification that the rules call for, once, and no other; worked out from the histories anew."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import NamedTuple

from tests.chaos.oracle.findings import Finding, differences
from tests.chaos.oracle.stores import Document, Stores

WELCOME, NEAR_YOU, CANCELLED, MOVED_UP = 3, 10, 13, 15
INBOX_ONLY = (NEAR_YOU,)
ENDED = ("sent", "overtaken", "expired", "unknown")


class Told(NamedTuple):
    """One line that somebody must find in their inbox."""

    flow: int
    subject: str
    person: str


@dataclass(frozen=True)
class Members:
    """Who holds which role in which organisation, of those whose roles stay as they are in a run."""

    people: Collection[Document]

    def holding(self, role: str, organisations: Iterable[str]) -> set[str]:
        """The ids of the people with the role in one of the organisations."""
        wanted = set(organisations)
        return {
            person["_id"]
            for person in self.people
            for grant in person["state"]["roles"]
            if grant["role"] == role and wanted & set(grant["scope"]["ids"])
        }


def told(stores: Stores, mails: Path, before: Collection[str]) -> Iterator[Finding]:
    """Lines, notifications and mails against what the histories since `before` call for."""
    members = Members(stores.documents("registry", "person").values())
    lines = [
        one
        for one in stores.documents("notifications", "lines").values()
        if one["_id"] not in before
    ]
    notifications = {
        id: one
        for id, one in stores.documents("notifications", "notifications").items()
        if id not in before
    }
    expected: Counter[object] = Counter()
    matters: set[tuple[object, ...]] = set()
    for row in _happened(stores, before):
        for one in recipients(row, members):
            expected[one] += 1
            about = one.subject if one.flow in (WELCOME, NEAR_YOU) else None
            matters.add((row["correlation"], one.person, one.flow, about))
    found = Counter[object](Told(one["flow"], one["subject"], one["person"]) for one in lines)
    yield from differences(expected, found, "line in an inbox")
    yield from differences(
        Counter(person for _, person, _, _ in matters),
        Counter(one["person"] for one in notifications.values()),
        "notifications of",
    )
    yield from _gathered(lines, notifications)
    rows = [
        one
        for one in stores.documents("notifications", "deliveries").values()
        if one["notification"] in notifications
    ]
    wanted = {one["notification"] for one in lines if one["flow"] not in INBOX_ONLY}
    mailed = Counter[object](one["notification"] for one in rows)
    yield from differences(Counter(wanted & notifications.keys()), mailed, "mail of notification")
    yield from _sent(rows, mails)


def recipients(row: Document, members: Members) -> Iterator[Told]:
    """Whom one event tells by the rules; nobody is told of their own act."""
    flow, people = _whom(row["type"], row["facts"], members)
    for person in people - {row["actor"]}:
        yield Told(flow, row["subject"], person)


def _whom(type: str, facts: Document, members: Members) -> tuple[int, set[str]]:
    match type:
        case "registry.organisation.approved" if facts["applicant"] and not facts["imported_by"]:
            return WELCOME, {facts["applicant"]}
        case "activities.activity.planned":
            return NEAR_YOU, members.holding("volunteer", [facts["organiser"]])
        case "activities.session.cancelled":
            run_by = members.holding("coordinator", [facts["organiser"], *facts["hosts"]])
            return CANCELLED, {*facts["concerned"], *run_by}
        case "activities.session.seats_offered":
            return MOVED_UP, {one["person"] for one in facts["moved_up"]}
    return 0, set()


def _happened(stores: Stores, before: Collection[str]) -> list[Document]:
    rows = [*stores.history("registry"), *stores.history("activities")]
    return [row for row in rows if row["_id"] not in before]


def _gathered(lines: list[Document], notifications: dict[str, Document]) -> Iterator[Finding]:
    under = {one["notification"] for one in lines}
    for id in under - notifications.keys():
        yield Finding("lost", f"notification {id}, of which there are lines")
    for id in notifications.keys() - under:
        yield Finding("astray", f"notification {id} without a line")


def _sent(rows: list[Document], mails: Path) -> Iterator[Finding]:
    """Each is decided; what says sent has arrived once, what says unknown at most once."""
    arrived = Counter(_delivery_of(path) for path in mails.glob("*.eml"))
    for row in rows:
        id, status, times = row["_id"], row["status"], arrived[row["_id"]]
        if status not in ENDED:
            yield Finding("dead", f"delivery {id} is {status}: {row['reason']}")
        if status == "sent" and not times:
            yield Finding("lost", f"mail of delivery {id}, which says that it was sent")
        if times > 1:
            yield Finding("duplicated", f"mail of delivery {id} arrived {times} times")


def _delivery_of(mail: Path) -> str:
    """The delivery that a mail's Message-ID names: `<DELIVERY.ROUND@domain>`."""
    id = str(message_from_bytes(mail.read_bytes())["Message-ID"])
    return id.strip("<>").partition(".")[0]
