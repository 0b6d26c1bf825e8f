"""A real MongoDB on loopback: single-node replica set `samverkan`, key file, authentication, no server-side JavaScript."""

import secrets
import shutil
import sysconfig
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.process import PartError, Process, free_port, secret_file

REPLICA_SET = "samverkan"
ADMIN = "admin"


def binary() -> str:
    """Where mongod is: on PATH, else in the wheel. Raises PartError with what to do when there is none."""
    wheel = Path(sysconfig.get_paths()["purelib"], "fiftyone/db/bin/mongod")
    found = shutil.which("mongod") or (str(wheel) if wheel.exists() else None)
    if found is None:
        raise PartError(
            "There is no mongod on this machine and no ready-made one for it: install MongoDB 6 or newer, "
            "or set SAMVERKAN_MONGODB_URL to the administrator URL of a replica set."
        )
    return found


PARAMETERS = (
    "diagnosticDataCollectionEnabled=false",
    # A process killed within a transaction must not hold its documents for the usual minute.
    "transactionLifetimeLimitSeconds=5",
)


FILES_LET_GO = "file_manager=(close_idle_time=10,close_scan_interval=5,close_handle_minimum=100)"


class Mongod(Process):
    """mongod with its data, key and administrator's password under `folder`; started again it finds its data."""

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        cache_gb: float = 0.25,
        name: str = "mongod",
    ) -> None:
        self.port = port or free_port()
        self.folder = folder
        super().__init__(name, self._command(cache_gb), folder)

    def _command(self, cache_gb: float) -> list[str]:
        options = {
            "dbpath": self.folder / "data",
            "bind_ip": "127.0.0.1",
            "port": self.port,
            "replSet": REPLICA_SET,
            "keyFile": self.folder / "keyfile",
            "wiredTigerCacheSizeGB": cache_gb,
            "oplogSize": 256,
            "unixSocketPrefix": self.folder,
            # A slow query would be logged with all that people have written.
            "slowOpSampleRate": 0,
            # Dropped collections' files would stay open for ten minutes: a run of tests drops thousands.
            "wiredTigerEngineConfigString": FILES_LET_GO,
        }
        flags = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
        parameters = [part for one in PARAMETERS for part in ("--setParameter", one)]
        return [binary(), *flags, *parameters, "--noscripting", "--quiet"]

    def prepare(self) -> None:
        """Data folder, replica set key and the administrator's password, made once."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        if not (self.folder / "keyfile").exists():
            secret_file(self.folder / "keyfile", secrets.token_hex(64), 0o400)
        if not (self.folder / "admin.password").exists():
            secret_file(self.folder / "admin.password", secrets.token_hex(24))

    @property
    def admin_url(self) -> str:
        """URL with every right, for the administrator's step and for tests."""
        return self.url(ADMIN, self._password, ADMIN)

    @property
    def _password(self) -> str:
        return (self.folder / "admin.password").read_text()

    def url(self, user: str, password: str, database: str) -> str:
        """URL of a user that lives in `database`."""
        return (
            f"mongodb://{user}:{password}@127.0.0.1:{self.port}/{database}"
            f"?replicaSet={REPLICA_SET}&authSource={database}"
        )

    def ready(self) -> bool:
        """True when it is primary and the administrator can sign in; makes replica set and administrator if new."""
        with self._direct() as client:
            try:
                if not client.admin.command("hello")["isWritablePrimary"]:
                    self._initiate(client)
                    return False
                self._create_admin(client)
                return True
            except PyMongoError:
                return False

    def _direct(self, **options: Any) -> MongoClient[dict[str, Any]]:
        return MongoClient(
            "127.0.0.1",
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=300,
            timeoutMS=2000,
            **options,
        )

    def _initiate(self, client: MongoClient[dict[str, Any]]) -> None:
        members = [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]
        try:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        except OperationFailure:
            self._move(members)

    def _move(self, members: list[dict[str, Any]]) -> None:
        # The data was made on another port: a replica set whose own address is wrong never gets a primary.
        with self._direct(username=ADMIN, password=self._password) as admin:
            config = admin.admin.command("replSetGetConfig")["config"]
            if config["members"][0]["host"] != members[0]["host"]:
                moved = {**config, "members": members, "version": config["version"] + 1}
                admin.admin.command("replSetReconfig", moved, force=True)

    def _create_admin(self, client: MongoClient[dict[str, Any]]) -> None:
        # The localhost exception lets the first user be made without signing in; afterwards this sign-in succeeds.
        with self._direct(username=ADMIN, password=self._password) as admin:
            try:
                admin.admin.command("ping")
            except OperationFailure:
                client.admin.command("createUser", ADMIN, pwd=self._password, roles=["root"])
