"""What an operator does: see what failed, mend it, compare copies with their owners."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from deploy.local.api import ApiError, Person
from deploy.local.people import BY_SUBJECT
from deploy.local.runtime import SERVICES, Runtime
from deploy.local.state import State
from shared.contracts import PUBLISHES

app = typer.Typer(name="samverkan", no_args_is_help=True, add_completion=False)
failed = typer.Typer(
    no_args_is_help=True,
    help="Messages that could not be taken. Examples: `samverkan failed list` · "
    "`samverkan failed show` · `samverkan failed replay ID` · "
    "`samverkan failed drop ID --reason 'the session is over'`",
)
app.add_typer(failed, name="failed")
out = Console(highlight=False, soft_wrap=True)
Fingerprint = tuple[int | None, str]

ADMINISTRATOR = "alva-administrator-demo"
OPERATOR = "dina-drift-demo"
STOP_AFTER_EQUAL_FAULTS = 5
ROLE_KNOWN_WITHIN_SECONDS = 10.0


@app.command("grant-first-administrator")
def grant_first_administrator(
    person: Annotated[str, typer.Argument(help="A demo person's subject.")] = ADMINISTRATOR,
    issuer: Annotated[str, typer.Option(help="Another issuer than the local one.")] = "",
    name: Annotated[str, typer.Option(help="The person's name; a demo person has one.")] = "",
) -> None:
    """Make somebody the network's first administrator; refused when there is one already.

    Examples: `samverkan grant-first-administrator` ·
    `samverkan grant-first-administrator SUBJECT --issuer https://id.example/realms/x --name "Eva Ek"`
    """
    done = appoint_first_administrator(person, issuer, name)
    out.print((done.stdout + done.stderr).strip())
    raise typer.Exit(done.returncode)


def _registry_tool(module: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one of the registry's own tools with its environment."""
    runtime = Runtime(State.default())
    told = {**runtime.operator_environment(), **runtime.service_environment("registry")}
    environment = {"SAMVERKAN_MODE": "local", **told}
    command = [sys.executable, "-m", f"services.registry.{module}", *words]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)


def appoint_first_administrator(
    person: str = ADMINISTRATOR, issuer: str = "", name: str = ""
) -> subprocess.CompletedProcess[str]:
    """What the registry's own tool said; its status is 1 when there is an administrator already."""
    known = BY_SUBJECT.get(person)
    return _registry_tool(
        "first_administrator",
        *("--issuer", issuer or Runtime(State.default()).issuer_url),
        *("--subject", person),
        *("--name", name or (known.name if known else person)),
    )


@failed.command("list")
def list_failed() -> None:
    """Every failed message, newest first: what, why, how often, who waits."""
    table = Table("id", "what happened", "reason", "tries", "age", "people waiting", "state")
    for _, row in _rows():
        state = "dead" if row["dead"] else "will be tried again"
        table.add_row(
            *(row["id"], row["what"], row["reason"], str(row["tries"])),
            *(_age(row["age_seconds"]), str(row["people_waiting"]), state),
        )
    out.print(table if table.row_count else "Nothing has failed.")


@failed.command("show")
def show_failed(
    id: Annotated[
        str, typer.Argument(help="Its id, or the end of it; none takes the only one.")
    ] = "",
) -> None:
    """One failed message with its event."""
    service, row = _the_one(id)
    with operator() as person:
        out.print_json(data=person.get(f"/{service}/operator/failed/{quote(row['id'], safe='')}"))


@failed.command("replay")
def replay_failed(
    id: Annotated[str, typer.Argument(help="Its id, or the end of it.")] = "",
    all: Annotated[bool, typer.Option("--all", help="Every dead message.")] = False,
) -> None:
    """Try it again now; with --all stops at the fifth equal fault."""
    rows = [one for one in _rows() if one[1]["dead"]] if all else [_the_one(id)]
    if all:
        people = sum(row["people_waiting"] for _, row in rows)
        typer.confirm(f"Replay {len(rows)} messages that {people} people wait for?", abort=True)
    faults: dict[str, int] = {}
    with operator() as person, Progress(console=out) as progress:
        for service, row in progress.track(rows, description="replaying"):
            answer = person.post(f"/{service}/operator/failed/{quote(row['id'], safe='')}/replay")
            out.print(f"{row['id']}: {'done' if answer['done'] else 'same fault as before'}")
            faults[row["reason"]] = faults.get(row["reason"], 0) + (not answer["done"])
            if max(faults.values()) >= STOP_AFTER_EQUAL_FAULTS:
                out.print("Stopped: the same fault five times. Mend its cause first.")
                raise typer.Exit(1)


@failed.command("drop")
def drop_failed(
    id: Annotated[str, typer.Argument(help="Its id, or the end of it.")],
    reason: Annotated[str, typer.Option(help="Why nobody needs it; kept in the log.")],
) -> None:
    """Remove it for good."""
    service, row = _the_one(id)
    with operator() as person:
        path = f"/{service}/operator/failed/{quote(row['id'], safe='')}/drop"
        person.post(path, {"reason": reason})
    out.print(f"{row['id']}: dropped")


@app.command()
def resync(service: str, aggregate: str) -> None:
    """Have the owner publish a snapshot of every one; copies take what they lack, nobody is told.

    Example: `samverkan resync registry person`
    """
    with operator() as person:
        answer = person.post(f"/{service}/operator/resync/{aggregate}")
    out.print(f"{answer['asked']} snapshots are on their way.")


@app.command()
def replay(
    service: str, since: Annotated[datetime, typer.Option(help="Local time, 2026-11-25T03:00.")]
) -> None:
    """After a lost broker: publish again what the service's history says happened; nobody is told twice.

    Example: `samverkan replay activities --since 2026-11-25T03:00`
    """
    with operator() as person:
        body = {"since": since.astimezone().isoformat()}
        answer = person.post(f"/{service}/operator/replay", body)
    out.print(f"{answer['asked']} events are on their way.")


@app.command()
def restored(
    service: str,
    ledger: Annotated[str, typer.Option(help="The registry's newest ledger of erasures.")] = "",
) -> None:
    """After a database came from a backup: raise its versions and publish its states anew.

    The registry also erases again whom its ledger says was erased since the backup.

    Examples: `samverkan restored activities` · `samverkan restored registry --ledger FILE`
    """
    if service == "registry":
        done = _registry_tool("restored", *(("--ledger", ledger) if ledger else ()))
        out.print((done.stdout + done.stderr).strip())
        raise typer.Exit(done.returncode)
    with operator() as person:
        answer = person.post(f"/{service}/operator/restored")
    out.print(f"{answer['asked']} versions are raised; their states are on their way.")


@app.command()
def drift() -> None:
    """Compare every copy with its owner, document by document; exit status 1 when some differ.

    Example: `samverkan drift`
    """
    worst = 0
    with operator() as person:
        for owner in SERVICES:
            for aggregate in PUBLISHES[owner]:
                name = f"{owner}.{aggregate}"
                own = _fingerprints(person, owner, name)
                for other in (one for one in SERVICES if one != owner):
                    worst = max(worst, _compare(person, own, other, name))
    raise typer.Exit(worst)


def operator() -> Person:
    """The operator; in the local runtime the demo operator, given that role on first use."""
    person = Person(OPERATOR, language="en")
    try:
        roles = person.get("/registry/me")["roles"]
    except ApiError as error:
        if error.code != "not-yet-known":
            raise
        roles = person.introduce()["roles"]
    if not any(role["role"] == "operator" for role in roles):
        _appoint(person)
    return person


def _appoint(person: Person) -> None:
    appoint_first_administrator()
    with Person(ADMINISTRATOR) as administrator:
        administrator.introduce()
        me = person.get("/registry/me")["id"]
        grant = {"role": "operator", "scope": {"kind": "national"}}
        administrator.post(f"/registry/people/{me}/roles", grant)
    for service in SERVICES:
        _wait_until_known(person, service)


def _wait_until_known(person: Person, service: str) -> None:
    give_up_at = time.monotonic() + ROLE_KNOWN_WITHIN_SECONDS
    while True:
        try:
            person.get(f"/{service}/operator/failed")
            return
        except ApiError as error:
            if error.status != 403 or time.monotonic() > give_up_at:
                raise
        time.sleep(0.1)


def _rows() -> Iterator[tuple[str, dict[str, Any]]]:
    with operator() as person:
        for service in SERVICES:
            for row in person.pages(f"/{service}/operator/failed"):
                yield service, row


def _the_one(id: str) -> tuple[str, dict[str, Any]]:
    found = [(service, row) for service, row in _rows() if row["id"].endswith(id)]
    if len(found) == 1:
        return found[0]
    out.print(f"{len(found)} failed messages fit. Name one: samverkan failed list")
    raise typer.Exit(1)


def _fingerprints(person: Person, service: str, aggregate: str) -> dict[str, Fingerprint] | None:
    try:
        pages = person.pages(f"/{service}/operator/fingerprints/{aggregate}")
        return {row["id"]: (row["version"], row["digest"]) for row in pages}
    except ApiError as error:
        if error.status == 404:
            return None
        raise


def _compare(person: Person, own: dict[str, Fingerprint] | None, other: str, aggregate: str) -> int:
    copy = _fingerprints(person, other, aggregate)
    if copy is None or own is None:
        return 0
    different = sorted(id for id in own.keys() | copy.keys() if _differ(own.get(id), copy.get(id)))
    out.print(f"{aggregate} in {other}: {len(own)} at its owner, {len(different)} differ")
    for id in different[:10]:
        out.print(f"  {id}: owner {own.get(id)}, copy {copy.get(id)}")
    if different:
        owner, kind = aggregate.split(".")
        out.print(f"  mend it with: samverkan resync {owner} {kind}")
    return 1 if different else 0


def _differ(own: Fingerprint | None, copy: Fingerprint | None) -> bool:
    """A contact is told when it changes, not with every version of its person: no version then."""
    if own is None or copy is None:
        return own is not copy
    return own[1] != copy[1] or own[0] not in (None, copy[0])


def _age(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


if __name__ == "__main__":
    try:
        app()
    except ApiError as refused:
        sys.exit(str(refused))
    except httpx.HTTPError as fault:
        sys.exit(
            f"The gateway does not answer ({type(fault).__name__}). Is it up? samverkan status"
        )
