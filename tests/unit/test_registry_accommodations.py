"""An accommodation's rules: no sequence of commands breaks them, and what everyone sees of it."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.registry.domain import accommodation as houses
from services.registry.domain.accommodation import Details
from services.registry.domain.accommodation_public import as_everyone_sees, counted
from services.registry.domain.residents import AGES, FIGURES_KEPT, GROUPS, Figure, figure_on
from services.registry.kinds import ACCOMMODATION
from services.registry.queries.accommodations import ACCOMMODATIONS
from services.registry.views.accommodations import ACCOMMODATION_FIELDS
from shared.contracts.bands import band
from shared.contracts.problems import Problem
from tests.unit.machine import NOW, Machine

DAYS = st.integers(-3, 40)


class AccommodationMachine(Machine):
    @initialize()
    def registered(self) -> None:
        details = Details(name="Björknäs", municipality="2582", capacity=200)
        self.state, _ = houses.register(details, "A-1")

    @rule()
    def open(self) -> None:
        self.do(houses.open_)

    @rule(ahead=DAYS)
    def close(self, ahead: int) -> None:
        self.do(houses.close, self.today + timedelta(days=ahead), self.today)

    @rule()
    def reopen(self) -> None:
        self.do(houses.reopen)

    @rule(municipality=st.sampled_from(["2582", "1280", "0331"]), hidden=st.booleans())
    def change(self, municipality: str, hidden: bool) -> None:
        level = "county" if hidden else "municipality"
        details = {"name": "X", "municipality": municipality, "capacity": 9}
        self.do(houses.change, Details(**details, confidentiality=level))  # type: ignore[arg-type]

    @rule(
        ahead=st.integers(-40, 3),
        total=st.integers(0, 50),
        groups=st.lists(st.none() | st.integers(0, 20), min_size=4, max_size=4),
        ages=st.lists(st.none() | st.integers(0, 8), min_size=6, max_size=6),
        reason=st.none() | st.just("Felskrivet."),
    )
    def report(
        self,
        ahead: int,
        total: int,
        groups: list[int | None],
        ages: list[int | None],
        reason: str | None,
    ) -> None:
        before, on = self.state, self.today + timedelta(days=ahead)
        known = dict(zip((*GROUPS, *AGES["girls"], *AGES["boys"]), (*groups, *ages), strict=True))
        self.do(houses.report, Figure(on=on, total=total, **known), self.today, "olle", reason)
        was, stands = figure_on(before.residents, on), figure_on(self.state.residents, on)
        if was != stands and was is not None:
            assert reason is not None
            assert self.state.corrections[-1].was == was
        else:
            assert self.state.corrections == before.corrections

    @rule(days=st.integers(0, 30))
    def later(self, days: int) -> None:
        self.pass_time(timedelta(days=days), houses.wake, houses.wakes_at)

    @invariant()
    def a_closing_one_has_a_day_to_come(self) -> None:
        if self.state is not None and self.state.status == "closing":
            assert self.state.closes_on > self.today
        if self.state is not None and self.state.status in ("planned", "open"):
            assert self.state.closes_on is None

    @invariant()
    def the_county_follows(self) -> None:
        if self.state is not None:
            assert self.state.county == self.state.municipality[:2]

    @invariant()
    def figures_are_one_a_day_in_order_fit_and_lie_in_the_past(self) -> None:
        if self.state is None:
            return
        days = [figure.on for figure in self.state.residents]
        assert days == sorted(set(days))
        assert len(days) <= FIGURES_KEPT
        for figure in self.state.residents:
            assert figure.on <= self.today
            known = [getattr(figure, group) or 0 for group in GROUPS]
            assert sum(known) <= figure.total
            for sex, ages in AGES.items():
                parts = [getattr(figure, name) for name in ages]
                if None not in parts:
                    assert getattr(figure, sex) == sum(parts)

    @invariant()
    def everyone_sees_bands_of_the_newest_and_no_ages(self) -> None:
        if self.state is not None:
            seen = as_everyone_sees(self.state)
            assert seen.keys() == {*ACCOMMODATION_FIELDS.seen_in("network"), "closes_on"}
            for figure in seen["residents"]:  # type: ignore[attr-defined]
                assert not any(isinstance(value, int) for value in figure.values())
                assert not any(name[-1].isdigit() for name in figure)


AccommodationMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None
)
TestAccommodation = AccommodationMachine.TestCase


def test_groups_that_do_not_add_up_are_told_in_the_words_of_the_field() -> None:
    details = Details(name="X", municipality="2582", capacity=200)
    house, _ = houses.register(details, "A-1")
    figure = {"on": NOW.date(), "total": 180, "women": 60, "men": 80, "girls": 20, "boys": 16}
    with pytest.raises(Problem) as told:
        houses.report(house, Figure(**figure), NOW.date())  # type: ignore[arg-type]
    assert told.value.detail.sv == (
        "Grupperna blir 176 men du skrev 180 personer. "
        "Ändra en siffra, eller spara med 4 som 'vet inte än'."
    )
    assert houses.report(house, Figure(**figure, not_known_yet=4), NOW.date())  # type: ignore[arg-type]


def _a_house(**more: Any) -> Any:
    details = {"name": "Björknäs", "municipality": "2582", "capacity": 200, **more}
    return houses.register(Details(**details), "A-1")[0]


@pytest.mark.promise("P15")
@given(
    before=st.integers(0, 300),
    after=st.integers(0, 300),
    move=st.sampled_from(["2582", "2580", "2581"]),
)
def test_the_public_version_counts_what_everyone_sees_and_nothing_else(
    before: int, after: int, move: str
) -> None:
    today = NOW.date()
    one, _ = houses.report(
        _a_house(confidentiality="county"), Figure(on=today, total=before), today
    )
    moved = one.model_copy(update={"municipality": move})
    other, _ = houses.report(moved, Figure(on=today, total=after), today, "olle", "Felskrivet.")
    same = as_everyone_sees(one) == as_everyone_sees(other)
    assert same == (band(before) == band(after))
    assert counted(one, other).public_version == one.public_version + (not same)


def test_a_day_that_is_a_slip_of_the_pen_closes_no_house() -> None:
    today = NOW.date()
    house, _ = houses.open_(_a_house())
    with pytest.raises(Problem) as told:
        houses.close(house, today - timedelta(days=366), today)
    assert told.value.fields[0].field == "closes_on"
    assert "årtalet" in told.value.fields[0].detail.sv
    assert houses.close(house, today - timedelta(days=7), today)[0].status == "closed"


def test_a_figure_older_than_all_that_are_kept_is_refused_not_dropped() -> None:
    today, house = NOW.date(), _a_house()
    for days in range(FIGURES_KEPT):
        house, _ = houses.report(house, Figure(on=today - timedelta(days=days), total=1), today)
    oldest = house.residents[0].on
    with pytest.raises(Problem) as told:
        houses.report(house, Figure(on=oldest - timedelta(days=1), total=1), today)
    assert told.value.fields[0].field == "on"
    assert (
        houses.report(house, Figure(on=oldest, total=7), today, "olle", "Felskrivet.")[0]
        .residents[0]
        .total
        == 7
    )


def test_ages_make_their_group_or_are_told_apart_from_it() -> None:
    house, today = _a_house(), NOW.date()
    ages = {"girls_0_5": 3, "girls_6_12": 4, "girls_13_17": 5}
    reported, _ = houses.report(house, Figure(on=today, total=60, **ages), today)
    assert reported.residents[0].girls == 12
    with pytest.raises(Problem) as told:
        houses.report(house, Figure(on=today, total=60, girls=13, **ages), today)
    assert told.value.fields[0].detail.sv.startswith("Åldrarna blir 12 men du skrev 13 flickor.")
    with pytest.raises(Problem, match="groups-do-not-add-up"):
        houses.report(house, Figure(on=today, total=11, **ages), today)


def test_a_correction_needs_its_reason_and_keeps_what_stood_there() -> None:
    house, today = _a_house(), NOW.date()
    first, events = houses.report(house, Figure(on=today, total=180), today, "olle")
    assert not events[0].corrected  # type: ignore[attr-defined]
    with pytest.raises(Problem) as told:
        houses.report(first, Figure(on=today, total=165), today, "olle")
    assert told.value.fields[0].field == "reason"
    after, events = houses.report(first, Figure(on=today, total=165), today, "olle", "Felskrivet.")
    assert events[0].corrected  # type: ignore[attr-defined]
    assert after.residents[0].total == 165
    [kept] = after.corrections
    assert (kept.was.total, kept.by, kept.reason) == (180, "olle", "Felskrivet.")
    assert houses.report(after, Figure(on=today, total=165), today) == (after, ())


def test_nobody_counts_tomorrows_people() -> None:
    today = NOW.date()
    with pytest.raises(Problem) as told:
        houses.report(_a_house(), Figure(on=today + timedelta(days=1), total=1), today)
    assert told.value.fields[0].code == "date-out-of-range"


@pytest.mark.case("X13")
@given(st.lists(st.integers(0, 300), min_size=4, max_size=4))
def test_no_group_can_be_worked_out_from_the_bands_of_all_four_and_their_total(
    groups: list[int],
) -> None:
    bands, total = [band(one) for one in groups], band(sum(groups))
    for own in bands:
        if own.highest == 0:
            continue
        others = [one for one in bands if one is not own]
        lowest = max(own.lowest, total.lowest - sum(one.highest for one in others))
        highest = min(own.highest, total.highest - sum(one.lowest for one in others))
        assert lowest < highest


@pytest.mark.promise("P15")
@pytest.mark.case("X01")
def test_what_is_filtered_or_sorted_by_is_what_everyone_may_see() -> None:
    asked = {*ACCOMMODATIONS.filters, *(sort.lstrip("-") for sort in ACCOMMODATIONS.sorts)}
    # Words are found in the name, the code and the municipality; nearness follows from the latter.
    found_by = {"q", "near", "radius_km"}
    assert asked - found_by <= ACCOMMODATION_FIELDS.seen_in("network")
    keys = ACCOMMODATION.keys(_a_house(confidentiality="county"))
    assert "2582" not in str(keys)
