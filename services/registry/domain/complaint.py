"""A complaint from a noticeboard: received → seen → answered → closed.

Told in pictures and perhaps words, by nobody in particular: there is no field for a name or a way to
reach anybody. One about a person never comes before the hosts, of whom the person may be one.
Words are removed 12 months after they came.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.registry.domain.incident import Deed, Where
from shared.contracts.base import MeetingPlaceId, OrganisationId, PersonId
from shared.contracts.problems import Refused
from shared.contracts.unnamed import UnnamedShort

WORDS_KEPT = timedelta(days=365)

About = Literal["place", "activity", "person", "other"]
Status = Literal["received", "seen", "answered", "closed"]
Picture = Literal[
    "cold",
    "dirty",
    "noisy",
    "crowded",
    "door_closed",
    "cancelled",
    "not_understood",
    "nothing_for_children",
    "nothing_for_me",
    "hard_to_reach",
    "afraid",
    "treated_badly",
    "not_listened_to",
    "photographed",
    "asked_for_money",
    "other",
]
Answer = Literal[
    "put_right", "being_put_right", "talked_about", "passed_on", "cannot_change", "thanks"
]
MOST_PICTURES = 6


class Told(BaseModel):
    """What a resident says is wrong."""

    model_config = ConfigDict(frozen=True)

    about: About
    pictures: Annotated[tuple[Picture, ...], Field(min_length=1, max_length=MOST_PICTURES)]
    words: UnnamedShort | None = None


class Complaint(Where):
    """The aggregate; `hosts` are those of the meeting place when it came, the responsible one first."""

    meeting_place: MeetingPlaceId
    hosts: tuple[OrganisationId, ...]
    about: About
    pictures: tuple[Picture, ...]
    words: str | None = None
    received_at: datetime
    status: Status = "received"
    answer: Answer | None = None
    seen: Deed | None = None
    answered: Deed | None = None
    closed: Deed | None = None

    @property
    def is_kept_from_hosts(self) -> bool:
        """About a volunteer or host: only those who answer for the house read it."""
        return self.about == "person"


def receive(
    told: Told,
    where: Where,
    meeting_place: MeetingPlaceId,
    hosts: Sequence[OrganisationId],
    now: datetime,
) -> Complaint:
    """Somebody before the board says that something is wrong."""
    return Complaint(
        accommodations=where.accommodations,
        counties=where.counties,
        meeting_place=meeting_place,
        hosts=tuple(hosts),
        about=told.about,
        pictures=tuple(dict.fromkeys(told.pictures)),
        words=told.words,
        received_at=now,
    )


def see(complaint: Complaint, person: PersonId, now: datetime) -> Complaint:
    """Somebody has read it; the first one counts."""
    if complaint.status != "received":
        return complaint
    return _with(complaint, status="seen", seen=Deed(by=person, at=now))


def answer(complaint: Complaint, person: PersonId, words: Answer, now: datetime) -> Complaint:
    """What became of it, in words from a list: they stand on the noticeboard."""
    if complaint.status == "answered" and complaint.answer == words:
        return complaint
    _insist(complaint, ("received", "seen"), "besvaras", "be answered")
    seen = see(complaint, person, now)
    return _with(seen, status="answered", answer=words, answered=Deed(by=person, at=now))


def close(complaint: Complaint, person: PersonId, now: datetime) -> Complaint:
    """Nothing more is to be done."""
    if complaint.status == "closed":
        return complaint
    _insist(complaint, ("answered",), "stängas", "be closed")
    return _with(complaint, status="closed", closed=Deed(by=person, at=now))


def reconcile(complaint: Complaint, counties: Sequence[str]) -> Complaint:
    """An accommodation has moved: those who answer for the new county may read it."""
    return _with(complaint, counties=tuple(counties))


def follow(complaint: Complaint, now: Mapping[str, str]) -> Complaint:
    """A host that was merged is what it is now, and what is kept from it stays so."""
    hosts = tuple(dict.fromkeys(now.get(host, host) for host in complaint.hosts))
    return _with(complaint, hosts=hosts)


def wake(complaint: Complaint, now: datetime) -> Complaint:
    """The time of its words is over."""
    until = wakes_at(complaint)
    return complaint if until is None or now < until else _with(complaint, words=None)


def wakes_at(complaint: Complaint) -> datetime | None:
    """When its words are removed."""
    return None if complaint.words is None else complaint.received_at + WORDS_KEPT


def stands_on_the_board(complaint: Complaint) -> bool:
    """An answer about a person would tell the hosts that somebody complained."""
    return complaint.answer is not None and not complaint.is_kept_from_hosts


def _with(complaint: Complaint, **update: object) -> Complaint:
    return complaint.model_copy(update=update)


def _insist(complaint: Complaint, allowed: Sequence[str], sv: str, en: str) -> None:
    if complaint.status not in allowed:
        raise Refused(
            "wrong-status",
            sv=f"Klagomålet kan inte {sv} som läget är nu. Läs om sidan.",
            en=f"The complaint cannot {en} as things stand. Reload the page.",
            extra={"status": complaint.status},
        )
