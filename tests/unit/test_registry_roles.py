"""Roles by their rules alone: which grant holds, and which of two changes at once yields."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain import joining, second_checks
from services.registry.domain import person as persons
from services.registry.domain.person import Person, Profile
from services.registry.domain.second_checks import Party
from shared.contracts.problems import NotFound, Refused
from shared.contracts.registry import RoleGrant, Scope

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def somebody() -> Person:
    return persons.register(Profile(name="Vera Demo"), "key")[0]


def a_grant(id: str, from_: datetime = NOW - HOUR, role: str = "coordinator") -> RoleGrant:
    scope = Scope(kind="organisation", ids=("A",))
    return RoleGrant(id=id, role=role, scope=scope, from_=from_)  # type: ignore[arg-type]


def one_who_left(id: str, at: datetime) -> Party:
    person, _ = persons.grant(somebody(), a_grant(f"grant of {id}"))
    return Party(id, persons.revoke(person, f"grant of {id}", at)[0])


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=5))
def test_one_role_held_again_and_again_is_held_from_the_earliest(hours: list[int]) -> None:
    person = somebody()
    for number, ahead in enumerate(hours):
        person, _ = persons.grant(person, a_grant(str(number), NOW + ahead * HOUR))
    assert [(held.id, held.from_) for held in person.roles] == [("0", NOW + min(hours) * HOUR)]


@pytest.mark.promise("P5")
@given(st.lists(st.integers(0, 2), min_size=1, max_size=3))
def test_of_all_who_leave_at_once_the_last_by_time_then_id_stays(seconds: list[int]) -> None:
    left = [
        one_who_left(str(number), NOW + timedelta(seconds=ahead))
        for number, ahead in enumerate(seconds)
    ]
    last = max((ahead, str(number)) for number, ahead in enumerate(seconds))[1]
    for order in permutations(left):
        for one in order:
            doubt = one.person.unsettled[0]
            yields = second_checks.who_yields(one, doubt, order, NOW + HOUR)
            assert yields == (last, f"grant of {last}")


@pytest.mark.promise("P5")
def test_who_left_while_another_stayed_has_left() -> None:
    gone = one_who_left("gone", NOW)
    staying = Party("staying", persons.grant(somebody(), a_grant("other"))[0])
    doubt = gone.person.unsettled[0]
    assert second_checks.who_yields(gone, doubt, [gone, staying], NOW) is None
    settled, events = second_checks.settle(gone.person, "grant of gone")
    assert not settled.unsettled
    assert [event.type for event in events] == ["registry.person.role_settled"]
    for again in (second_checks.settle, second_checks.undo):
        assert again(settled, "grant of gone") == (settled, ())


@pytest.mark.promise("P5")
def test_of_two_first_coordinators_one_yields_and_whom_the_first_appoints_is_no_rival() -> None:
    one = Party("one", persons.grant(somebody(), a_grant("1"), NOW)[0])
    two = Party("two", persons.grant(somebody(), a_grant("2"), NOW)[0])
    everybody = [one, two]
    assert second_checks.who_yields(one, one.person.unsettled[0], everybody, NOW) is None
    assert second_checks.who_yields(two, two.person.unsettled[0], everybody, NOW) == ("two", "2")
    undone, _ = second_checks.undo(two.person, "2")
    assert (undone.roles, undone.unsettled) == ((), ())
    appointed = a_grant("3").model_copy(update={"granted_by": "one"})
    three = Party("three", persons.grant(somebody(), appointed)[0])
    assert second_checks.who_yields(one, one.person.unsettled[0], [one, three], NOW) is None


@pytest.mark.promise("P15")
def test_a_person_is_known_where_they_asked_or_have_a_role_and_nowhere_else() -> None:
    vera = somebody()
    with pytest.raises(NotFound):
        persons.insist_on_acquaintance(vera, ["A"])
    asked, _ = joining.ask(vera, "A", NOW)
    persons.insist_on_acquaintance(asked, ["A"])
    assert joining.known_to(asked, "A", NOW)
    assert not joining.known_to(asked, "B", NOW)
    role = a_grant("1", NOW + HOUR).model_copy(update={"until": NOW + 2 * HOUR})
    member, _ = persons.grant(asked, role)
    assert not member.asks
    assert joining.known_to(member, "A", NOW)
    assert not joining.known_to(member, "A", NOW + 2 * HOUR)
    with pytest.raises(Refused):
        joining.ask(member, "A", NOW)
    former, _ = persons.revoke(member, "1")
    assert not joining.known_to(former, "A", NOW)
    persons.insist_on_acquaintance(former, ["A"])
