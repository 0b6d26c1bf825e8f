"""One database and one user per service on MongoDB: created, corrected, or only compared."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

SELECTION_TIMEOUT_MS = 2_000
AUTHENTICATION_FAILED = 18

Client = MongoClient[dict[str, Any]]


@dataclass(frozen=True)
class ServiceDatabase:
    """What a service gets: the database `samverkan_SERVICE`, and in it the user SERVICE with rights on it alone.

    `admin_url` is that of the administrator on the server that shall hold it.
    """

    service: str
    password: str
    admin_url: str

    @property
    def name(self) -> str:
        """The database's name."""
        return f"samverkan_{self.service}"

    @property
    def roles(self) -> list[dict[str, str]]:
        """Enough for change streams on the service's own collections, too."""
        return [{"role": "readWrite", "db": self.name}]


def unready(admin_url: str) -> str | None:
    """Why the server cannot be written to yet, or None. A fresh single-node replica set is initiated on the way."""
    try:
        with _client(admin_url) as client:
            client.admin.command("ping")
    except PyMongoError as error:
        reason = str(error).split(",")[0]
    else:
        return None
    return "just initiated" if _initiate(admin_url) else reason


def differences(database: ServiceDatabase) -> list[str]:
    """What `settle` would change."""
    with _client(database.admin_url) as client:
        return [sentence for sentence, _ in _commands(client, database)]


def settle(database: ServiceDatabase) -> list[str]:
    """Create or correct the user; one sentence per change, none when all was right."""
    with _client(database.admin_url) as client:
        todo = list(_commands(client, database))
        for _, command in todo:
            client[database.name].command(command)
    return [sentence for sentence, _ in todo]


def _commands(client: Client, database: ServiceDatabase) -> Iterator[tuple[str, dict[str, Any]]]:
    found = client[database.name].command("usersInfo", database.service)["users"]
    if not found:
        user = {"createUser": database.service, "pwd": database.password, "roles": database.roles}
        yield f"database {database.name}: user {database.service} created", user
        return
    if found[0]["roles"] != database.roles:
        yield (
            f"database {database.name}: roles of {database.service} set",
            _update(database, roles=database.roles),
        )
    if not _can_sign_in(database):
        yield (
            f"database {database.name}: password of {database.service} set",
            _update(database, pwd=database.password),
        )


def _update(database: ServiceDatabase, **fields: Any) -> dict[str, Any]:
    return {"updateUser": database.service, **fields}


def _can_sign_in(database: ServiceDatabase) -> bool:
    """The stored password cannot be compared, only tried."""
    credentials = {
        "username": database.service,
        "password": database.password,
        "authSource": database.name,
    }
    try:
        with _client(database.admin_url, **credentials) as client:
            client[database.name].command("ping")
    except OperationFailure as error:
        if error.code == AUTHENTICATION_FAILED:
            return False
        raise
    return True


def _initiate(admin_url: str) -> bool:
    """Make a replica set of a lone server that was started as a member of one and belongs to none yet."""
    address = parse_uri(admin_url)
    name = {key.lower(): value for key, value in address["options"].items()}.get("replicaset")
    if not name or len(address["nodelist"]) != 1:
        return False
    host = ":".join(map(str, address["nodelist"][0]))
    try:
        with _client(admin_url, directConnection=True, replicaSet=None) as client:
            if "isreplicaset" not in client.admin.command("hello"):
                return False
            client.admin.command(
                "replSetInitiate", {"_id": name, "members": [{"_id": 0, "host": host}]}
            )
    except PyMongoError:
        return False
    return True


@contextmanager
def _client(url: str, **options: Any) -> Iterator[Client]:
    client: Client = MongoClient(url, serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS, **options)
    try:
        yield client
    finally:
        client.close()
