"""The whole system on this machine: which parts there are, what each is told, and in which order they start."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from deploy.local.gateway import Gateway
from deploy.local.mongod import Mongod
from deploy.local.process import PartError, Process
from deploy.local.rabbitmq import VHOST, RabbitMQ
from deploy.local.state import ROOT, State
from deploy.local.supervisor import Supervisor, Tell

SERVICES = ("registry", "activities", "notifications")


class Runtime:
    """The parts of one state folder. Parts whose URL the environment names are used, not started.

    SAMVERKAN_MONGODB_URL      administrator's URL of another MongoDB replica set
    SAMVERKAN_RABBITMQ_URL     administrator's AMQP URL of another broker (with its vhost), together with
    SAMVERKAN_RABBITMQ_ADMIN_URL   its management API
    SAMVERKAN_OIDC_ISSUER, SAMVERKAN_SMTP_URL   another issuer, another mail server
    """

    def __init__(
        self,
        state: State,
        *,
        root: Path = ROOT,
        environ: Mapping[str, str] = os.environ,
        copies: int | None = None,
    ) -> None:
        self.state = state
        self.root = root
        self.environ = environ
        self.copies = copies or state.copies
        self.mongod = None if "SAMVERKAN_MONGODB_URL" in environ else self._mongod()
        self.rabbitmq = None if "SAMVERKAN_RABBITMQ_URL" in environ else self._rabbitmq()
        self.issuer = None if "SAMVERKAN_OIDC_ISSUER" in environ else self._issuer()
        self.mail = None if "SAMVERKAN_SMTP_URL" in environ else self._mail()
        self.services = [
            self._service(name, copy) for name in SERVICES for copy in range(1, self.copies + 1)
        ]
        ports = {
            name: [state.port(f"{name}-{copy}") for copy in range(1, self.copies + 1)]
            for name in SERVICES
        }
        self.gateway = Gateway(state.folder / "gateway", state.port("gateway"), ports)

    @property
    def foundation(self) -> list[Process]:
        """What the services stand on."""
        return [
            part
            for part in (self.mongod, self.rabbitmq, self.issuer, self.mail)
            if part is not None
        ]

    @property
    def parts(self) -> dict[str, Process]:
        """Every part by its name (`mongod`, `rabbitmq`, `registry-1`, `gateway`, ...)."""
        return {part.name: part for part in (*self.foundation, *self.services, self.gateway)}

    def _mongod(self) -> Mongod:
        return Mongod(self.state.folder / "mongod", self.state.port("mongod"))

    def _rabbitmq(self) -> RabbitMQ:
        ports = self.state.port("rabbitmq"), self.state.port("rabbitmq-admin")
        return RabbitMQ(self.state.folder / "rabbitmq", *ports)

    def _issuer(self) -> Process:
        env = {"SAMVERKAN_ADMIN_SECRET": self.state.secret("issuer-admin")}
        return self._python(
            "issuer", "deploy.local.issuer", env, "/.well-known/openid-configuration", ROOT
        )

    def _mail(self) -> Process:
        env = {"SAMVERKAN_SMTP_PORT": str(self.state.port("smtp"))}
        return self._python("mail", "deploy.local.mailsink", env, "/mails.json", ROOT)

    def _service(self, name: str, copy: int) -> Process:
        return self._python(
            f"{name}-{copy}",
            f"services.{name}",
            self.service_environment(name),
            "/health/ready",
            self.root,
        )

    def _python(
        self, name: str, module: str, env: Mapping[str, str], path: str, root: Path
    ) -> Process:
        port = self.state.port(name)
        own = {
            "SAMVERKAN_MODE": "local",
            **self.environ,
            "SAMVERKAN_HOST": "127.0.0.1",
            "SAMVERKAN_PORT": str(port),
            "SAMVERKAN_FOLDER": str(self.state.folder / name),
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", module]
        folder = self.state.folder / name
        url = f"http://127.0.0.1:{port}{path}"
        return Process(
            name, command, folder, env={**own, **env}, cwd=root, ready=lambda: _answers(url)
        )

    @property
    def issuer_url(self) -> str:
        """The issuer that services and clients trust."""
        return (
            self.environ.get("SAMVERKAN_OIDC_ISSUER")
            or f"http://127.0.0.1:{self.state.port('issuer')}"
        )

    @property
    def mail_url(self) -> str:
        """The mail sink's web view."""
        return f"http://127.0.0.1:{self.state.port('mail')}"

    @property
    def mongodb_admin_url(self) -> str:
        """MongoDB with every right."""
        return self.mongod.admin_url if self.mongod else self.environ["SAMVERKAN_MONGODB_URL"]

    @property
    def rabbitmq_url(self) -> str:
        """The broker and vhost by AMQP, with every right."""
        return self.rabbitmq.url() if self.rabbitmq else self.environ["SAMVERKAN_RABBITMQ_URL"]

    @property
    def rabbitmq_admin_url(self) -> str:
        """The broker's management API with every right."""
        return (
            self.rabbitmq.admin_url
            if self.rabbitmq
            else self.environ["SAMVERKAN_RABBITMQ_ADMIN_URL"]
        )

    def operator_environment(self) -> dict[str, str]:
        """What the operator's tools and the administrator's step are told (`python -m deploy.admin`)."""
        passwords = {
            f"SAMVERKAN_{name.upper()}_{server.upper()}_PASSWORD": self.state.secret(
                f"{name}-{server}"
            )
            for name in SERVICES
            for server in ("mongodb", "rabbitmq")
        }
        return {
            **self.environ,
            **passwords,
            "SAMVERKAN_MONGODB_ADMIN_URL": self.mongodb_admin_url,
            "SAMVERKAN_RABBITMQ_ADMIN_URL": self.rabbitmq_admin_url,
            "SAMVERKAN_RABBITMQ_VHOST": urlsplit(self.rabbitmq_url).path.lstrip("/") or VHOST,
            "SAMVERKAN_PUBLIC_URL": self.state.public_url,
            "SAMVERKAN_OIDC_ISSUER": self.issuer_url,
            "SAMVERKAN_MAIL_URL": self.mail_url,
        }

    def service_environment(self, name: str) -> dict[str, str]:
        """What one service is told; passwords are its own."""
        mail = (
            self.environ.get("SAMVERKAN_SMTP_URL") or f"smtp://127.0.0.1:{self.state.port('smtp')}"
        )
        told = {
            "SAMVERKAN_MONGODB_URL": self._database_url(name),
            "SAMVERKAN_RABBITMQ_URL": _as_user(
                self._broker_address(), name, self.state.secret(f"{name}-rabbitmq")
            ),
            "SAMVERKAN_OIDC_ISSUER": self.issuer_url,
            "SAMVERKAN_OIDC_AUDIENCE": self.environ.get("SAMVERKAN_OIDC_AUDIENCE", "samverkan-api"),
            "SAMVERKAN_OIDC_CLIENTS": self.environ.get(
                "SAMVERKAN_OIDC_CLIENTS", "samverkan-web,samverkan-cli"
            ),
            "SAMVERKAN_SECRET_KEY": self.state.secret("secret-key"),
            "SAMVERKAN_PUBLIC_URL": self.state.public_url,
        }
        sender = {
            "SAMVERKAN_SMTP_URL": mail,
            "SAMVERKAN_MAIL_FROM": "no-reply@demo.example",
            # Nobody waits half a minute to see a mail in the sink.
            "SAMVERKAN_MAIL_HOLD_SECONDS": self.environ.get("SAMVERKAN_MAIL_HOLD_SECONDS", "2"),
        }
        return told | sender if name == "notifications" else told

    def _broker_address(self) -> str:
        own = f"amqp://127.0.0.1:{self.state.port('rabbitmq')}/{VHOST}"
        return self.environ.get("SAMVERKAN_RABBITMQ_URL", own)

    def _database_url(self, name: str) -> str:
        database = f"samverkan_{name}"
        own = f"mongodb://127.0.0.1:{self.state.port('mongod')}/?replicaSet=samverkan"
        server = urlsplit(self.environ.get("SAMVERKAN_MONGODB_URL", own))
        options = [
            option
            for option in server.query.split("&")
            if option and not option.startswith("authSource=")
        ]
        query = "&".join([*options, f"authSource={database}"])
        url = urlunsplit(server._replace(path=f"/{database}", query=query))
        return _as_user(url, name, self.state.secret(f"{name}-mongodb"))

    def start(self, supervisor: Supervisor, tell: Tell) -> None:
        """Bring everything up. Raises PartError; what was started then still runs: stop the supervisor."""
        supervisor.start([*self.foundation, self.gateway])
        began = time.monotonic()
        self.administrate()
        tell(f"users, queues and rights are in place ({time.monotonic() - began:.1f} s)")
        supervisor.start(self.services)

    def administrate(self) -> None:
        """The administrator's step: database users and the broker's topology. Raises PartError with its output."""
        command = [sys.executable, "-m", "deploy.admin"]
        step = subprocess.run(
            command, cwd=self.root, env=self.operator_environment(), capture_output=True, text=True
        )
        if step.returncode != 0:
            raise PartError(f"python -m deploy.admin failed:\n{step.stdout}{step.stderr}")


def _as_user(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(
        parts._replace(
            netloc=f"{user}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
        )
    )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
