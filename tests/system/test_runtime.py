"""The local runtime: real servers start, stop, and leave nothing behind."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tests.real import RealRabbitMQ, Vhost


def test_a_test_gets_databases_that_only_their_own_user_reads(
    database_url: Callable[[str], str],
) -> None:
    with MongoClient[dict[str, Any]](database_url("registry")) as registry:
        registry.get_default_database()["things"].insert_one({"_id": 1})
        other = database_url("activities").rpartition("/")[2].partition("?")[0]
        with pytest.raises(OperationFailure):
            registry[other]["things"].find_one()


def test_a_test_gets_a_vhost_of_its_own(vhost: Vhost, rabbitmq: RealRabbitMQ) -> None:
    names = {
        row["name"] for row in httpx.get(f"{rabbitmq.admin_url}/api/vhosts").json()
    }
    assert vhost.name in names
