"""Starts the reading process and takes from it one page of rows at a time."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.registry.reading.table import Cells, Known
from shared.contracts.problems import Invalid, Text

READ_WITHIN_SECONDS = 30.0
AT_ONCE = 2
ROOT = Path(__file__).parents[3]
LONGEST_LINE_BYTES = 64 * 1024 * 1024

_slots = asyncio.Semaphore(AT_ONCE)
_TOO_HEAVY = Text(
    "Filen tar för mycket plats eller tid att läsa. Spara bara tabellen i en ny fil, eller dela den.",
    "The file takes too much room or time to read. Save the table alone in a new file, or split it.",
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the uploader says of a file: which sheet, which separator; else both are found."""

    sheet: str | None = None
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class How:
    """How a file was read: its columns, and what was found out about it."""

    headers: tuple[str, ...]
    fields: tuple[str | None, ...]
    separator: str | None
    encoding: str | None
    looks_wrong: str | None
    sheet: str | None
    from_1904: bool


class Reading:
    """A file being read: `how` first, then `pages` of (row number, cells)."""

    def __init__(self, lines: AsyncIterator[Mapping[str, Any]], how: How) -> None:
        self._lines = lines
        self.how = how

    async def pages(self) -> AsyncIterator[list[tuple[int, Cells]]]:
        """Pages of rows, in the file's order; Invalid when there are too many, or none."""
        async for line in self._lines:
            if not line["rows"]:
                return
            yield [(number, cells) for number, cells in line["rows"]]
        raise _too_heavy()


@contextlib.asynccontextmanager
async def reading(content: bytes, known: Known, wish: Wish) -> AsyncIterator[Reading]:
    """Read a file in a process of its own; Invalid, in words, for one that cannot be read."""
    async with _slots:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.registry.reading.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=ROOT,
            env=_bare_environment(),
            limit=LONGEST_LINE_BYTES,
        )  # fmt: skip
        feeding = asyncio.create_task(_feed(process, content, known, wish))
        try:
            async with asyncio.timeout(READ_WITHIN_SECONDS):
                lines = _lines(process)
                first = await anext(lines, None)
                if first is None:
                    raise _too_heavy()
                yield Reading(lines, _how(first))
        except TimeoutError:
            raise _too_heavy() from None
        finally:
            feeding.cancel()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _feed(
    process: asyncio.subprocess.Process, content: bytes, known: Known, wish: Wish
) -> None:
    assert process.stdin is not None
    asked = {"known": dict(known), "sheet_name": wish.sheet, "separator": wish.separator}
    # What ends early says why on its way out.
    with contextlib.suppress(ConnectionError):
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        process.stdin.write(content)
        await process.stdin.drain()
        process.stdin.close()


async def _lines(process: asyncio.subprocess.Process) -> AsyncIterator[Mapping[str, Any]]:
    assert process.stdout is not None
    while text := await process.stdout.readline():
        if not text.endswith(b"\n"):
            return
        line = json.loads(text)
        if problem := line.get("problem"):
            detail = Text(problem["sv"], problem["en"])
            raise Invalid(problem["code"], detail, extra=problem["extra"])
        yield line


def _how(line: Mapping[str, Any]) -> How:
    lists = {name: tuple(line[name]) for name in ("headers", "fields")}
    return How(**{**line, **lists})


def _bare_environment() -> dict[str, str]:
    """None of the service's passwords; only what Python needs to find itself."""
    names = ("PATH", "PYTHONPATH", "LANG", "HOME", "VIRTUAL_ENV")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}


def _too_heavy() -> Invalid:
    return Invalid("too-heavy", _TOO_HEAVY)
