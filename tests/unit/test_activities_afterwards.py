"""How many came, who of the helpers did, how it went: each said once, corrected with a reason."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.activities.domain import session as sessions
from services.activities.domain import signup
from services.activities.domain.afterwards import (
    count_state,
    insist_real_times,
    mark,
    reflect,
)
from services.activities.domain.count import MIDDLE_OF_TAP, Count, CountBody, counted, no_surprise
from services.activities.domain.coverage import Known, coverage
from services.activities.domain.hours import Residents, weekly
from services.activities.domain.reflection import ReflectionBody, reflected
from services.activities.domain.seats import Moment, RoleNeed, people
from services.activities.domain.session import Session
from shared.contracts.bands import band
from shared.contracts.problems import Invalid, Refused, Stale
from tests.unit.test_activities_coverage import NOW, a_house, held
from tests.unit.test_activities_seats import a_session

START = datetime(2026, 12, 1, 16, 0, tzinfo=UTC)
AFTER = START + timedelta(hours=3)
numbers = st.integers(0, 2000)


def count(before: Count | None, body: CountBody, expected: int = 200) -> Count:
    return counted(before, body, "cora", NOW, expected)


@pytest.mark.case("S20")
def test_a_count_sent_twice_is_one_and_a_stale_one_shows_both_figures() -> None:
    first = count(None, CountBody(groups={"women": 6, "men": 7}))
    assert count(first, CountBody(groups={"women": 6, "men": 7})) is first
    with pytest.raises(Stale, match="counted-already") as stale:
        count(first, CountBody(groups={"women": 5, "men": 7}))
    shown = stale.value.extra
    assert (shown["revision"], shown["total"], shown["yours"]) == (1, 13, 12)
    with pytest.raises(Invalid, match="say-why"):
        count(first, CountBody(total=12, replaces=1))
    corrected = count(first, CountBody(total=12, replaces=1, reason="Räknade om"))
    assert (corrected.revision, corrected.total, corrected.reason) == (2, 12, "Räknade om")
    with pytest.raises(Stale, match="not-counted-yet"):
        count(None, CountBody(total=12, replaces=1, reason="Räknade om"))


@pytest.mark.case("S20")
def test_four_thousand_at_a_house_of_a_hundred_and_twenty_is_questioned() -> None:
    here = no_surprise(120, places=20)
    for expected in (here, no_surprise(None, places=20)):
        with pytest.raises(Refused, match="please-confirm"):
            count(None, CountBody(groups={"women": 4000}), expected)
    sure = count(None, CountBody(groups={"women": 4000}, confirm=True), here)
    assert sure.total == 4000
    with pytest.raises(ValidationError):
        CountBody(total=-1)


@given(residents=numbers, came=st.integers(0, 5000))
def test_trying_numbers_finds_out_no_more_than_the_band(residents: int, came: int) -> None:
    mine = band(residents)
    limits = {no_surprise(one, 20) for one in (mine.lowest, residents, mine.highest)}
    assert len({came > limit for limit in limits}) == 1


def test_zero_is_not_unknown_and_a_tap_is_about() -> None:
    nothing = count(None, CountBody(about="0"))
    assert (nothing.total, nothing.about) == (0, True)
    for tap, middle in MIDDLE_OF_TAP.items():
        tapped = count(None, CountBody(about=tap))
        assert (tapped.total, tapped.about) == (middle, True)
    with pytest.raises(Invalid, match="say-how-many"):
        count(None, CountBody())


def test_the_reason_of_a_correction_points_nobody_out() -> None:
    with pytest.raises(ValidationError):
        CountBody(total=12, replaces=1, reason="Ring 070-123 45 67")


# Each author corrects what they have seen; phones send again, late and in any order.
chains = st.lists(st.integers(0, 30), min_size=1, max_size=4)


@given(totals=chains, order=st.randoms(use_true_random=False), twice=st.booleans())
@pytest.mark.case("S20")
def test_whatever_order_counts_and_corrections_arrive_in_the_last_state_is_the_same(
    totals: Sequence[int], order: object, twice: bool
) -> None:
    bodies = [
        CountBody(total=total, replaces=number, reason="Räknade om" if number else None)
        for number, total in enumerate(totals)
    ]
    in_order = delivered(bodies)
    sent = bodies * (2 if twice else 1)
    order.shuffle(sent)  # type: ignore[attr-defined]
    # Whoever is told 412 reads what stands and sends what is still theirs to send again.
    assert delivered(sent * len(bodies)) == in_order


def delivered(bodies: Sequence[CountBody]) -> list[tuple[int, int]]:
    session = held_session()
    for body in bodies:
        try:
            new = counted(session.count, body, "lea", AFTER, 200)
        except Stale:
            continue
        session, _ = sessions.record_count(session, new, AFTER)
    return [(one.revision, one.total) for one in session.counts]


def held_session(*people: str, maximum: int = 3) -> Session:
    session = a_session(START, RoleNeed(role="helper", maximum=maximum))
    for person in people:
        session, _ = signup.sign_up(session, person, "helper", Moment(NOW))
    return sessions.wake(session, Moment(AFTER))[0]


def test_nobody_counts_what_is_cancelled_or_has_not_begun() -> None:
    session = a_session(START)
    with pytest.raises(Refused, match="not-begun"):
        sessions.insist_countable(session, START - timedelta(seconds=1))
    with pytest.raises(Refused, match="not-begun"):
        mark(session, {}, START - timedelta(seconds=1))
    sessions.insist_countable(session, START)


@pytest.mark.case("S19")
def test_a_sign_up_is_no_count_and_after_a_week_a_session_was_probably_held() -> None:
    session = held_session("a")
    assert count_state(session, session.end - timedelta(seconds=1)) == "not_yet"
    assert count_state(session, AFTER) == "missing"
    week = session.end + timedelta(days=7)
    assert count_state(session, week - timedelta(seconds=1)) == "missing"
    assert count_state(session, week) == "probably_held"
    late, _ = sessions.record_count(session, count(None, CountBody(about="0")), week)
    assert count_state(late, week) == "counted"


def test_coverage_is_worked_out_anew_when_a_week_has_passed_without_a_count() -> None:
    session = held_session("a").model_copy(update={"accommodations": ("house",)})
    week = session.end + timedelta(days=7)
    just_before = coverage(Known(a_house(), {}, [session]), week - timedelta(hours=1))
    assert just_before.edge == week
    assert just_before.hours[0].sessions.probably_held == 0
    assert coverage(Known(a_house(), {}, [session]), week).hours[0].sessions.probably_held == 1


def test_hours_are_those_that_it_really_took() -> None:
    session = held(20, START)
    longer = session.counts[0].model_copy(update={"ended": session.end + timedelta(hours=2)})
    late = session.model_copy(update={"counts": (longer,)})
    house = (Residents(on=START.date(), total=100),)
    weeks = [weekly("2026-W49", [one], house, AFTER, exact=True) for one in (session, late)]
    assert [week.held["all"] for week in weeks] == [0.4, 0.8]
    assert [week.offered["all"] for week in weeks] == [0.4, 0.4]


def test_times_that_cannot_be_are_named_all_at_once() -> None:
    session = held_session()
    body = CountBody(total=3, started=START - timedelta(days=1), ended=AFTER + timedelta(hours=1))
    with pytest.raises(Invalid) as invalid:
        insist_real_times(session, count(None, body), AFTER)
    codes = [(one.field, one.code) for one in invalid.value.fields]
    assert codes == [("started", "another-time"), ("ended", "not-yet")]
    backwards = CountBody(total=3, started=START, ended=START)
    with pytest.raises(Invalid) as invalid:
        insist_real_times(session, count(None, backwards), AFTER)
    assert [one.code for one in invalid.value.fields] == ["ends-before-it-starts"]


def test_a_correction_keeps_the_times_that_were_said_before() -> None:
    first = count(None, CountBody(total=3, started=START))
    again = count(first, CountBody(total=4, replaces=1, reason="Räknade om", ended=AFTER))
    assert (again.started, again.ended) == (START, AFTER)


def test_those_seated_came_unless_somebody_says_otherwise() -> None:
    session = held_session("a", "b", "c")
    assert people(session.seats, "served") == ("a", "b", "c")
    marked, [facts] = mark(session, {"a": "absent", "b": "excused", "c": "served"}, AFTER)
    assert facts.model_dump() == {"came": (), "absent": ("a",), "excused": ("b",)}
    assert [seat.status for seat in marked.seats] == ["absent", "excused", "served"]
    assert mark(marked, {"a": "absent"}, AFTER) == (marked, ())
    back, [facts] = mark(marked, {"a": "served"}, AFTER)
    assert facts.model_dump() == {"came": ("a",), "absent": (), "excused": ()}
    assert back.seats[0] == session.seats[0]
    with pytest.raises(Refused, match="not-seated"):
        mark(session, {"a": "absent", "stranger": "served"}, AFTER)


def test_while_it_is_under_way_nobody_stands_on_anothers_seat() -> None:
    session = a_session(START, RoleNeed(role="helper", maximum=1))
    session, _ = signup.sign_up(session, "a", "helper", Moment(NOW))
    absent, _ = mark(session, {"a": "absent"}, START)
    stepped_in, _ = signup.add(absent, "d", "helper", Moment(START))
    with pytest.raises(Refused, match="no-free-seat"):
        mark(stepped_in, {"a": "served"}, START)
    over, _ = sessions.wake(stepped_in, Moment(AFTER))
    assert [seat.status for seat in over.seats] == ["absent", "served"]
    both, _ = mark(over, {"a": "served"}, AFTER)
    assert people(both.seats, "served") == ("a", "d")


def test_how_it_went_is_one_for_each_session_and_points_nobody_out() -> None:
    body = ReflectionBody(
        went="well", missing=("helpers", "childcare", "helpers"), words="Bra kväll."
    )
    first = reflected(None, body, "lea", AFTER)
    assert first.missing == ("helpers", "childcare")
    session, [facts] = reflect(held_session(), first, AFTER)
    assert facts.model_dump() == {"went": "well", "missing": ("helpers", "childcare")}
    assert reflect(session, reflected(first, body, "cora", AFTER), AFTER) == (session, ())
    with pytest.raises(Stale, match="reflected-already"):
        reflected(first, ReflectionBody(went="badly"), "cora", AFTER)
    changed = reflected(first, ReflectionBody(went="badly", replaces=1), "cora", AFTER)
    assert (changed.revision, changed.words) == (2, None)
    with pytest.raises(ValidationError):
        ReflectionBody(went="well", words="Skriv till någon@demo.example")


def test_who_is_erased_signs_nothing_any_more() -> None:
    reflection = reflected(None, ReflectionBody(went="well"), "lea", AFTER)
    session, _ = reflect(held_session("lea"), reflection, AFTER)
    forgotten, _ = signup.forget(session, "lea", Moment(AFTER))
    assert forgotten.reflection is not None
    assert forgotten.reflection.by is None
    assert "lea" not in forgotten.model_dump_json()
