"""Imports over HTTP: every row judged at once, then all made, once, whatever happens in between."""

import asyncio
from typing import Any

import pytest

from shared.contracts.problems import Unavailable
from tests.harness import System, eventually
from tests.service.registry_world import Somebody, World, done, made, refused

CSV = {"Content-Type": "text/csv"}


async def upload(person: Somebody, kind: str, text: str | bytes, **more: Any) -> Any:
    content = text.encode() if isinstance(text, str) else text
    return await person.client.post(f"/imports?kind={kind}", content=content, headers=CSV, **more)


async def finished(person: Somebody, id: str) -> Any:
    """The import when its last row is done with."""

    async def is_done() -> Any:
        shown = done(await person.client.get(f"/imports/{id}"))
        return shown if shown["status"] == "done" else None

    return await eventually(is_done, 20)


async def names(person: Somebody, path: str) -> list[str]:
    return [one["name"] for one in done(await person.client.get(path))["items"]]


@pytest.mark.case("R01")
async def test_a_lost_leading_zero_is_mended_and_told(system: System) -> None:
    await system.start("registry")
    officer = await World(system).officer()
    text = "kod;namn;kommun;platser\nA-1;Boende Väsby;114;50\nA-2;Två;14;50\nA-3;Tre;999;50\nA-4;Fyra;114.0;50\n"
    checked = made(await upload(officer, "accommodations", text))
    first, second, third, fourth = checked["items"]
    assert first["repairs"] == {"municipality": {"from": "114", "to": "0114"}}
    assert fourth["repairs"]["municipality"]["to"] == "0114"
    assert [one["errors"][0]["code"] for one in (second, third)] == ["no-such-municipality"] * 2
    assert (checked["new"], checked["faulty"]) == (2, 2)


@pytest.mark.case("R04")
@pytest.mark.case("R05")
@pytest.mark.case("R03")
@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("namn;slag\nRöda Korset Åre;partner\n".encode("utf-8-sig"), ";"),
        ("namn;slag\r\nRöda Korset Åre;partner\r\n".encode("cp1252"), ";"),
        ("namn,slag\nRöda Korset Åre,partner\n".encode(), ","),
        ("namn\tslag\nRöda Korset Åre\tpartner\n".encode("utf-16"), "\t"),
        ("sep=;\nnamn;slag;okänd\nRöda Korset Åre;partner;x\n".encode(), ";"),
        ("namn;slag;språk\nRöda Korset Åre;partner;['sv', 'ar']\n".encode(), ";"),
    ],
)
async def test_encoding_and_separator_are_found_without_guessing(
    system: System, content: bytes, separator: str
) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    checked = made(await upload(ada, "organisations", content))
    assert (checked["separator"], checked["new"], checked["faulty"]) == (separator, 1, 0)
    assert checked["columns"][0] == {"header": "namn", "field": "name"}
    made_one = await ada.client.post(f"/imports/{checked['id']}/commit")
    assert made_one.status_code == 202, made_one.text
    await finished(ada, checked["id"])
    assert await names(ada, "/organisations") == ["Röda Korset Åre"]


@pytest.mark.case("R14")
async def test_one_faulty_row_stops_the_whole_file_and_the_mended_one_is_made_once(
    system: System,
) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    rows = [f"Förening {n:03};partner;" for n in range(60)]
    faulty = "\n".join(["namn;slag;organisationsnummer", *rows, "Fel;partner;802400-0003", ""])
    checked = made(await upload(ada, "organisations", faulty))
    assert checked["faulty"] == 1
    refused(await ada.client.post(f"/imports/{checked['id']}/commit"), 409, "import-has-faults")
    assert await names(ada, "/organisations") == []
    mended = made(await upload(ada, "organisations", faulty.replace("0003", "0005")))
    twice = await asyncio.gather(
        *(ada.client.post(f"/imports/{mended['id']}/commit") for _ in range(2))
    )
    assert {answer.status_code for answer in twice} == {202}
    shown = await finished(ada, mended["id"])
    assert (shown["made"], shown["failed"], shown["position"]) == (61, 0, 61)
    assert len(await names(ada, "/organisations?limit=200")) == 61
    again = made(await upload(ada, "organisations", faulty.replace("0003", "0005")))
    assert (again["new"], again["existing"]) == (0, 61)


async def test_an_import_that_was_left_halfway_goes_on_by_itself(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    imports = system.copy("registry").app.state.registry.imports
    calls, real = 0, imports._make

    async def dies_once(stored: Any, row: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 30:
            raise Unavailable()
        await real(stored, row)

    monkeypatch.setattr(imports, "_make", dies_once)
    text = "\n".join(["namn;slag", *(f"Partner {n};partner" for n in range(40)), ""])
    checked = made(await upload(ada, "organisations", text))
    await ada.client.post(f"/imports/{checked['id']}/commit")
    await eventually(lambda: calls >= 30)
    system.clock.advance(imports_taken_for())
    shown = await finished(ada, checked["id"])
    assert shown["made"] == 40
    assert len(await names(ada, "/organisations?limit=200")) == 40


def imports_taken_for() -> Any:
    from services.registry.domain.import_ import TAKEN_FOR

    return TAKEN_FOR


@pytest.mark.case("R16")
async def test_an_imported_house_says_so_in_its_events(system: System) -> None:
    await system.start("registry")
    officer = await World(system).officer()
    text = "kod;namn;kommun;platser;antal;kvinnor\nA-1;Björknäs demo;Boden;200;180;60\n"
    checked = made(await upload(officer, "accommodations", text))
    await officer.client.post(f"/imports/{checked['id']}/commit")
    await finished(officer, checked["id"])
    house = done(await officer.client.get("/accommodations"))["items"][0]
    assert (house["municipality"], house["status"]) == ("2582", "open")
    assert house["residents"][0]["total"] == 180
    steps = done(await officer.client.get(f"/accommodations/{house['id']}/timeline"))["items"]
    assert {step["facts"]["imported_by"] for step in steps} == {checked["id"]}


async def test_an_officer_imports_into_their_own_counties_only(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer, ada = await world.officer("olle", "counties", "25"), await world.administrator()
    text = "namn;kommun;platser\nA;2582;10\nB;1280;10\n"
    checked = made(await upload(officer, "accommodations", text))
    assert [one["verdict"] for one in checked["items"]] == ["new", "faulty"]
    assert checked["items"][1]["errors"][0]["code"] == "outside-your-area"
    refused(await upload(ada, "accommodations", text), 403, "not-allowed")
    refused(await ada.client.get(f"/imports/{checked['id']}"), 404, "not-found")


@pytest.mark.case("R19")
async def test_a_personal_number_in_a_file_is_kept_nowhere(system: System) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    text = "namn;organisationsnummer;slag\nVera;121212-1212;partner\n"
    checked = made(await upload(ada, "organisations", text))
    assert checked["items"][0]["errors"][0]["code"] == "personal-number"
    for name in ("import", "import_rows"):
        async for document in system.raw("registry", name).find({}):
            assert "1212" not in str(document)


@pytest.mark.promise("P21")
async def test_a_file_with_too_many_rows_is_refused_in_words(system: System) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    text = "namn;slag\n" + "A;partner\n" * 2_001
    problem = refused(await upload(ada, "organisations", text), 422, "too-many-rows")
    assert problem["rows"] == 2_001
    refused(await upload(ada, "organisations", "a;b\n1;2\n"), 422, "no-known-columns")
    refused(await upload(ada, "organisations", b"namn\n\x81\x00\n"), 422, "not-a-text-file")
