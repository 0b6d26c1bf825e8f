"""No route of any service is open because somebody forgot to say for whom it is (P14)."""

from importlib import import_module

import pytest

from shared.permissions import stated_permissions
from shared.settings import Settings


@pytest.mark.promise("P14")
@pytest.mark.parametrize("name", ["registry", "activities", "notifications"])
async def test_every_public_route_states_its_permission(name: str) -> None:
    settings = Settings(
        mode="test",
        mongodb_url=f"mongodb://127.0.0.1:1/{name}",
        rabbitmq_url="amqp://127.0.0.1:1/none",
        oidc_issuer="http://127.0.0.1:1/issuer",
        secret_key="of-the-tests-and-only-of-the-tests",
        public_url="http://samverkan.test",
    )
    app = import_module(f"services.{name}.app").create(settings)
    stated = {
        route: permission
        for route, permission in stated_permissions(app)
        if f" /api/{name}/" in route or " /l/" in route
    }
    assert len(stated) > 10
    assert [route for route, permission in stated.items() if permission is None] == []
