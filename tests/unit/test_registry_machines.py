"""No sequence of commands breaks what must always hold of the registry's aggregates."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.registry.domain import import_ as imports
from services.registry.domain import meeting_place as places
from services.registry.domain import person as persons
from services.registry.domain.import_ import Column, Counts, Import, Step
from services.registry.domain.meeting_place import AGENCY, Standing
from services.registry.domain.meeting_place_parts import Description, Hours, Terms, WantedRoom
from services.registry.domain.person import Profile
from services.registry.kinds import KINDS
from shared.contracts.problems import Problem
from shared.contracts.registry import RoleGrant, Scope
from tests.unit.machine import Machine


class MeetingPlaceMachine(Machine):
    closed = False
    host = "active"

    @property
    def standing(self) -> Standing:
        return Standing(("25",), "2582", self.closed, self.host)  # type: ignore[arg-type]

    @initialize(start=st.integers(-5, 10), days=st.integers(0, 40))
    def proposed(self, start: int, days: int) -> None:
        first = self.today + timedelta(days=start)
        terms = Terms(from_=first, until=max(first, self.today) + timedelta(days=days))
        self.state, _ = places.propose(
            _description(1), ["H"], ["A", "B"], terms, self.standing, self.today
        )

    @rule(party=st.sampled_from([AGENCY, "A", "B", "C"]))
    def sign(self, party: str) -> None:
        self.do(places.sign, party, "somebody", self.now)

    @rule()
    def open(self) -> None:
        self.do(places.open_, self.standing, self.today)

    @rule()
    def pause(self) -> None:
        self.do(places.pause, "host")

    @rule()
    def resume(self) -> None:
        self.do(places.resume, self.standing, self.today)

    @rule()
    def close(self) -> None:
        self.do(places.close, "officer")

    @rule(rooms=st.integers(1, 4))
    def change(self, rooms: int) -> None:
        before = {} if self.state is None else {room.id for room in self.state.rooms}
        self.do(places.change, _description(rooms))
        assert (
            all(room.id not in before for room in self.state.rooms) or self.state.status == "closed"
        )

    @rule(closed=st.booleans(), host=st.sampled_from(["active", "inactive", "ended"]))
    def around(self, closed: bool, host: str) -> None:
        """What it stands on changes; the reaction follows."""
        self.closed, self.host = closed, host
        self.do(places.reconcile, self.standing)

    @rule(days=st.integers(0, 30))
    def later(self, days: int) -> None:
        self.pass_time(timedelta(days=days), places.wake, places.wakes_at)

    @invariant()
    def open_only_on_firm_ground(self) -> None:
        if self.state is not None and self.state.status == "open":
            agreement = self.state.agreement
            assert agreement.from_ <= self.today <= agreement.until
            assert places.all_signed(self.state)
            assert not self.closed
            assert self.host == "active"

    @invariant()
    def in_force_means_signed_and_in_time(self) -> None:
        if self.state is not None and places.in_force(self.state):
            assert places.all_signed(self.state)
            assert self.state.agreement.from_ <= self.today <= self.state.agreement.until


def _description(rooms: int) -> Description:
    return Description(
        name="Hemmet",
        door="Ring på.",
        rooms=tuple(WantedRoom(name=f"Rum {n}") for n in range(rooms)),
        opening_hours=(Hours(weekday=2, opens="17:00", closes="01:00"),),
    )


class PersonMachine(Machine):
    @initialize()
    def registered(self) -> None:
        self.state, _ = persons.register(Profile(name="Vera", mail="v@demo.example"), "key")

    @rule(
        role=st.sampled_from(["coordinator", "volunteer"]),
        organisation=st.sampled_from("AB"),
        days=st.none() | st.integers(1, 20),
        once=st.booleans(),
    )
    def grant(self, role: Any, organisation: str, days: int | None, once: bool) -> None:
        until = None if days is None else self.now + timedelta(days=days)
        scope = Scope(kind="organisation", ids=(organisation,))
        grant = RoleGrant(
            id=f"{role}{organisation}", role=role, scope=scope, from_=self.now, until=until
        )
        self.do(persons.grant_once if once else persons.grant, grant)

    @rule(id=st.sampled_from(["coordinatorA", "volunteerB"]))
    def revoke(self, id: str) -> None:
        self.do(persons.revoke, id)
        assert all(held.id != id for held in self.state.roles)

    @rule(on=st.booleans())
    def suspend(self, on: bool) -> None:
        self.do(persons.suspend, on)

    @rule(on=st.booleans())
    def protect(self, on: bool) -> None:
        self.do(persons.protect, on)

    @rule(name=st.sampled_from(["Vera", "Vera V"]))
    def change(self, name: str) -> None:
        self.do(persons.change, Profile(name=name))

    @rule(days=st.integers(0, 15))
    def later(self, days: int) -> None:
        self.pass_time(timedelta(days=days), persons.end_roles, persons.wakes_at)

    @rule()
    def erase(self) -> None:
        self.do(persons.erase)

    @invariant()
    def no_role_outlives_its_end(self) -> None:
        if self.state is not None:
            assert all(held.until is None or held.until > self.now for held in self.state.roles)

    @invariant()
    def nothing_is_left_of_who_is_erased(self) -> None:
        if self.state is not None and self.state.status == "erased":
            left = self.state.model_dump(exclude={"name", "status", "preferred_language"})
            assert not any(left.values())
            assert self.state.name == "—"

    @invariant()
    def a_protected_name_stays_here(self) -> None:
        if self.state is not None and self.state.protected:
            kind = next(one for one in KINDS if one.name == "registry.person")
            assert kind.snapshot("registry.person", self.state, 1)["name"] in ("V.", "V.V.")


class ImportMachine(Machine):
    @initialize(rows=st.integers(1, 60), faulty=st.integers(0, 1))
    def checked(self, rows: int, faulty: int) -> None:
        self.state = Import(
            kind="organisations", importer="ada", separator=";", encoding="utf-8-sig",
            columns=(Column(header="Namn", field="name"),),
            rows=rows, batch="b",
        )  # fmt: skip
        self.faulty = faulty
        self.do(imports.receive, self.now)
        self.judge()

    def judge(self) -> None:
        if self.state.status == "checking":
            counts = Counts(new=self.state.rows - self.faulty, faulty=self.faulty)
            self.do(imports.judged, self.state, counts, ("25",), self.now)

    @rule(field=st.sampled_from(["name", "web"]))
    def other_columns(self, field: str) -> None:
        self.do(imports.remap, (field,), self.now)
        self.judge()

    @rule()
    def commit(self) -> None:
        self.do(imports.commit, "chain", False, self.now)

    @rule()
    def undo(self) -> None:
        self.do(imports.undo, "chain", self.now)

    @rule(behind=st.integers(0, 1))
    def a_copy_advances(self, behind: int) -> None:
        since = max(0, self.state.position - 25 * behind)
        rows = min(25, self.state.rows - since)
        if self.state.status not in ("committing", "undoing"):
            return
        step = Step(made=rows) if self.state.status == "committing" else Step(ended=rows)
        self.do(imports.advance, self.state.status, since, rows, step, self.now)

    @rule(seconds=st.integers(0, 30) | st.just(4 * 24 * 3600))
    def later(self, seconds: int) -> None:
        self.pass_time(timedelta(seconds=seconds), imports.wake, imports.wakes_at)

    @invariant()
    def what_is_expired_was_never_begun(self) -> None:
        if self.state is not None and self.state.status == "expired":
            assert self.state.position == 0
            with pytest.raises(Problem, match="import-expired"):
                imports.commit(self.state, "chain", False, self.now)

    @invariant()
    def each_row_is_counted_once(self) -> None:
        if self.state is not None:
            is_undone = self.state.status in ("undoing", "undone")
            counted = self.state.ended if is_undone else self.state.made
            assert counted == self.state.position <= self.state.rows
            assert (self.state.position > 0) <= (self.state.faulty == 0)
            over = self.state.status in ("done", "undone")
            assert over == (self.state.position == self.state.rows)
            assert (self.state.made == self.state.rows) or not is_undone


for machine in (
    MeetingPlaceMachine,
    PersonMachine,
    ImportMachine,
):
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

TestMeetingPlace = MeetingPlaceMachine.TestCase
TestPerson = PersonMachine.TestCase
TestImport = ImportMachine.TestCase


@pytest.mark.case("R23")
def test_codes_of_municipalities_are_those_that_hold_now() -> None:
    from pydantic import TypeAdapter, ValidationError

    from services.registry.domain.places import COUNTIES, MUNICIPALITIES, Municipality

    assert (len(MUNICIPALITIES), len(COUNTIES)) == (290, 21)
    assert MUNICIPALITIES["0319"].name == "Älvkarleby"
    assert MUNICIPALITIES["0331"].county == "03"
    with pytest.raises(ValidationError, match="former-code"):
        TypeAdapter(Municipality).validate_python("1917")


@pytest.mark.case("R19")
def test_all_spellings_of_an_organisation_number_are_one() -> None:
    from pydantic_core import PydanticCustomError

    from services.registry.domain.numbers import organisation_number

    spellings = [
        "8024000005", "802400-0005", "802400–0005", "168024000005", "16802400-0005",
        "SE802400000501", "802400-0005 ",
    ]  # fmt: skip
    assert {organisation_number(text) for text in spellings} == {"8024000005"}
    reasons = {}
    for text in (
        "8024000003", "0730000007", "121212-1212", "0000000000", "8012000009",
        "19121212-1212", "121212+1212", "121272-1219", "SE121212121201", "abc",
    ):  # fmt: skip
        with pytest.raises(PydanticCustomError) as told:
            organisation_number(text)
        reasons[text] = told.value.type
    assert reasons == {
        "8024000003": "wrong-check-digit",
        "0730000007": "looks-like-a-phone-number",
        "121212-1212": "personal-number",
        "0000000000": "not-an-organisation-number",
        "8012000009": "wrong-third-digit",
        "19121212-1212": "personal-number",
        "121212+1212": "personal-number",
        "121272-1219": "personal-number",
        "SE121212121201": "personal-number",
        "abc": "not-an-organisation-number",
    }
