"""The admin step on a real MongoDB and a real RabbitMQ."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy import admin
from deploy.databases import ServiceDatabase, differences, settle, unready
from deploy.local.mongod import binary
from deploy.local.process import Process, accepts, free_port, secret_file
from deploy.topology import topology
from tests.real import RealMongod, RealRabbitMQ

pytestmark = pytest.mark.promise("P10")

Client = MongoClient[dict[str, Any]]


@pytest.fixture
def services(mongod: RealMongod, rabbitmq: RealRabbitMQ) -> Iterator[tuple[str, str]]:
    """Two services that no other test knows; what was made for them is taken away again."""
    names = (f"a{secrets.token_hex(4)}", f"b{secrets.token_hex(4)}")
    yield names
    with Client(mongod.admin_url) as client, httpx.Client(base_url=rabbitmq.admin_url) as broker:
        for name in names:
            client[f"samverkan_{name}"].command("dropAllUsersFromDatabase")
            client.drop_database(f"samverkan_{name}")
            broker.delete(f"/api/users/{name}")
        broker.delete(f"/api/vhosts/{names[0]}")


def as_service(mongod: RealMongod, service: str, password: str = "secret") -> Client:
    database = f"samverkan_{service}"
    return Client(mongod.admin_url, username=service, password=password, authSource=database)


@pytest.fixture
def environment(
    services: tuple[str, str],
    mongod: RealMongod,
    rabbitmq: RealRabbitMQ,
    monkeypatch: pytest.MonkeyPatch,
) -> pytest.MonkeyPatch:
    """What the step reads, and a plan of the two services."""
    one, other = services
    monkeypatch.setattr(
        admin, "plan", lambda: topology({one: ("thing",)}, {other: (f"{one}.thing",)})
    )
    monkeypatch.setenv("SAMVERKAN_MONGODB_ADMIN_URL", mongod.admin_url)
    monkeypatch.setenv("SAMVERKAN_RABBITMQ_ADMIN_URL", rabbitmq.admin_url)
    monkeypatch.setenv("SAMVERKAN_RABBITMQ_VHOST", one)
    for service in services:
        monkeypatch.setenv(f"SAMVERKAN_{service.upper()}_MONGODB_PASSWORD", "secret")
        monkeypatch.setenv(f"SAMVERKAN_{service.upper()}_RABBITMQ_PASSWORD", "secret")
    return monkeypatch


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_the_step_sets_everything_up_says_so_and_finds_nothing_to_do_again(
    services: tuple[str, str],
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, other = services
    assert admin.run(check=True, seconds=10) is False
    assert f"would change: database samverkan_{one}: user {one} created" in said(capsys)

    assert admin.run(check=False, seconds=10) is True
    told = said(capsys)
    assert f"database samverkan_{other}: user {other} created" in told
    assert f"broker: queue {other}.{one}.thing created" in told
    assert "secret" not in told

    assert admin.run(check=False, seconds=10) is True
    assert said(capsys) == "Databases and broker are as planned.\n"
    assert admin.run(check=True, seconds=10) is True
    assert said(capsys) == "Nothing to change.\n"


def test_a_right_given_by_hand_is_drift(
    services: tuple[str, str],
    environment: pytest.MonkeyPatch,
    mongod: RealMongod,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, other = services
    admin.run(check=False, seconds=10)
    with Client(mongod.admin_url) as client:
        more = [{"role": "readWrite", "db": f"samverkan_{name}"} for name in services]
        client[f"samverkan_{one}"].command("updateUser", one, roles=more)
    assert admin.run(check=True, seconds=10) is False
    assert f"would change: database samverkan_{one}: roles of {one} set" in said(capsys)
    assert admin.run(check=False, seconds=10)
    with as_service(mongod, one) as client, pytest.raises(OperationFailure):
        client[f"samverkan_{other}"]["people"].find_one()


def test_a_service_reads_writes_and_watches_its_own_database_and_no_other(
    services: tuple[str, str], mongod: RealMongod
) -> None:
    one, other = services
    for service in services:
        settle(ServiceDatabase(service, "secret", mongod.admin_url))
    with as_service(mongod, one) as client:
        own = client[f"samverkan_{one}"]["things"]
        with own.watch() as changes:
            own.insert_one({"_id": 1})
            assert changes.next()["operationType"] == "insert"
        own.create_index("word")
        attempts: list[Callable[[], object]] = [
            lambda: client[f"samverkan_{other}"]["things"].find_one(),
            lambda: client["admin"]["system.users"].find_one(),
            lambda: client[f"samverkan_{one}"].command("createUser", "x", pwd="x", roles=[]),
        ]
        for attempt in attempts:
            with pytest.raises(OperationFailure):
                attempt()


def test_a_new_password_is_set_and_only_then(services: tuple[str, str], mongod: RealMongod) -> None:
    service = services[0]
    database = ServiceDatabase(service, "old", mongod.admin_url)
    settle(database)
    assert settle(database) == []
    renewed = ServiceDatabase(service, "new", mongod.admin_url)
    assert differences(renewed) == [f"database samverkan_{service}: password of {service} set"]
    settle(renewed)
    with as_service(mongod, service, "new") as client:
        client[database.name]["things"].insert_one({})
    with as_service(mongod, service, "old") as client, pytest.raises(OperationFailure):
        client[database.name]["things"].find_one()


def test_an_absent_server_is_waited_for_and_then_named(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("SAMVERKAN_RABBITMQ_ADMIN_URL", "http://admin:hidden@127.0.0.1:9")
    with pytest.raises(
        admin.CannotGoOn, match=r"RabbitMQ at 127\.0\.0\.1:9 is not ready after 0 s"
    ) as end:
        admin.run(check=False, seconds=0.2)
    assert "hidden" not in str(end.value) + said(capsys)
    reason = unready("mongodb://admin:hidden@127.0.0.1:9/?replicaSet=samverkan")
    assert reason is not None
    assert "hidden" not in reason


def test_a_lone_server_is_made_the_replica_set_it_was_started_for(tmp_path: Path) -> None:
    """As the official image leaves it: an administrator, but no replica set yet."""
    port, key = free_port(), secret_file(tmp_path / "key", secrets.token_hex(64), 0o400)
    command = [binary(), "--dbpath", str(tmp_path), "--port", str(port), "--bind_ip", "127.0.0.1"]
    command += ["--unixSocketPrefix", str(tmp_path)]
    alone = Process("alone", command, tmp_path, ready=lambda: accepts(port))
    alone.start()
    with Client("127.0.0.1", port) as client:
        client["admin"].command("createUser", "admin", pwd="secret", roles=["root"])
    alone.stop()
    command += ["--replSet", "own", "--keyFile", str(key), "--noscripting"]
    member = Process("member", command, tmp_path, ready=lambda: accepts(port))
    member.start()
    try:
        url = f"mongodb://admin:secret@127.0.0.1:{port}/?replicaSet=own"
        assert unready(url) == "just initiated"
        admin.wait_for("MongoDB", lambda: unready(url), 20)
        assert settle(ServiceDatabase("registry", "secret", url))
    finally:
        member.stop()
