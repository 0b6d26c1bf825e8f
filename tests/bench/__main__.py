"""`python -m tests.bench [--json FILE] [--only WORD]`: measure and print the table."""

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.runtime import Runtime
from tests.bench import people, rows, users
from tests.bench.rows import Row
from tests.bench.world import a_running_system

SUBJECTS: dict[str, Callable[[Runtime], Iterator[Row]]] = {
    "requests": rows.requests_against_bare,
    "events": rows.events,
    "sign-ups": users.sign_ups_at_once,
    "latency": users.latency_to_inbox,
    "processes": rows.processes,
}


def main() -> None:
    """Start a system of its own, measure, print, and write the figures as JSON when asked."""
    parser = argparse.ArgumentParser(
        prog="samverkan bench",
        description=__doc__,
        epilog="Examples: samverkan bench · samverkan bench --only requests --json figures.json",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--only", choices=sorted(SUBJECTS), help="measure one subject")
    options = parser.parse_args()
    chosen = [options.only] if options.only else list(SUBJECTS)
    out = Console(highlight=False)
    found: list[Row] = []
    with a_running_system() as runtime:
        administrator = people.administrator()
        people.officer(administrator)
        for name in chosen:
            out.print(f"measuring {name} ...")
            for row in SUBJECTS[name](runtime):
                ratio = "" if row.ratio is None else f", ratio {row.ratio:.2f}"
                out.print(
                    f"  {row.what}: {row.ours} (bare {row.bare or '-'}{ratio}) {row.async_driver}"
                )
                found.append(row)
    out.print(_table(found))
    if options.json:
        figures = {"machine": _machine(), "rows": [asdict(row) for row in found]}
        options.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")


def _table(found: list[Row]) -> Table:
    table = Table(
        "what", "ours", "bare", "ratio", "PyMongo async: ours of bare", "goal", title=_machine()
    )
    for row in found:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.what, row.ours, row.bare, ratio, row.async_driver, row.goal)
    return table


def _machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


if __name__ == "__main__":
    main()
