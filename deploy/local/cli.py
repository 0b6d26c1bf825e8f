"""The command line `samverkan`: run the whole system on this machine and use it."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import httpx
import psutil
import typer
from rich.console import Console
from rich.table import Table

from deploy.local import lifecycle, packages
from deploy.local.importing import import_file
from deploy.local.people import BY_SUBJECT, DemoPerson
from deploy.local.process import PartError, Process
from deploy.local.runtime import Runtime
from deploy.local.state import ROOT, AlreadyRunningError, State

app = typer.Typer(
    name="samverkan",
    help="A meeting place at every asylum accommodation: the whole system on this machine.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False, soft_wrap=True)
app.command("import")(import_file)
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}

# Commands that are modules of their own: name → (module, words that come first, help). They get the operator's
# environment; one whose module is not installed does not show up.
MODULES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "demo": (
        "deploy.local.demo",
        (),
        "Do the main job against the running system and tell what happens.",
    ),
    "grant-first-administrator": (
        "deploy.local.operate",
        ("grant-first-administrator",),
        "Make a person the first administrator.",
    ),
    "failed": (
        "deploy.local.operate",
        ("failed",),
        "List, show, replay or drop messages that failed.",
    ),
    "resync": (
        "deploy.local.operate",
        ("resync",),
        "Let the owner of an aggregate publish snapshots of all of it.",
    ),
    "replay": (
        "deploy.local.operate",
        ("replay",),
        "After a lost broker: publish again what happened since.",
    ),
    "restored": (
        "deploy.local.operate",
        ("restored",),
        "After a restore: raise versions, publish states anew.",
    ),
    "drift": (
        "deploy.local.operate",
        ("drift",),
        "Compare owners and replicas document by document.",
    ),
}
# These run a system of their own, gone afterwards.
OWN_SYSTEM: dict[str, tuple[str, str]] = {
    "bench": ("tests.bench", "Measure, side by side with the bare parts."),
    "chaos": ("tests.chaos", "Kill processes under load and check that every promise held."),
}
CHECKS = (
    (sys.executable, "-m", "ruff", "check"),
    (sys.executable, "-m", "ruff", "format", "--check"),
    (sys.executable, "-m", "mypy"),
    (str(Path(sys.executable).parent / "lint-imports"),),
    (sys.executable, "-m", "deploy.contracts", "--check"),
    (sys.executable, "-m", "deploy.openapi", "--check"),
    (sys.executable, "-m", "deploy.who_may", "--check"),
    (sys.executable, "-m", "tests.promises"),
)


def say(text: str) -> None:
    """One line of progress."""
    out.print(text, markup=False)


def fail(text: str) -> typer.Exit:
    """Say what is wrong and what to do, and end with status 1."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, style="red", markup=False)
    return typer.Exit(1)


@app.command()
def up(
    copies: Annotated[int, typer.Option(min=1, max=9, help="Copies of each service.")] = 1,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when all is ready and go on running.")
    ] = False,
) -> None:
    """Start everything; Ctrl-C stops it. Data and ports are kept from run to run.

    Examples: `samverkan up` · `samverkan up --detach` · `samverkan up --copies 2`
    """
    state = State.default()
    try:
        if state.running:
            raise AlreadyRunningError
        if not detach:
            lifecycle.run(state, copies, say)
        elif not lifecycle.detach(state, copies, say):
            raise typer.Exit(1)
    except AlreadyRunningError:
        say(f"Samverkan is already running:\n{lifecycle.addresses(Runtime(state))}")
    except PartError as error:
        raise fail(str(error)) from None


@app.command()
def down() -> None:
    """Stop everything that `up` started; the data stays.

    Example: `samverkan down`
    """
    try:
        lifecycle.down(State.default(), say)
    except PartError as error:
        raise fail(str(error)) from None


@app.command()
def status() -> None:
    """Show each part: whether it runs and answers, its memory and its address. Status 1 unless all are ready.

    Example: `samverkan status`
    """
    runtime = Runtime(State.default())
    table = Table("part", "state", "pid", "MB")
    ready = True
    for part in runtime.parts.values():
        process = part.record.process()
        ready &= _add(table, part, process)
    out.print(table)
    say(lifecycle.addresses(runtime))
    raise typer.Exit(0 if ready else 1)


def _add(table: Table, part: Process, process: psutil.Process | None) -> bool:
    if process is None:
        table.add_row(part.name, "stopped", "", "")
        return False
    ready = part.ready()
    memory = process.memory_info().rss // 1_000_000
    table.add_row(part.name, "ready" if ready else "not ready", str(process.pid), str(memory))
    return ready


@app.command()
def url() -> None:
    """Print the gateway's address.

    Example: `curl "$(samverkan url)/api/registry/openapi.json"`
    """
    sys.stdout.write(State.default().public_url + "\n")


@app.command()
def logs(
    service: Annotated[
        str,
        typer.Argument(help="registry, activities, notifications, mongod, rabbitmq, gateway, ..."),
    ],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on showing what comes.")
    ] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=1, help="How many of the newest lines.")
    ] = 100,
) -> None:
    """Show the newest log lines of a part, of all its copies.

    Examples: `samverkan logs registry` · `samverkan logs notifications-2 -f`
    """
    parts = Runtime(State.default()).parts.values()
    files = [part.log for part in parts if service in (part.name, part.name.rpartition("-")[0])]
    found = [str(file) for file in files if file.exists()]
    if not found:
        raise fail(
            f"No log of {service}. There are: {', '.join(dict.fromkeys(part.name for part in parts))}."
        )
    options = ["-F"] if follow else []
    os.execvp("tail", ["tail", "-q", "-n", str(lines), *options, *found])  # noqa: S606


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Stop everything and delete all data, ports and passwords of this runtime.

    Example: `samverkan reset --yes`
    """
    state = State.default()
    if not yes:
        typer.confirm(f"Delete everything in {state.folder}?", abort=True)
    down()
    lifecycle.reset(state)


@app.command("test", context_settings=PASS_ON)
def run_tests(
    context: typer.Context,
    long: Annotated[
        bool, typer.Option("--long", help="The tests that take longer instead of the usual ones.")
    ] = False,
) -> None:
    """Run the tests against a real MongoDB and a real RabbitMQ. Further words go to pytest.

    Examples: `samverkan test` · `samverkan test --long` · `samverkan test tests/unit -x`
    """
    packages.install(packages.missing(os.environ), say)
    chosen = [] if "-m" in context.args else ["-m", "long" if long else "not long"]
    at_once = [] if "-n" in context.args else ["-n", "2", "--dist", "loadfile"]
    _become([sys.executable, "-m", "pytest", *chosen, *at_once, *context.args], {})


@app.command()
def check() -> None:
    """Lint, types, import rules, contracts, generated documents, and a test for every promise.

    Example: `samverkan check`
    """
    for command in CHECKS:
        say(f"$ {' '.join(Path(word).name for word in command)}")
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            raise typer.Exit(1)


@app.command()
def token(
    person: Annotated[
        str, typer.Argument(help="A demo person: `vera`, `vera-volontar-demo`, ...")
    ] = "?",
) -> None:
    """Print a bearer token of a demo person, valid for one hour; without a name, who there are.

    Example: `curl -H "Authorization: Bearer $(samverkan token vera)" http://127.0.0.1:8080/api/registry/me`
    """
    state = State.default()
    subject = _known(person).subject
    headers = {"X-Admin-Secret": state.secret("issuer-admin")}
    url = f"http://127.0.0.1:{state.port('issuer')}/admin/token"
    try:
        answer = httpx.post(url, data={"person": subject}, headers=headers, trust_env=False)
        sys.stdout.write(answer.raise_for_status().json()["access_token"] + "\n")
    except httpx.HTTPError:
        raise fail("The development issuer does not answer. Start it with: samverkan up") from None


def _known(person: str) -> DemoPerson:
    found = [known for known in BY_SUBJECT.values() if f"{known.subject}-".startswith(f"{person}-")]
    if len(found) == 1:
        return found[0]
    names = "\n".join(
        f"  {known.subject:<26} {known.role:<14} {known.home}" for known in BY_SUBJECT.values()
    )
    raise fail(f"There is no such demo person. There are:\n{names}")


def _become(command: Sequence[str], env: dict[str, str]) -> None:
    os.chdir(ROOT)
    os.execve(command[0], list(command), {**os.environ, **env})  # noqa: S606


def _module_command(module: str, first: Sequence[str]) -> Callable[[typer.Context], None]:
    def run(context: typer.Context) -> None:
        runtime = Runtime(State.default())
        if not runtime.state.running:
            raise fail("Samverkan is not running. Start it with: samverkan up --detach")
        _become(
            [sys.executable, "-m", module, *first, *context.args], runtime.operator_environment()
        )

    return run


def _own_system_command(module: str) -> Callable[[typer.Context], None]:
    def run(context: typer.Context) -> None:
        packages.install(packages.missing(os.environ), say)
        _become([sys.executable, "-m", module, *context.args], {})

    return run


def _exists(module: str) -> bool:
    path = Path(ROOT, *module.split("."))
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def main() -> None:
    """Run the command line."""
    for name, (module, first, words) in MODULES.items():
        if _exists(module):
            settings = {**PASS_ON, "help_option_names": []}
            app.command(name, help=words, context_settings=settings)(_module_command(module, first))
    for name, (module, words) in OWN_SYSTEM.items():
        if _exists(module):
            settings = {**PASS_ON, "help_option_names": []}
            app.command(name, help=words, context_settings=settings)(_own_system_command(module))
    app(prog_name="samverkan")
