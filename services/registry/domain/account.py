"""Whether an account is still used: warned, suspended, and erased when nobody comes back.

Beside the person, not in it: what is used every day must not change the version that somebody's
own words are based on. Nothing but dates is kept, and nothing of it is published.
"""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.clock import STOCKHOLM

Step = Literal["warn", "suspend", "erase"]
AGAIN = timedelta(days=30)
"""When to look again at what could not be done."""


class Limits(BaseModel):
    """After how many months without use an account is warned, suspended and erased."""

    model_config = ConfigDict(frozen=True)

    warned: int = 5
    suspended: int = 6
    officers_warned: int = 2
    officers_suspended: int = 3
    erased: int = 24

    def warn(self, officer: bool) -> int:
        """Months until the warning."""
        return self.officers_warned if officer else self.warned

    def suspend(self, officer: bool) -> int:
        """Months until the account is suspended."""
        return self.officers_suspended if officer else self.suspended


class Account(BaseModel):
    """The aggregate, with its person's id. `used_on` is the last day they were here, in Sweden."""

    model_config = ConfigDict(frozen=True)

    used_on: date
    officer: bool = False
    warned_on: date | None = None
    look_on: date


class Standing(BaseModel):
    """What the rule must know of the person: whether the account is `open`, whether they are an
    officer, and whether a role or a seat to come binds them to others (`bound`)."""

    model_config = ConfigDict(frozen=True)

    open: bool
    officer: bool
    bound: bool


def begin(today: date, officer: bool, limits: Limits) -> Account:
    """An account that is used today."""
    return Account(used_on=today, officer=officer, look_on=_later(today, limits.warn(officer)))


def use(account: Account, today: date, limits: Limits) -> Account:
    """Its person has been here; the same day twice changes nothing."""
    return account if account.used_on >= today else begin(today, account.officer, limits)


def concern(account: Account, officer: bool, today: date, limits: Limits) -> Account:
    """Its person has become an officer, or is none any more: other figures hold."""
    if account.officer == officer:
        return account
    changed = account.model_copy(update={"officer": officer})
    return changed.model_copy(update={"look_on": max(today, _next(changed, True, limits))})


def suspended_on(account: Account, limits: Limits) -> date:
    """When it is suspended unless used; never sooner than the warning promised."""
    by_use = _later(account.used_on, limits.suspend(account.officer))
    if account.warned_on is None:
        return by_use
    notice = limits.suspend(account.officer) - limits.warn(account.officer)
    return max(by_use, _later(account.warned_on, notice))


def erased_on(account: Account, limits: Limits) -> date:
    """When it is erased unless used, or held by a role or a seat."""
    return _later(account.used_on, limits.erased)


def look(
    account: Account, standing: Standing, today: date, limits: Limits
) -> tuple[Account, Step | None]:
    """What is due today, and the account as it is once that is done."""
    account = concern(account, standing.officer, today, limits)
    step = _due(account, standing, today, limits)
    if step == "warn":
        account = account.model_copy(update={"warned_on": today})
    is_open = standing.open and step != "suspend"
    # What is held back, or due at once when it has long been late, is looked at in a while.
    soonest = today + (AGAIN if step is None else timedelta(days=1))
    look_on = _next(account, is_open, limits)
    return account.model_copy(update={"look_on": look_on if look_on > today else soonest}), step


def hold_back(account: Account, today: date) -> Account:
    """What was due may not be done now: the network's last administrator stays."""
    return account.model_copy(update={"look_on": today + AGAIN})


def wakes_at(account: Account) -> datetime:
    """The beginning of the day when it must be looked at."""
    return datetime.combine(account.look_on, time(), STOCKHOLM)


def _due(account: Account, standing: Standing, today: date, limits: Limits) -> Step | None:
    if not standing.open:
        over = today >= erased_on(account, limits) and not standing.bound
        return "erase" if over else None
    if account.warned_on is None:
        warn_on = _later(account.used_on, limits.warn(account.officer))
        return "warn" if today >= warn_on else None
    return "suspend" if today >= suspended_on(account, limits) else None


def _next(account: Account, is_open: bool, limits: Limits) -> date:
    if not is_open:
        return erased_on(account, limits)
    if account.warned_on is None:
        return _later(account.used_on, limits.warn(account.officer))
    return suspended_on(account, limits)


def _later(day: date, months: int) -> date:
    """So many months on; the last of the month where it is shorter."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
