"""Imports over HTTP: every row judged at once, then all made, once, whatever happens in between."""

import asyncio
from typing import Any

import pytest

from services.registry.commands.import_kept import ROWS
from services.registry.domain.import_ import KEPT_FOR
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
    assert problem["most"] == 2_000
    refused(await upload(ada, "organisations", "a;b\n1;2\n"), 422, "no-known-columns")
    refused(await upload(ada, "organisations", b"namn\n\x81\x00\n"), 422, "not-a-text-file")


async def kept(system: System) -> list[Any]:
    """All rows that are kept."""
    rows: list[Any] = [row async for row in system.raw("registry", ROWS).find({})]
    return rows


def partners(*names: str) -> str:
    """A file with these partners, each with a mail address."""
    rows = [f"{name};partner;post@{name.lower()}.example" for name in names]
    return "\n".join(["namn;slag;epost", *rows, ""])


@pytest.mark.promise("P2")
@pytest.mark.promise("P18")
async def test_a_file_that_was_refused_for_its_key_leaves_no_row_to_be_made(
    system: System,
) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    checked = made(await upload(ada, "organisations", partners("Alfa"), key="one"))
    longer = await upload(ada, "organisations", partners("Alfa", "Beta", "Gamma"), key="one")
    refused(longer, 422, "key-reused")
    again = made(await upload(ada, "organisations", partners("Alfa"), key="one"))
    assert again["id"] == checked["id"]
    assert len(await kept(system)) == 1
    await ada.client.post(f"/imports/{checked['id']}/commit")
    assert (await finished(ada, checked["id"]))["made"] == 1
    assert await names(ada, "/organisations") == ["Alfa"]


@pytest.mark.promise("P2")
async def test_rows_of_a_reading_that_was_killed_before_its_import_was_there_are_never_made(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    store = system.copy("registry").process.plumbing.store
    create = store.create

    async def dies(*_: Any) -> Any:
        raise Unavailable()

    monkeypatch.setattr(store, "create", dies)
    lost = await upload(ada, "organisations", partners("Alfa", "Beta"), key="one")
    assert lost.status_code == 503
    monkeypatch.setattr(store, "create", create)
    checked = made(await upload(ada, "organisations", partners("Gamma"), key="one"))
    await ada.client.post(f"/imports/{checked['id']}/commit")
    await finished(ada, checked["id"])
    assert await names(ada, "/organisations") == ["Gamma"]
    shown = done(await ada.client.get(f"/imports/{checked['id']}/rows"))["items"]
    assert len(shown) == 1


@pytest.mark.promise("P16")
async def test_what_a_file_said_is_not_kept_longer_than_it_is_needed(system: System) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    text = partners("Alfa", "Beta") + "Gamma;partner;inte-en-adress\n"
    faulty = made(await upload(ada, "organisations", text))
    done_with = made(await upload(ada, "organisations", partners("Delta", "Epsilon")))
    await ada.client.post("/organisations", {"name": "X", "kind": "partner"})
    await ada.client.post(f"/imports/{done_with['id']}/commit")
    await finished(ada, done_with["id"])
    assert "delta.example" not in str(await kept(system))
    assert "alfa.example" in str(await kept(system))
    system.clock.advance(KEPT_FOR)

    async def expired() -> Any:
        shown = done(await ada.client.get(f"/imports/{faulty['id']}"))
        return shown["status"] == "expired" and "alfa.example" not in str(await kept(system))

    await eventually(expired)
    problem = refused(
        await ada.client.post(f"/imports/{faulty['id']}/commit"), 409, "import-expired"
    )
    assert "Ladda upp den igen" in problem["detail"]
    assert done(await ada.client.get(f"/imports/{faulty['id']}/rows"))["items"] == []
    assert len(done(await ada.client.get(f"/imports/{done_with['id']}/rows"))["items"]) == 2
    indexes = await system.raw("registry", ROWS).index_information()
    assert indexes["kept"]["expireAfterSeconds"] > KEPT_FOR.total_seconds()


async def test_a_row_that_failed_keeps_its_fault_and_not_what_it_said(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    text = "namn;slag;organisationsnummer;epost\nAlfa;partner;802400-0005;a@alfa.example\n"
    checked = made(await upload(ada, "organisations", text))
    body = {"name": "Först", "kind": "partner", "number": "802400-0005"}
    made(await ada.client.post("/organisations", body))
    await ada.client.post(f"/imports/{checked['id']}/commit")
    assert (await finished(ada, checked["id"]))["failed"] == 1
    row = (await kept(system))[0]
    assert (row["values"], row["verdict"]) == ({}, "failed")
    shown = done(await ada.client.get(f"/imports/{checked['id']}/rows"))["items"][0]
    assert shown["errors"][0]["code"] == "number-in-use"


async def test_a_branch_is_imported_only_below_a_national_organisation(system: System) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    head = "namn;slag;organisationsnummer;riksorganisation\n"
    text = head + (
        "Riks;riks;802400-0005;\n"
        "Krets Ett;krets;;Riks\n"
        "Partnern;partner;;\n"
        "Krets Två;krets;;Partnern\n"
        "Krets Tre;krets;;Finns Inte\n"
    )
    checked = made(await upload(ada, "organisations", text))
    codes = [[fault["code"] for fault in row["errors"]] for row in checked["items"]]
    assert codes == [[], [], [], ["parent-not-national"], ["no-such-parent"]]


async def test_a_branch_whose_national_organisation_has_gone_since_is_that_rows_error(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    ada, cora = await world.administrator(), await world.somebody("cora")
    gone = await world.organisation(cora, ada, name="Borta", kind="national")
    head = "namn;slag;organisationsnummer;riksorganisation\n"
    branches = "".join(f"Krets {n};krets;;{'Borta' if n % 2 else 'Riks'}\n" for n in range(20))
    text = f"{head}Riks;riks;969600-0000;\n{branches}"
    checked = made(await upload(ada, "organisations", text))
    assert checked["faulty"] == 0
    done(await ada.client.post(f"/organisations/{gone}/exclude"))
    await ada.client.post(f"/imports/{checked['id']}/commit")
    shown = await finished(ada, checked["id"])
    assert (shown["made"], shown["failed"]) == (11, 10)
    rows = done(await ada.client.get(f"/imports/{checked['id']}/rows"))["items"]
    assert {row["errors"][0]["code"] for row in rows if not row["made"]} == {"parent-not-national"}


@pytest.mark.promise("P17")
async def test_a_broken_body_is_told_as_everywhere(system: System) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    json = {"Content-Type": "application/json"}
    broken = await ada.client.post("/imports", content=b'{"kind": ', headers=json)
    refused(broken, 400, "not-json")
    wrong = await ada.client.post("/imports", {"kind": "people", "csv": ""})
    assert refused(wrong, 422, "invalid")["errors"][0]["field"] == "kind"
    without = await ada.client.post("/imports", content=b"namn\nA\n", headers=CSV)
    assert refused(without, 422, "invalid")["errors"][0]["field"] == "kind"


@pytest.mark.promise("P18")
async def test_the_same_key_with_another_kind_is_not_taken_for_the_same_request(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    ada = await world.administrator()
    await world.role(ada, "officer", "national")
    text = "namn;kommun;platser;slag\nAlfa;2582;10;\n"
    first = made(await upload(ada, "organisations", text, key="one"))
    other = await upload(ada, "accommodations", text, key="one")
    if other.status_code == 201:
        assert (other.json()["kind"], other.json()["id"] == first["id"]) == ("accommodations", 0)
    else:
        refused(other, 422, "key-reused")
