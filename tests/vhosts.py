"""More than one vhost in a test."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.real import RealRabbitMQ, Vhost


@contextmanager
def further_vhost(beside: Vhost) -> Iterator[Vhost]:
    """Another fresh vhost on the same broker, deleted afterwards."""
    with new_vhost(beside.broker) as vhost:
        yield vhost


@contextmanager
def new_vhost(broker: RealRabbitMQ) -> Iterator[Vhost]:
    """A fresh vhost, deleted afterwards."""
    place = Vhost(f"t{secrets.token_hex(4)}", broker)
    with httpx.Client(base_url=broker.admin_url, timeout=30) as admin:
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        admin.put(f"/api/vhosts/{place.name}").raise_for_status()
        admin.put(f"/api/permissions/{place.name}/admin", json=everything).raise_for_status()
        yield place
        admin.delete(f"/api/vhosts/{place.name}").raise_for_status()
