"""An own RabbitMQ node on loopback, untouched by and not touching a system broker: own name, ports, cookie and data."""

import os
import secrets
from pathlib import Path
from urllib.parse import quote

import httpx

from deploy.local.process import PartError, Process, accepts, free_port, secret_file

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
ADMIN = "admin"
VHOST = "samverkan"


class RabbitMQ(Process):
    """A broker whose whole state lives under `folder`; started again it finds its queues.

    `root` is another Debian's root folder when a different RabbitMQ version shall run from there (chroot, needs root);
    `folder` then lies inside of it. The node's `epmd` is a child of ours, so nothing outlives `stop`.
    """

    start_seconds = 90.0
    stop_seconds = 30.0

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        admin_port: int | None = None,
        *,
        root: Path = Path("/"),
        name: str = "rabbitmq",
    ) -> None:
        self.port = port or free_port()
        self.admin_port = admin_port or free_port()
        self.dist_port = free_port()
        self.folder = folder
        self.root = root
        self._inside = Path("/") / folder.resolve().relative_to(root.resolve())
        self.epmd_port = free_port()
        super().__init__(name, self._run(SERVER), folder, env=self._environment())
        self.epmd = Process(
            f"{name}-epmd",
            self._run("/usr/bin/epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1"),
            folder,
            ready=lambda: accepts(self.epmd_port),
        )

    def _run(self, *command: str) -> list[str]:
        return list(command) if self.root == Path("/") else ["chroot", str(self.root), *command]

    def _environment(self) -> dict[str, str]:
        place = self._inside
        return {
            "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(place),
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": "samverkan@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_MNESIA_BASE": f"{place}/data",
            "RABBITMQ_LOG_BASE": f"{place}/log",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{place}/config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{place}/enabled_plugins",
            "RABBITMQ_CONFIG_FILE": f"{place}/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{place}/advanced.config",
            "RABBITMQ_CONF_ENV_FILE": f"{place}/rabbitmq-env.conf",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # Makes the script become the Erlang machine instead of waiting for it, so that our pid is the broker's.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def prepare(self) -> None:
        """Configuration, cookie and password; then the node's own epmd."""
        if not (self.root / SERVER.lstrip("/")).exists():
            raise PartError(
                "RabbitMQ is not installed: run `apt-get install rabbitmq-server` as root."
            )
        for name in ("data", "log", "config"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name, bytes_ in ((".erlang.cookie", 20), ("admin.password", 24)):
            if not (self.folder / name).exists():
                secret_file(self.folder / name, secrets.token_hex(bytes_), 0o400)
        (self.folder / "rabbitmq-env.conf").touch()
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        secret_file(self.folder / "rabbitmq.conf", self._configuration())
        if not self.epmd.alive:
            self.epmd.start()

    def _configuration(self) -> str:
        settings = {
            "listeners.tcp.1": f"127.0.0.1:{self.port}",
            "management.tcp.ip": "127.0.0.1",
            "management.tcp.port": self.admin_port,
            "default_user": ADMIN,
            "default_pass": self.password,
            "default_vhost": VHOST,
            "disk_free_limit.absolute": "100MB",
            "vm_memory_high_watermark.absolute": "1GB",
            "log.file.level": "warning",
            # What a queue holds is shown a second later, not five.
            "collect_statistics_interval": 1000,
            "raft.wal_max_size_bytes": 64_000_000,
        }
        return "".join(f"{key} = {value}\n" for key, value in settings.items())

    @property
    def password(self) -> str:
        """The administrator's password (user `admin`)."""
        return (self.folder / "admin.password").read_text()

    @property
    def admin_url(self) -> str:
        """URL of the management HTTP API with the administrator's credentials."""
        return f"http://{ADMIN}:{self.password}@127.0.0.1:{self.admin_port}"

    def url(self, user: str | None = None, password: str | None = None, vhost: str = VHOST) -> str:
        """AMQP URL of a user (the administrator when none is named) in a vhost."""
        name, secret = (user, password or "") if user else (ADMIN, self.password)
        return (
            f"amqp://{name}:{quote(secret, safe='')}@127.0.0.1:{self.port}/{quote(vhost, safe='')}"
        )

    def ready(self) -> bool:
        """True when AMQP is accepted and the management API knows the administrator."""
        if not accepts(self.port):
            return False
        try:
            return httpx.get(f"{self.admin_url}/api/whoami", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """Stop the broker, then its epmd."""
        super().stop()
        self.epmd.stop()
