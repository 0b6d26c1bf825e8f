"""An import whose process is killed in the middle of it, for real: every row is made once."""

import asyncio
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local.process import free_port
from shared import failpoints
from tests.harness import PASSWORDS, SECRET, MovableClock, System, eventually
from tests.issuer import AUDIENCE, CLIENT

KILLED = -9
BRANCHES = 600
HEAD = "namn;slag;organisationsnummer;riksorganisation\n"
TEXT = f"{HEAD}Riks;riks;802400-0005;\n" + "".join(
    f"Krets {n:03};krets;;Riks\n" for n in range(BRANCHES)
)


class RealRegistry:
    """The registry as a process of its own; `failpoint` names the place where it kills itself."""

    def __init__(self, system: System, log: Path, failpoint: str = "") -> None:
        self._log = log
        self._port = free_port()
        self._system = system
        self.environment = {
            **os.environ,
            "SAMVERKAN_MODE": "test",
            "SAMVERKAN_PORT": str(self._port),
            "SAMVERKAN_MONGODB_URL": system.database_url("registry"),
            "SAMVERKAN_RABBITMQ_URL": system.vhost.url_for("registry", PASSWORDS["registry"]),
            "SAMVERKAN_OIDC_ISSUER": system.issuer.url,
            "SAMVERKAN_OIDC_AUDIENCE": AUDIENCE,
            "SAMVERKAN_OIDC_CLIENTS": CLIENT,
            "SAMVERKAN_SECRET_KEY": SECRET,
            "SAMVERKAN_PUBLIC_URL": "http://samverkan.test",
            "SAMVERKAN_FAILPOINT": failpoint,
        }
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._port}", timeout=20)

    async def __aenter__(self) -> Self:
        self.process = await self._run("services.registry")
        await eventually(self._is_ready, 60)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        if self.process.returncode is None:
            self.process.terminate()
        await asyncio.wait_for(self.process.wait(), 20)

    async def appoint(self, subject: str) -> None:
        """The first administrator, as an operator appoints one."""
        command = ("--issuer", self._system.issuer.url, "--subject", subject, "--name", subject)
        process = await self._run("services.registry.first_administrator", *command)
        assert await asyncio.wait_for(process.wait(), 60) == 0, self._log.read_text()

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """As the administrator."""
        headers = self._system.issuer.authorization("ada") | more.pop("headers", {})
        url = f"/api/registry{path}"
        return await self.http.request(method, url, headers=headers, **more)

    async def _run(self, module: str, *arguments: str) -> asyncio.subprocess.Process:
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, *arguments,
                env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip

    async def _is_ready(self) -> bool:
        assert self.process.returncode is None, self._log.read_text()[-2000:]
        try:
            return (await self.http.get("/health/ready")).is_success
        except httpx.HTTPError:
            await asyncio.sleep(0.1)
            return False


@pytest.mark.promise("P2")
@pytest.mark.promise("P6")
@pytest.mark.timeout(240)
async def test_an_import_killed_before_its_first_row_and_between_two_makes_each_row_once(
    system: System, tmp_path: Path
) -> None:
    system.clock = MovableClock(datetime.now(UTC))  # the processes go by the real one
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(system.database_url("registry"))
    database = client.get_default_database()
    log = tmp_path / "registry.log"
    of_import = {"facts.imported_by": {"$ne": None}}

    async with RealRegistry(system, log, failpoints.WITHIN_IMPORT) as doomed:
        await doomed.appoint("ada")

        async def checked() -> Any:
            answer = await doomed.send(
                "POST", "/imports?kind=organisations", content=TEXT.encode(),
                headers={"Content-Type": "text/csv"},
            )  # fmt: skip
            return answer.json() if answer.status_code == 201 else None

        id = (await eventually(checked, 20))["id"]
        await doomed.send("POST", f"/imports/{id}/commit")
        assert await asyncio.wait_for(doomed.process.wait(), 30) == KILLED
    assert await database.organisation.count_documents({}) == 0

    async with RealRegistry(system, log) as stopped:
        await eventually(lambda: database.organisation.count_documents({}, limit=60), 30)
        stopped.process.kill()
        assert await stopped.process.wait() == KILLED
    assert 0 < await database.organisation.count_documents({}) < BRANCHES

    async with RealRegistry(system, log) as again:

        async def is_done() -> Any:
            shown = (await again.send("GET", f"/imports/{id}")).json()
            return shown if shown["status"] == "done" else None

        shown = await eventually(is_done, 60)
        assert (shown["made"], shown["failed"]) == (BRANCHES + 1, 0)
        told = 2 * (BRANCHES + 1)

        async def all_told() -> bool:
            return await database.history.count_documents(of_import) >= told

        await eventually(all_told, 30)
    names = Counter([one["state"]["name"] async for one in database.organisation.find({})])
    assert len(names) == BRANCHES + 1
    assert set(names.values()) == {1}
    assert await database.history.count_documents(of_import) == told
    assert '"level":"error"' not in log.read_text().replace(" ", "")
    client.close()
