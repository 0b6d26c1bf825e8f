"""docker-compose.yml as it reads with the values of .env.example, and the secrets that its script makes."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.state import ROOT

COMPOSE = ROOT / "deploy" / "compose"
EXAMPLE = dict(
    line.split("=", 1)
    for line in (COMPOSE / ".env.example").read_text().splitlines()
    if line and not line.startswith("#")
)
TEXT = (ROOT / "docker-compose.yml").read_text()
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)([^}]*)\}")


def _filled(text: str) -> str:
    return VARIABLE.sub(lambda found: EXAMPLE[found[1]], text).replace("$$", "$")


FILE: dict[str, Any] = yaml.safe_load(_filled(TEXT))
PARTS: dict[str, dict[str, Any]] = FILE["services"]


def names(part: str, key: str) -> dict[str, str]:
    """Source → target of a part's secrets or configs."""
    entries = [
        {"source": entry, "target": entry} if isinstance(entry, str) else entry
        for entry in PARTS[part].get(key, [])
    ]
    return {entry["source"]: entry["target"] for entry in entries}


def networks(part: str) -> set[str]:
    return set(PARTS[part]["networks"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the secrets script filled."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("secrets")
    for _ in range(2):
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        env = {**os.environ, **EXAMPLE, "SAMVERKAN_COMPOSE_SECRETS": str(folder)}
        subprocess.run(["sh", str(COMPOSE / "secrets.sh")], env=env, check=True)
        after = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert before.items() <= after.items(), "a second run changed a secret"
    return folder


def environment(part: str, made: Path) -> dict[str, str]:
    """What the part reads, with each secret where the script put it."""
    files = {
        f"/run/secrets/{target}": str(made / Path(FILE["secrets"][source]["file"]).name)
        for source, target in names(part, "secrets").items()
    }
    told: Mapping[str, str] = PARTS[part]["environment"]
    return {name: files.get(value, value) for name, value in told.items()}
