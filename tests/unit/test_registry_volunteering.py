"""Extracts and pledges by their rules alone."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.registry.domain import conditions, volunteering
from services.registry.domain import person as persons
from services.registry.domain.organisation import Organisation
from services.registry.domain.person import Profile
from services.registry.domain.volunteer_terms import Extract, Pledge, months_after
from services.registry.kinds import PERSON
from shared.clock import local_date
from shared.contracts.problems import Invalid, Problem
from shared.contracts.registry import RoleGrant, Scope
from tests.unit.machine import NOW, Machine

ORGANISATIONS = st.sampled_from(["A", "B"])
TODAY = local_date(NOW)


class VolunteerMachine(Machine):
    """Roles, extracts and promises in two organisations, in any order."""

    shown: dict[str, date]

    @initialize()
    def registered(self) -> None:
        self.state, _ = persons.register(Profile(name="Vera Demo"), "key")
        self.current, self.months = {"A": 1, "B": 0}, {"A": 12, "B": 12}
        self.last: dict[str, date] = {}

    @rule(where=ORGANISATIONS, days=st.none() | st.integers(1, 60))
    def takes_a_role(self, where: str, days: int | None) -> None:
        until = None if days is None else self.now + timedelta(days=days)
        scope = Scope(kind="organisation", ids=(where,))
        grant = RoleGrant(
            id=f"{where}{days}", role="volunteer", scope=scope, from_=self.now, until=until
        )
        self.do(persons.grant, grant)

    @rule(where=ORGANISATIONS, issued=st.integers(-1, 500), shown=st.integers(-1, 30))
    def shows(self, where: str, issued: int, shown: int) -> None:
        on = self.today - timedelta(days=shown)
        extract = Extract(
            organisation=where, shown_on=on, seen_by="cora",
            valid_until=months_after(on, self.months[where]),
        )  # fmt: skip
        before = self.state
        self.do(
            volunteering.show_extract, extract, on - timedelta(days=issued), self.now, self.today
        )
        if self.state != before:
            assert shown >= 0
            assert 0 <= issued <= 366
            assert persons.works_in(before, where, self.now)
            self.last[where] = on

    @rule(where=ORGANISATIONS)
    def takes_back(self, where: str) -> None:
        self.do(volunteering.take_back_extract, where)
        self.last.pop(where, None)

    @rule(where=ORGANISATIONS, months=st.integers(1, 60))
    def policy_changes(self, where: str, months: int) -> None:
        self.months[where] = months
        self.do(volunteering.reinterpret, where, months)

    @rule(where=ORGANISATIONS)
    def text_changes(self, where: str) -> None:
        self.current[where] += 1

    @rule(where=ORGANISATIONS, behind=st.integers(0, 2))
    def promises(self, where: str, behind: int) -> None:
        current = self.current[where]
        pledge = Pledge(organisation=where, version=current - behind, at=self.now)
        self.do(volunteering.accept_pledge, pledge, current, self.now)

    @rule(days=st.integers(1, 400))
    def days_pass(self, days: int) -> None:
        self.pass_time(timedelta(days=days), persons.end_roles, persons.wakes_at)

    @invariant()
    def an_extract_counts_from_when_it_was_shown_as_long_as_its_organisation_says(self) -> None:
        if self.state is None:
            return
        kept = {one.organisation: one for one in self.state.extracts}
        assert {where: one.shown_on for where, one in kept.items()} == self.last
        for where, one in kept.items():
            end = months_after(one.shown_on, self.months[where])
            assert one.valid_until == end
            assert volunteering.has_valid_extract(self.state, end)
        assert not volunteering.has_valid_extract(self.state, date(2100, 1, 1))

    @invariant()
    def others_are_told_a_date_and_a_version_and_nothing_more(self) -> None:
        if self.state is None:
            return
        public = PERSON.snapshot("registry.person", self.state, 1)
        assert {key for one in public["extracts"] for key in one} <= {"organisation", "valid_until"}
        for one in public["pledges"]:
            assert one.keys() == {"organisation", "version"}
            assert 1 <= one["version"] <= self.current[one["organisation"]]


TestVolunteer = VolunteerMachine.TestCase
TestVolunteer.settings = settings(max_examples=60, stateful_step_count=30)
TestVolunteer = pytest.mark.promise("P15")(TestVolunteer)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_months_are_counted_to_the_same_day_or_the_last_of_a_shorter_month(
    day: date, months: int
) -> None:
    end = months_after(day, months)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == day.day or (end + timedelta(days=1)).day == 1


def test_every_new_text_is_a_new_version_and_the_same_words_are_none() -> None:
    organisation = Organisation(name="Majblomman demo", kind="partner", status="approved")
    for number in range(1, 9):
        text = {"sv": f"Jag lovar {number}."}
        organisation, events = conditions.publish_pledge(organisation, text)
        assert [event.version for event in events] == [number]
        assert conditions.publish_pledge(organisation, text) == (organisation, ())
    assert conditions.pledge_version(organisation) == 8
    assert len(organisation.pledges) == conditions.TEXTS_KEPT


def test_all_that_is_wrong_with_an_extract_is_said_at_once() -> None:
    person, _ = persons.register(Profile(name="Vera Demo"), "key")
    scope = Scope(kind="organisation", ids=("A",))
    person, _ = persons.grant(person, RoleGrant(id="g", role="volunteer", scope=scope, from_=NOW))
    tomorrow = TODAY + timedelta(days=1)
    extract = Extract(organisation="A", shown_on=tomorrow, seen_by="c", valid_until=tomorrow)
    with pytest.raises(Invalid) as told:
        volunteering.show_extract(person, extract, TODAY - timedelta(days=400), NOW, TODAY)
    assert [fault.field for fault in told.value.fields] == ["shown_on", "issued_on"]
    with pytest.raises(Problem):
        volunteering.show_extract(
            person, extract.model_copy(update={"organisation": "B"}), TODAY, NOW, TODAY
        )
