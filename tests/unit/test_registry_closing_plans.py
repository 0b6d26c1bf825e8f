"""A closing wave: every house follows its line once for each revision, and what people do by hand stands."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.registry.domain import accommodation as houses
from services.registry.domain import closing_plan as plans
from services.registry.domain.accommodation import Accommodation, Details
from services.registry.domain.accommodation_public import as_everyone_sees
from services.registry.domain.closing_plan import Wanted
from services.registry.domain.following import follow, has_followed, last_step, stands_as_planned
from shared.contracts.problems import Problem
from tests.unit.machine import NOW, Machine

TODAY = NOW.date()
IDS = ("h1", "h2", "h3")
AHEAD = st.integers(-9, 60)


def an_open_house() -> Accommodation:
    planned, _ = houses.register(Details(name="X", municipality="2582", capacity=200), "A-1")
    return houses.open_(planned)[0]


def wanted(**days: int) -> list[Wanted]:
    return [
        Wanted(accommodation=id, closes_on=TODAY + timedelta(days=ahead))
        for id, ahead in days.items()
    ]


class ClosingMachine(Machine):
    """One plan over three houses, which people also open and close by hand."""

    @initialize()
    def decided(self) -> None:
        self.homes = {id: an_open_house() for id in IDS}
        self.by_hand: dict[str, int] = {}
        self.state, _ = plans.decide("Vintern", wanted(h1=30, h2=40), self.homes, self.today)

    @rule(days=st.dictionaries(st.sampled_from(IDS), AHEAD, min_size=1))
    def change(self, days: dict[str, int]) -> None:
        asked = [
            Wanted(accommodation=id, closes_on=self.today + timedelta(days=ahead))
            for id, ahead in days.items()
        ]
        before = {line.accommodation: line for line in self.state.lines}
        self.do(plans.change, "Vintern", asked, self.homes, self.today)
        for line in self.state.lines:
            known = before.get(line.accommodation)
            assert known is None or line.revision - known.revision == (line != known)

    @rule(ids=st.sets(st.sampled_from(IDS), min_size=1))
    def undo(self, ids: set[str]) -> None:
        self.do(plans.undo, ids)

    @rule(id=st.sampled_from(IDS))
    def a_house_follows(self, id: str) -> None:
        line = next((one for one in self.state.lines if one.accommodation == id), None)
        if line is None:
            return
        before = self.homes[id]
        after, events = follow(before, "plan", line, self.today)
        assert has_followed(after, "plan", line)
        assert follow(after, "plan", line, self.today) == (after, ())
        if has_followed(before, "plan", line):
            assert (after, events) == (before, ())
        elif not line.withdrawn and before.status in ("open", "closing"):
            late = line.closes_on <= self.today
            assert after.status == "closed" if late else stands_as_planned(after, line)
        elif line.withdrawn and after != before.model_copy(update={"followed": after.followed}):
            step = last_step(before, "plan")
            assert step is not None
            assert (step.closes_on, after.status) == (before.closes_on, "open")
        self.homes[id] = after

    @rule(id=st.sampled_from(IDS), command=st.sampled_from(["close", "reopen"]), ahead=AHEAD)
    def by_hand_(self, id: str, command: str, ahead: int) -> None:
        more = (self.today + timedelta(days=ahead), self.today) if command == "close" else ()
        try:
            self.homes[id], _ = getattr(houses, command)(self.homes[id], *more)
        except Problem:
            return

    @rule(days=st.integers(0, 20))
    def later(self, days: int) -> None:
        self.now += timedelta(days=days)
        for id, home in self.homes.items():
            self.homes[id] = houses.wake(home, self.now)[0]

    @invariant()
    def every_house_is_closing_with_a_day_or_not_at_all(self) -> None:
        if self.state is not None:
            for home in self.homes.values():
                assert (home.status in ("closing", "closed")) == (home.closes_on is not None)


ClosingMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestClosingPlan = ClosingMachine.TestCase


def test_every_fault_of_a_wave_is_told_at_once() -> None:
    homes = {id: an_open_house() for id in IDS}
    homes["h2"] = houses.close(homes["h2"], TODAY, TODAY)[0]
    asked = [*wanted(h1=30, h2=30, h3=3000), *wanted(h1=31)]
    with pytest.raises(Problem) as told:
        plans.decide("Vintern", asked, homes, TODAY)
    assert {(one.field, one.code) for one in told.value.fields} == {
        ("houses.3", "twice"), ("houses.1", "not-open"), ("houses.2", "date-out-of-range"),
    }  # fmt: skip


def test_undoing_leaves_a_house_that_somebody_has_given_another_day() -> None:
    home, day = an_open_house(), TODAY + timedelta(days=30)
    plan, _ = plans.decide("Vintern", wanted(h1=30), {"h1": home}, TODAY)
    closing, events = follow(home, "plan", plan.lines[0], TODAY)
    assert (closing.status, closing.closes_on, len(events)) == ("closing", day, 1)
    undone, _ = plans.undo(plan, ["h1"])
    assert follow(closing, "plan", undone.lines[0], TODAY)[0].status == "open"
    by_hand, _ = houses.close(closing, day + timedelta(days=7), TODAY)
    assert _without(follow(by_hand, "plan", undone.lines[0], TODAY)[0]) == _without(by_hand)
    assert as_everyone_sees(closing).keys() == as_everyone_sees(home).keys()
    assert "followed" not in as_everyone_sees(closing)


def test_a_house_followed_after_a_long_outage_is_closed_all_the_same() -> None:
    home = an_open_house()
    plan, _ = plans.decide("Vintern", wanted(h1=1), {"h1": home}, TODAY)
    later: date = TODAY + timedelta(days=60)
    after, _ = follow(home, "plan", plan.lines[0], later)
    assert after.status == "closed"


def _without(house: Accommodation) -> Any:
    return house.model_dump(exclude={"followed"})
