"""The gateway of the local runtime: Debian's nginx with the same routes as in compose."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.process import PartError, Process, accepts

TEMPLATE = Path(__file__).parents[1] / "gateway" / "nginx.conf.template"

MAIN = """\
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    include {folder}/samverkan.conf;
}}
"""


def render(values: Mapping[str, str]) -> str:
    """The gateway's configuration with each `${NAME}` of the template replaced (as nginx's image does in compose)."""
    text = TEMPLATE.read_text()
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def binary() -> str:
    """Where nginx is. Raises PartError with the command to type when it is not installed."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if found is None:
        raise PartError("nginx is not installed: run `apt-get install nginx` as root.")
    return found


class Gateway(Process):
    """nginx before the copies of each service (service name → loopback ports)."""

    def __init__(
        self,
        folder: Path,
        port: int,
        services: Mapping[str, Sequence[int]],
        *,
        requests_per_second: int = 5000,
    ) -> None:
        self.port = port
        self.folder = folder
        self._values = {
            "GATEWAY_LISTEN": f"127.0.0.1:{port}",
            "PUBLIC_HOST": f"127.0.0.1:{port}",
            "REQUESTS_PER_SECOND": str(requests_per_second),
            "REQUESTS_AT_ONCE": str(requests_per_second),
            "STREAMS_PER_ADDRESS": "2000",
            **{f"{name.upper()}_SERVERS": _servers(ports) for name, ports in services.items()},
        }
        command = [binary(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
        super().__init__("gateway", command, folder, ready=lambda: accepts(port))

    def prepare(self) -> None:
        """Write the configuration."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # Root's workers would become `nobody`, who cannot reach the private state folder.
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(MAIN.format(folder=self.folder, user=user))
        (self.folder / "samverkan.conf").write_text(render(self._values))


def _servers(ports: Sequence[int]) -> str:
    return " ".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports)
