"""Organisations: no sequence of commands breaks the membership; what a branch has from above."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import TypeAdapter, ValidationError

from services.registry.domain import branch as branches
from services.registry.domain import organisation as organisations
from services.registry.domain.contact import PhoneNumber, WebAddress
from services.registry.domain.membership import MOST_STEPS, Act, AlreadyDecided
from services.registry.domain.organisation import (
    ENDED,
    MEMBER,
    UNDECIDED,
    Organisation,
    effective,
)
from services.registry.domain.organisation_profile import (
    Offer,
    Profile,
    handed_down,
    inherited_fields,
    works_in,
)
from services.registry.kinds import ORGANISATION
from shared.contracts.places import MUNICIPALITIES, municipalities_within
from shared.contracts.problems import Problem
from shared.people import active_among

NOW = datetime(2026, 12, 1, 7, 12, tzinfo=UTC)
NEXT: dict[str, tuple[str, ...]] = {
    "applied": ("under_review", "information_requested", "approved", "declined"),
    "under_review": ("information_requested", "approved", "declined"),
    "information_requested": ("under_review", "approved", "declined"),
    "approved": ("paused", "left", "excluded"),
    "paused": ("approved", "left", "excluded"),
}
"""The field's own drawing of a membership: from where one may come where."""
WORDS = st.sampled_from([None, "Stadgarna saknas.", "Ordföranden är sjuk."])
LANGUAGES = st.lists(st.sampled_from(["sv", "prs", "ar"]), unique=True).map(tuple)


def act(by: str = "ada", words: str | None = None, at: datetime = NOW) -> Act:
    return Act(by, at, words)


def national(**more: Any) -> Organisation:
    return Organisation(
        name="Riks", kind="national", number="8024000005", status="approved", **more
    )


def applied_branch(**more: Any) -> Organisation:
    profile = Profile(name="Kretsen", kind="branch", parent="R", **more)
    return organisations.apply(profile, act("vera"))[0]


class MembershipMachine(RuleBasedStateMachine):
    """A branch and the two national organisations it may belong to, as the store would have them."""

    one: Organisation
    now = NOW

    @initialize(number=st.sampled_from([None, "8024000013"]), languages=LANGUAGES)
    def applied(self, number: str | None, languages: tuple[str, ...]) -> None:
        self.above = {"R": national(languages=("sv",)), "S": national(web="https://s.example")}
        self.one = applied_branch(number=number, languages=languages)
        self.log = ["applied"]

    def do(self, command: Any, *arguments: Any) -> None:
        before = self.one
        try:
            after, events = command(before, *arguments)
        except Problem:
            return
        assert bool(events) == (after != before), "a change is told, and nothing else is"
        assert len({event.type for event in events}) == len(events)
        self.one = after
        if after.status != before.status:
            assert after.status in NEXT[before.status]
            assert command is not organisations.answer or before.status == "information_requested"
            assert getattr(events[-1], "step", None) == after.steps[-1].number
            self.log.append(after.status)

    @property
    def parent(self) -> Organisation | None:
        return self.above[self.one.parent] if self.one.parent else None

    @rule(name=st.sampled_from(["review", "request_information", "answer", "decline"]), who=st.sampled_from("ab"), words=WORDS)  # fmt: skip
    def answer(self, name: str, who: str, words: str | None) -> None:
        self.do(getattr(organisations, name), act(who, words, self.now))

    @rule(name=st.sampled_from(["pause", "resume", "leave", "exclude"]), words=WORDS)
    def membership(self, name: str, words: str | None) -> None:
        self.do(getattr(organisations, name), act("ada", words, self.now))

    @rule(who=st.sampled_from("ab"))
    def approve(self, who: str) -> None:
        waited = self.one.status in UNDECIDED
        self.do(organisations.approve, self.parent, act(who, None, self.now))
        if waited and self.one.status == "approved" and self.parent is not None:
            assert self.parent.status == "approved"

    @rule()
    def approve_alone(self) -> None:
        self.do(branches.approve_alone, act("ada", None, self.now))

    @rule(to=st.sampled_from(["R", "S", None]))
    def move(self, to: str | None) -> None:
        self.do(branches.move, to, self.above[to] if to else None)

    @rule(which=st.sampled_from("RS"), status=st.sampled_from([*MEMBER, "left"]))
    def parent_changes(self, which: str, status: str) -> None:
        self.above[which] = self.above[which].model_copy(update={"status": status})

    @rule(which=st.sampled_from("RS"), languages=LANGUAGES)
    def parent_describes_itself(self, which: str, languages: tuple[str, ...]) -> None:
        self.above[which] = self.above[which].model_copy(update={"languages": languages})

    @rule(languages=LANGUAGES)
    def describe(self, languages: tuple[str, ...]) -> None:
        own = {name: getattr(self.one, name) for name in Profile.model_fields}
        self.do(organisations.change, Profile(**{**own, "languages": languages}))

    @rule()
    def reconcile(self) -> None:
        self.do(branches.inherit, self.parent)
        if self.one.status in MEMBER and self.parent is not None:
            assert self.one.inherited == handed_down(self.parent)
            assert effective(self.one).languages == (self.one.languages or self.parent.languages)

    @rule(hours=st.integers(1, 40))
    def later(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def each_step_is_kept_with_who_and_when(self) -> None:
        steps = self.one.steps
        assert [step.to for step in steps] == self.log[-MOST_STEPS:]
        assert steps[-1].to == self.one.status
        assert [step.number for step in steps] == list(
            range(len(self.log) - len(steps) + 1, len(self.log) + 1)
        )
        assert all(step.by for step in steps)
        assert [step.at for step in steps] == sorted(step.at for step in steps)

    @invariant()
    def kind_parent_and_number_agree(self) -> None:
        assert (self.one.kind == "branch") == (self.one.parent is not None)
        assert self.one.kind != "independent" or self.one.number is not None

    @invariant()
    def what_has_ended_frees_its_number_and_is_never_active(self) -> None:
        keys = ORGANISATION.keys(self.one)
        assert (keys["number"] is None) == (self.one.status in ENDED or self.one.number is None)
        known = {"B": self.one, **self.above}
        shown = {id: ORGANISATION.snapshots["registry.organisation"](one) for id, one in known.items()}  # fmt: skip
        is_active = "B" in active_among(shown)  # type: ignore[arg-type]
        assert is_active == (
            self.one.status == "approved"
            and (self.parent is None or self.parent.status == "approved")
        )

    @invariant()
    def who_applies_sees_nothing_of_the_national_organisations(self) -> None:
        assert self.one.status not in UNDECIDED or self.one.inherited is None

    @invariant()
    def what_is_stored_is_read_back(self) -> None:
        stored = self.one.model_dump(mode="json", by_alias=True)
        assert Organisation.model_validate(stored) == self.one


MembershipMachine.TestCase.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None
)
TestMembership = MembershipMachine.TestCase


def test_who_answers_after_a_colleague_hears_when_and_by_whom() -> None:
    approved, _ = organisations.approve(applied_branch(), national(), act("ada"))
    again, events = organisations.approve(approved, national(), act("ada"))
    assert (again, events) == (approved, ())
    later = act("bo", at=NOW + timedelta(minutes=30))
    with pytest.raises(AlreadyDecided) as told:
        organisations.approve(approved, national(), later)
    assert told.value.code == "already-approved"
    assert told.value.detail.sv == "Ansökan godkändes redan 08.12. Du behöver inte göra något."
    named = told.value.named("Ada Demo").detail
    assert named.sv == "Ansökan godkändes redan 08.12 av Ada Demo. Du behöver inte göra något."
    assert (
        named.en
        == "This application was already approved at 08:12 by Ada Demo. Nothing for you to do."
    )
    with pytest.raises(AlreadyDecided) as told:
        organisations.decline(approved, act("bo", "Nej.", NOW + timedelta(days=1)))
    assert "redan 2026-12-01 kl. 08.12." in told.value.detail.sv


@pytest.mark.parametrize(
    ("status", "sv"),
    [
        ("paused", "Kretsen hör till Riks, som är pausad. Återuppta Riks först, eller godkänn föreningen som fristående."),
        ("left", "Kretsen hör till Riks, som har lämnat nätverket. Flytta föreningen, eller godkänn föreningen som fristående."),
        ("applied", "Kretsen hör till Riks, som inte är godkänd. Godkänn Riks först, eller godkänn föreningen som fristående."),
    ],
)  # fmt: skip
def test_a_branch_whose_national_organisation_is_not_there_is_told_what_can_be_done(
    status: str, sv: str
) -> None:
    parent = national().model_copy(update={"status": status})
    with pytest.raises(Problem, match="parent-not-active") as told:
        organisations.approve(applied_branch(), parent, act())
    assert told.value.detail.sv == sv


def test_what_is_inherited_is_shown_and_sent_back_without_becoming_ones_own() -> None:
    parent = national(languages=("sv", "prs"), web="https://riks.example")
    one, _ = organisations.approve(applied_branch(web="https://krets.example"), parent, act())
    assert inherited_fields(one, one.inherited) == ("languages",)
    seen = effective(one)
    sent = Profile(**{name: getattr(seen, name) for name in Profile.model_fields})
    after, events = organisations.change(one, sent)
    assert (after, events) == (one, ())
    own, _ = organisations.change(one, sent.model_copy(update={"languages": ("ar",)}))
    assert effective(own).languages == ("ar",)
    assert inherited_fields(own, own.inherited) == ()


@given(languages=LANGUAGES, number=st.sampled_from(["8024000005", None]))
def test_what_is_handed_down_is_an_offer_and_nothing_else(
    languages: tuple[str, ...], number: str | None
) -> None:
    parent = national(languages=languages, counties=("25",), activities_a_week=9)
    one, _ = organisations.approve(applied_branch(number=number), parent, act())
    seen = effective(one)
    assert seen.languages == languages
    assert (seen.number, seen.counties, seen.activities_a_week) == (number, (), None)
    assert set(Offer.model_fields) == {
        "mail", "phone", "web", "languages", "competences", "target_groups",
    }  # fmt: skip


def test_where_it_works_is_what_it_names_and_what_its_radius_reaches() -> None:
    around = {"municipality": "2582", "km": 60}
    one = Profile(name="X", kind="partner", municipalities=("0114",), around=around)  # type: ignore[arg-type]
    reached = works_in(one)
    assert {"0114", "2582", "2580", "2560"} <= set(reached)
    assert "2584" not in reached
    point = {"point": {"latitude": 65.8252, "longitude": 21.6887}, "km": 60}
    there = Profile(name="X", kind="partner", around=point)  # type: ignore[arg-type]
    assert "2582" in works_in(there)
    assert works_in(Profile(name="X", kind="partner")) == ()
    for wrong in ({"km": 5}, {"km": 5, **around, **point}, {"municipality": "2582", "km": 0}):
        with pytest.raises(ValidationError):
            Profile(name="X", kind="partner", around=wrong)  # type: ignore[arg-type]


@given(st.sampled_from(sorted(MUNICIPALITIES)), st.integers(1, 150), st.integers(0, 150))
def test_a_wider_radius_reaches_no_less(code: str, km: int, more: int) -> None:
    place = MUNICIPALITIES[code]
    near = municipalities_within(place.latitude, place.longitude, km)
    assert code in near
    assert set(near) <= set(municipalities_within(place.latitude, place.longitude, km + more))


@pytest.mark.parametrize(
    "text", ["070-174 06 05", "0046 (0)70 174 06 05", "+46701740605", "0701740605", "070–1740605"]
)
def test_all_spellings_of_a_phone_number_are_one(text: str) -> None:
    assert TypeAdapter(PhoneNumber).validate_python(text) == "+46701740605"


def test_a_web_address_opens_a_page_and_nothing_else() -> None:
    web = TypeAdapter(WebAddress)
    assert web.validate_python(" majblomman.example ") == "https://majblomman.example"
    assert web.validate_python("http://åre.example/om oss".replace(" ", "-"))
    for text in ("javascript:alert(1)", "https://ada:x@demo.example", "ftp://demo.example", "hej",
                 "https://[::1", "https://demo.example/a b", "mailto:a@demo.example"):  # fmt: skip
        with pytest.raises(ValidationError, match="not-a-web-address"):
            web.validate_python(text)


@pytest.mark.case("R21")
def test_a_name_is_one_however_it_is_composed() -> None:
    composed, apart = "Röda Korset Åre", "Ro\u0308da  Korset A\u030are"
    names = {Profile(name=text, kind="partner").name for text in (composed, apart)}
    assert names == {composed}
    assert len(Profile(name="Va\u0308stera\u030as", kind="partner").name) == 8
