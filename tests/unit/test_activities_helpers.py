"""Helpers alone: how far it is, what suits, who fits best, and how often somebody is asked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.domain import helper as rules
from services.activities.domain.distance import CENTRES, places_within, step
from services.activities.domain.fitting import Candidate, best, for_session, is_possible, may_take
from services.activities.domain.helper import (
    ASKED_AGAIN_AFTER,
    Helper,
    SuitableTime,
    Wishes,
    near,
    suits,
    united,
)
from services.activities.domain.session import Session
from shared.contracts.problems import Stale
from shared.contracts.registry import ExtractValidity, PersonSnapshot

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
WEEK = timedelta(days=7)
BODEN, ALVSBYN, MALMO, GOTHENBURG, MOLNDAL = "2582", "2560", "1280", "1480", "1481"
ORDER = ["same", "under_20", "under_50", "under_100", "further"]
places = st.sampled_from(sorted(CENTRES))
spoken = st.frozensets(st.sampled_from(["sv", "prs", "ar", "ti", "en"]))
candidates = st.builds(
    Candidate,
    person=st.uuids().map(str),
    home=st.none() | places,
    languages=spoken,
    asked_at=st.none() | st.integers(0, 90).map(lambda days: NOW - timedelta(days=days)),
    times=st.integers(0, 9),
)


def a_session(**more: object) -> Session:
    """A language café on the Tuesday after, 17-19 in Boden."""
    start = datetime(2026, 12, 8, 16, tzinfo=UTC)
    return Session.model_validate(
        {
            "activity": "activity", "number": 1, "kind": "language_cafe",
            "title": {"sv": "Språkcafé"}, "target_groups": ("all",), "languages": ("sv", "prs"),
            "places": 20, "organiser": "branch", "meeting_place": "place", "accommodations": (),
            "municipality": BODEN, "county": "25", "planned_at": NOW, "original_start": start,
            "start": start, "end": start + timedelta(hours=2), **more,
        }
    )  # fmt: skip


@given(here=places, there=places)
def test_it_is_as_far_there_as_back(here: str, there: str) -> None:
    assert step(here, there) == step(there, here)
    assert (there in places_within(here, 50)) == (here in places_within(there, 50))


def test_distance_goes_by_municipalities_and_by_the_county_where_no_more_is_told() -> None:
    assert step(BODEN, BODEN) == "same"
    assert step(GOTHENBURG, MOLNDAL) == "under_20"
    assert step(BODEN, ALVSBYN) == "under_50"
    assert step(BODEN, MALMO) == "further"
    assert step("25", "25") == "under_20"
    assert (step(None, BODEN), step(BODEN, None), step(BODEN, "9999")) == (None, None, None)


@given(one=candidates, home=places, other=places)
def test_nearer_is_never_worse(one: Candidate, home: str, other: str) -> None:
    session = a_session(municipality=other)
    here, there = replace(one, home=other), replace(one, home=home)
    assert for_session(session, here, NOW).score >= for_session(session, there, NOW).score


@given(one=candidates, language=st.sampled_from(["sv", "prs", "ar"]), days=st.integers(1, 60))
def test_more_of_one_part_never_makes_the_whole_less(
    one: Candidate, language: str, days: int
) -> None:
    session = a_session()
    score = for_session(session, one, NOW).score
    better = [
        replace(one, languages=one.languages | {language}),
        replace(one, times=one.times + 1),
        replace(one, asked_at=one.asked_at and one.asked_at - timedelta(days=days)),
        replace(one, wishes=Wishes(days=(SuitableTime(weekday=2),))),
    ]
    assert all(for_session(session, other, NOW).score >= score for other in better)


@given(people=st.lists(candidates, max_size=12, unique_by=lambda one: one.person), data=st.data())
def test_the_order_of_asking_does_not_matter_and_is_the_same_each_time(
    people: list[Candidate], data: st.DataObject
) -> None:
    session = a_session()
    shuffled = data.draw(st.permutations(people))
    assert best("session", session, people, NOW) == best("session", session, shuffled, NOW)
    scores = [fit.score for _, fit in best("session", session, people, NOW)]
    assert scores == sorted(scores, reverse=True)


def test_equals_take_turns_from_session_to_session() -> None:
    people = [Candidate(person=f"person-{n}", home=BODEN) for n in range(8)]
    first = {best(f"session-{n}", a_session(), people, NOW)[0][0].person for n in range(40)}
    assert len(first) > 4


def test_reasons_say_what_fits_and_nothing_of_what_does_not() -> None:
    one = Candidate(
        "vera", BODEN, frozenset({"sv", "prs"}), asked_at=NOW - timedelta(days=23), times=3
    )
    fit = for_session(a_session(), one, NOW)
    words = [part.words for part in fit.reasons if part.words]
    assert ", ".join(one.sv for one in words) == (
        "i samma kommun, talar dari, med 3 gånger det senaste halvåret, inte tillfrågad på 3 veckor"
    )
    assert ", ".join(one.en for one in words) == (
        "in the same municipality, speaks Dari, there 3 times in the last half year, "
        "not asked for 3 weeks"
    )
    far = Candidate("vera", MALMO, frozenset({"ar"}), asked_at=NOW)
    assert for_session(a_session(), far, NOW).reasons == ()


def test_possible_is_near_in_a_language_at_a_time_and_of_a_kind_that_suits() -> None:
    one = Candidate("vera", ALVSBYN, frozenset({"prs"}))
    session = a_session()
    assert is_possible(session, one)
    assert is_possible(session, Candidate("unknown"))
    assert not is_possible(session, replace(one, home=MALMO))
    assert not is_possible(session, replace(one, languages=frozenset({"so"})))
    for wishes in (
        Wishes(within_km=20),
        Wishes(not_kinds=("language_cafe",)),
        Wishes(days=(SuitableTime(weekday=3),)),
        Wishes(municipalities=(MALMO,)),
    ):
        assert not is_possible(session, replace(one, wishes=wishes)), wishes
    assert is_possible(session, replace(one, home=MALMO, wishes=Wishes(municipalities=(BODEN,))))


def test_near_is_by_radius_or_by_name_or_by_both() -> None:
    assert near(Wishes(), None) is None
    assert near(Wishes(municipalities=(MALMO,)), None) == {MALMO}
    assert near(Wishes(municipalities=(MALMO,)), BODEN) == {MALMO}
    both = near(Wishes(municipalities=(MALMO,), within_km=50), BODEN)
    assert both is not None
    assert {MALMO, BODEN, ALVSBYN} <= both
    assert ALVSBYN not in (near(Wishes(within_km=20), BODEN) or ())


def test_a_time_suits_by_local_weekday_and_clock() -> None:
    tuesday = Wishes(days=(SuitableTime.model_validate({"weekday": 2, "from": "17:00"}),))
    start = datetime(2026, 12, 8, 16, tzinfo=UTC)
    two_hours = timedelta(hours=2)
    assert suits(tuesday, start, start + two_hours)
    assert not suits(tuesday, start - timedelta(minutes=1), start + two_hours)
    until = Wishes(days=(SuitableTime.model_validate({"weekday": 2, "to": "19:00"}),))
    assert suits(until, start, start + two_hours)
    assert not suits(until, start, start + two_hours + timedelta(minutes=1))
    assert not suits(until, start, start + timedelta(hours=9))
    summer = datetime(2026, 7, 7, 15, tzinfo=UTC)
    assert suits(tuesday, summer, summer + two_hours)


steps = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 4 * 24)), max_size=40)


@given(order=steps)
def test_nobody_is_asked_twice_in_seven_days_in_whatever_order_they_are_asked(
    order: list[tuple[str, int]],
) -> None:
    helper, now = Helper(), NOW
    asked: list[datetime] = []
    for session, hours in order:
        now += timedelta(hours=hours)
        before = helper
        helper, may = rules.ask(helper, session, now)
        if may and helper != before:
            asked.append(now)
        assert rules.ask(helper, session, now) == (helper, may)
    assert all(later - earlier >= ASKED_AGAIN_AFTER for earlier, later in pairwise(asked))
    assert all(sum(one <= at < one + WEEK for at in asked) <= 3 for one in asked)


def test_who_wants_no_questions_gets_none() -> None:
    helper = rules.wish(Helper(), Wishes(not_me=True), 1)
    assert rules.ask(helper, "session", NOW) == (helper, False)


def test_wishes_are_made_on_those_that_hold_and_questions_do_not_disturb_them() -> None:
    helper, _ = rules.ask(Helper(), "session", NOW)
    helper = rules.wish(helper, Wishes(within_km=20), 1)
    assert helper.revision == 2
    assert rules.wish(helper, Wishes(within_km=20), 2) is helper
    with pytest.raises(Stale):
        rules.wish(helper, Wishes(), 1)


def test_two_accounts_of_one_human_are_asked_as_one() -> None:
    mine, _ = rules.ask(Helper(), "a", NOW)
    theirs, _ = rules.ask(Helper(), "b", NOW + timedelta(days=1))
    theirs = rules.wish(theirs, Wishes(not_kinds=("sport",)), 1)
    one = united(mine, theirs)
    assert one.wishes == theirs.wishes
    assert [question.session for question in one.asked] == ["a", "b"]
    assert not rules.ask(one, "c", NOW + timedelta(days=7))[1]
    assert united(one, theirs) == one


def test_where_children_take_part_only_who_has_shown_an_extract_is_found() -> None:
    day = date(2026, 12, 8)
    shown = ExtractValidity(organisation="branch", valid_until=day)
    vera = PersonSnapshot(name="Vera", extracts=(shown,))
    elsewhere = ExtractValidity(organisation="other", valid_until=day)
    children = a_session(kind="homework_help")
    assert may_take(children, vera)
    assert may_take(a_session(), PersonSnapshot(name="Ali"))
    assert not may_take(children, PersonSnapshot(name="Ali", extracts=(elsewhere,)))
    over = shown.model_copy(update={"valid_until": day - timedelta(days=1)})
    assert not may_take(children, PersonSnapshot(name="Ali", extracts=(over,)))
