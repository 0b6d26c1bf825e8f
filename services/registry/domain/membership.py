"""A step of a membership: who did what when and why; and what a colleague hears who comes later."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared.clock import STOCKHOLM
from shared.contracts.base import PersonId
from shared.contracts.problems import Refused, Text
from shared.contracts.registry import OrganisationStatus
from shared.contracts.texts import Prose

MOST_STEPS = 100
"""Steps kept with their words; older ones stand in the history without."""


@dataclass(frozen=True)
class Act:
    """Who takes a step, when, and why in their own words."""

    by: PersonId | None
    at: datetime
    words: Prose | None = None


class Step(BaseModel):
    """A step taken; its number, counted from 1, stands in the event that tells of it."""

    model_config = ConfigDict(frozen=True)

    number: int
    to: OrganisationStatus
    at: datetime
    by: PersonId | None = None
    words: Prose | None = None


_APPROVED = Text(
    "Ansökan godkändes redan{when}{by}. Du behöver inte göra något.",
    "This application was already approved{when}{by}. Nothing for you to do.",
)
_DECLINED = Text(
    "Ansökan avslogs redan{when}{by}. Du behöver inte göra något.",
    "This application was already declined{when}{by}. Nothing for you to do.",
)


class AlreadyDecided(Refused):
    """A colleague has answered the application before; `step` says when and who."""

    code = "already-approved"
    detail = _APPROVED.filled(when="", by="")
    step: Step | None = None
    asked_at: datetime | None = None

    def named(self, name: str | None) -> "AlreadyDecided":
        """The same with the colleague's name, for who may know it."""
        if self.step is None or self.asked_at is None:
            return self
        return already_decided(self.step, self.asked_at, name)


def already_decided(step: Step, now: datetime, name: str | None = None) -> AlreadyDecided:
    """What who comes later is told at `now`: when it was decided, and by whom if `name` is given."""
    words = _APPROVED if step.to == "approved" else _DECLINED
    when = _when(step.at, now)
    told = AlreadyDecided(
        f"already-{step.to}",
        sv=words.sv.format(when=when.sv, by=f" av {name}" if name else ""),
        en=words.en.format(when=when.en, by=f" by {name}" if name else ""),
        extra={"status": step.to, "at": step.at.isoformat()},
    )
    told.step, told.asked_at = step, now
    return told


def _when(moment: datetime, now: datetime) -> Text:
    local, today = moment.astimezone(STOCKHOLM), now.astimezone(STOCKHOLM).date()
    if local.date() == today:
        return Text(f" {local:%H.%M}", f" at {local:%H:%M}")
    return Text(f" {local:%Y-%m-%d} kl. {local:%H.%M}", f" on {local:%Y-%m-%d} at {local:%H:%M}")


_WHY = {
    "paused": Text("som är pausad. Återuppta {national} först", "which is paused. Resume {national} first"),
    "left": Text("som har lämnat nätverket. Flytta föreningen", "which has left the network. Move the branch"),
    "excluded": Text("som inte längre är med. Flytta föreningen", "which is no longer a member. Move the branch"),
}  # fmt: skip
_NOT_YET = Text(
    "som inte är godkänd. Godkänn {national} först",
    "which is not approved. Approve {national} first",
)


def parent_not_active(branch: str, national: str | None, status: str | None) -> Refused:
    """A branch cannot be welcomed: what its national organisation is, and what can be done."""
    name = national or "—"
    why = _WHY.get(status or "", _NOT_YET).filled(national=name)
    return Refused(
        "parent-not-active",
        sv=f"{branch} hör till {name}, {why.sv}, eller godkänn föreningen som fristående.",
        en=f"{branch} belongs to {name}, {why.en}, or approve the branch as independent.",
    )
