"""What the tests of the local runtime share."""

import os
import subprocess

import psutil

from deploy.local.state import ROOT, State


def samverkan(state: State, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `./samverkan WORDS` from another folder on this state."""
    env = {**os.environ, "SAMVERKAN_STATE": str(state.folder)}
    return subprocess.run(
        [ROOT / "samverkan", *words], cwd="/", env=env, capture_output=True, text=True
    )


def processes_naming(text: str) -> list[list[str]]:
    """Command lines of all running processes in which `text` stands."""
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if any(text in word for word in line)]
