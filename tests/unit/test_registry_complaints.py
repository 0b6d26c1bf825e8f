"""Complaints: their states, what is asked of a resident, and what may stand on the board."""

import random
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.registry.domain import complaint as complaints
from services.registry.domain.complaint import About, Answer, Picture, Told
from services.registry.domain.complaint_words import ABOUT, ANSWERS, PICTURES
from services.registry.domain.incident import Where
from services.registry.domain.noticeboard import is_code, new_code
from services.registry.kinds import COMPLAINT
from services.registry.routes.noticeboards import ComplaintBody
from tests.unit.test_registry_machines import Machine

WHERE = Where(accommodations=("a",), counties=("25",))
PEOPLE = st.sampled_from(["olle", "ada", "cora"])


class ComplaintMachine(Machine):
    def do(self, command, *arguments):  # type: ignore[no-untyped-def]
        super().do(lambda state, *more: (command(state, *more), ()), *arguments)

    @initialize(about=st.sampled_from(get_args(About)), words=st.sampled_from([None, "Kallt."]))
    def received(self, about: About, words: str | None) -> None:
        told = Told(about=about, pictures=("cold", "cold"), words=words)
        self.worded = words is not None
        self.state = complaints.receive(told, WHERE, "place", ("org", "other"), self.now)

    @rule(who=PEOPLE)
    def see(self, who: str) -> None:
        self.do(complaints.see, who, self.now)

    @rule(who=PEOPLE, words=st.sampled_from(get_args(Answer)))
    def answer(self, who: str, words: Answer) -> None:
        self.do(complaints.answer, who, words, self.now)

    @rule(who=PEOPLE)
    def close(self, who: str) -> None:
        self.do(complaints.close, who, self.now)

    @rule(county=st.sampled_from(["25", "12"]))
    def move(self, county: str) -> None:
        self.do(complaints.reconcile, (county,))

    @rule(days=st.integers(0, 40) | st.just(400))
    def later(self, days: int) -> None:
        self.pass_time(timedelta(days=days), complaints.wake, complaints.wakes_at)

    @invariant()
    def its_status_is_what_was_done(self) -> None:
        steps = [self.state.seen, self.state.answered, self.state.closed]
        done = sum(step is not None for step in steps)
        assert all(steps[:done])
        assert get_args(complaints.Status)[done] == self.state.status
        assert (self.state.answer is None) == (self.state.answered is None)

    @invariant()
    def words_are_kept_for_a_year_and_no_longer(self) -> None:
        over = self.now >= self.state.received_at + timedelta(days=365)
        assert (self.state.words is None) == (over or not self.worded)

    @invariant()
    def what_is_about_a_person_is_nowhere_among_what_hosts_find(self) -> None:
        keys = COMPLAINT.keys(self.state)
        if self.state.about == "person":
            assert keys["responsible"] is keys["board"] is keys["answered"] is None
        elif self.state.answer:
            assert keys["board"] == "place"


TestComplaint = ComplaintMachine.TestCase


@pytest.mark.promise("P15")
def test_a_resident_is_asked_for_nothing_about_themselves() -> None:
    assert ComplaintBody.model_fields.keys() == {"about", "pictures", "words"}
    assert [name for name, one in ComplaintBody.model_fields.items() if one.is_required()] == [
        "about",
        "pictures",
    ]


def test_every_choice_has_words() -> None:
    assert ABOUT.keys() == set(get_args(About))
    assert PICTURES.keys() == set(get_args(Picture))
    assert ANSWERS.keys() == set(get_args(Answer))


@given(st.randoms(use_true_random=False))
def test_codes_are_what_is_read_as_codes(chance: random.Random) -> None:
    code = new_code(chance.choice)
    assert is_code(code)
    assert not is_code(code[:-1])
    assert not is_code(code.upper())
