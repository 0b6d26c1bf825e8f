"""No sequence of commands, and no passing of time, opens a meeting place on loose ground."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.registry.domain import agreement as agreements
from services.registry.domain import meeting_place as places
from services.registry.domain.meeting_place_parts import (
    DayApart,
    Description,
    Hours,
    Terms,
    WantedRoom,
)
from services.registry.domain.meeting_place_state import (
    AGENCY,
    MeetingPlace,
    Standing,
    all_signed,
    in_force,
    last_day,
)
from services.registry.domain.meeting_place_time import wake, wakes_at
from services.registry.kinds import MEETING_PLACE
from shared.contracts.problems import Invalid, Problem, Refused
from tests.unit.machine import Machine

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
TODAY = date(2026, 12, 1)
GROUND = Standing(("25",), "2582", False, "active")
parties = st.sampled_from([AGENCY, "A", "B", "C"])
hosts = st.sampled_from([("A",), ("B",), ("A", "B"), ("B", "A"), ("A", "C")])


class MeetingPlaceMachine(Machine):
    """A, B and C may host; the ground is what stands around it."""

    closed = False
    host = "active"

    @property
    def standing(self) -> Standing:
        return Standing(("25",), "2582", self.closed, self.host)  # type: ignore[arg-type]

    def days(self, start: int, length: int) -> Terms:
        first = self.today + timedelta(days=start)
        return terms(first, max(first, self.today) + timedelta(days=length))

    @initialize(start=st.integers(-5, 10), days=st.integers(0, 40), door=st.booleans())
    def proposed(self, start: int, days: int, door: bool) -> None:
        self.state, _ = places.propose(
            description(1, door),
            ["H"],
            ["A", "B"],
            self.days(start, days),
            self.standing,
            self.today,
        )
        self.ended: set[tuple[date, str]] = set()

    @rule(party=parties, edition=st.none() | st.integers(1, 3))
    def sign(self, party: str, edition: int | None) -> None:
        before = self.state
        self.do(agreements.sign, party, "somebody", self.now, edition)
        if len(self.state.signatures) > len(before.signatures):
            assert party in (AGENCY, *before.hosts)
            assert edition in (None, before.edition)

    @rule(who=hosts, start=st.integers(-5, 10), days=st.integers(0, 40))
    def rewrite(self, who: tuple[str, ...], start: int, days: int) -> None:
        before = self.state
        self.do(agreements.rewrite, who, self.days(start, days), self.standing, self.now)
        if (before.hosts, before.agreement) != (self.state.hosts, self.state.agreement):
            assert not in_force(before)
            assert self.state.signatures == ()
            assert set(before.signatures) <= set(self.state.void_signatures)

    @rule(who=hosts, start=st.integers(-2, 45), days=st.integers(0, 40))
    def renew(self, who: tuple[str, ...], start: int, days: int) -> None:
        self.do(agreements.renew, who, self.days(start, days), self.standing, self.now)

    @rule(who=hosts, days=st.integers(0, 40))
    def renew_at_the_end(self, who: tuple[str, ...], days: int) -> None:
        first = last_day(self.state) + timedelta(days=1)
        wanted = terms(first, first + timedelta(days=days))
        self.do(agreements.renew, who, wanted, self.standing, self.now)

    @rule(party=parties)
    def sign_renewal(self, party: str) -> None:
        before = self.state
        self.do(agreements.sign_renewal, party, "somebody", self.now)
        if len(self.state.renewal_signatures) > len(before.renewal_signatures):
            assert party in (AGENCY, *before.renewal.hosts)

    @rule(party=parties, days=st.integers(-3, 40))
    def end(self, party: str, days: int) -> None:
        before = self.state
        on = self.today + timedelta(days=days)
        self.do(agreements.end, party, on, "host_cannot", None, "somebody", self.now)
        if self.state.ending != before.ending and self.state.ending is not None:
            assert party in (AGENCY, *before.hosts)
            assert on >= self.today + timedelta(days=before.agreement.notice_days)

    @rule(days=st.integers(-1, 40))
    def allow_trial(self, days: int) -> None:
        self.do(agreements.allow_trial, days, "officer", self.now)

    @rule()
    def open_on_trial(self) -> None:
        self.do(places.open_on_trial, self.standing, self.now)

    @rule()
    def open(self) -> None:
        self.do(places.open_, self.standing, self.now)

    @rule()
    def pause(self) -> None:
        self.do(places.pause, "host")

    @rule()
    def resume(self) -> None:
        self.do(places.resume, self.standing, self.now)

    @rule(really=st.sampled_from([True, False, False, False]))
    def close(self, really: bool) -> None:
        if really:
            self.do(places.close, "officer")

    @rule(host=st.sampled_from("ABC"))
    def take_responsibility(self, host: str) -> None:
        before = set(self.state.hosts)
        self.do(places.take_responsibility, host, self.standing)
        assert set(self.state.hosts) == before

    @rule(houses=st.sampled_from([("H",), ("H", "I"), ("I",)]))
    def serve(self, houses: tuple[str, ...]) -> None:
        ground = Standing(("25",) * len(houses), "2582", self.closed, "active")
        self.do(places.serve, houses, ground)
        assert len(self.state.counties) == len(self.state.accommodations)

    @rule(rooms=st.integers(1, 4))
    def change(self, rooms: int) -> None:
        before = {room.id for room in self.state.rooms}
        self.do(places.change, description(rooms))
        assert (
            all(room.id not in before for room in self.state.rooms) or self.state.status == "closed"
        )

    @rule(
        closed=st.sampled_from([False, False, True]), host=st.sampled_from(["active", "inactive"])
    )
    def around(self, closed: bool, host: str) -> None:
        """What it stands on changes; the reaction follows."""
        self.closed, self.host = closed, host
        counties = ("25",) * len(self.state.accommodations)
        self.do(places.reconcile, Standing(counties, "2582", closed, host))  # type: ignore[arg-type]

    @rule(days=st.integers(0, 30))
    def later(self, days: int) -> None:
        self.pass_time(timedelta(days=days), wake, wakes_at)

    @invariant()
    def open_only_on_firm_ground(self) -> None:
        if self.state is not None and self.state.status in ("open", "open_on_trial"):
            assert not self.closed
            assert self.host == "active"
            assert self.state.door is not None
        if self.state is not None and self.state.status == "open":
            assert in_force(self.state)
            assert self.state.open_since is not None

    @invariant()
    def in_force_means_signed_and_in_time(self) -> None:
        if self.state is not None and in_force(self.state):
            assert all_signed(self.state)
            assert self.state.agreement.from_ <= self.today <= last_day(self.state)

    @invariant()
    def never_two_agreements_at_once(self) -> None:
        renewal = None if self.state is None else self.state.renewal
        if renewal is None or not in_force(self.state):
            return
        assert last_day(self.state) <= self.state.agreement.until
        if len(self.state.renewal_signatures) == 1 + len(renewal.hosts):
            assert last_day(self.state) == renewal.terms.from_ - timedelta(days=1)

    @invariant()
    def a_trial_is_over_after_thirty_days(self) -> None:
        if self.state is not None and self.state.status == "open_on_trial":
            trial = self.state.trial
            assert trial.since <= self.today <= trial.until
            assert (trial.until - trial.since).days < 30

    @invariant()
    def ended_is_ended(self) -> None:
        if self.state is None:
            return
        if self.state.ending is not None:
            assert last_day(self.state) <= self.state.ending.on
        if getattr(self, "over", False):
            assert self.state.status == "closed"
        self.over = self.state.status == "closed"


MeetingPlaceMachine.TestCase.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None
)
TestMeetingPlace = MeetingPlaceMachine.TestCase


def terms(first: date, until: date, notice: int = 3) -> Terms:
    return Terms(from_=first, until=until, notice_days=notice)


def description(rooms: int = 1, door: bool = True, *days: DayApart) -> Description:
    return Description(
        name="Hemmet",
        door="Ring på." if door else None,
        rooms=tuple(WantedRoom(name=f"Rum {n}") for n in range(rooms)),
        opening_hours=(Hours(weekday=2, opens="17:00", closes="01:00"),),
        days_apart=days,
    )


def a_place(first: date = TODAY, until: date = TODAY + timedelta(days=90)) -> MeetingPlace:
    return places.propose(description(), ["H"], ["A"], terms(first, until), GROUND, TODAY)[0]


def signed(place: MeetingPlace, *who: str, at: datetime = NOW) -> MeetingPlace:
    for party in who or (AGENCY, "A"):
        place, _ = agreements.sign(place, party, "somebody", at)
    return place


def told(decision: tuple[Any, Any]) -> list[str]:
    return [event.type.rsplit(".", 1)[1] for event in decision[1]]


def test_on_trial_the_last_signature_opens_it_and_without_one_it_closes_after_its_days() -> None:
    trial = agreements.allow_trial(a_place(), 30, "officer", NOW)[0]
    trial = places.open_on_trial(trial, GROUND, NOW)[0]
    assert trial.trial is not None
    assert trial.trial.until == date(2026, 12, 30)
    half = signed(trial, "A")
    opened = agreements.sign(half, AGENCY, "officer", NOW)
    assert told(opened) == ["signed", "agreed", "opened"]
    assert (opened[0].status, opened[0].open_since) == ("open", TODAY)
    over = wake(half, NOW + timedelta(days=30))
    assert (told(over), over[0].status) == (["closed"], "closed")
    assert over[1][0].model_dump()["cause"] == "trial_ended"
    late = NOW + timedelta(days=31)
    with pytest.raises(Refused, match="wrong-status"):
        agreements.sign(half, AGENCY, "officer", late)


def test_opening_on_trial_needs_an_officers_yes_and_a_door() -> None:
    with pytest.raises(Refused) as refusal:
        places.open_on_trial(a_place(), GROUND, NOW)
    assert refusal.value.code == "trial-not-allowed"
    without = a_place().model_copy(update={"door": None})
    for place, command in (
        (agreements.allow_trial(without, 9, "o", NOW)[0], places.open_on_trial),
        (signed(without), places.open_),
    ):
        with pytest.raises(Refused) as refusal:
            command(place, GROUND, NOW)
        assert refusal.value.code == "door-missing"


def test_a_renewal_takes_over_at_midnight_and_both_dates_are_seen_until_then() -> None:
    place = places.open_(signed(a_place()), GROUND, NOW)[0]
    first = place.agreement.until + timedelta(days=1)
    with pytest.raises(Invalid):
        agreements.renew(place, ["B"], terms(first + timedelta(days=1), first), GROUND, NOW)
    place, _ = agreements.renew(
        place, ["B"], terms(first, first + timedelta(days=300)), GROUND, NOW
    )
    for party in (AGENCY, "B"):
        place, _ = agreements.sign_renewal(place, party, "somebody", NOW)
    snapshot = MEETING_PLACE.snapshot("registry.meeting_place", place, 1)
    assert snapshot["agreement"]["until"] == place.agreement.until.isoformat()
    assert snapshot["renewal"]["from"] == first.isoformat()
    midnight = wakes_at(place)
    assert midnight is not None
    assert wake(place, midnight - timedelta(seconds=1)) == (place, ())
    after = wake(place, midnight)
    assert told(after) == ["renewed"]
    assert (after[0].status, after[0].hosts, after[0].open_since) == ("open", ("B",), TODAY)


def test_an_ending_names_its_last_day_and_a_proposal_after_a_gap_falls() -> None:
    place = signed(a_place())
    first = place.agreement.until + timedelta(days=1)
    place, _ = agreements.renew(place, ["A"], terms(first, first), GROUND, NOW)
    place, _ = agreements.sign_renewal(place, "A", "cora", NOW)
    on = TODAY + timedelta(days=3)
    with pytest.raises(Invalid):
        _end(place, on - timedelta(days=1))
    ended = _end(place, on)
    assert told(ended) == ["signatures_voided", "agreement_ending"]
    assert (ended[0].renewal, last_day(ended[0])) == (None, on)
    assert _end(ended[0], on) == (ended[0], ())
    with pytest.raises(Refused) as refusal:
        _end(ended[0], on + timedelta(days=1))
    assert refusal.value.code == "already-ended"
    assert told(wake(ended[0], NOW + timedelta(days=4))) == ["closed"]


def _end(place: MeetingPlace, on: date) -> tuple[Any, Any]:
    return agreements.end(place, "A", on, "room_lost", "Huset är sålt.", "cora", NOW)


def test_who_has_read_other_terms_does_not_sign_these() -> None:
    place = a_place()
    other = terms(TODAY, TODAY + timedelta(days=10))
    changed = agreements.rewrite(signed(place, "A"), ["A"], other, GROUND, NOW)[0]
    assert (changed.signatures, changed.void_signatures[0].party) == ((), "A")
    with pytest.raises(Refused) as refusal:
        agreements.sign(changed, AGENCY, "officer", NOW, edition=place.edition)
    assert refusal.value.code == "agreement-changed"
    assert agreements.sign(changed, AGENCY, "officer", NOW, edition=changed.edition)[1]


def test_a_day_apart_is_said_once_and_tells_why_it_is_closed() -> None:
    closed = DayApart(on=date(2026, 12, 24), reason="public_holiday")
    with pytest.raises(Problem):
        places.change(a_place(), description(1, True, closed, closed))
    with pytest.raises(Problem):
        places.change(a_place(), description(1, True, DayApart(on=date(2026, 12, 24))))
    changed = places.change(a_place(), description(1, True, closed))
    assert changed[1][0].model_dump()["closed_days"] == (date(2026, 12, 24),)
    again = places.change(changed[0], description(1, True, closed))
    assert again[1][0].model_dump()["closed_days"] == ()
