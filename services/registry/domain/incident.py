"""An incident at an accommodation or meeting place: reported → seen → handled → closed.

It is told without names, read by officers in scope and administrators only, and its words are
removed 24 months after it was reported; that it was reported stays.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts.base import AccommodationId, Facts, MeetingPlaceId, PersonId
from shared.contracts.problems import FieldError, Invalid, Refused, Text
from shared.contracts.registry import (
    IncidentClosed,
    IncidentHandled,
    IncidentMoved,
    IncidentReported,
    IncidentSeen,
    IncidentStatus,
    IncidentWordsRemoved,
)
from shared.contracts.texts import Moment, Prose
from shared.contracts.unnamed import UnnamedProse

WORDS_KEPT = timedelta(days=730)
LONGEST_AGO = timedelta(days=366)

IncidentKind = Literal[
    "threat",
    "violence",
    "harassment",
    "conflict",
    "theft_or_damage",
    "intruder",
    "fire_or_hazard",
    "accident_or_illness",
    "other",
]


class Report(BaseModel):
    """What somebody tells of an incident: no field for a name, and no words that lead to one."""

    model_config = ConfigDict(frozen=True)

    kind: IncidentKind
    happened_at: Moment
    going_on: bool
    words: UnnamedProse


class Where(BaseModel):
    """The accommodations concerned, with the county of each, and the meeting place if it was there."""

    model_config = ConfigDict(frozen=True)

    accommodations: tuple[AccommodationId, ...]
    counties: tuple[str, ...]
    meeting_place: MeetingPlaceId | None = None


class Deed(BaseModel):
    """Who did it, and when."""

    model_config = ConfigDict(frozen=True)

    by: PersonId
    at: datetime


class Incident(Where):
    """The aggregate. `handled_words` is what was done about it."""

    reporter: PersonId
    reported_at: datetime
    kind: IncidentKind
    happened_at: datetime
    going_on: bool
    words: Prose | None
    handled_words: Prose | None = None
    status: IncidentStatus = "reported"
    seen: Deed | None = None
    handled: Deed | None = None
    closed: Deed | None = None


Decision = tuple[Incident, tuple[Facts, ...]]


def report(told: Report, where: Where, reporter: PersonId, now: datetime) -> Decision:
    """Somebody who has a role there tells of it; Invalid for what is to come or long past."""
    _insist_on_past(told.happened_at, now)
    incident = Incident(
        **dict(where),
        reporter=reporter,
        reported_at=now,
        kind=told.kind,
        happened_at=told.happened_at,
        going_on=told.going_on,
        words=told.words,
    )
    facts = IncidentReported(**dict(where), going_on=told.going_on)
    return incident, (facts,)


def see(incident: Incident, person: PersonId, now: datetime) -> Decision:
    """Somebody who answers for the place has seen it; the first one counts."""
    if incident.status != "reported":
        return incident, ()
    return _with(incident, status="seen", seen=Deed(by=person, at=now)), (IncidentSeen(),)


def handle(incident: Incident, person: PersonId, words: str, now: datetime) -> Decision:
    """What was done about it, in words; who handles it has seen it."""
    _insist(incident, ("reported", "seen"), "hanteras", "be handled")
    seen, events = see(incident, person, now)
    done = Deed(by=person, at=now)
    after = _with(seen, status="handled", handled=done, handled_words=words)
    return after, (*events, IncidentHandled())


def close(incident: Incident, person: PersonId, now: datetime) -> Decision:
    """Nothing more is to be done."""
    if incident.status == "closed":
        return incident, ()
    _insist(incident, ("handled",), "stängas", "be closed")
    return _with(incident, status="closed", closed=Deed(by=person, at=now)), (IncidentClosed(),)


def reconcile(incident: Incident, counties: Sequence[str]) -> Decision:
    """An accommodation has moved: those who answer for the new county may read it."""
    if tuple(counties) == incident.counties:
        return incident, ()
    moved = IncidentMoved(counties=tuple(counties))
    return _with(incident, counties=tuple(counties)), (moved,)


def follow(incident: Incident, now: Mapping[str, str]) -> Decision:
    """Whoever reported it and was merged is who they are now; others need not hear of it."""
    return _with(incident, reporter=now.get(incident.reporter, incident.reporter)), ()


def wake(incident: Incident, now: datetime) -> Decision:
    """The time of its words is over."""
    until = wakes_at(incident)
    if until is None or now < until:
        return incident, ()
    return _with(incident, words=None, handled_words=None), (IncidentWordsRemoved(),)


def wakes_at(incident: Incident) -> datetime | None:
    """When its words are removed."""
    gone = incident.words is None and incident.handled_words is None
    # What is handled after its time has its words until the next moment only.
    return None if gone else incident.reported_at + WORDS_KEPT


def _insist_on_past(happened_at: datetime, now: datetime) -> None:
    if happened_at > now:
        text = Text("Ange när det hände, inte en tid som kommer.", "Say when it happened.")
        raise Invalid(fields=(FieldError("happened_at", "not-in-the-past", text),))
    if now - happened_at > LONGEST_AGO:
        text = Text(
            "Det är mer än ett år sedan. Kontakta handläggaren i stället.",
            "That is more than a year ago. Contact the officer instead.",
        )
        raise Invalid(fields=(FieldError("happened_at", "too-long-ago", text),))


def _with(incident: Incident, **update: object) -> Incident:
    return incident.model_copy(update=update)


def _insist(incident: Incident, allowed: Sequence[str], sv: str, en: str) -> None:
    if incident.status not in allowed:
        raise Refused(
            "wrong-status",
            sv=f"Händelsen kan inte {sv} som läget är nu. Läs om sidan.",
            en=f"The incident cannot {en} as things stand. Reload the page.",
            extra={"status": incident.status},
        )
