"""What each role may do, where and how long (P14; X05)."""

from datetime import timedelta

import pytest

from shared.caller import Role
from shared.contracts.registry import RoleGrant
from tests.callers import DAY, NOW, a_caller, a_grant

pytestmark = [pytest.mark.promise("P14")]


def test_an_officer_of_a_county_is_no_officer_of_another() -> None:
    officer = a_caller(a_grant("officer", "counties", "25", "24"))
    assert officer.is_officer_for("25")
    assert officer.is_officer_for("24", "X")
    assert not officer.is_officer_for("12", "X")


def test_an_officer_of_a_unit_is_officer_of_its_accommodations_only() -> None:
    officer = a_caller(a_grant("officer", "accommodations", "X"))
    assert officer.is_officer_for("25", "X")
    assert not officer.is_officer_for("25", "Y")
    assert not officer.is_officer_for("25")
    assert not officer.is_officer_for("X")


def test_a_national_officer_is_officer_everywhere_and_nothing_else() -> None:
    officer = a_caller(a_grant("officer"))
    assert officer.is_officer_for("25", "X")
    assert {grant.role for grant in officer.grants} == {"officer"}
    assert not officer.is_administrator
    assert not officer.reads_county("25")


def test_an_administrator_is_one_nationally_or_not_at_all() -> None:
    assert a_caller(a_grant("administrator")).is_administrator
    assert not a_caller(a_grant("administrator", "counties", "25")).is_administrator
    assert a_caller(a_grant("operator")).is_operator


def test_a_county_reader_reads_that_county() -> None:
    reader = a_caller(a_grant("county_reader", "counties", "25"))
    assert reader.reads_county("25")
    assert not reader.reads_county("24")
    assert not reader.is_officer_for("25")


@pytest.mark.case("X05")
def test_a_coordinator_of_a_branch_is_nothing_upwards_or_sideways() -> None:
    coordinator = a_caller(a_grant("coordinator", "organisation", "A"))
    assert coordinator.coordinates("A", parent_id="P")
    assert not coordinator.coordinates("P")
    assert not coordinator.coordinates("B", parent_id="P")
    assert coordinator.organisations == {"A"}
    assert not coordinator.volunteers_for("A")


@pytest.mark.case("X05")
def test_a_coordinator_of_the_parent_reaches_a_branch_only_where_the_route_names_the_parent() -> (
    None
):
    coordinator = a_caller(a_grant("coordinator", "organisation", "P"))
    assert coordinator.coordinates("A", parent_id="P")
    assert not coordinator.coordinates("A")
    assert not coordinator.coordinates("A", parent_id=None)


@pytest.mark.case("X05")
def test_a_role_in_an_organisation_that_is_not_active_has_no_effect() -> None:
    grant = a_grant("coordinator", "organisation", "A", "B")
    assert a_caller(grant, active="B").organisations == {"B"}
    assert not a_caller(grant, active="").has(Role.COORDINATOR)
    assert not a_caller(a_grant("volunteer", "organisation", "A"), active="B").volunteers_for("A")


def test_a_role_holds_from_its_first_moment_until_just_before_its_last() -> None:
    caller = a_caller(a_grant("administrator", since=NOW, until=NOW + DAY))
    moment = timedelta(milliseconds=1)
    assert caller.is_administrator
    assert not caller.at(NOW - moment).is_administrator
    assert caller.at(NOW + DAY - moment).is_administrator
    assert not caller.at(NOW + DAY).is_administrator


MAY = [
    (a_grant("administrator"), a_grant("officer", "counties", "25"), None),
    (a_grant("administrator"), a_grant("administrator"), None),
    (a_grant("officer"), a_grant("officer", "accommodations", "X"), None),
    (a_grant("officer", "counties", "25", "24"), a_grant("officer", "counties", "25"), None),
    (a_grant("officer", "counties", "25"), a_grant("county_reader", "counties", "25"), None),
    (a_grant("coordinator", "organisation", "A"), a_grant("volunteer", "organisation", "A"), None),
    (a_grant("coordinator", "organisation", "P"), a_grant("coordinator", "organisation", "A"), "P"),
    (
        a_grant("coordinator", "organisation", "A", until=NOW + DAY),
        a_grant("volunteer", "organisation", "A", until=NOW + DAY),
        None,
    ),
]
MAY_NOT = [
    (a_grant("operator"), a_grant("operator"), None),
    (a_grant("volunteer", "organisation", "A"), a_grant("volunteer", "organisation", "A"), None),
    (a_grant("officer"), a_grant("administrator"), None),
    (a_grant("officer"), a_grant("coordinator", "organisation", "A"), None),
    (a_grant("officer", "counties", "25"), a_grant("officer", "counties", "25", "24"), None),
    (a_grant("officer", "counties", "25"), a_grant("officer", "counties"), None),
    (a_grant("officer", "counties", "25"), a_grant("officer"), None),
    (a_grant("officer", "counties", "25"), a_grant("officer", "accommodations", "25"), None),
    (a_grant("county_reader"), a_grant("county_reader", "counties", "25"), None),
    (a_grant("coordinator", "organisation", "A"), a_grant("volunteer", "organisation", "B"), None),
    (
        a_grant("coordinator", "organisation", "A"),
        a_grant("coordinator", "organisation", "P"),
        None,
    ),
    (a_grant("coordinator", "organisation", "P"), a_grant("volunteer", "organisation", "A"), "P"),
    (a_grant("coordinator", "organisation", "A"), a_grant("officer", "counties", "25"), "A"),
    (
        a_grant("coordinator", "organisation", "A", until=NOW + DAY),
        a_grant("volunteer", "organisation", "A"),
        None,
    ),
    (
        a_grant("coordinator", "organisation", "A", until=NOW + DAY),
        a_grant("volunteer", "organisation", "A", until=NOW + 2 * DAY),
        None,
    ),
    (a_grant("administrator", until=NOW), a_grant("officer"), None),
]


@pytest.mark.case("X05")
@pytest.mark.parametrize(("own", "granted", "parent"), MAY_NOT)
def test_nobody_grants_more_than_they_have(
    own: RoleGrant, granted: RoleGrant, parent: str | None
) -> None:
    assert not a_caller(own).may_grant(granted, parent)


@pytest.mark.parametrize(("own", "granted", "parent"), MAY)
def test_a_role_is_handed_on_within_ones_own(
    own: RoleGrant, granted: RoleGrant, parent: str | None
) -> None:
    assert a_caller(own).may_grant(granted, parent)


@pytest.mark.case("X05")
def test_two_roles_do_not_add_up_to_a_wider_grant() -> None:
    short = a_grant("officer", "counties", "25", "24", until=NOW + DAY)
    narrow = a_grant("officer", "counties", "25")
    assert not a_caller(short, narrow).may_grant(a_grant("officer", "counties", "25", "24"))
