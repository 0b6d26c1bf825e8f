"""Which meetings a schedule has, also around midnight and the change of the clocks."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.activities.domain.recurrence import meetings, moment
from services.activities.domain.schedule import MEETINGS_AT_MOST, Day, Schedule, Weekly
from shared.clock import STOCKHOLM
from shared.contracts.problems import Invalid

clock_times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
dates = st.dates(date(2026, 1, 1), date(2030, 12, 31))


def one(day: str, start: str, end: str) -> Schedule:
    weekday = date.fromisoformat(day).isoweekday()
    return Schedule(
        weekly=(Weekly(weekday=weekday, start=start, end=end),),
        first=date.fromisoformat(day),
        meetings=1,
    )


def hours(schedule: Schedule) -> float:
    [meeting] = meetings(schedule)
    return (meeting.end - meeting.start).total_seconds() / 3600


@pytest.mark.case("S16")
@pytest.mark.parametrize(
    ("day", "start", "end", "expected"),
    [
        ("2026-12-01", "20:00", "00:00", 4),
        ("2026-12-06", "22:00", "02:00", 4),
        ("2027-03-27", "22:00", "06:00", 7),
        ("2027-10-30", "22:00", "06:00", 9),
    ],
)
def test_a_shift_over_midnight_has_the_hours_that_pass(
    day: str, start: str, end: str, expected: float
) -> None:
    assert hours(one(day, start, end)) == expected


@pytest.mark.case("S16")
def test_a_meeting_cannot_end_when_it_starts() -> None:
    with pytest.raises(ValidationError, match="see ctx"):
        Weekly(weekday=2, start="18:00", end="18:00")


def test_eighteen_is_eighteen_before_and_after_the_clocks_change() -> None:
    schedule = Schedule(
        weekly=(Weekly(weekday=2, start="18:00", end="20:00"),),
        first=date(2027, 3, 23),
        last=date(2027, 3, 30),
    )
    assert [one.start for one in meetings(schedule)] == [
        datetime(2027, 3, 23, 17, tzinfo=UTC),
        datetime(2027, 3, 30, 16, tzinfo=UTC),
    ]


def test_an_hour_that_comes_twice_is_the_first_and_one_that_never_comes_is_moved_on() -> None:
    assert moment(date(2027, 10, 31), "02:30") == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert moment(date(2027, 3, 28), "02:30") == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_eight_meetings_that_take_place_are_eight_whatever_is_skipped() -> None:
    schedule = Schedule(
        weekly=(Weekly(weekday=2, start="18:00", end="20:00"),),
        first=date(2027, 1, 12),
        meetings=8,
        skipped=(date(2027, 1, 19), date(2027, 2, 2)),
    )
    found = meetings(schedule)
    assert [one.number for one in found] == list(range(1, 9))
    assert found[-1].start.date() == date(2027, 3, 16)


@pytest.mark.promise("P21")
def test_more_than_sixty_meetings_and_none_at_all_are_refused() -> None:
    daily = tuple(Weekly(weekday=day, start="18:00", end="20:00") for day in range(1, 8))
    first = date(2027, 1, 1)
    with pytest.raises(Invalid, match="too-many-meetings"):
        meetings(Schedule(weekly=daily, first=first, last=first + timedelta(days=365)))
    with pytest.raises(Invalid, match="no-meetings"):
        meetings(Schedule(weekly=daily, first=first, last=first, skipped=(first,)))


def test_meetings_that_overlap_are_refused() -> None:
    weekly = (
        Weekly(weekday=2, start="18:00", end="20:00"),
        Weekly(weekday=2, start="19:00", end="21:00"),
    )
    with pytest.raises(Invalid, match="meetings-overlap"):
        meetings(Schedule(weekly=weekly, first=date(2027, 1, 12), meetings=4))


@given(
    slots=st.lists(st.tuples(st.integers(1, 7), clock_times, clock_times), min_size=1, max_size=3),
    first=dates,
    count=st.integers(1, MEETINGS_AT_MOST),
    skipped=st.lists(st.integers(0, 100), max_size=10),
)
def test_any_schedule_gives_meetings_in_order_at_their_local_time(
    slots: list[tuple[int, str, str]], first: date, count: int, skipped: list[int]
) -> None:
    assume(all(start != end for _, start, end in slots))
    schedule = Schedule(
        weekly=tuple(Weekly(weekday=day, start=start, end=end) for day, start, end in slots),
        first=first,
        meetings=count,
        skipped=tuple(first + timedelta(days=step) for step in skipped),
    )
    with suppress(Invalid):
        _judge(schedule, count)


def _judge(schedule: Schedule, count: int) -> None:
    found = meetings(schedule)
    assert len(found) == count
    assert [one.number for one in found] == list(range(1, count + 1))
    for meeting in found:
        length = meeting.end - meeting.start
        assert timedelta(0) < length <= timedelta(hours=25)
        local = meeting.start.astimezone(STOCKHOLM)
        again = moment(local.date(), f"{local:%H:%M}")
        assert again == meeting.start
        assert local.date() not in schedule.skipped


@pytest.mark.parametrize("day", ["0001-01-01", "2014-12-31", "2101-01-01", "9999-12-25"])
def test_a_day_at_the_edge_of_the_calendar_is_refused_and_never_counted_from(day: str) -> None:
    season = {"weekly": [{"weekday": 2, "start": "18:00", "end": "20:00"}], "meetings": 3}
    for field in ({"first": day}, {"first": "2027-01-12", "skipped": [day]}):
        with pytest.raises(ValidationError):
            Schedule.model_validate({**season, **field})
    TypeAdapter(Day).validate_python("2100-12-31")
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python(day)
