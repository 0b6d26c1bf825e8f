"""A series that is moved, extended and called off: its sessions keep number, seats and queue."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.activities.domain import activity as activities
from services.activities.domain import moving, series, signup
from services.activities.domain import session as sessions
from services.activities.domain.activity import Activity, Plan, Whereabouts
from services.activities.domain.again import once_more
from services.activities.domain.recurrence import local_slot, meetings
from services.activities.domain.seats import Moment, RoleNeed, asked_to_keep, people, waiting
from services.activities.domain.series import Ground, More, Move
from services.activities.domain.session import Cancellation, Session
from shared.contracts.problems import Problem, Refused

NOW = datetime(2027, 1, 4, 8, tzinfo=UTC)
WHERE = Whereabouts(accommodations=("house",), municipality="2582", county="25")


def a_plan(**more: Any) -> Plan:
    return Plan.model_validate(
        {
            "kind": "language_cafe",
            "title": {"sv": "Språkcafé"},
            "places": 20,
            "organiser": "organisation",
            "meeting_place": "place",
            "roles": [{"role": "helper", "maximum": 1}],
            "schedule": {
                "recurrence": "FREQ=WEEKLY;BYDAY=MO;COUNT=4",
                "start": "18:00",
                "end": "20:00",
                "first": date(2027, 3, 15),
            },
            **more,
        }
    )


class Run:
    """An activity and its sessions, followed as the service does it."""

    def __init__(self, wish: Plan, now: datetime = NOW) -> None:
        self.now, self.version = now, 1
        self.activity, _ = activities.plan(wish, WHERE, meetings(wish.schedule), now)
        self.sessions: dict[int, Session] = {}
        self.told: list[Any] = []
        self.follow()

    @property
    def ground(self) -> Ground:
        of = {status: frozenset(n for n, one in self.sessions.items() if one.status == status)
              for status in ("cancelled", "held")}  # fmt: skip
        return Ground(self.now, of["cancelled"], of["held"])

    def do(self, rule: Any, *arguments: Any) -> None:
        self.activity, events = rule(self.activity, *arguments)
        self.version += 1
        assert len({event.type for event in events}) == len(events)
        self.follow()

    def move(self, **wish: Any) -> None:
        self.do(series.reschedule, Move.model_validate(wish), self.ground)

    def extend(self, **wish: Any) -> None:
        self.do(series.extend, More.model_validate(wish), self.ground)

    def follow(self) -> None:
        for meeting in self.activity.meetings:
            one = self.sessions.get(meeting.number)
            if one is None and meeting.cancel_reason is None:
                planned, _ = sessions.plan_session("activity", self.activity, meeting, self.now)
                self.sessions[meeting.number] = planned
            elif one is not None and one.status == "scheduled" and one.start > self.now:
                self.change(meeting.number, self._follow(meeting))

    def _follow(self, meeting: Any) -> Any:
        if meeting.cancel_reason is not None:
            what = Cancellation(reason=meeting.cancel_reason, at=self.now)
            return lambda one: sessions.cancel(one, what, ())
        planned = moving.Planned(self.activity, self.version, meeting)
        return lambda one: moving.follow(one, planned, Moment(self.now))

    def change(self, number: int, rule: Any) -> None:
        before = self.sessions[number]
        after, events = rule(before)
        assert after == before or events
        assert len({event.type for event in events}) == len(events)
        self.told += events
        self.sessions[number] = after

    def sign_up(self, number: int, *who: str) -> None:
        for person in who:
            at = Moment(self.now)
            self.change(number, lambda one, p=person, at=at: signup.sign_up(one, p, "helper", at))

    def cancel(self, number: int) -> None:
        what = Cancellation(reason="illness", at=self.now)
        self.change(number, lambda one: sessions.cancel(one, what, ()))

    def wait_until(self, moment: datetime) -> None:
        self.now = moment
        for number, one in self.sessions.items():
            while (due := sessions.wakes_at(self.sessions[number])) is not None and due <= moment:
                self.change(number, lambda one, due=due: sessions.wake(one, Moment(due)))
            del one

    def starts(self) -> list[str]:
        coming = [one for one in self.sessions.values() if one.status == "scheduled"]
        return sorted(f"{one.start:%m-%d %H:%M}" for one in coming)


@pytest.mark.case("C12")
def test_a_meeting_that_was_moved_does_not_come_back_where_it_was() -> None:
    run = Run(a_plan())
    run.move(number=2, day=date(2027, 3, 23), start="19:00")
    described = a_plan(title={"sv": "Kafé"})
    run.do(activities.describe, described)
    run.extend(meetings=6)
    run.extend(meetings=6)
    assert run.starts() == [
        "03-15 17:00", "03-23 18:00", "03-29 16:00", "04-05 16:00", "04-12 16:00", "04-19 16:00",
    ]  # fmt: skip
    assert run.sessions[2].moved_from == datetime(2027, 3, 22, 17, tzinfo=UTC)
    assert run.sessions[2].original_start == datetime(2027, 3, 22, 17, tzinfo=UTC)
    assert {one.title["sv"] for one in run.sessions.values()} == {"Kafé"}


@pytest.mark.case("C13")
def test_a_new_time_for_the_series_revives_no_cancelled_meeting() -> None:
    run = Run(a_plan())
    run.cancel(2)
    run.move(number=1, reach="all", start="18:30")
    assert run.starts() == ["03-15 17:30", "03-29 16:30", "04-05 16:30"]
    assert len(run.sessions) == 4
    assert run.activity.meetings[1].start == datetime(2027, 3, 22, 17, tzinfo=UTC)
    assert run.sessions[2].status == "cancelled"
    assert run.sessions[2].cancelled is not None
    assert run.sessions[2].cancelled.reason == "illness"


@pytest.mark.case("C15")
@pytest.mark.case("C16")
def test_this_and_following_doubles_nothing_and_keeps_who_is_there() -> None:
    wish = a_plan(roles=[{"role": "helper", "maximum": 2}])
    schedule = wish.schedule.model_copy(update={"recurrence": "FREQ=WEEKLY;BYDAY=MO;COUNT=6"})
    run = Run(wish.model_copy(update={"schedule": schedule}))
    run.sign_up(4, "a", "b", "c")
    run.told.clear()
    run.move(number=4, reach="following", start="17:00", end="19:00")
    assert run.starts() == [
        "03-15 17:00", "03-22 17:00", "03-29 16:00", "04-05 15:00", "04-12 15:00", "04-19 15:00",
    ]  # fmt: skip
    fourth = run.sessions[4]
    assert people(fourth.seats, "seated") == ("a", "b")
    assert people(fourth.seats, "waiting") == ("c",)
    [moved] = [one for one in run.told if one.concerned]
    assert (moved.concerned, moved.asked) == (("a", "b", "c"), ("a", "b"))
    assert (moved.moved_from.hour, moved.start.hour) == (16, 15)
    run.extend(meetings=7)
    assert run.starts()[-1] == "04-26 15:00"


def test_what_was_moved_by_itself_follows_the_series_no_more() -> None:
    run = Run(a_plan())
    run.move(number=4, day=date(2027, 4, 12))
    run.extend(extra=[{"day": date(2027, 4, 19), "start": "18:00", "end": "20:00"}])
    run.move(number=1, reach="all", start="17:00")
    assert run.starts() == [
        "03-15 16:00", "03-22 16:00", "03-29 15:00", "04-12 16:00", "04-19 16:00",
    ]  # fmt: skip


@pytest.mark.case("C28")
def test_an_extra_meeting_is_one_of_its_own() -> None:
    run = Run(a_plan())
    run.move(number=2, day=date(2027, 3, 23), start="19:00")
    run.extend(extra=[{"day": date(2027, 3, 27), "start": "14:00", "end": "16:00"}])
    assert run.starts() == [
        "03-15 17:00", "03-23 18:00", "03-27 13:00", "03-29 16:00", "04-05 16:00",
    ]  # fmt: skip
    assert sorted(run.sessions) == [1, 2, 3, 4, 5]


@pytest.mark.case("S14")
def test_editing_the_series_throws_nobody_out() -> None:
    wish = a_plan(
        schedule={
            "weekly": [{"weekday": 2, "start": "17:00", "end": "19:00"}],
            "first": date(2027, 1, 12),
            "meetings": 8,
        }
    )
    run = Run(wish)
    run.sign_up(1, "z")
    run.sign_up(3, "a")
    run.sign_up(5, "b", "c")
    run.wait_until(datetime(2027, 1, 13, tzinfo=UTC))
    before = {number: run.sessions[number] for number in (1, 2, 3)}
    assert before[1].status == "held"
    run.told.clear()
    run.move(number=4, reach="following", day=date(2027, 2, 4), start="18:00", end="20:00")
    assert {number: run.sessions[number] for number in (1, 2, 3)} == before
    fifth = run.sessions[5]
    assert fifth.start == datetime(2027, 2, 11, 17, tzinfo=UTC)
    assert people(fifth.seats, "seated") == ("b",)
    assert people(waiting(fifth.seats, "helper"), "waiting") == ("c",)
    told = [person for one in run.told for person in one.concerned]
    assert sorted(told) == ["b", "c"]
    again = once_more(run.activity, date(2027, 9, 1), None)
    slots = [local_slot(one) for one in meetings(again.schedule)]
    assert (len(slots), slots[0].day, slots[0].start) == (8, date(2027, 9, 2), "18:00")


@pytest.mark.case("S13")
def test_half_an_hour_asks_and_ending_sooner_does_not() -> None:
    run = Run(a_plan())
    run.sign_up(1, "a", "b")
    run.move(number=1, start="18:20")
    assert asked_to_keep(run.sessions[1].seats) == ()
    run.move(number=1, start="18:10", ask=True)
    assert asked_to_keep(run.sessions[1].seats) == ("a",)
    run.change(1, lambda one: moving.keep(one, "a", Moment(run.now)))
    assert asked_to_keep(run.sessions[1].seats) == ()
    run.move(number=1, start="17:00", end="19:00")
    assert asked_to_keep(run.sessions[1].seats) == ("a",)
    run.change(1, lambda one: moving.keep(one, "a", Moment(run.now)))
    run.move(number=1, end="18:00")
    assert asked_to_keep(run.sessions[1].seats) == ()
    assert [one.type.rsplit(".", 1)[1] for one in run.told].count("moved") == 4
    with pytest.raises(Refused, match="no-seat-to-keep"):
        moving.keep(run.sessions[1], "b", Moment(run.now))


def test_who_says_nothing_keeps_the_seat_and_the_question_is_over_in_time() -> None:
    run = Run(a_plan())
    run.sign_up(1, "a")
    run.move(number=1, day=date(2027, 3, 16))
    [seat] = run.sessions[1].seats
    assert seat.keep_until == run.sessions[1].start - timedelta(hours=24)
    run.wait_until(seat.keep_until)
    assert asked_to_keep(run.sessions[1].seats) == ()
    assert people(run.sessions[1].seats, "seated") == ("a",)


@pytest.mark.case("C03")
def test_a_meeting_moves_to_no_hour_that_is_on_no_clock() -> None:
    run = Run(a_plan())
    with pytest.raises(Problem, match="no-such-time"):
        run.move(number=3, day=date(2027, 3, 28), start="02:30", end="03:30")
    with pytest.raises(Problem, match="meetings-overlap"):
        run.move(number=3, day=date(2027, 3, 22), start="19:00")


def test_calling_off_the_rest_leaves_what_came_before() -> None:
    run = Run(a_plan())
    run.sign_up(3, "a")
    run.do(series.call_off, 3, "too_few_leaders", None, run.ground)
    assert run.starts() == ["03-15 17:00", "03-22 17:00"]
    assert run.sessions[3].status == "cancelled"
    assert run.activity.last_end == run.sessions[2].end
    run.extend(meetings=3)
    assert run.starts()[-1] == "04-12 16:00"


def test_roles_follow_the_activity_but_not_where_they_were_set_by_hand() -> None:
    run = Run(a_plan())
    run.sign_up(1, "a")
    by_hand = RoleNeed(role="helper", maximum=5)
    run.change(2, lambda one: signup.set_seats(one, by_hand, Moment(run.now)))
    run.do(activities.describe, a_plan(childcare=True, roles=[{"role": "helper", "maximum": 1},
                                                             {"role": "childcare", "maximum": 2}]))  # fmt: skip
    assert [one.maximum for one in run.sessions[2].needs] == [5, 2]
    assert [one.maximum for one in run.sessions[1].needs] == [1, 2]
    with pytest.raises(Refused, match="needs-two-adults"):
        run.do(activities.describe, a_plan(kind="children_play"))


def test_last_season_once_more_is_never_longer_than_a_season_may_be() -> None:
    run = Run(a_plan())
    for _ in range(3):
        run.extend(meetings=60)
        last = run.activity.meetings[-1].number
        run.do(series.call_off, last - 30, "weather", None, run.ground)
    run.extend(meetings=60)
    assert len(run.activity.meetings) > 60
    again = once_more(run.activity, date(2028, 1, 3), None)
    assert len(meetings(again.schedule)) == 60


def test_an_older_word_of_the_activity_is_not_followed() -> None:
    run = Run(a_plan())
    older = moving.Planned(run.activity, 1, run.activity.meetings[0])
    run.move(number=1, start="19:00")
    moved = run.sessions[1]
    assert moving.follow(moved, older, Moment(run.now)) == (moved, ())


@pytest.mark.promise("P16")
def test_whoever_was_named_to_lead_and_erased_stands_nowhere_in_the_session() -> None:
    run = Run(a_plan(leader="lea"))
    forgotten, _ = signup.forget(run.sessions[1], "lea", Moment(run.now))
    assert '"lea"' not in forgotten.model_dump_json()
    run.do(activities.without_leader, "lea")
    assert run.activity.leader is None


def test_who_is_named_to_lead_takes_the_place_of_who_was() -> None:
    run = Run(a_plan(leader="lea"))
    run.do(activities.describe, a_plan(leader="ali"))
    seats = {seat.person: seat.status for seat in run.sessions[1].seats}
    assert seats == {"lea": "removed", "ali": "seated"}
    assert (run.sessions[1].leader, run.told[-1].before) == ("ali", "lea")


PEOPLE = ("a", "b", "c", "d")
number = st.integers(1, 12)
hour = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 30)))


class Editing(RuleBasedStateMachine):
    """A coordinator edits a season in any way while people come and go and time passes."""

    @initialize()
    def begin(self) -> None:
        self.run = Run(a_plan())
        self.over: dict[int, Session] = {}
        self.planned: dict[int, datetime] = {}

    def attempt(self, command: Any, *arguments: Any, **wish: Any) -> None:
        queue = {number: self._people(one) for number, one in self.run.sessions.items()}
        try:
            command(*arguments, **wish)
        except Problem:
            return
        for one, before in queue.items():
            after = self.run.sessions[one]
            if after.status == "scheduled":
                assert [person for person in self._people(after) if person in before] == before

    @staticmethod
    def _people(one: Session) -> list[str]:
        return list(people(one.seats, "seated", "offered", "waiting"))

    @rule(number=number, reach=st.sampled_from(("this", "following", "all")),
          days=st.integers(-9, 9), start=hour)  # fmt: skip
    def move(self, number: int, reach: str, days: int, start: str) -> None:
        found = [one for one in self.run.activity.meetings if one.number == number]
        if found:
            day = local_slot(found[0]).day + timedelta(days=days)
            self.attempt(self.run.move, number=number, reach=reach, day=day, start=start)

    @rule(meetings=st.integers(1, 12))
    def extend(self, meetings: int) -> None:
        self.attempt(self.run.extend, meetings=meetings)
        have = sum(map(self.run.ground.takes_place, self.run.activity.meetings))
        before = self.run.activity
        self.attempt(self.run.extend, meetings=have)
        assert self.run.activity == before

    @rule(days=st.integers(0, 60), start=hour)
    def add_a_date(self, days: int, start: str) -> None:
        end = f"{(int(start[:2]) + 1) % 24:02}{start[2:]}"
        day = self.run.now.date() + timedelta(days=days)
        self.attempt(self.run.extend, extra=[{"day": day, "start": start, "end": end}])

    @rule(number=number)
    def call_off(self, number: int) -> None:
        self.attempt(self.run.do, series.call_off, number, "weather", None, self.run.ground)

    @rule(number=number)
    def cancel_one(self, number: int) -> None:
        if number in self.run.sessions and self.run.sessions[number].status == "scheduled":
            self.run.cancel(number)

    @rule(number=number, who=st.sampled_from(PEOPLE))
    def sign_up(self, number: int, who: str) -> None:
        if number in self.run.sessions:
            self.attempt(self.run.sign_up, number, who)

    @rule(places=st.integers(1, 9))
    def describe(self, places: int) -> None:
        self.attempt(self.run.do, activities.describe, a_plan(places=places))

    @rule(days=st.integers(0, 20))
    def wait(self, days: int) -> None:
        self.run.wait_until(self.run.now + timedelta(days=days))
        self.run.do(activities.advance, self.run.now)

    @invariant()
    def what_is_over_never_changes(self) -> None:
        for number, one in self.over.items():
            assert self.run.sessions[number] == one
        for number, one in self.run.sessions.items():
            if one.status in ("held", "cancelled"):
                self.over[number] = one

    @invariant()
    def a_number_is_given_once_and_so_is_its_first_start(self) -> None:
        numbers = [one.number for one in self.run.activity.meetings]
        assert len(set(numbers)) == len(numbers)
        assert set(self.run.sessions) <= set(numbers)
        for number, one in self.run.sessions.items():
            assert self.planned.setdefault(number, one.original_start) == one.original_start

    @invariant()
    def a_coming_session_is_when_its_meeting_is(self) -> None:
        meetings = {one.number: one for one in self.run.activity.meetings}
        for number, one in self.run.sessions.items():
            if one.status == "scheduled" and one.start > self.run.now:
                assert (one.start, one.end) == (meetings[number].start, meetings[number].end)

    @invariant()
    def no_two_that_take_place_overlap(self) -> None:
        spans = sorted(
            (one.start, one.end) for one in self.run.sessions.values() if one.status != "cancelled"
        )
        assert all(later[0] >= earlier[1] for earlier, later in pairwise(spans))

    @invariant()
    def it_survives_its_own_storage(self) -> None:
        stored = self.run.activity.model_dump(mode="json", by_alias=True)
        assert Activity.model_validate(stored) == self.run.activity
        for one in self.run.sessions.values():
            assert Session.model_validate(one.model_dump(mode="json", by_alias=True)) == one


TestEditing = Editing.TestCase
