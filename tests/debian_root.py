"""Another Debian release in a folder: debootstrap, then apt inside of it, from the mirror this machine already uses."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

STEP_SECONDS = 300
APT_SETTINGS = "etc/apt/apt.conf.d/00machine"
SOURCES = Path("/etc/apt")


class Unavailable(RuntimeError):
    """Why this machine cannot have the other release; one sentence."""


def ensure_root(root: Path, release: str, package: str, proof: str) -> None:
    """Make `root` hold the release with the package, unless the file `proof` is there already.

    Safe when several runs ask at once. Raises Unavailable without root rights, debootstrap or a Debian mirror, and
    when making it fails.
    """
    root.parent.mkdir(parents=True, exist_ok=True)
    if (root / proof).exists():
        return _require_chroot()
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / proof).exists():
            _require_chroot()
            _build(root, release, package)
    return None


def _require_chroot() -> None:
    if os.geteuid() != 0:
        raise Unavailable("running another release in a folder needs root")


def _build(root: Path, release: str, package: str) -> None:
    """In a folder beside, renamed when all is done: a build that was killed is never taken for a whole one."""
    mirror = debian_mirror(_source_texts())
    _install_debootstrap()
    partial = root.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    _run(["debootstrap", "--variant=minbase", release, str(partial), mirror], _proxies())
    _like_this_machine(partial)
    _run(["chroot", str(partial), "apt-get", "-q", "update"])
    _run(["chroot", str(partial), "apt-get", "-qy", "install", "--no-install-recommends", package])
    _run(["chroot", str(partial), "apt-get", "clean"])
    shutil.rmtree(root, ignore_errors=True)
    partial.rename(root)


def _install_debootstrap() -> None:
    if shutil.which("debootstrap"):
        return
    if not shutil.which("apt-get"):
        raise Unavailable(
            "debootstrap is not installed, and there is no apt-get to install it with"
        )
    _run(["apt-get", "-q", "update"])
    _run(["apt-get", "-qy", "install", "--no-install-recommends", "debootstrap"])


def debian_mirror(sources: Sequence[str]) -> str:
    """The first Debian archive (not the security one) among the texts of apt's source lists. Raises Unavailable."""
    for text in sources:
        for address in _addresses(text):
            if re.match(r"https?://\S+/debian/?$", address):
                return address.rstrip("/")
    raise Unavailable("apt's sources on this machine name no Debian mirror")


def _addresses(text: str) -> Iterator[str]:
    """Of both forms: `deb [options] ADDRESS suite component` and `URIs: ADDRESS ...`."""
    for line in text.splitlines():
        if found := re.match(r"\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)", line):
            yield found.group(1)
        elif found := re.match(r"\s*URIs:\s*(.+)", line):
            yield from found.group(1).split()


def _source_texts() -> list[str]:
    """Also the lists that a `mirror+file:` entry points to."""
    lists = [SOURCES / "sources.list", *sorted(SOURCES.glob("sources.list.d/*.list"))]
    texts = [
        path.read_text()
        for path in (*lists, *sorted(SOURCES.glob("sources.list.d/*.sources")))
        if path.exists()
    ]
    pointed = [Path(name) for text in texts for name in re.findall(r"mirror\+file:(\S+)", text)]
    return [
        *texts,
        *(
            "\n".join(f"URIs: {line}" for line in path.read_text().splitlines())
            for path in pointed
            if path.exists()
        ),
    ]


def _proxies() -> dict[str, str]:
    """apt's own proxy for debootstrap's downloader, unless the environment has one."""
    found = re.findall(
        r'^Acquire::(https?)::Proxy "([^"]+)"', _apt_settings(), re.MULTILINE | re.IGNORECASE
    )
    return {f"{scheme.lower()}_proxy": proxy for scheme, proxy in found}


def _apt_settings() -> str:
    """How this machine's apt fetches: proxies, certificates, checks."""
    dump = subprocess.run(
        ["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=False
    ).stdout
    return "".join(line + "\n" for line in dump.splitlines() if not line.endswith(' "";'))


def _like_this_machine(root: Path) -> None:
    """The same way to the mirror as outside, and no service started by its installation."""
    settings = _apt_settings()
    (root / APT_SETTINGS).write_text(settings)
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    for name in {bundle, *re.findall(r'CAInfo "([^"]+)"', settings)}:
        if Path(name).is_file():
            target = root / name.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, target)
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)


def _run(command: list[str], extra: dict[str, str] | None = None) -> None:
    """Raises Unavailable with the last lines when it fails or takes too long."""
    environment = {
        "DEBIAN_FRONTEND": "noninteractive",
        "LC_ALL": "C.UTF-8",
        **(extra or {}),
        **os.environ,
    }
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{command[0]} did not end: {error}") from error
    if done.returncode:
        last = " / ".join(done.stdout.strip().splitlines()[-3:])
        raise Unavailable(f"`{' '.join(command[:4])}` failed: {last}")
