"""The running system that the bench measures: a local runtime of its own, gone afterwards."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from deploy.local.process import free_port
from deploy.local.runtime import Runtime
from deploy.local.state import ROOT, State

ANSWERS_WITHIN_SECONDS = 30


@contextmanager
def a_running_system(copies: int = 1, **variables: str) -> Iterator[Runtime]:
    """`samverkan up` on a state folder of its own; its environment is this process's from then on."""
    folder = Path(tempfile.mkdtemp(prefix="samverkan-bench-"))
    os.environ.update({"SAMVERKAN_STATE": str(folder), **variables})
    samverkan = str(ROOT / "samverkan")
    try:
        subprocess.run([samverkan, "up", "--detach", "--copies", str(copies)], check=True)
        runtime = Runtime(State.default())
        os.environ.update(runtime.operator_environment())
        yield runtime
    finally:
        subprocess.run([samverkan, "down"], check=False)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def services_at_rest(runtime: Runtime) -> Iterator[None]:
    """Stop the running services' processes for a while, so that only what is measured works."""
    processes = [part.record.process() for part in runtime.services]
    for process in processes:
        if process is not None:
            process.suspend()
    try:
        yield
    finally:
        for process in processes:
            if process is not None:
                process.resume()


@contextmanager
def a_process(
    command: list[str], path: str, environment: dict[str, str] | None = None
) -> Iterator[tuple[str, psutil.Process, float]]:
    """A server process on a free port: its URL, the process, and the seconds until `path` answered 200.

    `{port}` in the command is replaced; SAMVERKAN_PORT is set.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    child = subprocess.Popen(
        [word.format(port=port) for word in command],
        cwd=ROOT,
        env={**os.environ, **(environment or {}), "SAMVERKAN_PORT": str(port)},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(url + path)
        yield url, psutil.Process(child.pid), time.perf_counter() - began
    finally:
        child.terminate()
        child.wait(30)


def _wait(url: str) -> None:
    give_up_at = time.monotonic() + ANSWERS_WITHIN_SECONDS
    with httpx.Client(trust_env=False) as http:
        while True:
            try:
                if http.get(url).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{url} does not answer")
            time.sleep(0.02)
