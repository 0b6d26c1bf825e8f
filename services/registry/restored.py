"""`python -m services.registry.restored`: what to do after the registry's database came from a backup.

Lifts every version and publishes every state anew, so that the other services believe the restored
documents; erases again whom the ledger says was erased since. `--save-ledger FILE`, run with each
backup, keeps the ledger beside it, and `--ledger FILE` takes a newer one in.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from services.registry.commands.people import People
from services.registry.kinds import KINDS
from services.registry.offline import run
from shared import resync
from shared.kind import By
from shared.store import Store


async def restored(store: Store) -> int:
    """Lift and erase again; how many were erased again."""
    for kind in KINDS:
        await resync.lift(store, kind)
    return await People(store).erase_again(By())


async def ledger_lines(store: Store) -> list[str]:
    """The ledger to keep beside the backup, one JSON object a line."""
    entries = await People(store).erasures.entries()
    return [json.dumps({**entry, "at": entry["at"].isoformat()}) for entry in entries]


async def take_in_ledger(store: Store, lines: Sequence[str]) -> int:
    """Add a kept ledger's entries; how many were new."""
    entries = [json.loads(line) for line in lines]
    dated = [{**entry, "at": datetime.fromisoformat(entry["at"])} for entry in entries]
    return await People(store).erasures.take_in(dated)


def main(arguments: list[str]) -> int:
    """Read the arguments and do it; 0 when done."""
    parser = argparse.ArgumentParser(prog="restored", description=__doc__)
    parser.add_argument("--ledger", type=Path, help="a ledger saved later than the backup")
    parser.add_argument("--save-ledger", type=Path, help="only write the ledger to this file")
    given = parser.parse_args(arguments)
    if given.save_ledger:
        return _save(given.save_ledger)
    kept = given.ledger.read_text().splitlines() if given.ledger else []

    async def work(store: Store) -> int:
        print(f"{await take_in_ledger(store, kept)} entries of the ledger were new.")  # noqa: T201
        print(f"Versions lifted; {await restored(store)} people erased again.")  # noqa: T201
        return 0

    return asyncio.run(run(work))


def _save(path: Path) -> int:
    lines: list[str] = []

    async def work(store: Store) -> int:
        lines.extend(await ledger_lines(store))
        return 0

    status = asyncio.run(run(work))
    if status == 0:
        path.write_text("".join(f"{line}\n" for line in lines))
        print(f"{len(lines)} entries written to {path}.")  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
