"""Extracts and pledges as they are kept: on the person what was shown and promised, on the
organisation what it asks for.
"""

from calendar import monthrange
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from shared.contracts.base import OrganisationId, PersonId
from shared.contracts.texts import ProseTranslations

YEAR_MONTHS = 12


class Extract(BaseModel):
    """That an extract from the register was shown, when, and who saw it: nothing else may be noted.

    `valid_until`, its last day, is no note of its own: it follows from the organisation's policy.
    """

    model_config = ConfigDict(frozen=True)

    organisation: OrganisationId
    shown_on: date
    seen_by: PersonId
    valid_until: date

    def counted_for(self, months: int) -> "Extract":
        """The same under a policy of so many months."""
        return self.model_copy(update={"valid_until": months_after(self.shown_on, months)})


class Pledge(BaseModel):
    """The version of an organisation's pledge that a person has accepted."""

    model_config = ConfigDict(frozen=True)

    organisation: OrganisationId
    version: int
    at: datetime


class PledgeText(BaseModel):
    """One version of the text on confidentiality and conduct, in the organisation's own words."""

    model_config = ConfigDict(frozen=True)

    version: int
    text: ProseTranslations


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
