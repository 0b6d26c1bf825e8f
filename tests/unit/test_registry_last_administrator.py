"""Whatever administrators do to each other at the same moment, the network keeps one (P5)."""

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.registry.domain import person as persons
from services.registry.domain import second_checks
from services.registry.domain.person import NETWORK, Person, Profile
from services.registry.domain.second_checks import Party
from shared.contracts.registry import RoleGrant, Scope
from tests.unit.machine import NOW

NAMES = st.sampled_from(["ada", "bo", "cia"])
MOMENTS = st.integers(0, 2)


class AdministratorsMachine(RuleBasedStateMachine):
    """Each command is a check, a commit and a second check, in any order among the others'.

    A command that was checked may be committed late; a second check may be the event's, long after
    its process was killed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.people: dict[str, Person] = {}
        self.checked: list[tuple[str, str]] = []
        self.grants = 0

    @initialize()
    def three_administrators(self) -> None:
        for name in ("ada", "bo", "cia"):
            self.people[name] = persons.register(Profile(name=name), name)[0]
            self.appoint(name)

    @rule(name=NAMES)
    def appoint(self, name: str) -> None:
        self.grants += 1
        scope = Scope(kind="national")
        grant = RoleGrant(id=f"g{self.grants}", role="administrator", scope=scope, from_=self.now)
        self.people[name], _ = persons.grant(self.people[name], grant)

    @rule(name=NAMES)
    def reopen(self, name: str) -> None:
        self.people[name], _ = persons.reopen(self.people[name])

    @rule(name=NAMES, command=st.sampled_from(["suspend", "revoke"]))
    def check(self, name: str, command: str) -> None:
        if any(self.is_administrator(one) for one in self.people if one != name):
            self.checked.append((name, command))

    @rule(number=st.integers(0, 9), seconds=MOMENTS)
    def commit(self, number: int, seconds: int) -> None:
        if not self.checked:
            return
        self.now += timedelta(seconds=seconds)
        name, command = self.checked.pop(number % len(self.checked))
        person = self.people[name]
        if command == "suspend":
            self.people[name], _ = persons.suspend(person, "administrator", self.now)
        elif person.roles:
            self.people[name], _ = persons.revoke(person, person.roles[0].id, self.now)

    @rule(name=NAMES)
    def check_again(self, name: str) -> None:
        for doubt in self.people[name].unsettled:
            there = [Party(id, person) for id, person in self.people.items()]
            mine = next(one for one in there if one.id == name)
            yields = second_checks.who_yields(mine, doubt, there, self.now)
            if yields is not None:
                other, grant = yields
                self.people[other], _ = second_checks.undo(self.people[other], grant)
            if yields != (name, doubt.grant.id):
                self.people[name], _ = second_checks.settle(self.people[name], doubt.grant.id)

    @invariant()
    def once_everything_is_settled_there_is_an_administrator(self) -> None:
        if self.people and not any(one.unsettled for one in self.people.values()):
            assert any(map(self.is_administrator, self.people))

    def is_administrator(self, name: str) -> bool:
        return persons.holds(self.people[name], "administrator", NETWORK, self.now)

    def teardown(self) -> None:
        """Whatever was killed: its event comes at last."""
        while self.checked:
            self.commit(0, 0)
        for name in self.people:
            self.check_again(name)
        self.once_everything_is_settled_there_is_an_administrator()


TestAdministrators = AdministratorsMachine.TestCase
TestAdministrators.settings = settings(max_examples=200, stateful_step_count=30)
TestAdministrators = pytest.mark.promise("P5")(TestAdministrators)
