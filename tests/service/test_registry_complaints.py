"""From the noticeboard: anybody may say that something is wrong; who reads it depends on of whom."""

from typing import Any

import pytest

from services.registry.commands import complaints as commands
from tests.harness import System, eventually
from tests.service.registry_world import Somebody, done, made, refused
from tests.service.test_registry_incidents import Scene

SECRET = "Ledaren stängde ute oss i kylan"


class Board:
    """A scene with a code on its meeting place's board, and somebody standing before it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    async def hung(self) -> "Board":
        answer = await self.scene.cora.client.post(self.address("/renew"))
        self.code = done(answer)["code"]
        self.resident = self.scene.system.client("registry", None)
        return self

    def address(self, more: str = "") -> str:
        return f"/meeting-places/{self.scene.place}/noticeboard{more}"

    async def complain(self, about: str, **more: Any) -> Any:
        body = {"about": about, "pictures": ["cold"], "words": SECRET, **more}
        return await self.resident.post(f"/noticeboards/{self.code}/complaints", body)


@pytest.mark.promise("P15")
@pytest.mark.case("X11")
async def test_one_about_a_person_never_comes_before_the_hosts(system: System) -> None:
    scene = await Scene(system).set()
    board = await Board(scene).hung()
    # An administrator who volunteers for the host is one of those it may be about.
    both = await scene.world.administrator("abbe")
    await scene.world.volunteer(both, scene.organisation)
    for about in ("person", "place"):
        said = await board.complain(about)
        assert made(said).keys() == {"thanks"}

    async def sees(person: Somebody) -> list[str]:
        """What the person finds, by the list and one by one alike."""
        items = done(await person.client.get("/complaints"))["items"]
        for id in ids:
            read = await person.client.get(f"/complaints/{id}")
            assert (read.status_code == 200) == any(one["id"] == id for one in items)
        return [one["about"] for one in items]

    items = done(await scene.officer.client.get("/complaints"))["items"]
    ids = {one["id"]: one["about"] for one in items}
    for reader in (scene.officer, scene.norr, scene.ada):
        assert await sees(reader) == ["person", "place"]
    assert await sees(scene.cora) == ["place"]

    async def kept_from_both() -> bool:
        return await sees(both) == ["place"]

    await eventually(kept_from_both)
    for stranger in (scene.skane, scene.sven):
        assert await sees(stranger) == []
    refused(await scene.vera.client.get("/complaints"), 403, "not-allowed")
    of_person = next(id for id, about in ids.items() if about == "person")
    refused(await scene.cora.client.post(f"/complaints/{of_person}/see"), 404, "not-found")
    seen = done(await scene.cora.client.get("/complaints"))["items"][0]
    assert {"seen", "answered", "closed", "accommodations"}.isdisjoint(seen)

    # What became of it stands on the board, unless the hosts would learn of it there.
    for id in ids:
        done(await scene.norr.client.post(f"/complaints/{id}/see"))
        done(await scene.norr.client.post(f"/complaints/{id}/answer", {"answer": "put_right"}))
        assert done(await scene.ada.client.post(f"/complaints/{id}/close"))["status"] == "closed"
    shown = done(await board.resident.get(f"/noticeboards/{board.code}"))
    assert [(one["about"], one["answer"]) for one in shown["answers"]] == [("place", "put_right")]
    assert SECRET not in str(shown)
    for told in (scene.place, scene.house, scene.organisation, "Boden", "Församlingshemmet"):
        assert told not in str(shown)


async def test_a_board_asks_nobody_who_they_are_and_its_code_can_be_replaced(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = await Scene(system).set()
    refused(
        await scene.vera.client.get(f"/meeting-places/{scene.place}/noticeboard"),
        403,
        "not-allowed",
    )
    board = await Board(scene).hung()
    assert done(await scene.officer.client.get(board.address())) == {"code": board.code}
    form = await board.resident.get(
        f"/noticeboards/{board.code}", headers={"Accept-Language": "en"}
    )
    assert "We do not ask who you are" in done(form)["notice"]
    assert form.headers["x-robots-tag"] == "noindex"

    for words in ("070-174 06 05", "demo@demo.example", "19811228-9874", "x" * 501):
        fault = refused(await board.complain("place", words=words), 422, "invalid")
        assert [one["field"] for one in fault["errors"]] == ["words"]
    fault = refused(await board.complain("place", name="Demo", pictures=[]), 422, "invalid")
    assert {one["field"] for one in fault["errors"]} == {"name", "pictures"}
    body = {"about": "place", "pictures": ["cold"]}
    path = f"/noticeboards/{board.code}/complaints"
    assert made(await board.resident.post(path, body, key="k")) == made(
        await board.resident.post(path, body, key="k")
    )
    items = done(await scene.officer.client.get("/complaints"))["items"]
    assert len(items) == 1, "sent twice is said once"
    monkeypatch.setattr(commands, "MOST_A_DAY", 2)
    made(await board.complain("place"))
    refused(await board.complain("place"), 429, "too-many-requests")

    old = board.code
    await board.hung()
    assert board.code != old
    for code in (old, "nothing", scene.place):
        refused(await board.resident.get(f"/noticeboards/{code}"), 404, "not-found")
    done(await scene.cora.client.post(f"/meeting-places/{scene.place}/close"))
    refused(await board.resident.get(f"/noticeboards/{board.code}"), 404, "not-found")


@pytest.mark.promise("P15")
async def test_what_is_kept_from_a_host_is_kept_from_whatever_it_is_merged_into(
    system: System,
) -> None:
    scene = await Scene(system).set()
    board = await Board(scene).hung()
    both = await scene.world.administrator("abbe")
    await scene.world.volunteer(both, scene.sven_runs)
    made(await board.complain("person"))
    question = {"organisation": scene.organisation, "subject": "Julbord", "words": "Får vi?"}
    case = made(await scene.cora.client.post("/support-cases", question))["id"]

    async def finds(person: Somebody, what: str) -> int:
        return len(done(await person.client.get(what))["items"])

    assert await finds(both, "/complaints") == 1
    assert await finds(scene.sven, "/support-cases") == 0
    body = {"into": scene.sven_runs}
    done(await scene.ada.client.post(f"/organisations/{scene.organisation}/merge", body))

    async def followed() -> bool:
        kept = await finds(both, "/complaints") == 0
        return kept and await finds(scene.sven, "/support-cases") == 1

    await eventually(followed)
    moved = done(await scene.cora.client.get(f"/support-cases/{case}"))
    assert moved["organisation"] == scene.sven_runs
