"""Incidents: their states, the words that are refused in them, and the three choices."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from pydantic import TypeAdapter, ValidationError

from services.registry.domain import incident as incidents
from services.registry.domain.first_choices import Choice, first_choices
from services.registry.domain.incident import Report, Where
from shared.contracts.problems import Invalid
from shared.contracts.unnamed import UnnamedProse
from tests.unit.test_registry_machines import Machine

WORDS = TypeAdapter(UnnamedProse)
NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
SPACES = st.sampled_from(["", " ", "-", "–", " - ", "/"])
PEOPLE = st.sampled_from(["olle", "ada"])


class IncidentMachine(Machine):
    reported_at = NOW

    @initialize(going_on=st.booleans())
    def reported(self, going_on: bool) -> None:
        told = Report(kind="threat", happened_at=self.now, going_on=going_on, words="Någon hotade.")
        where = Where(accommodations=("a", "b"), counties=("25", "25"))
        self.state, _ = incidents.report(told, where, "vera", self.now)

    @rule(who=PEOPLE)
    def see(self, who: str) -> None:
        first = self.state.seen
        self.do(incidents.see, who, self.now)
        assert first is None or self.state.seen == first

    @rule(who=PEOPLE)
    def handle(self, who: str) -> None:
        self.do(incidents.handle, who, "Dörren låses.", self.now)

    @rule(who=PEOPLE)
    def close(self, who: str) -> None:
        self.do(incidents.close, who, self.now)

    @rule(county=st.sampled_from(["25", "12"]))
    def move(self, county: str) -> None:
        self.do(incidents.reconcile, ("25", county))

    @rule(days=st.integers(0, 40) | st.just(800))
    def later(self, days: int) -> None:
        self.pass_time(timedelta(days=days), incidents.wake, incidents.wakes_at)

    @invariant()
    def its_status_is_what_was_done(self) -> None:
        steps = [self.state.seen, self.state.handled, self.state.closed]
        done = sum(step is not None for step in steps)
        assert all(steps[:done])
        assert ["reported", "seen", "handled", "closed"][done] == self.state.status
        times = [step.at for step in steps[:done]]
        assert times == sorted(times)

    @invariant()
    def words_are_kept_for_two_years_and_no_longer(self) -> None:
        over = self.now >= self.state.reported_at + timedelta(days=730)
        assert (self.state.words is None) == over

    @invariant()
    def every_place_has_its_county(self) -> None:
        assert len(self.state.counties) == len(self.state.accommodations)


TestIncident = IncidentMachine.TestCase


def refused(text: str) -> bool:
    """True when the text is not taken; what is said of it does not repeat it."""
    with suppress(ValidationError):
        WORDS.validate_python(text)
        return False
    with pytest.raises(ValidationError) as fault:
        WORDS.validate_python(text)
    assert text not in str(fault.value.errors(include_input=False))
    return True


@given(st.integers(0, 99), st.integers(0, 999_999), st.integers(0, 9999), SPACES, st.booleans())
def test_personal_numbers_are_refused_in_every_spelling(
    century: int, birth: int, last: int, gap: str, long: bool
) -> None:
    if gap == "/":
        gap = "+"
    number = f"{century:02}" * long + f"{birth:06}{gap}{last:04}"
    assert refused(f"Han heter inget, {number} är hans nummer")


@given(
    st.sampled_from(["+46", "0046", "0", "+93 ", "00963 "]),
    st.lists(st.integers(1, 99).map(lambda n: f"{n:02}"), min_size=4, max_size=5),
    SPACES,
)
def test_phone_numbers_are_refused_in_every_spelling(
    prefix: str, pairs: list[str], gap: str
) -> None:
    assert refused(f"Ring {prefix}70{gap}{gap.join(pairs)} så får ni veta")


@pytest.mark.parametrize(
    "text",
    [
        "skriv till demo@demo.example",
        "demo @ demo.example",
        "demo＠demo.example",
        "ring ٠٧٠١٧٤٠٦٠٥",
        "ring ０７０ １７４ ０６ ０５",
        "ring 070–174 06 05",
        "ring (070) 174.06.05",
        "19811228−9874",
    ],
)
def test_other_scripts_and_signs_are_no_way_around(text: str) -> None:
    assert refused(text)


@given(
    st.datetimes().map(
        lambda at: f"{at:%Y-%m-%d} kl {at:%H.%M}-{at:%H:%M}, rum {at.day}, {at.day}/{at.month}"
    )
)
def test_dates_hours_and_rooms_may_be_written(text: str) -> None:
    assert not refused(f"Det hände {text}, ungefär 100 personer såg det.")


def test_what_is_to_come_is_no_incident_nor_what_is_long_past() -> None:
    where = Where(accommodations=("a",), counties=("25",))
    for happened_at in (NOW + timedelta(minutes=1), NOW - timedelta(days=400)):
        told = Report(kind="other", happened_at=happened_at, going_on=False, words="Något.")
        with pytest.raises(Invalid) as fault:
            incidents.report(told, where, "vera", NOW)
        assert fault.value.fields[0].field == "happened_at"


def test_the_three_choices_come_in_this_order_in_both_languages() -> None:
    ways = first_choices("Boden")
    assert tuple(one.choice for one in ways) == get_args(Choice)
    assert ways[0].phone == "112"
    assert "Boden" in ways[1].words.sv
    assert "Boden" in ways[1].words.en
    assert (ways[1].path, ways[2].path) == (None, "/api/registry/incidents")
    assert "{" not in str(first_choices(None))
