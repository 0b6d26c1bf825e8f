"""Asking helpers, alone: when by itself, nobody twice, stopped when filled, told once that it is solved."""

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.activities.domain import asking, helper, merging, signup
from services.activities.domain import session as sessions
from services.activities.domain.asking import Around, missing, next_step, verdict
from services.activities.domain.fitting import Candidate
from services.activities.domain.helper import Helper, Wishes
from services.activities.domain.seats import Moment, RoleNeed
from services.activities.domain.session import Session
from services.activities.kinds import SESSION
from shared.contracts.problems import Problem, Refused
from tests.unit.test_activities_helpers import NOW, a_session

HOUR = timedelta(hours=1)
PEOPLE = tuple(f"person-{n}" for n in range(30))
ROOM = (RoleNeed(role="helper", minimum=2, maximum=3),)
START = datetime(2026, 12, 8, 16, tzinfo=UTC)


def lacking(**more: object) -> Session:
    """A session on the Tuesday after that needs two helpers and has room for three."""
    return a_session(**{"needs": ROOM, **more})


def test_it_asks_three_days_before_once_more_a_day_later_and_then_leaves_it_to_the_coordinator() -> (
    None
):
    session = lacking()
    assert next_step(session) == (START - timedelta(days=3), "ask")
    assert asking.ask_by_itself(session, ["a"], START - timedelta(days=3) - HOUR) == (session, ())
    session, [facts] = asking.ask_by_itself(session, ["a"], START - timedelta(days=3))
    assert facts.model_dump() == {"people": ("a",), "organiser": "branch", "by_itself": True}
    assert next_step(session) == (START - timedelta(days=2), "ask")
    session, events = asking.ask_by_itself(session, [], START - timedelta(days=2))
    assert events == ()
    assert next_step(session) == (START - timedelta(days=1), "lift")
    session, [lifted] = asking.lift(session, START - timedelta(days=1))
    assert lifted.model_dump() == {"organiser": "branch", "missing": 2}
    assert next_step(session) is None
    assert asking.lift(session, START - HOUR) == (session, ())


def test_what_is_planned_at_short_notice_has_an_hour_and_what_is_tomorrow_is_its_planners() -> None:
    soon = lacking(planned_at=START - timedelta(days=2))
    assert next_step(soon) == (START - timedelta(days=2) + HOUR, "ask")
    assert next_step(lacking(planned_at=START - timedelta(hours=20))) is None
    # A service that slept through it all asks nobody too late.
    assert asking.due(lacking(), START - timedelta(hours=5)) == "lift"


def test_somebody_is_missing_below_the_minimum_or_when_nobody_comes_at_all() -> None:
    assert missing(lacking()) == 2
    assert missing(lacking(needs=(RoleNeed(role="helper", maximum=3),))) == 1
    assert missing(lacking(needs=())) == 0
    assert missing(lacking(needs=(RoleNeed(role="helper", maximum=0),))) == 0


def around(**more: Any) -> Around:
    return Around({"vera": Candidate("vera")}, **more)


@pytest.mark.parametrize(
    ("session", "what", "expected"),
    [
        (lacking(), around(), "asked"),
        (lacking(), Around({}), "not_yours"),
        (lacking(), around(working={"vera"}), "works_that_day"),
        (lacking(), around(unable={"vera"}), "cannot_take_it"),
        (lacking(), around(helpers={"vera": Helper(wishes=Wishes(not_me=True))}), "does_not_suit"),
        (
            lacking(),
            Around({"vera": Candidate("vera", wishes=Wishes(not_kinds=("language_cafe",)))}),
            "does_not_suit",
        ),
        (lacking(), around(helpers={"vera": helper.ask(Helper(), "x", NOW)[0]}), "asked_lately"),
        (lacking(), around(helpers={"vera": helper.ask(Helper(), "id", NOW)[0]}), "asked"),
        (asking.ask(lacking(), ["vera"], NOW)[0], around(), "already_asked"),
        (signup.sign_up(lacking(), "vera", "helper", Moment(NOW))[0], around(), "on_it"),
    ],
)
def test_each_has_a_verdict(session: Session, what: Around, expected: str) -> None:
    assert verdict("id", session, "vera", what, NOW) == expected


def test_who_gave_the_shift_back_is_not_asked_for_it() -> None:
    session, _ = signup.sign_up(lacking(), "vera", "helper", Moment(NOW))
    session, _ = signup.withdraw(session, "vera", Moment(NOW))
    assert verdict("id", session, "vera", around(), NOW) == "already_asked"
    assert asking.ask(session, ["vera"], NOW) == (session, ())


@pytest.mark.case("S27")
def test_a_no_is_kept_once_and_a_yes_may_follow_it() -> None:
    session, _ = asking.ask(lacking(), ["vera"], NOW)
    session, [facts] = asking.not_this_time(session, "vera", NOW)
    assert facts.model_dump() == {"person": "vera"}
    assert asking.not_this_time(session, "vera", NOW) == (session, ())
    with pytest.raises(Refused):
        asking.not_this_time(session, "stranger", NOW)
    session, _ = signup.sign_up(session, "vera", "helper", Moment(NOW))
    assert [one.person for one in session.asked] == ["vera"]
    assert asking.not_this_time(session, "vera", NOW) == (session, ())


def test_a_session_names_no_erased_or_merged_account_among_the_asked() -> None:
    session, _ = asking.ask(lacking(), ["vera", "filip"], NOW)
    forgotten, _ = signup.forget(session, "vera", Moment(NOW))
    assert [one.person for one in forgotten.asked] == ["filip"]
    merged, _ = merging.move_person(session, "vera", "filip", Moment(NOW))
    assert [one.person for one in merged.asked] == ["filip"]
    assert "filip" in SESSION.keys(session)["named"]
    assert "vera" not in SESSION.keys(forgotten)["named"]


class AskingMachine(RuleBasedStateMachine):
    """Several sessions and their helpers as the service drives them, in any order and with time passing."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.sessions = [lacking(), lacking(needs=(RoleNeed(role="helper", maximum=1),))]
        self.helpers = dict.fromkeys(PEOPLE, Helper())
        self.asked: list[tuple[str, int, datetime]] = []
        self.thanked: list[tuple[int, str]] = []
        self.lifted: Counter[int] = Counter()

    def apply(self, which: int, command: Any) -> None:
        try:
            state, events = command(self.sessions[which])
        except Problem:
            return
        was_missing = missing(self.sessions[which])
        state, events = asking.settled(state, events, self.now)
        self.sessions[which] = state
        for event in events:
            facts = event.model_dump()
            if event.type.endswith("helpers_asked"):
                assert was_missing, "asked although nobody was missing"
                self.asked += [(one, which, self.now) for one in facts["people"]]
            if event.type.endswith("helpers_thanked"):
                self.thanked += [(which, one) for one in facts["people"]]
            self.lifted[which] += event.type.endswith("unfilled")

    def taken_up(self, which: int, people: Any) -> list[str]:
        known = Around({one: Candidate(one) for one in PEOPLE}, self.helpers)
        session, new = self.sessions[which], []
        for one in people:
            if verdict(str(which), session, one, known, self.now) == "asked":
                self.helpers[one], may = helper.ask(self.helpers[one], str(which), self.now)
                new += [one] if may else []
        return new

    @rule(which=st.integers(0, 1), people=st.lists(st.sampled_from(PEOPLE), max_size=6))
    def coordinator_asks(self, which: int, people: list[str]) -> None:
        if asking.is_open(self.sessions[which], self.now):
            new = self.taken_up(which, people)
            self.apply(which, lambda one: asking.ask(one, new, self.now))

    @rule(which=st.integers(0, 1), person=st.sampled_from(PEOPLE))
    def says_no(self, which: int, person: str) -> None:
        self.apply(which, lambda one: asking.not_this_time(one, person, self.now))

    @rule(which=st.integers(0, 1), person=st.sampled_from(PEOPLE))
    def signs_up(self, which: int, person: str) -> None:
        self.apply(which, lambda one: signup.sign_up(one, person, "helper", Moment(self.now)))

    @rule(which=st.integers(0, 1), person=st.sampled_from(PEOPLE))
    def withdraws(self, which: int, person: str) -> None:
        self.apply(which, lambda one: signup.withdraw(one, person, Moment(self.now)))

    @rule(which=st.integers(0, 1))
    def is_cancelled(self, which: int) -> None:
        what = sessions.Cancellation(reason="illness", at=self.now)
        self.apply(which, lambda one: sessions.cancel(one, what, ()))

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours: int) -> None:
        until = self.now + timedelta(hours=hours)
        while due := sorted((at, n) for n in (0, 1) if (at := self.wakes_at(n)) and at <= until):
            at, which = due[0]
            self.now = max(self.now, at)
            self.wake(which)
            assert self.wakes_at(which) != at, "a wake-up that changes nothing rings for ever"
        self.now = until

    def wakes_at(self, which: int) -> datetime | None:
        return SESSION.wakes_at(self.sessions[which])

    def wake(self, which: int) -> None:
        self.apply(which, lambda one: sessions.wake(one, Moment(self.now)))
        step = asking.due(self.sessions[which], self.now)
        if step == "lift":
            self.apply(which, lambda one: asking.lift(one, self.now))
        elif step == "ask":
            most = asking.ROUNDS[self.sessions[which].rounds]
            new = self.taken_up(which, PEOPLE)[:most]
            self.apply(which, lambda one: asking.ask_by_itself(one, new, self.now))

    @invariant()
    def nobody_is_asked_twice_for_a_session_or_within_a_week(self) -> None:
        assert len({(one, which) for one, which, _ in self.asked}) == len(self.asked)
        for person in {one for one, _, _ in self.asked}:
            times = sorted(at for one, _, at in self.asked if one == person)
            apart = itertools.pairwise(times)
            assert all(b - a >= helper.ASKED_AGAIN_AFTER for a, b in apart)

    @invariant()
    def told_once_that_it_is_solved_and_only_who_was_asked(self) -> None:
        assert len(set(self.thanked)) == len(self.thanked)
        assert set(self.thanked) <= {(which, one) for one, which, _ in self.asked}

    @invariant()
    def once_filled_all_who_were_asked_know(self) -> None:
        for which, session in enumerate(self.sessions):
            if session.status == "scheduled" and self.now < session.start and not missing(session):
                assert all(one.thanked for one in session.asked), which
                assert next_step(session) is None

    @invariant()
    def lifted_once(self) -> None:
        assert all(times <= 1 for times in self.lifted.values())


TestAsking = AskingMachine.TestCase
