"""No route of any service is open because somebody forgot to say for whom it is (P14)."""

import pytest

from deploy.services import SERVICES, unstarted
from deploy.who_may.document import STATEMENTS
from deploy.who_may.elsewhere import COMMON
from shared.permissions import Permission, stated_permissions


def _stated(service: str) -> dict[str, Permission[object] | None]:
    return {
        route: permission
        for route, permission in stated_permissions(unstarted()[service])
        if f" /api/{service}/" in route or " /l/" in route
    }


@pytest.mark.promise("P14")
@pytest.mark.parametrize("service", SERVICES)
def test_every_public_route_states_its_permission(service: str) -> None:
    stated = _stated(service)
    assert len(stated) > 10
    assert [route for route, permission in stated.items() if permission is None] == []


@pytest.mark.promise("P14")
@pytest.mark.case("X04")
@pytest.mark.parametrize("service", SERVICES)
def test_every_permission_is_stated_in_the_table_of_who_may_what(service: str) -> None:
    """Else no test knows whom to let in, and the page does not say it."""
    used = {permission.name for permission in _stated(service).values() if permission}
    assert sorted(used - set(STATEMENTS[service])) == []
    assert sorted(set(STATEMENTS[service]) - set(COMMON) - used) == []
