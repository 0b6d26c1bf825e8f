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


class Mail(NamedTuple):
    """What tells one mail from others: who gets it, and about what."""

    to: str
    subject: str


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
    yield from _sent(stores, rows, lines, mails)


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


def _sent(
    stores: Stores, rows: list[Document], lines: list[Document], mails: Path
) -> Iterator[Finding]:
    """Each is decided; what says sent has arrived once, what says unknown at most once."""
    people = stores.documents("registry", "person")
    subjects = {one["notification"]: one["subject"] for one in lines}
    sent: Counter[Mail] = Counter()
    maybe: Counter[Mail] = Counter()
    for row in rows:
        if row["status"] not in ENDED:
            yield Finding("dead", f"delivery {row['_id']} is {row['status']}: {row['reason']}")
        if row["notification"] not in subjects:
            yield Finding("lost", f"the lines of delivery {row['_id']}")
            continue
        mail = Mail(people[row["person"]]["state"]["mail"], subjects[row["notification"]])
        sent[mail] += row["status"] == "sent"
        maybe[mail] += row["status"] == "unknown"
    arrived = Counter(one for one in map(_read, mails.glob("*.eml")) if one in sent)
    for mail, times in (sent - arrived).items():
        yield Finding("lost", f"{times} mails to {mail.to} about {mail.subject}")
    for mail, times in (arrived - sent - maybe).items():
        yield Finding("duplicated", f"{times} mails to {mail.to} about {mail.subject}")


def _read(path: Path) -> Mail:
    """To whom it went; the first of its threads is the subject that it speaks of."""
    mail = message_from_bytes(path.read_bytes())
    thread = str(mail["References"] or "").split()[:1]
    return Mail(str(mail["X-Envelope-To"]), "".join(thread).strip("<>").partition("@")[0])
