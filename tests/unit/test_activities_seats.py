"""Seats as a machine of states: whatever people do, capacity, order and uniqueness hold."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.activities.domain import session as sessions
from services.activities.domain import signup
from services.activities.domain.seats import (
    HOLDING,
    NOT_ASKED,
    Moment,
    RoleNeed,
    Skip,
    offer_until,
    people,
    taken,
    waiting,
)
from services.activities.domain.session import Cancellation, Session
from shared.clock import STOCKHOLM
from shared.contracts.problems import Refused

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
ROLES = ("helper", "language_support")
PEOPLE = [f"p{number}" for number in range(9)]
somebody = st.sampled_from(PEOPLE)
role = st.sampled_from(ROLES)


def a_session(start: datetime, *needs: RoleNeed) -> Session:
    return Session(
        activity="activity",
        number=1,
        kind="language_cafe",
        title={"sv": "Språkcafé"},
        target_groups=("all",),
        places=20,
        organiser="organisation",
        meeting_place="place",
        accommodations=("house",),
        municipality="2582",
        county="25",
        planned_at=NOW,
        original_start=start,
        start=start,
        end=start + timedelta(hours=2),
        needs=needs,
    )


class Seating(RuleBasedStateMachine):
    """People sign up, withdraw, confirm, are removed or released while time goes by."""

    @initialize(hours=st.integers(2, 80), helpers=st.integers(0, 3), supports=st.integers(0, 2))
    def begin(self, hours: int, helpers: int, supports: int) -> None:
        self.now = NOW
        self.busy: set[str] = set()
        needs = [RoleNeed(role="helper", maximum=helpers)]
        needs.append(RoleNeed(role="language_support", maximum=supports))
        self.session = a_session(NOW + timedelta(hours=hours), *needs)

    @rule(person=somebody, role=role)
    def sign_up(self, person: str, role: str) -> None:
        self.do(lambda one, at: signup.sign_up(one, person, role, at))  # type: ignore[arg-type]

    @rule(person=somebody)
    def withdraw(self, person: str) -> None:
        self.do(lambda one, at: signup.withdraw(one, person, at))

    @rule(person=somebody)
    def confirm(self, person: str) -> None:
        self.do(lambda one, at: signup.confirm(one, person, at))

    @rule(person=somebody)
    def remove(self, person: str) -> None:
        self.do(lambda one, at: signup.remove(one, person, at))

    @rule(person=somebody)
    def release(self, person: str) -> None:
        self.do(lambda one, at: signup.release(one, frozenset({person}), "role_ended", at))

    @rule(person=somebody)
    def forget(self, person: str) -> None:
        self.do(lambda one, at: signup.forget(one, person, at))
        assert person not in people(self.session.seats, "seated", "offered", "waiting")

    @rule(role=role, maximum=st.integers(0, 4))
    def set_seats(self, role: str, maximum: int) -> None:
        need = RoleNeed(role=role, maximum=maximum)  # type: ignore[arg-type]
        self.do(lambda one, at: signup.set_seats(one, need, at))

    @rule(person=somebody)
    def become_busy_elsewhere(self, person: str) -> None:
        if person not in people(self.session.seats, *HOLDING):
            self.busy.add(person)

    @rule(person=somebody)
    def become_free(self, person: str) -> None:
        self.busy.discard(person)
        self.do(lambda one, at: sessions.served(one, one.seats, None, at))

    @rule(hours=st.integers(0, 8), minutes=st.integers(0, 59))
    def wait(self, hours: int, minutes: int) -> None:
        """The wake-up comes when the session asked for it, as the due loop does."""
        until = self.now + timedelta(hours=hours, minutes=minutes)
        while (due := sessions.wakes_at(self.session)) is not None and due <= until:
            self.now = max(self.now, due)
            self.do(sessions.wake)
        self.now = until

    def do(self, change) -> None:  # type: ignore[no-untyped-def]
        before = self.session
        at = Moment(self.now, dict.fromkeys(self.busy, Skip("elsewhere", "other")))
        try:
            after, events = change(before, at)
        except Refused:
            return
        assert after == before or events
        again, more = change(after, at) if change is sessions.wake else (after, ())
        assert (again, more) == (after, ())
        types = [event.type for event in events]
        assert len(types) == len(set(types))
        for name in ROLES:
            self._queue_keeps_its_order(before, after, name)
        if self.now >= before.start:
            assert "activities.session.seats_offered" not in types
        self.session = after

    @staticmethod
    def _queue_keeps_its_order(before: Session, after: Session, name: str) -> None:
        earlier = people(waiting(before.seats, name), "waiting")  # type: ignore[arg-type]
        later = people(waiting(after.seats, name), "waiting")  # type: ignore[arg-type]
        stayed = [one for one in earlier if one in later]
        assert list(later[: len(stayed)]) == stayed

    @invariant()
    def capacity_holds(self) -> None:
        for need in self.session.needs:
            assert taken(self.session.seats, need.role) <= need.maximum

    @invariant()
    def nobody_is_there_twice(self) -> None:
        named = [one.person for one in self.session.seats if one.person]
        assert len(named) == len(set(named))

    @invariant()
    def no_seat_is_free_while_somebody_waits_who_can_come(self) -> None:
        if self.now >= self.session.start:
            return
        for need in self.session.needs:
            queue = people(waiting(self.session.seats, need.role), "waiting")
            if taken(self.session.seats, need.role) < need.maximum:
                assert set(queue) <= self.busy

    @invariant()
    def offers_end_by_the_start(self) -> None:
        for one in self.session.seats:
            assert (one.status == "offered") == (one.until is not None)
            assert one.until is None or one.until <= self.session.start

    @invariant()
    def it_survives_its_own_storage(self) -> None:
        stored = self.session.model_dump(mode="json", by_alias=True)
        assert Session.model_validate(stored) == self.session


TestSeating = Seating.TestCase


@given(minutes=st.integers(1, 60 * 24 * 5), at=st.integers(0, 60 * 24 * 400))
def test_an_offer_leaves_at_most_half_of_the_time_and_never_passes_the_start(
    minutes: int, at: int
) -> None:
    now = NOW + timedelta(minutes=at)
    start = now + timedelta(minutes=minutes)
    until = offer_until(now, start)
    if start - now >= timedelta(hours=48):
        assert until is None
        return
    assert until is not None
    assert now < until <= start
    local = now.astimezone(STOCKHOLM)
    if 7 <= local.hour < 21:
        assert until == now + min(timedelta(hours=12), (start - now) / 2)
    elif until < start:
        assert until.astimezone(STOCKHOLM).hour >= 7


def test_an_offer_made_at_eight_ends_at_twenty() -> None:
    made = datetime(2026, 12, 1, 8, 0, tzinfo=STOCKHOLM)
    assert offer_until(made, made + timedelta(hours=34)) == made + timedelta(hours=12)


def test_an_offer_made_at_night_is_counted_from_seven() -> None:
    made = datetime(2026, 12, 1, 22, 30, tzinfo=STOCKHOLM)
    start = datetime(2026, 12, 2, 18, 0, tzinfo=STOCKHOLM)
    assert offer_until(made, start) == datetime(2026, 12, 2, 12, 30, tzinfo=STOCKHOLM)


@pytest.mark.case("S08")
def test_a_seat_given_back_half_an_hour_before_is_offered_for_a_quarter() -> None:
    start = datetime(2026, 12, 1, 15, 0, tzinfo=STOCKHOLM)
    assert offer_until(start - timedelta(minutes=30), start) == start - timedelta(minutes=15)


def test_everyone_who_had_or_wanted_a_seat_stands_in_the_cancellation() -> None:
    session = a_session(NOW + timedelta(days=7), RoleNeed(role="helper", maximum=1))
    for person in ("a", "b", "c"):
        session, _ = signup.sign_up(session, person, "helper", Moment(NOW))
    session, _ = signup.withdraw(session, "c", Moment(NOW))
    what = Cancellation(reason="illness", at=NOW)
    cancelled, [facts] = sessions.cancel(session, what, ("host",))
    assert facts.model_dump()["concerned"] == ("a", "b")
    assert not people(cancelled.seats, "seated", "offered", "waiting")
    assert sessions.cancel(cancelled, what, ()) == (cancelled, ())


def test_who_is_busy_elsewhere_is_skipped_and_keeps_their_place() -> None:
    session = a_session(NOW + timedelta(days=7), RoleNeed(role="helper", maximum=1))
    for person in ("a", "b", "c"):
        session, _ = signup.sign_up(session, person, "helper", Moment(NOW))
    session, events = signup.withdraw(session, "a", Moment(NOW, {"b": Skip("elsewhere", "other")}))
    offered = events[1].model_dump()
    assert [one["person"] for one in offered["moved_up"]] == ["c"]
    assert offered["skipped"] == ("b",)
    assert people(waiting(session.seats, "helper"), "waiting") == ("b",)


@pytest.mark.case("S02")
def test_nobody_passes_one_who_came_while_we_looked_at_who_is_elsewhere() -> None:
    """A seat is freed on an older look at the queue: it waits for who was not asked about."""
    session = a_session(NOW + timedelta(days=7), RoleNeed(role="helper", maximum=1))
    for person in ("a", "late", "behind"):
        session, _ = signup.sign_up(session, person, "helper", Moment(NOW))
    freed, events = signup.withdraw(session, "a", Moment(NOW, {"late": NOT_ASKED}))
    assert [event.type for event in events] == ["activities.session.seat_withdrawn"]
    assert people(freed.seats, "waiting") == ("late", "behind")
    newer, _ = signup.sign_up(freed, "newcomer", "helper", Moment(NOW, {"late": NOT_ASKED}))
    assert people(newer.seats, "waiting") == ("late", "behind", "newcomer")
    served, _ = sessions.served(newer, newer.seats, None, Moment(NOW))
    assert people(served.seats, "seated") == ("late",)
