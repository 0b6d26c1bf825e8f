"""An accommodation for people who seek asylum: planned → open → closing(at) → closed; reopened.

Who lives there is known in numbers only, as a dated series. Where exactly it lies is no part of it:
that is a Location of its own, which nothing tells of.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.registry.domain.external import ExternalIds
from services.registry.domain.residents import (
    Correction,
    Figure,
    corrected,
    figure_on,
    insist_on_day,
    with_figure,
)
from services.registry.domain.rhythm import WantedRoutine
from shared.clock import STOCKHOLM, local_date
from shared.contracts.base import Facts, PersonId
from shared.contracts.places import Municipality, county_of
from shared.contracts.problems import FieldError, Invalid, Refused, Text
from shared.contracts.registry import (
    AccommodationChanged,
    AccommodationClosed,
    AccommodationClosing,
    AccommodationKind,
    AccommodationOpened,
    AccommodationRegistered,
    AccommodationReopened,
    AccommodationStatus,
    Confidentiality,
    ResidentsChanged,
    ResidentsFigure,
)
from shared.contracts.texts import LanguageCode, Line, Name

CLOSED_BACK = timedelta(days=7)
CLOSING_AHEAD = timedelta(days=730)
KINDS_WITH_UNACCOMPANIED = ("arrival", "municipal_home")

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9ÅÄÖåäö][A-Za-z0-9ÅÄÖåäö ._/-]{0,39}$")]


class Details(BaseModel):
    """What is said of an accommodation; `external_ids` are what other systems know it by."""

    model_config = ConfigDict(frozen=True)

    name: Name
    kind: AccommodationKind = "asylum_centre"
    operator: Line | None = None
    municipality: Municipality
    confidentiality: Confidentiality = "municipality"
    capacity: Annotated[int, Field(ge=1, le=20_000)]
    opens_on: date | None = None
    languages: Annotated[tuple[LanguageCode, ...], Field(max_length=17)] = ()
    facilities: Annotated[tuple[Line, ...], Field(max_length=30)] = ()
    rhythm: Annotated[tuple[WantedRoutine, ...], Field(max_length=60)] = ()
    external_ids: ExternalIds = Field(default_factory=dict)


class Followed(BaseModel):
    """What it has done by a closing plan: up to which revision, and the day that was set (or None)."""

    model_config = ConfigDict(frozen=True)

    plan: str
    revision: int
    closes_on: date | None = None


class Accommodation(Details):
    """The aggregate; `closes_on` is the first day it is closed.

    `public_version` counts the changes that everyone may see.
    """

    code: Code
    county: str
    status: AccommodationStatus = "planned"
    closes_on: date | None = None
    residents: tuple[ResidentsFigure, ...] = ()
    corrections: tuple[Correction, ...] = ()
    followed: tuple[Followed, ...] = ()
    public_version: int = 1


Decision = tuple[Accommodation, tuple[Facts, ...]]


def register(details: Details, code: str, import_id: str | None = None) -> Decision:
    """An accommodation is planned; its county follows from its municipality."""
    accommodation = Accommodation(
        **details.model_dump(), code=code, county=county_of(details.municipality)
    )
    return accommodation, (AccommodationRegistered(imported_by=import_id),)


def enter(details: Details, code: str, import_id: str, figure: Figure | None) -> Decision:
    """An import enters an accommodation where people live already."""
    planned, registered = register(details, code, import_id)
    opened = planned.model_copy(update={"status": "open"})
    events = (*registered, AccommodationOpened(imported_by=import_id))
    if figure is None:
        return opened, events
    _insist_on_kind(opened, figure)
    return opened.model_copy(update={"residents": with_figure((), figure)}), events


def change(accommodation: Accommodation, details: Details) -> Decision:
    """Describe it anew."""
    _insist(accommodation, ("planned", "open", "closing"), "ändras", "be changed")
    fields = tuple(name for name, value in details if value != getattr(accommodation, name))
    if not fields:
        return accommodation, ()
    county = county_of(details.municipality)
    changed = accommodation.model_copy(update={**dict(details), "county": county})
    return changed, (AccommodationChanged(fields=fields),)


def open_(accommodation: Accommodation) -> Decision:
    """People move in."""
    if accommodation.status == "open":
        return accommodation, ()
    _insist(accommodation, ("planned",), "öppnas", "be opened")
    return _moved(accommodation, "open"), (AccommodationOpened(),)


def close(accommodation: Accommodation, on: date, today: date) -> Decision:
    """It closes on a date, which may be moved; at once when the date has come or nobody came."""
    if accommodation.status == "closed":
        return accommodation, ()
    if on < today - CLOSED_BACK:
        raise _not_that_date(
            "Dagen ligger mer än en vecka tillbaka. Kontrollera årtalet, eller välj en senare dag.",
            "The day is more than a week ago. Check the year, or choose a later day.",
            "closes_on",
        )
    if accommodation.status == "planned" or on <= today:
        return _closed(accommodation, min(on, today))
    if on > today + CLOSING_AHEAD:
        raise _not_that_date(
            "Välj en dag inom två år.", "Choose a day within two years.", "closes_on"
        )
    if (accommodation.status, accommodation.closes_on) == ("closing", on):
        return accommodation, ()
    closing = accommodation.model_copy(update={"status": "closing", "closes_on": on})
    return closing, (AccommodationClosing(closes_on=on),)


def reopen(accommodation: Accommodation) -> Decision:
    """It goes on after all, or again."""
    if accommodation.status == "open":
        return accommodation, ()
    _insist(accommodation, ("closing", "closed"), "öppnas igen", "be reopened")
    opened = accommodation.model_copy(update={"status": "open", "closes_on": None})
    return opened, (AccommodationReopened(),)


def report(
    accommodation: Accommodation,
    figure: Figure,
    today: date,
    by: PersonId | None = None,
    reason: str | None = None,
) -> Decision:
    """How many live there on a date; another figure for the same date corrects it, with a reason."""
    _insist(accommodation, ("planned", "open", "closing"), "få nya siffror", "be given figures")
    insist_on_day(accommodation.residents, figure.on, today)
    _insist_on_kind(accommodation, figure)
    series = with_figure(accommodation.residents, figure)
    if series == accommodation.residents:
        return accommodation, ()
    was = figure_on(accommodation.residents, figure.on)
    update: dict[str, Any] = {"residents": series}
    if was is not None:
        known = accommodation.corrections
        update["corrections"] = corrected(known, was, by, reason, today)
    told = ResidentsChanged(on=figure.on, corrected=was is not None)
    return accommodation.model_copy(update=update), (told,)


def wake(accommodation: Accommodation, now: datetime) -> Decision:
    """A closing one is closed when its date has come."""
    on = accommodation.closes_on
    if accommodation.status != "closing" or on is None or on > local_date(now):
        return accommodation, ()
    return _closed(accommodation, on)


def wakes_at(accommodation: Accommodation) -> datetime | None:
    """The local midnight that begins the day it is closed."""
    if accommodation.status != "closing" or accommodation.closes_on is None:
        return None
    return datetime.combine(accommodation.closes_on, time(), STOCKHOLM)


def shown_municipality(accommodation: Accommodation) -> str | None:
    """What everyone may know of where it lies."""
    hidden = accommodation.confidentiality == "county"
    return None if hidden else accommodation.municipality


def _insist_on_kind(accommodation: Accommodation, figure: Figure) -> None:
    if figure.unaccompanied_minors and accommodation.kind not in KINDS_WITH_UNACCOMPANIED:
        text = Text(
            "Ensamkommande barn räknas bara på ankomstboenden och kommunens egna boenden. "
            "Ta bort siffran, eller ändra boendets slag.",
            "Unaccompanied minors are counted at arrival and municipal homes only. "
            "Remove the figure, or change the kind of accommodation.",
        )
        raise Invalid(fields=(FieldError("unaccompanied_minors", "not-at-this-kind", text),))


def _closed(accommodation: Accommodation, on: date) -> Decision:
    closed: Literal["closed"] = "closed"
    after = accommodation.model_copy(update={"status": closed, "closes_on": on})
    return after, (AccommodationClosed(),)


def _moved(accommodation: Accommodation, status: AccommodationStatus) -> Accommodation:
    return accommodation.model_copy(update={"status": status})


def _insist(accommodation: Accommodation, allowed: Sequence[str], sv: str, en: str) -> None:
    if accommodation.status not in allowed:
        raise Refused(
            "wrong-status",
            sv=f"Boendet kan inte {sv} som läget är nu. Läs om sidan.",
            en=f"The accommodation cannot {en} as things stand. Reload the page.",
            extra={"status": accommodation.status},
        )


def _not_that_date(sv: str, en: str, field: str) -> Invalid:
    return Invalid(fields=(FieldError(field, "date-out-of-range", Text(sv, en)),))
