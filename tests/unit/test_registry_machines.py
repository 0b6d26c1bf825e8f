"""No sequence of commands breaks what must always hold of the registry's aggregates."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.registry.domain import import_ as imports
from services.registry.domain import person as persons
from services.registry.domain.import_ import Column, Counts, Import, Step
from services.registry.domain.person import Profile
from services.registry.kinds import KINDS
from shared.contracts.problems import Problem
from shared.contracts.registry import RoleGrant, Scope
from tests.unit.machine import Machine


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

    @rule(why=st.sampled_from(["unused", "own", "administrator"]))
    def suspend(self, why: Any) -> None:
        before = self.state
        self.do(persons.suspend, why)
        if before.status == "suspended" and before.suspended_because == "administrator":
            assert self.state == before, "nobody makes less of an administrator's decision"

    @rule()
    def come_back(self) -> None:
        why = self.state.suspended_because
        self.do(persons.come_back, self.now)
        assert (self.state.status == "suspended") == (why == "administrator")

    @rule()
    def reopen(self) -> None:
        self.do(persons.reopen)
        assert self.state.status != "suspended"

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
    PersonMachine,
    ImportMachine,
):
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

TestPerson = PersonMachine.TestCase
TestImport = ImportMachine.TestCase


@pytest.mark.case("R23")
def test_codes_of_municipalities_are_those_that_hold_now() -> None:
    from pydantic import TypeAdapter, ValidationError

    from shared.contracts.places import COUNTIES, MUNICIPALITIES, Municipality

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
