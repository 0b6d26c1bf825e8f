"""What a meeting place is, and how its agreement stands on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.registry.domain.meeting_place_parts import (
    DayApart,
    Ending,
    Renewal,
    Signature,
    Terms,
    Trial,
)
from shared.contracts.base import AccommodationId, Facts, OrganisationId
from shared.contracts.problems import Refused
from shared.contracts.registry import (
    MeetingPlaceClosed,
    MeetingPlaceStatus,
    OpeningHours,
    Room,
)
from shared.contracts.texts import Line, Name, Prose

AGENCY = "agency"
ACTIVE = ("open", "open_on_trial")
IN_FORCE = ("agreed", "open", "paused")
NOT_IN_FORCE = ("proposed", "open_on_trial")

Cause = Literal[
    "host",
    "officer",
    "accommodation_closed",
    "host_not_active",
    "agreement_ended",
    "trial_ended",
]


class MeetingPlace(BaseModel):
    """The aggregate; `rooms_ever` numbers the rooms, whose ids sessions keep.

    `county` is where it is said to lie; `counties` are those of its accommodations, in their order.
    `hosts[0]` is the responsible host. `edition` counts what there has been to sign, so that nobody
    signs other terms than they have read; `void_signatures` are those of what has changed since.
    """

    model_config = ConfigDict(frozen=True)

    name: Name
    door: Prose | None = None
    rooms: tuple[Room, ...] = ()
    rooms_ever: int = 0
    opening_hours: tuple[OpeningHours, ...] = ()
    days_apart: tuple[DayApart, ...] = ()
    accessibility: Line | None = None
    accommodations: tuple[AccommodationId, ...]
    hosts: tuple[OrganisationId, ...]
    municipality: str | None = None
    county: str
    counties: tuple[str, ...] = ()
    agreement: Terms
    signatures: tuple[Signature, ...] = ()
    ending: Ending | None = None
    renewal: Renewal | None = None
    renewal_signatures: tuple[Signature, ...] = ()
    void_signatures: tuple[Signature, ...] = ()
    edition: int = 1
    trial: Trial | None = None
    open_since: date | None = None
    status: MeetingPlaceStatus = "proposed"


@dataclass(frozen=True)
class Standing:
    """What holds around a meeting place now; `municipality` is what everyone may know of it.

    `counties` are those of its accommodations, in their order.
    """

    counties: tuple[str, ...]
    municipality: str | None
    all_closed: bool
    host: Literal["active", "inactive", "ended"]

    @property
    def county(self) -> str:
        """Where the meeting place is said to lie."""
        return self.counties[0]


Decision = tuple[MeetingPlace, tuple[Facts, ...]]


def all_signed(place: MeetingPlace) -> bool:
    """The agency and every host have."""
    return _complete(place.hosts, place.signatures)


def renewal_signed(place: MeetingPlace) -> bool:
    """There is a next agreement, and all its parties have signed it."""
    renewal = place.renewal
    return renewal is not None and _complete(renewal.hosts, place.renewal_signatures)


def in_force(place: MeetingPlace) -> bool:
    """The agreement holds now (the wake-ups keep the state in step with the calendar)."""
    return place.status in IN_FORCE


def last_day(place: MeetingPlace) -> date:
    """The last day of its agreement: as agreed, as ended early, or before the next takes over."""
    days = [place.agreement.until]
    if place.ending is not None:
        days.append(place.ending.on)
    if place.renewal is not None and renewal_signed(place):
        days.append(place.renewal.terms.from_ - timedelta(days=1))
    return min(days)


def moved(place: MeetingPlace, status: MeetingPlaceStatus) -> MeetingPlace:
    """With another status."""
    return place.model_copy(update={"status": status})


def closed(place: MeetingPlace, cause: Cause) -> Decision:
    """Closed for good; what waited to take over does so no more."""
    return moved(place, "closed"), (MeetingPlaceClosed(cause=cause),)


def insist(place: MeetingPlace, allowed: Sequence[str], sv: str, en: str) -> None:
    """Refused unless its status is among the allowed."""
    if place.status not in allowed:
        raise Refused(
            "wrong-status",
            sv=f"Mötesplatsen kan inte {sv} som läget är nu. Läs om sidan.",
            en=f"The meeting place cannot {en} as things stand. Reload the page.",
            extra={"status": place.status},
        )


def insist_on_host(standing: Standing) -> None:
    """Refused unless the responsible host is active."""
    if standing.host != "active":
        raise Refused(
            "host-not-active",
            sv="Den ansvariga organisationen är inte med i nätverket just nu. "
            "Återuppta den först, eller välj en annan.",
            en="The responsible host is not active in the network now. "
            "Resume it first, or choose another.",
        )


def insist_on_house(standing: Standing) -> None:
    """Refused unless an accommodation is not closed, and all lie in one county."""
    if standing.all_closed:
        raise Refused(
            "accommodation-closed",
            sv="Boendet är stängt. Välj ett boende som är öppet.",
            en="The accommodation is closed. Choose one that is open.",
        )
    if len(set(standing.counties)) > 1:
        raise Refused(
            "several-counties",
            sv="En mötesplats betjänar boenden i ett och samma län. Föreslå en för varje län.",
            en="A meeting place serves accommodations of one county. Propose one for each county.",
        )


def _complete(hosts: Sequence[str], signatures: Sequence[Signature]) -> bool:
    return {AGENCY, *hosts} <= {one.party for one in signatures}
