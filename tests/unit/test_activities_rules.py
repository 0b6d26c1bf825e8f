"""Recurrence rules against an independent reading of RFC 5545, and the cases that broke others."""

import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.activities.domain.almanac import feasts, is_holiday, school_breaks, winter_break_known
from services.activities.domain.hours import iso_week
from services.activities.domain.recurrence import (
    comes_twice,
    is_on_the_clock,
    meetings,
    moment,
    pattern,
)
from services.activities.domain.rule import WEEKDAYS
from services.activities.domain.schedule import MEETINGS_AT_MOST, Schedule
from shared.clock import STOCKHOLM, local_date
from shared.contracts.problems import Invalid


def schedule(
    rule: str, first: str, start: str = "18:00", end: str = "20:00", **more: Any
) -> Schedule:
    return Schedule(recurrence=rule, start=start, end=end, first=date.fromisoformat(first), **more)


def starts(one: Schedule) -> list[str]:
    return [f"{meeting.start:%m-%d %H:%M}" for meeting in meetings(one)]


S = "FREQ=WEEKLY;BYDAY=MO;COUNT=4"


@pytest.mark.case("C01")
@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("2027-03-15", ["03-15 17:00", "03-22 17:00", "03-29 16:00", "04-05 16:00"]),
        ("2027-10-18", ["10-18 16:00", "10-25 16:00", "11-01 17:00", "11-08 17:00"]),
        ("2026-10-12", ["10-12 16:00", "10-19 16:00", "10-26 17:00", "11-02 17:00"]),
    ],
)
def test_a_series_keeps_its_hour_on_the_wall(first: str, expected: list[str]) -> None:
    assert starts(schedule(S, first)) == expected


@pytest.mark.case("C02")
def test_monday_after_midnight_is_monday() -> None:
    found = meetings(schedule("FREQ=WEEKLY;BYDAY=MO;COUNT=3", "2027-06-07", "00:30", "01:30"))
    assert [f"{one.start:%m-%dT%H:%M}" for one in found] == [
        "06-06T22:30", "06-13T22:30", "06-20T22:30",
    ]  # fmt: skip
    local = [one.start.astimezone(STOCKHOLM) for one in found]
    assert [(one.weekday(), one.isocalendar().week) for one in local] == [(0, 23), (0, 24), (0, 25)]


@pytest.mark.case("C03")
def test_an_hour_that_is_on_no_clock_is_left_out_and_not_counted() -> None:
    found = schedule("FREQ=DAILY;COUNT=4", "2027-03-26", "02:30", "03:30")
    assert starts(found) == ["03-26 01:30", "03-27 01:30", "03-29 00:30", "03-30 00:30"]
    assert not is_on_the_clock(date(2027, 3, 28), "02:30")
    assert comes_twice(date(2027, 10, 31), "02:30")
    assert not comes_twice(date(2027, 10, 31), "03:30")


@pytest.mark.case("C05")
@pytest.mark.parametrize(("first", "hours"), [("2027-03-20", [8, 7, 8]), ("2027-10-23", [8, 9, 8])])
def test_a_night_has_the_hours_that_pass(first: str, hours: list[int]) -> None:
    found = meetings(schedule("FREQ=WEEKLY;BYDAY=SA;COUNT=3", first, "22:00", "06:00"))
    assert [(one.end - one.start) / timedelta(hours=1) for one in found] == hours
    assert {one.end.astimezone(STOCKHOLM).hour for one in found} == {6}


@pytest.mark.case("C20")
@pytest.mark.case("S16")
@pytest.mark.parametrize(
    ("day", "at", "utc", "week"),
    [
        ("2027-06-06", "23:30", "2027-06-06T21:30", "2027-W22"),
        ("2027-06-07", "00:30", "2027-06-06T22:30", "2027-W23"),
        ("2027-01-04", "00:30", "2027-01-03T23:30", "2027-W01"),
    ],
)
def test_a_session_belongs_to_the_week_in_which_it_begins_here(
    day: str, at: str, utc: str, week: str
) -> None:
    start = moment(date.fromisoformat(day), at)
    assert f"{start:%Y-%m-%dT%H:%M}" == utc
    assert iso_week(local_date(start)) == week


@pytest.mark.case("C20")
def test_the_weeks_of_the_clock_changes_are_an_hour_shorter_and_longer() -> None:
    for week, hours in ((12, 167), (43, 169)):
        monday = date.fromisocalendar(2027, week, 1)
        begins, ends = moment(monday, "00:00"), moment(monday + timedelta(days=7), "00:00")
        assert (ends - begins) / timedelta(hours=1) == hours


@pytest.mark.case("C06")
def test_until_a_day_includes_that_day() -> None:
    thursdays = schedule("FREQ=WEEKLY;BYDAY=TH;UNTIL=20270429", "2027-04-08")
    assert starts(thursdays)[-1] == "04-29 16:00"
    assert len(meetings(thursdays)) == 4
    mondays = schedule("FREQ=WEEKLY;BYDAY=MO;UNTIL=20271108T170000Z", "2027-10-18")
    assert starts(mondays)[-1] == "11-08 17:00"
    assert (
        len(meetings(schedule("FREQ=WEEKLY;BYDAY=TH", "2027-04-08", last=date(2027, 4, 29)))) == 4
    )


@pytest.mark.case("C08")
def test_every_other_week_counts_weeks_from_monday() -> None:
    rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;COUNT=4"
    assert starts(schedule(rule, "2027-01-10", "15:00", "17:00")) == [
        "01-10 14:00", "01-19 14:00", "01-24 14:00", "02-02 14:00",
    ]  # fmt: skip
    assert meetings(schedule(rule + ";WKST=MO", "2027-01-10"))
    with pytest.raises(ValidationError):
        schedule(rule + ";WKST=SU", "2027-01-10")


@pytest.mark.case("C10")
def test_a_first_date_outside_the_rule_is_no_meeting() -> None:
    found = schedule("FREQ=WEEKLY;BYDAY=WE;COUNT=3", "2027-01-12")
    assert starts(found) == ["01-13 17:00", "01-20 17:00", "01-27 17:00"]


@pytest.mark.promise("P21")
@pytest.mark.case("C11")
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=DAILY;COUNT=1000000000",
        "FREQ=YEARLY;BYMONTH=1,2,3;BYHOUR=0,1,2;BYMINUTE=0,1,2;BYSECOND=0,1,2",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=2TU;COUNT=2",
        "FREQ=MONTHLY;BYDAY=TU;COUNT=2",
        "FREQ=WEEKLY;COUNT=2;UNTIL=20270101",
        "FREQ=WEEKLY;INTERVAL=0;COUNT=2",
        "FREQ=WEEKLY;BYDAY=;COUNT=2",
        "FREQ=DAILY;COUNT=2;COUNT=3",
        "",
    ],
)
def test_a_short_rule_costs_no_long_work(rule: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(ValidationError):
        schedule(rule, "2027-01-12")
    assert time.perf_counter() - begun < 0.1


@pytest.mark.case("C18")
def test_holidays_are_skipped_and_as_many_take_place() -> None:
    mondays = schedule(S, "2027-03-15", skip_holidays=True)
    assert starts(mondays) == ["03-15 17:00", "03-22 17:00", "04-05 16:00", "04-12 16:00"]
    fridays = schedule("FREQ=WEEKLY;BYDAY=FR;COUNT=4", "2027-06-11", skip_holidays=True)
    assert starts(fridays) == ["06-11 16:00", "06-18 16:00", "07-02 16:00", "07-09 16:00"]
    assert not is_holiday(date(2027, 1, 10))
    assert is_holiday(date(2027, 6, 6))


def test_feasts_are_named_where_their_language_is_spoken() -> None:
    assert feasts(date(2027, 3, 21), ("prs",)) == ("nowruz",)
    assert feasts(date(2027, 3, 21), ("sv", "ti")) == ()
    assert feasts(date(2027, 1, 19), ("ti",)) == ("timkat",)
    assert feasts(date(2027, 5, 2), ("uk",)) == ("orthodox_easter",)
    assert feasts(date(2027, 3, 9), ("ar",)) == ("eid_al_fitr",)
    assert feasts(date(2027, 2, 20), ("so",)) == ("ramadan",)
    assert feasts(date(2027, 2, 20), ("uk",)) == ()


def test_school_breaks_are_those_of_the_county_where_they_are_known() -> None:
    norrbotten = school_breaks(2027, "25", "2582")
    assert any(one.first <= date(2027, 3, 9) <= one.last for one in norrbotten)
    assert not winter_break_known("14", "1495")
    assert winter_break_known("14", "1480")


days = st.sets(st.integers(0, 6), min_size=1, max_size=3)
clock = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))


@given(
    frequency=st.sampled_from(("DAILY", "WEEKLY", "MONTHLY")),
    interval=st.integers(1, 4),
    weekdays=days,
    nth=st.sampled_from((1, 2, 3, 4, -1, -2)),
    first=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    count=st.integers(1, MEETINGS_AT_MOST),
    at=clock,
)
def test_any_allowed_rule_gives_the_days_that_another_reader_of_the_standard_finds(
    frequency: str, interval: int, weekdays: set[int], nth: int, first: date, count: int, at: str
) -> None:
    number = str(nth) if frequency == "MONTHLY" else ""
    by_day = ",".join(f"{number}{WEEKDAYS[one]}" for one in sorted(weekdays))
    text = f"FREQ={frequency};INTERVAL={interval};BYDAY={by_day}"
    end = f"{(int(at[:2]) + 1) % 24:02}{at[2:]}"
    season = schedule(f"{text};COUNT={count}", first.isoformat(), at, end)
    try:
        found = meetings(season)
    except Invalid:
        # More than five years of it: never within this reach.
        assert len(list(pattern(season))) < count
        return
    theirs = rrule.rrulestr(text, dtstart=datetime.combine(first, datetime.min.time()))
    expected = []
    for day in theirs:
        if len(expected) == count:
            break
        if is_on_the_clock(day.date(), at):
            expected.append(day.date())
    local = [one.start.astimezone(STOCKHOLM) for one in found]
    assert [one.date() for one in local] == expected
    assert {f"{one:%H:%M}" for one in local} == {at}


@given(
    weekday=st.integers(1, 7),
    first=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    weeks=st.integers(0, 50),
    skipped=st.sets(st.integers(0, 400), max_size=10),
    extra=st.sets(st.integers(0, 400), max_size=5),
    holidays=st.booleans(),
    at=clock,
)
def test_a_season_lies_within_its_dates_and_skips_what_is_to_be_skipped(
    weekday: int,
    first: date,
    weeks: int,
    skipped: set[int],
    extra: set[int],
    holidays: bool,
    at: str,
) -> None:
    last = first + timedelta(weeks=weeks)
    end = f"{(int(at[:2]) + 2) % 24:02}{at[2:]}"
    body = {
        "weekly": [{"weekday": weekday, "start": at, "end": end}],
        "first": first, "last": last, "skip_holidays": holidays,
        "skipped": [first + timedelta(days=one) for one in skipped],
        "extra": [{"day": first + timedelta(days=one)} for one in extra],
    }  # fmt: skip
    season = Schedule.model_validate(body)
    with suppress(Invalid):
        for one in meetings(season):
            local = one.start.astimezone(STOCKHOLM)
            assert timedelta(0) < one.end - one.start <= timedelta(hours=4)
            assert f"{local:%H:%M}" == at
            assert one.start.tzinfo == UTC
            if one.extra:
                assert (local.date() - first).days in extra
                continue
            assert local.isoweekday() == weekday
            assert first <= local.date() <= last
            assert local.date() not in season.skipped
            assert not (holidays and is_holiday(local.date()))
