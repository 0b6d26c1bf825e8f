"""Real servers start, survive a kill, stop, and leave nothing behind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.local.mongod import Mongod
from deploy.local.rabbitmq import RabbitMQ
from tests.real import RealRabbitMQ, Vhost
from tests.system.local import processes_naming


def test_a_test_gets_databases_that_only_their_own_user_reads(
    database_url: Callable[[str], str],
) -> None:
    with MongoClient[dict[str, Any]](database_url("registry")) as registry:
        registry.get_default_database()["things"].insert_one({"_id": 1})
        other = database_url("activities").rpartition("/")[2].partition("?")[0]
        with pytest.raises(OperationFailure):
            registry[other]["things"].find_one()


def test_a_test_gets_a_vhost_of_its_own(vhost: Vhost, rabbitmq: RealRabbitMQ) -> None:
    names = {row["name"] for row in httpx.get(f"{rabbitmq.admin_url}/api/vhosts").json()}
    assert vhost.name in names


def test_a_mongod_keeps_its_data_through_a_kill_and_a_move_to_another_port(tmp_path: Path) -> None:
    first = Mongod(tmp_path)
    first.start()
    with MongoClient[dict[str, Any]](first.admin_url) as client:
        client["kept"]["things"].insert_one({"_id": 1})
    first.kill()
    second = Mongod(tmp_path)
    second.start()
    try:
        with MongoClient[dict[str, Any]](second.admin_url, serverSelectionTimeoutMS=5000) as client:
            assert client["kept"]["things"].count_documents({}) == 1
    finally:
        second.stop()


def test_mongod_runs_no_javascript(own_mongod: Mongod) -> None:
    with (
        MongoClient[dict[str, Any]](own_mongod.admin_url) as client,
        pytest.raises(OperationFailure, match="globalScriptEngine"),
    ):
        list(client["any"]["things"].find({"$where": "true"}))


def test_a_broker_starts_again_after_a_kill_and_leaves_nothing_when_stopped(tmp_path: Path) -> None:
    broker = RabbitMQ(tmp_path / "broker")
    broker.start()
    broker.kill()
    broker.start()
    broker.stop()
    assert processes_naming(str(tmp_path)) == []
    assert processes_naming(str(broker.epmd_port)) == []
