"""Debian's packages that the runtime needs: installed when missing and permitted, else named in one sentence."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.local.process import PartError
from deploy.local.rabbitmq import SERVER
from deploy.local.supervisor import Tell

POLICY = Path("/usr/sbin/policy-rc.d")


def missing(environ: Mapping[str, str]) -> list[str]:
    """Names of the packages that are not installed and not replaced by an external server."""
    broker = (
        [] if "SAMVERKAN_RABBITMQ_URL" in environ or Path(SERVER).exists() else ["rabbitmq-server"]
    )
    door = [] if shutil.which("nginx", path="/usr/sbin:/usr/bin") else ["nginx"]
    return broker + door


def install(names: list[str], tell: Tell) -> None:
    """Install packages as root. Raises PartError with the command to type otherwise."""
    if not names:
        return
    command = f"apt-get install -y --no-install-recommends {' '.join(names)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise PartError(f"{' and '.join(names)} must be installed first: sudo {command}")
    tell(f"installing {' and '.join(names)} (a minute or two)")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _no_system_services():
        for step in (["apt-get", "update"], command.split()):
            done = subprocess.run(step, env=quiet, capture_output=True, text=True)
            if done.returncode != 0:
                raise PartError(f"`{' '.join(step)}` failed: {done.stderr.strip()[-500:]}")


@contextmanager
def _no_system_services() -> Iterator[None]:
    # Debian starts what it installs; ours run as own processes, and the system's ports stay free.
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
