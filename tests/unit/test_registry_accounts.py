"""An account that is not used is warned, suspended and erased in this order, never otherwise."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.registry.domain import account as rules
from services.registry.domain import person as persons
from services.registry.domain.account import Account, Limits, Standing
from services.registry.domain.person import Profile
from shared.contracts.problems import Refused
from shared.contracts.registry import RoleGrant, RoleName, Scope
from tests.unit.machine import NOW, Machine

LIMITS = Limits()
DAYS = st.dates(date(2026, 1, 1), date(2030, 12, 31))
SHORTEST_NOTICE = timedelta(days=28)


class AccountMachine(Machine):
    """Its person comes and goes, becomes an officer or is none, is bound by a role or free."""

    open, officer, bound = True, False, False
    steps: tuple[tuple[str, date], ...] = ()
    erased = False

    @initialize(officer=st.booleans())
    def begun(self, officer: bool) -> None:
        self.officer = officer
        self.state = rules.begin(self.today, officer, LIMITS)
        self.steps = ()

    @rule()
    def used(self) -> None:
        if self.open and not self.erased:
            self.state = rules.use(self.state, self.today, LIMITS)
            self.steps = ()

    @rule()
    def reopened(self) -> None:
        if not self.erased:
            self.open = True
            self.used()

    @rule(officer=st.booleans(), bound=st.booleans())
    def roles_change(self, officer: bool, bound: bool) -> None:
        self.officer, self.bound = officer, bound
        self.state = rules.concern(self.state, officer, self.today, LIMITS)

    @rule(days=st.integers(1, 400))
    def later(self, days: int) -> None:
        until = self.now + timedelta(days=days)
        while not self.erased and rules.wakes_at(self.state) <= until:
            self.now = max(self.now, rules.wakes_at(self.state))
            self.look()
        self.now = until

    def look(self) -> None:
        standing = Standing(open=self.open, officer=self.officer, bound=self.bound)
        before = self.state
        self.state, step = rules.look(before, standing, self.today, LIMITS)
        assert self.state.look_on > self.today, "a wake-up rings on a later day"
        if step is not None:
            self.check(step, before)
            self.steps = (*self.steps, (step, self.today))

    def check(self, step: str, before: Account) -> None:
        unused = self.today - before.used_on
        if step == "warn":
            assert unused >= timedelta(days=28 * LIMITS.warn(self.officer))
        if step == "suspend":
            warned = dict(self.steps)["warn"]
            assert self.today - warned >= SHORTEST_NOTICE
            assert unused >= timedelta(days=28 * LIMITS.suspend(self.officer))
            self.open = False
        if step == "erase":
            assert not self.open
            assert not self.bound
            assert unused >= timedelta(days=730)
            self.erased = True

    @invariant()
    def each_step_comes_once_and_in_order(self) -> None:
        names = [step for step, _ in self.steps]
        assert names == ["warn", "suspend", "erase"][: len(names)] or names == ["erase"]


TestAccount = AccountMachine.TestCase


@given(used=DAYS, officer=st.booleans())
def test_left_alone_it_takes_the_time_that_the_field_says(used: date, officer: bool) -> None:
    account = rules.begin(used, officer, LIMITS)
    happened: list[tuple[str, date]] = []
    open_ = True
    while True:
        today = rules.wakes_at(account).date()
        standing = Standing(open=open_, officer=officer, bound=False)
        account, step = rules.look(account, standing, today, LIMITS)
        if step is not None:
            happened.append((step, today))
        open_ = open_ and step != "suspend"
        if step == "erase":
            break
    warned, suspended, erased = (day for _, day in happened)
    months = [_months(used, day) for day in (warned, suspended, erased)]
    assert months == ([2, 3, 24] if officer else [5, 6, 24])
    assert [step for step, _ in happened] == ["warn", "suspend", "erase"]


@given(used=DAYS, later=st.integers(0, 2000))
def test_the_same_day_twice_is_one_use(used: date, later: int) -> None:
    account = rules.begin(used, False, LIMITS)
    assert rules.use(account, used, LIMITS) is account
    again = rules.use(account, used + timedelta(days=later), LIMITS)
    assert again == rules.begin(used + timedelta(days=later), False, LIMITS)


@pytest.mark.parametrize(
    ("why", "role", "comes_back"),
    [
        ("own", "administrator", True),
        ("own", "volunteer", True),
        ("unused", "volunteer", True),
        ("unused", "coordinator", True),
        ("unused", "officer", False),
        ("unused", "operator", False),
        ("administrator", "volunteer", False),
    ],
)
def test_who_may_come_back_without_asking(why: Any, role: RoleName, comes_back: bool) -> None:
    person, _ = persons.register(Profile(name="Vera"), "key")
    kind: Any = "organisation" if role in ("volunteer", "coordinator") else "national"
    grant = RoleGrant(id="g", role=role, scope=Scope(kind=kind), from_=NOW)
    suspended, _ = persons.suspend(persons.grant(person, grant)[0], why)
    if comes_back:
        opened, events = persons.come_back(suspended, NOW)
        assert (opened.status, len(events)) == ("active", 1)
        assert persons.come_back(opened, NOW) == (opened, ())
    else:
        with pytest.raises(Refused, match="ask-to-reopen"):
            persons.come_back(suspended, NOW)


def test_of_one_day_one_is_warned_once() -> None:
    person, _ = persons.register(Profile(name="Vera"), "key")
    warned, events = persons.warn("p", person, date(2027, 6, 1))
    assert len(events) == 1
    assert persons.warn("p", warned, date(2027, 6, 1)) == (warned, ())


def _months(since: date, until: date) -> int:
    return (until.year - since.year) * 12 + until.month - since.month
