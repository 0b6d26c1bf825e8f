"""`samverkan import FILE`: a table goes in, is looked at, and made, with a bar that shows how far it is."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import uuid4

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from deploy.local.state import State

Answer = dict[str, Any]
Kind = Literal["organisations", "people", "accommodations"]

MEDIA_TYPES: Mapping[str, str] = {
    ".csv": "text/csv",
    ".txt": "text/csv",
    ".tsv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}
WAITS_SECONDS = 60.0
LOOKS_EVERY_SECONDS = 0.3
ERRORS_SHOWN = 20
BUSY = (429, 503)

out = Console(highlight=False)


class RefusedError(Exception):
    """What the service said no to, in its own words."""


class Importer:
    """One person's way to the imports of a running system."""

    def __init__(self, http: httpx.Client, wait: Callable[[float], None] = time.sleep) -> None:
        self._http = http
        self._wait = wait

    def upload(self, file: Path, kind: Kind, wishes: Mapping[str, str]) -> Answer:
        """Send the file; its dry run, or the beginning of it."""
        headers = {
            "Content-Type": MEDIA_TYPES[file.suffix.lower()],
            "Idempotency-Key": str(uuid4()),
        }
        query = {"kind": kind, **wishes}
        answer = self._sent("POST", "", params=query, content=file.read_bytes(), headers=headers)
        shown: Answer = answer.json()
        return shown

    def commit(self, id: str, notify: bool) -> Answer:
        """Have it made."""
        shown: Answer = self._sent("POST", f"/{id}/commit", json={"notify": notify}).json()
        return shown

    def until_settled(self, id: str) -> Iterator[Answer]:
        """How far it has come, again and again, until it rests."""
        while True:
            shown: Answer = self._sent("GET", f"/{id}").json()
            yield shown
            if shown["status"] not in ("checking", "committing", "undoing"):
                return
            self._wait(LOOKS_EVERY_SECONDS)

    def rows(self, id: str, verdict: str, limit: int) -> list[Answer]:
        """The first rows with a verdict."""
        query = {"verdict": verdict, "limit": str(limit)}
        found: list[Answer] = self._sent("GET", f"/{id}/rows", params=query).json()["items"]
        return found

    def error_file(self, id: str) -> bytes:
        """The rows that need correcting, with what is wrong."""
        return self._sent("GET", f"/{id}/errors").content

    def _sent(self, method: str, path: str, **more: Any) -> httpx.Response:
        give_up_at = time.monotonic() + WAITS_SECONDS
        while True:
            answer = self._http.request(method, f"/api/registry/imports{path}", **more)
            if answer.status_code not in BUSY or time.monotonic() > give_up_at:
                break
            self._wait(float(answer.headers.get("Retry-After", 1)))
        if answer.is_error:
            raise RefusedError(_in_words(answer))
        return answer


def import_file(
    file: Annotated[Path, typer.Argument(help="A table: CSV, XLSX or ODS.")],
    kind: Annotated[Kind, typer.Option("--kind", "-k", help="What its rows are.")],
    token: Annotated[
        str, typer.Option(envvar="SAMVERKAN_TOKEN", help="A bearer token; see `samverkan token`.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it is made.")] = False,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell those concerned; else only you are told.")
    ] = False,
    source: Annotated[
        str, typer.Option(help="The system whose ids stand in the column of external ids.")
    ] = "",
    sheet: Annotated[str, typer.Option(help="Which sheet, where several fit.")] = "",
    separator: Annotated[str, typer.Option(help="Between columns, unless it is found.")] = "",
) -> None:
    """Import organisations, people or accommodations from a file.

    Shows what would become of every row, asks, and makes them; with a faulty row nothing is made, and the
    rows to correct are written beside the file. Within a week it can be undone. Nobody is told by default.

    Examples: `SAMVERKAN_TOKEN=$(samverkan token alva) samverkan import branches.xlsx --kind organisations` ·
    `samverkan import houses.csv -k accommodations --yes` ·
    `samverkan import people.ods -k people --sheet 2026 --source register`
    """
    url = os.environ.get("SAMVERKAN_PUBLIC_URL") or State.default().public_url
    wishes = {"source": source, "sheet": sheet, "separator": separator}
    try:
        _insist(file, token)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": _language()}
        with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as http:
            given = {name: value for name, value in wishes.items() if value}
            _import(Importer(http), file, kind, given, yes, notify)
    except RefusedError as refused:
        raise _fail(str(refused)) from None
    except httpx.HTTPError:
        raise _fail(f"{url} does not answer. Start it with: samverkan up") from None


def _import(
    importer: Importer, file: Path, kind: Kind, wishes: Mapping[str, str], yes: bool, notify: bool
) -> None:
    with out.status(f"Reading {file.name} ..."):
        id = importer.upload(file, kind, wishes)["id"]
    checked = _followed(importer, id, "judging rows")
    _show_dry_run(importer, checked)
    if checked["faulty"]:
        raise _fail(
            f"Nothing was made. Correct these rows and import them: {_beside(importer, id, file)}"
        )
    if not checked["new"] + checked["changed"]:
        out.print("There is nothing to do.")
        return
    if not yes:
        typer.confirm(f"Make {checked['new']} and change {checked['changed']}?", abort=True)
    importer.commit(id, notify)
    done = _followed(importer, id, "making rows")
    out.print(
        f"{done['made']} made, {done['updated']} changed, {done['left']} as they were, "
        f"{done['failed']} could not be made. Import {id}."
    )
    if done["failed"]:
        raise _fail(f"What could not be made stands in {_beside(importer, id, file)}")


def _followed(importer: Importer, id: str, what: str) -> Answer:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    shown: Answer = {}
    with Progress(*columns, TimeRemainingColumn(), console=out) as progress:
        task = progress.add_task(what, total=None)
        for shown in importer.until_settled(id):
            at_rest = shown["status"] in ("checked", "done")
            reached = shown["rows"] if at_rest else shown["position"]
            progress.update(task, completed=reached, total=shown["rows"])
    return shown


def _show_dry_run(importer: Importer, checked: Answer) -> None:
    table = Table("new", "changed", "unchanged", "with errors")
    table.add_row(*(str(checked[name]) for name in ("new", "changed", "unchanged", "faulty")))
    out.print(table)
    known = ", ".join(
        f"{one['header']} → {one['field']}" for one in checked["columns"] if one["field"]
    )
    out.print(f"Columns: {known}", markup=False)
    if checked["unknown_columns"]:
        out.print(f"Not read: {', '.join(checked['unknown_columns'])}", markup=False)
    if checked["looks_wrong"]:
        out.print(f"Is this how it should read? {checked['looks_wrong']}", markup=False)
    _show_rows(importer.rows(checked["id"], "changed", ERRORS_SHOWN), checked["changed"])
    _show_rows(importer.rows(checked["id"], "faulty", ERRORS_SHOWN), checked["faulty"])


def _show_rows(rows: list[Answer], of: int) -> None:
    if not rows:
        return
    table = Table("row", "", "what")
    for row in rows:
        said = [f"{one['field']}: {one['detail']}" for one in row["errors"]] or [
            f"{name}: {change['from']} → {change['to']}" for name, change in row["changes"].items()
        ]
        table.add_row(str(row["row"]), row["verdict"], Text("\n".join(said)))
    out.print(table)
    if of > len(rows):
        out.print(f"... and {of - len(rows)} more.")


def _beside(importer: Importer, id: str, file: Path) -> Path:
    """Write the error file beside the file; never over another one."""
    path = file.with_name(f"{file.stem}-errors-{id[:8]}.csv")
    path.write_bytes(importer.error_file(id))
    return path


def _insist(file: Path, token: str) -> None:
    if not file.is_file():
        raise RefusedError(f"There is no file {file}.")
    if file.suffix.lower() not in MEDIA_TYPES:
        raise RefusedError("Save the table as CSV, XLSX or ODS.")
    if not token:
        raise RefusedError("Say who you are: --token, or SAMVERKAN_TOKEN=$(samverkan token alva)")


def _in_words(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return f"The service answered {answer.status_code}."
    errors = [f"  {one['field']}: {one['detail']}" for one in problem.get("errors", ())]
    sheets = [f"  {name}" for name in problem.get("sheets", ())]
    return "\n".join([problem["detail"], *errors, *sheets])


def _language() -> str:
    return "sv" if os.environ.get("LANG", "").startswith("sv") else "en"


def _fail(text: str) -> typer.Exit:
    console = Console(stderr=True, highlight=False, soft_wrap=True, file=sys.stderr)
    console.print(text, style="red", markup=False)
    return typer.Exit(1)
