"""The README stays true: each command in it is typed here, in its order, against one running system."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.state import ROOT

pytestmark = pytest.mark.timeout(240)

README = (ROOT / "README.md").read_text()
COMMAND = re.compile(r"`(\./samverkan [^`]+)`")


@dataclass(frozen=True)
class Way:
    """How a command is tried: words added to it, the status it must end with, what it must say."""

    more: str = ""
    status: int = 0
    says: str = ""


# Those that would take long, ask, or find nothing to do on a healthy system.
WAYS = {
    "./samverkan test": Way(more="--collect-only tests/unit", says="test_tokens.py"),
    "./samverkan demo": Way(says="living meeting place: yes"),
    "./samverkan token": Way(status=1, says="vera-volontar-demo"),
    "./samverkan status": Way(says="notifications-1"),
    "./samverkan failed list": Way(says="Nothing has failed."),
    "./samverkan failed replay ID": Way(status=1, says="0 failed messages fit"),
    './samverkan failed drop ID --reason "..."': Way(status=1, says="0 failed messages fit"),
    "./samverkan drift": Way(says="registry.person in notifications"),
    "./samverkan resync registry person": Way(says="snapshots are on their way"),
    "./samverkan grant-first-administrator": Way(status=1),
    "./samverkan reset": Way(more="--yes"),
    "./samverkan bench": Way(more="--help", says="Examples"),
    "./samverkan chaos --kills 5 --seed 1": Way(more="--help", says="Examples"),
    "./samverkan check": Way(more="--help", says="Example"),
}


def commands(text: str) -> list[str]:
    """Every command that a reader is told to type, in order, each once."""
    found: list[str] = []
    for block, inline in re.findall(r"```sh\n(.*?)```|(`\./samverkan [^`]+`)", text, re.DOTALL):
        found += block.splitlines() if block else COMMAND.findall(inline)
    return list(dict.fromkeys(line.strip() for line in found if line.strip()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state of a system that the README's first command has started."""
    folder = tmp_path_factory.mktemp("readme")
    up = _typed("./samverkan up --detach", folder)
    assert up.returncode == 0, up.stdout + up.stderr
    assert "Gateway" in up.stdout
    yield folder
    _typed("./samverkan down", folder)


@pytest.mark.parametrize("command", commands(README))
def test_what_the_readme_says_can_be_typed(command: str, folder: Path) -> None:
    way = WAYS.get(command, Way())
    done = _typed(f"{command} {way.more}", folder)
    told = done.stdout + done.stderr
    assert done.returncode == way.status, told
    assert way.says in told
    assert "Traceback" not in told


def test_no_way_is_kept_for_a_command_that_the_readme_no_longer_names() -> None:
    assert set(WAYS) <= set(commands(README))


def test_every_file_that_the_readme_points_to_is_there() -> None:
    for path in re.findall(r"\]\(([^):]+)\)|`((?:shared|deploy)/[^`*]+)`", README):
        name = next(filter(None, path))
        assert (ROOT / name).exists(), name


def _typed(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SAMVERKAN_STATE": str(folder)}
    return subprocess.run(
        ["sh", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True
    )
