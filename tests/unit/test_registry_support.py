"""Questions to the network: no sequence of commands loses one, and silence does not last."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.registry.domain import support_case as cases
from services.registry.domain.weekdays import end_of_weekday, is_weekday
from shared.contracts.problems import Refused
from tests.unit.test_registry_machines import Machine

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ADMINISTRATORS = st.sampled_from(["ada", "abbe"])
MOMENTS = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 - the zone is given beside it
    datetime(2032, 12, 31),  # noqa: DTZ001
    timezones=st.just(STOCKHOLM),
    allow_imaginary=False,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


@pytest.mark.parametrize(
    ("asked", "over"),
    [
        ("2026-12-01T10:00", "2026-12-04T00:00"),  # Tuesday → the end of Thursday
        ("2026-12-04T23:59", "2026-12-09T00:00"),  # Friday night → the end of Tuesday
        ("2026-12-05T10:00", "2026-12-09T00:00"),  # Saturday likewise
        ("2026-12-22T10:00", "2026-12-29T00:00"),  # 24-26 December rest
        ("2027-03-25T10:00", "2027-04-01T00:00"),  # over Easter, and into summer time
        ("2027-06-24T10:00", "2027-06-30T00:00"),  # Midsummer's Eve is no working day
    ],
)
def test_weekdays_are_those_of_sweden(asked: str, over: str) -> None:
    assert end_of_weekday(at(asked), 2) == at(over)


@given(MOMENTS, st.integers(1, 5))
def test_a_wait_ends_at_a_local_midnight_after_so_many_weekdays(asked: datetime, days: int) -> None:
    end = end_of_weekday(asked, days)
    assert (end.hour, end.minute) == (0, 0)
    first = asked.date() + timedelta(days=1)
    between = [first + timedelta(days=n) for n in range((end.date() - first).days)]
    assert sum(map(is_weekday, between)) == days
    assert is_weekday(between[-1])


@given(st.dates(date(2026, 1, 1), date(2040, 12, 31)))
def test_sundays_are_no_weekdays_though_they_are_no_holidays(day: date) -> None:
    assert not (day.weekday() >= 5 and is_weekday(day))


class SupportCaseMachine(Machine):
    @initialize()
    def asked(self) -> None:
        self.state, _ = cases.ask("org", "cora", "Julbord", "Får vi?", self.now)

    @rule(who=ADMINISTRATORS)
    def give(self, who: str) -> None:
        self.do(cases.give, who)

    @rule()
    def release(self) -> None:
        self.do(cases.release)

    @rule(who=ADMINISTRATORS)
    def answer(self, who: str) -> None:
        self.do(cases.answer, who, "Ja.", self.now)

    @rule(side=st.sampled_from(["asker", "network"]))
    def close(self, side: str) -> None:
        self.do(cases.close, side, self.now)

    @rule()
    def reopen(self) -> None:
        before = self.state
        self.do(cases.reopen, "cora", "Men om?", self.now)
        ended = before.ended_at
        if ended and self.now - ended <= timedelta(days=30) and len(before.said) < cases.MOST_SAID:
            assert self.state.status in cases.WAITING, "within 30 days it is open again"
        elif ended:
            assert self.state == before

    @rule(who=st.sampled_from(["cora", "ada"]))
    def forget(self, who: str) -> None:
        self.do(cases.forget, who, self.now)
        assert all(one.words is None for one in self.state.said if one.by == who)

    @rule()
    def merge(self) -> None:
        before = self.state.said
        self.do(cases.follow, {"org": "other", "abbe": "ada"})
        assert [one.words for one in self.state.said] == [one.words for one in before]
        assert "abbe" not in (self.state.owner, *(one.by for one in self.state.said))

    @rule(days=st.integers(0, 40) | st.just(800))
    def later(self, days: int) -> None:
        self.pass_time(timedelta(days=days), cases.wake, cases.wakes_at)

    @invariant()
    def it_has_an_owner_exactly_when_it_says_so(self) -> None:
        if self.state.status in cases.WAITING:
            assert (self.state.status == "owned") == (self.state.owner is not None)

    @invariant()
    def what_waits_is_lifted_in_time_and_nothing_else_is(self) -> None:
        if self.state.status not in cases.WAITING:
            assert self.state.lift_at is None
            assert self.state.ended_at is not None
            return
        assert self.state.lift_at is not None or self.state.lifted == cases.MOST_LIFTS
        due = end_of_weekday(self.state.waiting_since, cases.WEEKDAYS_TO_ANSWER)
        assert (self.state.lifted > 0) == (self.now >= due)

    @invariant()
    def words_are_kept_no_longer_than_promised(self) -> None:
        if self.now >= self.state.said[-1].at + cases.WORDS_KEPT:
            assert self.state.subject is None
            assert all(one.words is None for one in self.state.said)
            assert self.state.status == "closed"


TestSupportCase = SupportCaseMachine.TestCase


def test_the_network_cannot_close_what_it_has_not_answered() -> None:
    now = datetime(2026, 12, 1, 8, tzinfo=UTC)
    case, _ = cases.ask("org", "cora", "Julbord", "Får vi?", now)
    with pytest.raises(Refused):
        cases.close(case, "network", now)
    assert cases.close(case, "asker", now)[0].status == "closed"
