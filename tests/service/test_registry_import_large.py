"""Files as long as they get, against the registry as a process of its own; and from the command line."""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from shared.contracts.places import MUNICIPALITIES
from tests.harness import MovableClock, System, eventually
from tests.service.test_registry_import_kill import RealRegistry
from tests.spreadsheets import xlsx

CODES = tuple(MUNICIPALITIES)
CSV = {"Content-Type": "text/csv"}
XLSX = {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def houses(count: int) -> list[list[Any]]:
    """Accommodations, every one in the next municipality."""
    head = ["kod", "namn", "kommun", "platser"]
    return [head] + [
        [f"X-{n:06}", f"Boende {n}", CODES[n % len(CODES)], str(20 + n % 300)] for n in range(count)
    ]


def as_csv(rows: list[list[Any]]) -> bytes:
    return "\n".join(";".join(map(str, row)) for row in rows).encode()


def branches(count: int, faults: dict[int, str]) -> bytes:
    """A national organisation and its branches; `faults` are wrong numbers by row."""
    rows = ["namn;slag;organisationsnummer;riksorganisation", "Riks;riks;802400-0005;"]
    rows += [f"Krets {n:04};krets;{faults.get(n + 3, '')};Riks" for n in range(count)]
    return "\n".join(rows).encode()


async def upload(registry: RealRegistry, kind: str, content: bytes, **headers: str) -> Any:
    async def checked() -> Any:
        # A role counts half a second after it was given.
        answer = await registry.send(
            "POST", f"/imports?kind={kind}", content=content, headers=headers or CSV
        )
        assert answer.status_code in (201, 202, 403), answer.text
        return answer.json() if answer.is_success else None

    return await eventually(checked, 20)


async def settled(registry: RealRegistry, id: str, status: str, seconds: float = 60) -> Any:
    give_up_at = time.monotonic() + seconds
    while True:
        shown = (await registry.send("GET", f"/imports/{id}")).json()
        if shown["status"] == status:
            return shown
        assert time.monotonic() < give_up_at, shown
        await asyncio.sleep(0.2)


async def p95(registry: RealRegistry, until: Any, least: int = 100) -> float:
    """Of reading a list, in seconds, for as long as `until` is not done."""
    took: list[float] = []
    while len(took) < least or not until():
        began = time.monotonic()
        answer = await registry.send("GET", "/organisations?limit=20")
        assert answer.status_code == 200, answer.text
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.02)
    return quantiles(took, n=20)[-1]


async def nothing_waits(database: Any) -> bool:
    found = await database.accommodation.find_one({"pending": {"$ne": []}})
    return found is None


@pytest.mark.case("R12")
@pytest.mark.case("R14")
@pytest.mark.timeout(240)
async def test_a_thousand_houses_and_three_thousand_branches_take_seconds_faults_and_all(
    system: System, tmp_path: Path
) -> None:
    system.clock = MovableClock(datetime.now(UTC))
    faults = {3: "802400-0003", 1500: "121212-1212", 3002: "8012000009"}
    async with RealRegistry(system, tmp_path / "log") as registry:
        await registry.appoint("ada")
        began = time.monotonic()
        wrong = await upload(registry, "organisations", branches(3_000, faults))
        wrong = await settled(registry, wrong["id"], "checked")
        assert (wrong["new"], wrong["faulty"]) == (2_998, 3)
        rows = await registry.send("GET", f"/imports/{wrong['id']}/rows?verdict=faulty")
        assert [row["row"] for row in rows.json()["items"]] == sorted(faults)
        refused = await registry.send("POST", f"/imports/{wrong['id']}/commit")
        assert refused.json()["code"] == "import-has-faults"
        right = await upload(registry, "organisations", branches(3_000, {}))
        await settled(registry, right["id"], "checked")
        await registry.send("POST", f"/imports/{right['id']}/commit")
        shown = await settled(registry, right["id"], "done")
        assert (shown["made"], shown["failed"]) == (3_001, 0)
        seconds = time.monotonic() - began
    print(f"3,000 branches: dry run twice and made in {seconds:.1f} s")
    assert seconds < 60


@pytest.mark.timeout(120)
async def test_the_command_shows_asks_makes_and_writes_what_is_wrong_beside_the_file(
    system: System, tmp_path: Path
) -> None:
    system.clock = MovableClock(datetime.now(UTC))
    async with RealRegistry(system, tmp_path / "log") as registry:
        await registry.appoint("ada")
        await upload(registry, "organisations", b"namn\nA\n")
        wrong = tmp_path / "fel.xlsx"
        head = ["namn", "slag", "orgnr"]
        wrong.write_bytes(xlsx({"A": [head, ["Alfa", "partner", "802400-0003"]]}))
        status, said = await command(system, registry, str(wrong), "-k", "organisations")
        assert status == 1
        assert "The last digit does not fit" in said
        beside = next(tmp_path.glob("fel-errors-*.csv"))
        assert "Alfa;partner;802400-0003" in beside.read_text("utf-8-sig")
        right = tmp_path / "rätt.csv"
        right.write_bytes("namn;slag\nAlfa;partner\nBeta;partner\n".encode("cp1252"))
        status, said = await command(system, registry, str(right), "-k", "organisations", "--yes")
        assert (status, "2 made, 0 changed" in said) == (0, True), said
        status, said = await command(system, registry, str(right), "-k", "organisations")
        assert (status, "nothing to do" in said) == (0, True), said
        status, said = await command(system, registry, "nowhere.csv", "-k", "people")
        assert (status, "no file" in said) == (1, True), said


async def command(system: System, registry: RealRegistry, *words: str) -> tuple[int, str]:
    """`samverkan import` as the administrator; its exit status and what it said."""
    token = system.issuer.authorization("ada")["Authorization"].removeprefix("Bearer ")
    environment = {
        **os.environ,
        "SAMVERKAN_PUBLIC_URL": str(registry.http.base_url),
        "SAMVERKAN_TOKEN": token,
        "LANG": "en",
        "COLUMNS": "200",
    }
    program = "from deploy.local.cli import main; main()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, "import", *words,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.long
@pytest.mark.case("R12")
@pytest.mark.timeout(1200)
async def test_a_hundred_thousand_houses_come_in_while_everybody_else_is_served(
    system: System, tmp_path: Path
) -> None:
    system.clock = MovableClock(datetime.now(UTC))
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(system.database_url("registry"))
    database = client.get_default_database()
    rows = 100_000
    async with RealRegistry(system, tmp_path / "log") as registry:
        await registry.appoint("ada")
        await upload(registry, "organisations", b"namn;slag\nA;partner\n")
        await make_officer(system, registry)
        quiet = await p95(registry, lambda: True)
        began = time.monotonic()
        checked = await upload(registry, "accommodations", as_csv(houses(rows)))
        answered = time.monotonic() - began
        busy, shown = await served_until(registry, checked["id"], "checked")
        judged = time.monotonic() - began
        assert (shown["new"], shown["faulty"]) == (rows, 0)
        began = time.monotonic()
        await registry.send("POST", f"/imports/{checked['id']}/commit")
        while_made, shown = await served_until(registry, checked["id"], "done")
        made = time.monotonic() - began
        assert (shown["made"], shown["failed"]) == (rows, 0)
        await eventually(lambda: nothing_waits(database), 30)
    print(
        f"{rows} rows: answered in {answered:.1f} s, judged after {judged:.1f} s, made in {made:.0f} s "
        f"({rows / made:.0f}/s); p95 of a list {quiet * 1000:.0f} ms before, {busy * 1000:.0f} ms while "
        f"judged, {while_made * 1000:.0f} ms while made"
    )
    assert answered < 30
    assert max(busy, while_made) < max(2 * quiet, 0.3)
    assert await database.accommodation.count_documents({}) == rows
    client.close()


async def served_until(registry: RealRegistry, id: str, status: str) -> tuple[float, Any]:
    """The 95th percentile of another route until the import is that far, and the import then."""
    waiting = asyncio.create_task(settled(registry, id, status, 900))
    measured = await p95(registry, waiting.done)
    return measured, await waiting


async def make_officer(system: System, registry: RealRegistry) -> None:
    """The administrator becomes a national officer, too."""
    me = (await registry.send("GET", "/me")).json()["id"]
    body = {"role": "officer", "scope": {"kind": "national", "ids": []}}
    answer = await registry.send("POST", f"/people/{me}/roles", json=body)
    assert answer.status_code == 201, answer.text
