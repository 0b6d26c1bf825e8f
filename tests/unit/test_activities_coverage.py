"""Coverage: what lives, how many hours, and what others than officers may know."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.domain.agreement import covered_until, in_force
from services.activities.domain.count import Count
from services.activities.domain.coverage import Known, coverage, recomputed
from services.activities.domain.hours import Residents, weekly
from services.activities.domain.session import Cancellation, Session
from shared.contracts.bands import band, to_tens
from shared.contracts.registry import (
    AccommodationSnapshot,
    Agreement,
    MeetingPlaceSnapshot,
    Renewal,
    ResidentsFigure,
    TrialPeriod,
)
from tests.unit.test_activities_seats import a_session

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
TODAY = date(2026, 12, 1)
LONG_AGO = date(2026, 1, 1)
numbers = st.integers(0, 2000)


def residents(total: int = 100, **groups: int) -> Residents:
    return Residents(on=date(2026, 11, 20), total=total, groups=groups)  # type: ignore[arg-type]


def held(total: int, start: datetime = NOW, **more: object) -> Session:
    count = Count(revision=1, total=total, groups=more.pop("groups", {}), by="leader", at=start)  # type: ignore[arg-type]
    return a_session(start).model_copy(update={"status": "held", "counts": (count,), **more})


def a_house(*figures: ResidentsFigure) -> AccommodationSnapshot:
    return AccommodationSnapshot(
        code="A1", name="Boendet", kind="asylum_centre", status="open", municipality="2582",
        county="25", capacity=200, residents=figures,
    )  # fmt: skip


def a_place(until: date = date(2027, 6, 1), **more: object) -> MeetingPlaceSnapshot:
    agreement = Agreement(
        from_=date(2026, 1, 1), until=until, signed_by_agency="officer", signed_by_hosts=("host",)
    )
    place = MeetingPlaceSnapshot(
        name="Hemmet", status="open", accommodations=("house",), municipality="2582", county="25",
        hosts=("host",), agreement=agreement,
    )  # fmt: skip
    return place.model_copy(update=more)


@given(number=numbers)
def test_every_number_stands_in_its_band_and_bands_do_not_overlap(number: int) -> None:
    mine = band(number)
    assert mine.lowest <= number <= mine.highest
    assert mine.lowest <= mine.middle <= mine.highest
    assert band(mine.lowest) == band(mine.highest) == mine


def test_the_bands_are_those_of_the_definition() -> None:
    edges = [0, 1, 5, 6, 10, 11, 20, 21, 50, 51, 100, 101, 200, 201, 1980]
    assert [str(band(one)) for one in edges] == [
        "0", "1-5", "1-5", "6-10", "6-10", "11-20", "11-20", "21-50", "21-50", "51-100", "51-100",
        "101-200", "101-200", "201-300", "1901-2000",
    ]  # fmt: skip
    assert [to_tens(one) for one in (0, 4, 5, 14, 412)] == [0, 0, 10, 10, 410]


@pytest.mark.promise("P15")
@given(total=numbers, women=st.integers(0, 300), came=st.integers(0, 300), data=st.data())
def test_two_worlds_equal_in_bands_give_the_same_public_hours(
    total: int, women: int, came: int, data: st.DataObject
) -> None:
    def other(number: int) -> int:
        mine = band(number)
        return data.draw(st.integers(mine.lowest, mine.highest))

    here = weekly("2026-W49", [held(came)], (residents(total, women=women),), NOW, exact=False)
    there = weekly(
        "2026-W49",
        [held(other(came))],
        (residents(other(total), women=other(women)),),
        NOW,
        exact=False,
    )
    assert here == there


def test_hours_are_per_resident_of_the_group_and_open_house_is_apart() -> None:
    house = (residents(100, women=40, men=60),)
    sessions = [
        held(20),
        held(8, target_groups=("women",)),
        held(10, groups={"men": 6}),
        held(30, kind="open_house"),
    ]
    week = weekly("2026-W49", sessions, house, NOW, exact=True)
    assert week.held == {
        "all": round(2 * (20 + 8 + 10) / 100, 2),
        "men": round(2 * (20 * 0.6 + 6) / 60, 2),
        "women": round(2 * (20 * 0.4 + 8) / 40, 2),
    }
    assert (week.open_house_hours, week.open_house_visits) == (2, 30)
    assert week.offered["all"] == round(3 * 2 * 20 / 100, 2)


@pytest.mark.case("S16")
def test_a_night_counts_in_the_week_of_its_start_only() -> None:
    sunday = datetime(2026, 12, 6, 21, 0, tzinfo=UTC)
    late = held(10, sunday).model_copy(update={"end": sunday + timedelta(hours=4)})
    house = (residents(100),)
    assert weekly("2026-W49", [late], house, NOW, exact=True).held == {"all": 0.4}
    assert weekly("2026-W50", [late], house, NOW, exact=True).held == {}


def test_what_was_not_held_is_told_apart() -> None:
    start = NOW + timedelta(days=1)

    def cancelled(before: timedelta) -> Session:
        what = Cancellation(reason="illness", at=start - before)
        return a_session(start).model_copy(update={"status": "cancelled", "cancelled": what})

    sessions = [
        cancelled(timedelta(hours=30)),
        cancelled(timedelta(hours=3)),
        cancelled(-timedelta(hours=1)),
        held(0, start),
    ]
    tally = weekly("2026-W49", sessions, (), NOW, exact=True).sessions
    assert tally.model_dump() == {
        "planned": 4, "held": 1, "counted": 1, "cancelled_in_time": 1, "cancelled_late": 1,
        "silent": 1, "probably_held": 0,
    }  # fmt: skip


@pytest.mark.parametrize(("days", "living"), [(14, True), (15, False), (-14, True), (-15, False)])
def test_a_meeting_place_lives_with_a_session_within_a_fortnight(days: int, living: bool) -> None:
    session = a_session(NOW + timedelta(days=days))
    found = coverage(Known(a_house(), {"place": a_place()}, [session]), NOW)
    assert found.living is living


def test_a_place_without_agreement_in_force_or_with_cancelled_sessions_does_not_live() -> None:
    session = a_session(NOW + timedelta(days=1))
    ended = {"place": a_place(until=TODAY - timedelta(days=1))}
    assert not coverage(Known(a_house(), ended, [session]), NOW).living
    paused = {"place": a_place(status="paused")}
    assert not coverage(Known(a_house(), paused, [session]), NOW).living
    cancelled = session.model_copy(update={"status": "cancelled"})
    assert not coverage(Known(a_house(), {"place": a_place()}, [cancelled]), NOW).living


def test_in_use_needs_one_held_and_counted_and_one_coming() -> None:
    coming = a_session(NOW + timedelta(days=7))
    counted_one = held(5, NOW - timedelta(days=7))
    uncounted = counted_one.model_copy(update={"counts": ()})
    assert in_use([coming, counted_one])
    assert not in_use([coming, uncounted])
    assert not in_use([counted_one])
    assert not in_use([coming, counted_one], a_place(until=TODAY - timedelta(days=1)))
    assert not in_use([coming, counted_one], a_place(status="paused"))


def in_use(sessions: list[Session], *places: MeetingPlaceSnapshot, since: date = LONG_AGO) -> bool:
    there = {f"place{number or ''}": one for number, one in enumerate(places or (a_place(),))}
    there = {id: one.model_copy(update={"open_since": since}) for id, one in there.items()}
    known = Known(a_house(), there, sessions)
    return coverage(known, NOW).in_use


def test_what_one_place_held_and_another_plans_puts_neither_in_use() -> None:
    here = held(5, NOW - timedelta(days=7))
    there = a_session(NOW + timedelta(days=7)).model_copy(update={"meeting_place": "place1"})
    assert not in_use([here, there], a_place(), a_place())
    both = [*(one.model_copy(update={"meeting_place": "place1"}) for one in (here, there)), there]
    assert in_use(both, a_place(), a_place())


@pytest.mark.parametrize(("days", "expected"), [(0, True), (14, True), (15, False)])
def test_a_new_place_that_lives_has_a_fortnight_of_grace(days: int, expected: bool) -> None:
    coming = a_session(NOW + timedelta(days=7))
    since = TODAY - timedelta(days=days)
    assert in_use([coming], since=since) is expected
    assert not in_use([], since=since)
    assert not in_use([coming], a_place(until=TODAY - timedelta(days=1)), since=since)


def test_on_trial_is_counted_apart_and_only_for_its_days() -> None:
    session = a_session(NOW + timedelta(days=1))
    for last, apart in ((TODAY, True), (TODAY - timedelta(days=1), False)):
        trial = TrialPeriod(since=TODAY - timedelta(days=20), until=last)
        place = a_place(status="open_on_trial", trial=trial)
        found = coverage(Known(a_house(), {"place": place}, [session]), NOW)
        assert (found.living, found.in_use, found.on_trial) == (False, False, apart)
    assert not coverage(Known(a_house(), {"place": a_place()}, [session]), NOW).on_trial


def test_a_renewal_takes_over_without_a_day_on_which_nothing_lives() -> None:
    session = a_session(NOW + timedelta(days=1))
    ended = TODAY - timedelta(days=1)
    signed = Renewal(
        from_=TODAY, until=date(2027, 6, 1), hosts=("other",),
        signed_by_agency="officer", signed_by_hosts=("other",),
    )  # fmt: skip
    unsigned = signed.model_copy(update={"signed_by_hosts": ()})
    for renewal, living in ((signed, True), (unsigned, False), (None, False)):
        known = Known(a_house(), {"place": a_place(ended, renewal=renewal)}, [session])
        assert coverage(known, NOW).living is living


def test_an_agreement_ended_early_covers_no_later_day() -> None:
    place = a_place()
    early = place.agreement.model_copy(update={"ends_on": TODAY})
    place = place.model_copy(update={"agreement": early})
    assert covered_until(place) == TODAY
    assert in_force(place, TODAY)
    assert not in_force(place, TODAY + timedelta(days=1))


def test_others_hear_of_coverage_only_when_the_edge_of_living_is_crossed() -> None:
    session = a_session(NOW + timedelta(days=1))
    alive = coverage(Known(a_house(), {"place": a_place()}, [session]), NOW)
    dead = coverage(Known(a_house(), {"place": a_place()}, []), NOW)
    assert [len(recomputed(*pair)[1]) for pair in ((None, dead), (None, alive), (dead, alive))] == [
        0, 1, 1,
    ]  # fmt: skip
    assert recomputed(alive, alive)[1] == ()


def test_a_figure_older_than_a_fortnight_is_grey_and_a_later_one_waits_for_its_day() -> None:
    old = ResidentsFigure(on=TODAY - timedelta(days=15), total=80)
    coming = ResidentsFigure(on=TODAY + timedelta(days=1), total=180)
    found = coverage(Known(a_house(coming, old), {}, []), NOW)
    assert found.grey
    assert found.residents is not None
    assert found.residents.total == 80


def test_a_closing_house_counts_until_it_is_empty() -> None:
    closing = a_house(ResidentsFigure(on=TODAY, total=3)).model_copy(update={"status": "closing"})
    assert coverage(Known(closing, {}, []), NOW).counts
    empty = closing.model_copy(update={"residents": (ResidentsFigure(on=TODAY, total=0),)})
    assert not coverage(Known(empty, {}, []), NOW).counts
