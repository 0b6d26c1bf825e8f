"""Imports over HTTP: every row judged at once, then all made, once, whatever happens in between."""

import asyncio
from typing import Any

import pytest

from services.registry.commands.import_kept import ROWS
from services.registry.domain.import_ import KEPT_FOR
from shared.contracts.problems import Unavailable
from tests.harness import System, eventually
from tests.service.registry_world import Somebody, World, done, made, refused
from tests.spreadsheets import bomb, ods, xlsx

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
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 61)


async def test_an_import_that_was_left_halfway_goes_on_by_itself(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    making = system.copy("registry").app.state.registry.imports._making
    calls, real = 0, making.make

    async def dies_once(stored: Any, page: Any) -> Any:
        nonlocal calls
        calls += 1
        step = await real(stored, page)
        if calls == 1:
            raise Unavailable()
        return step

    monkeypatch.setattr(making, "make", dies_once)
    text = "\n".join(["namn;slag", *(f"Partner {n};partner" for n in range(40)), ""])
    checked = made(await upload(ada, "organisations", text))
    await ada.client.post(f"/imports/{checked['id']}/commit")
    await eventually(lambda: calls >= 1)
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
    assert [step["facts"]["notify"] for step in steps if "notify" in step["facts"]] == [False]
    asked = made(await upload(officer, "accommodations", text.replace("A-1", "A-2")))
    await committed(officer, asked["id"], notify=True)
    houses = done(await officer.client.get("/accommodations"))["items"]
    second = next(one["id"] for one in houses if one["code"] == "A-2")
    steps = done(await officer.client.get(f"/accommodations/{second}/timeline"))["items"]
    assert [step["facts"]["notify"] for step in steps if "notify" in step["facts"]] == [True]


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
    text = "namn;slag\n" + "A;partner\n" * 100_001
    problem = refused(await upload(ada, "organisations", text), 422, "too-many-rows")
    assert problem["most"] == 100_000
    assert await kept(system) == []
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


@pytest.mark.case("R14")
async def test_a_clash_since_the_dry_run_is_that_rows_error_to_be_fetched_back_for_a_week(
    system: System,
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
    assert row["verdict"] == "failed"
    shown = done(await ada.client.get(f"/imports/{checked['id']}/rows"))["items"][0]
    assert shown["errors"][0]["code"] == "changed-since"
    file = await ada.client.get(f"/imports/{checked['id']}/errors")
    assert "Posten har ändrats" in file.text
    assert "Alfa;partner;802400-0005;a@alfa.example" in file.text
    system.clock.advance(KEPT_FOR)

    async def forgotten() -> bool:
        return "alfa.example" not in str(await kept(system))

    await eventually(forgotten)


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
    assert {row["errors"][0]["code"] for row in rows if not row["made"]} == {"no-such-parent"}


@pytest.mark.promise("P17")
async def test_a_broken_body_is_told_as_everywhere(system: System) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    json = {"Content-Type": "application/json"}
    broken = await ada.client.post("/imports", content=b'{"kind": ', headers=json)
    refused(broken, 400, "not-json")
    wrong = await ada.client.post("/imports", {"kind": "houses", "csv": ""})
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


async def committed(person: Somebody, id: str, **body: Any) -> Any:
    """Committed, and all of it made."""
    answer = await person.client.post(f"/imports/{id}/commit", body or None)
    assert answer.status_code == 202, answer.text
    return await finished(person, id)


async def undone(person: Somebody, id: str) -> Any:
    """Undone, all of it."""
    answer = await person.client.post(f"/imports/{id}/undo")
    assert answer.status_code == 202, answer.text

    async def is_over() -> Any:
        shown = done(await person.client.get(f"/imports/{id}"))
        return shown if shown["status"] == "undone" else None

    return await eventually(is_over, 20)


@pytest.mark.case("R13")
async def test_an_empty_cell_leaves_what_is_there_and_only_a_named_emptiness_clears(
    system: System,
) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    head = "namn;slag;orgnr;telefon;webb\n"
    first = made(
        await upload(
            ada, "organisations", f"{head}Alfa;partner;802400-0005;070-174 06 05;a.example\n"
        )
    )
    await committed(ada, first["id"])
    id = done(await ada.client.get("/organisations"))["items"][0]["id"]

    async def now() -> Any:
        return done(await ada.client.get(f"/organisations/{id}"))

    assert (await now())["phone"] == "+46701740605"
    texts = (
        "orgnr;telefon\n802400-0005;\n",
        "orgnr;webb\n802400-0005;b.example\n",
        "orgnr;telefon\n802400-0005;<tom>\n",
    )
    verdicts = []
    for text in texts:
        checked = made(await upload(ada, "organisations", text))
        verdicts.append((checked["items"][0]["verdict"], checked["items"][0]["changes"]))
        await committed(ada, checked["id"])
    assert verdicts == [
        ("unchanged", {}),
        ("changed", {"web": {"from": "https://a.example", "to": "https://b.example"}}),
        ("changed", {"phone": {"from": "+46701740605", "to": None}}),
    ]
    shown = await now()
    assert (shown["phone"], shown["web"], shown["name"]) == (None, "https://b.example", "Alfa")


@pytest.mark.case("R18")
@pytest.mark.case("R16")
async def test_an_import_is_undone_but_for_what_somebody_works_with(system: System) -> None:
    await system.start("registry")
    world = World(system)
    officer = await world.officer()
    await world.role(officer, "administrator", "national")
    cora = await world.somebody("cora")
    host = await world.organisation(cora, officer)
    head = "kod;namn;kommun;platser\n"
    old = "".join(f"O-{n};Gammalt {n};2582;50\n" for n in range(10))
    await committed(officer, made(await upload(officer, "accommodations", head + old))["id"])
    wrong = old.replace(";50", ";60") + "".join(f"N-{n};Nytt {n};2582;50\n" for n in range(20))
    checked = made(await upload(officer, "accommodations", head + wrong))
    assert (checked["new"], checked["changed"]) == (20, 10)
    await committed(officer, checked["id"])
    rows = done(await officer.client.get(f"/imports/{checked['id']}/rows"))["items"]
    ids = {row["row"]: row["made"] for row in rows}
    edited, serving, grown = ids[12], ids[13], ids[2]
    for id, capacity in ((edited, 70), (grown, 80)):
        got = await officer.client.get(f"/accommodations/{id}")
        names = ("name", "municipality")
        body = {name: got.json()[name] for name in names} | {"capacity": capacity}
        done(await officer.client.put(f"/accommodations/{id}", body, got.headers["ETag"]))
    await world.meeting_place(cora, officer, serving, host)
    shown = await undone(officer, checked["id"])
    assert (shown["ended"], shown["restored"], shown["kept"]) == (18, 9, 3)
    rows = done(await officer.client.get(f"/imports/{checked['id']}/rows"))["items"]
    kept_since = {row["row"]: row["kept_since"] for row in rows if "kept_since" in row}
    assert kept_since == {2: "changed-since", 12: "changed-since", 13: "in-use"}
    house = done(await officer.client.get(f"/accommodations/{ids[3]}"))
    assert (house["capacity"], house["status"]) == (50, "open")
    assert done(await officer.client.get(f"/accommodations/{ids[14]}"))["status"] == "closed"
    steps = done(await officer.client.get(f"/accommodations/{ids[14]}/timeline"))["items"]
    assert {step["facts"]["imported_by"] for step in steps} == {checked["id"]}
    again = await officer.client.post(f"/imports/{checked['id']}/undo")
    assert again.status_code == 202
    told = done(await officer.client.get(f"/imports/{checked['id']}/timeline"))["items"]
    assert [step["what"].rpartition(".")[2] for step in told] == [
        "received", "committed", "finished", "undo_begun", "undone",
    ]  # fmt: skip


async def test_columns_can_be_given_other_fields_and_every_row_is_judged_anew(
    system: System,
) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    text = "Förening x;slag;Kontakt\nAlfa;partner;a@alfa.example\n"
    answer = await upload(ada, "organisations", text)
    checked = made(answer)
    assert checked["unknown_columns"] == ["Förening x", "Kontakt"]
    assert checked["items"][0]["errors"][0] == {
        "field": "name", "code": "required", "detail": checked["items"][0]["errors"][0]["detail"],
    }  # fmt: skip
    path, body = f"/imports/{checked['id']}/mapping", {"columns": ["name", "kind", "mail"]}
    refused(await ada.client.put(path, body), 428, "precondition-required")
    twice = {"columns": ["name", "name", "nonsense"]}
    problem = refused(await ada.client.put(path, twice, answer.headers["ETag"]), 422, "invalid")
    assert [one["field"] for one in problem["errors"]] == ["columns.1", "columns.2"]
    mapped = done(await ada.client.put(path, body, answer.headers["ETag"]))
    assert (mapped["new"], mapped["faulty"]) == (1, 0)
    assert mapped["items"][0]["changes"]["mail"] == {"from": None, "to": "a@alfa.example"}
    refused(await ada.client.put(path, body, answer.headers["ETag"]), 412, "stale")
    await committed(ada, checked["id"])
    assert await names(ada, "/organisations") == ["Alfa"]


async def test_an_id_of_another_system_finds_its_record_whatever_it_is_called(
    system: System,
) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    text = "externt id;namn;slag\n17;Alfa;partner\n"
    first = await upload(ada, "organisations&source=medlem", text)
    await committed(ada, made(first)["id"])
    renamed = text.replace("Alfa", "Omega")
    checked = made(await upload(ada, "organisations&source=medlem", renamed))
    assert checked["items"][0]["changes"] == {"name": {"from": "Alfa", "to": "Omega"}}
    elsewhere = made(await upload(ada, "organisations&source=annat", renamed))
    assert elsewhere["new"] == 1
    await committed(ada, checked["id"])
    assert await names(ada, "/organisations") == ["Omega"]


@pytest.mark.case("R31")
@pytest.mark.case("R19")
async def test_the_error_file_has_the_same_columns_and_what_is_wrong_and_comes_in_again(
    system: System,
) -> None:
    await system.start("registry")
    ada = await World(system).administrator()
    head = "Namn;Slag;Orgnr;Ordförande\n"
    rows = "Alfa;partner;;x\n=1+1;partner;121212-1212;19121212-1212\nBeta;okänt;802400-0003;y\n"
    checked = made(await upload(ada, "organisations", head + rows))
    assert checked["faulty"] == 2
    file = await ada.client.get(f"/imports/{checked['id']}/errors")
    lines = file.content.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "fel;Namn;Slag;Orgnr;Ordförande"
    assert lines[1].endswith(";'=1+1;partner;[personnummer];[personnummer]")
    assert "number: Sista siffran stämmer inte" in lines[2]
    assert "kind:" in lines[2]
    assert "1212" not in file.text
    again = made(await upload(ada, "organisations", file.content))
    assert (again["rows"], again["faulty"]) == (2, 2)
    vera = await World(system).somebody("vera")
    refused(await vera.client.get(f"/imports/{checked['id']}/errors"), 403, "not-allowed")


async def test_people_come_with_a_role_and_no_way_in_until_they_are_invited(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    ada, cora = await world.administrator(), await world.somebody("cora")
    alfa = await world.organisation(cora, ada, name="Alfa", kind="partner")
    head = "namn;e-post;telefon;språk;kommun;organisation;roll\n"
    rows = (
        "Vera Demo;vera@demo.example;070-174 06 05;svenska, arabiska;Boden;Alfa;volontär\n"
        "Cora Annan;CORA@demo.example;;;;Alfa;volontär\n"
        "Ulla Demo;;;;;Alfa;\n"
        "Mia Demo;mia@demo.example;;;;Finns inte;\n"
        "Kim Demo;kim@demo.example;;;;Alfa;handläggare\n"
        "Vera Igen;vera@demo.example;;;;Alfa;\n"
    )
    checked = made(await upload(ada, "people", head + rows))
    faults = [[one["code"] for one in row["errors"]] for row in checked["items"]]
    assert faults == [[], [], ["missing"], ["no-such-organisation"], ["not-one-of"], ["twice"]]
    assert [row["verdict"] for row in checked["items"][:2]] == ["new", "changed"]
    assert list(checked["items"][1]["changes"]) == ["roles"]
    mended = made(await upload(ada, "people", head + "".join(rows.splitlines(True)[:2])))
    shown = await committed(ada, mended["id"])
    assert (shown["made"], shown["updated"], shown["failed"]) == (1, 1, 0)
    vera = done(await ada.client.get(f"/imports/{mended['id']}/rows"))["items"][0]["made"]
    shown = done(await ada.client.get(f"/people/{vera}"))
    assert (shown["name"], shown["languages"]) == ("Vera Demo", ["sv", "ar"])
    assert [(one["role"], one["scope"]["ids"]) for one in shown["roles"]] == [("volunteer", [alfa])]
    assert done(await ada.client.get(f"/people/{cora.id}"))["name"] == "Cora Demo"
    rows_of_mended = [row for row in await kept(system) if row["made"]]
    assert len(rows_of_mended) == 2
    assert "demo.example" not in str(rows_of_mended)
    refused(await cora.client.post("/imports", {"kind": "people", "csv": ""}), 403, "not-allowed")
    shown = await undone(ada, mended["id"])
    assert (shown["ended"], shown["restored"], shown["kept"]) == (1, 1, 0)
    refused(await ada.client.get(f"/people/{vera}"), 404, "not-found")


@pytest.mark.promise("P16")
async def test_what_a_file_says_of_somebody_goes_when_they_are_erased(system: System) -> None:
    await system.start("registry")
    world = World(system)
    ada, cora = await world.administrator(), await world.somebody("cora")
    await world.organisation(await world.somebody("olga"), ada, name="Alfa", kind="partner")
    text = "namn;e-post;organisation\nCora X;cora@demo.example;Alfa\nVera;vera@demo.example;Alfa\n"
    checked = made(await upload(ada, "people", text))
    assert "cora@demo.example" in str(await kept(system))
    answer = await cora.client.post(f"/people/{cora.id}/erase")
    assert answer.is_success, answer.text

    async def is_gone() -> bool:
        return "cora@demo.example" not in str(await kept(system))

    await eventually(is_gone)
    shown = await committed(ada, checked["id"])
    assert (shown["made"], shown["failed"]) == (1, 1)


@pytest.mark.case("R11")
@pytest.mark.case("R12")
@pytest.mark.promise("P21")
async def test_a_workbook_is_read_in_a_process_of_its_own_and_a_bomb_is_refused(
    system: System,
) -> None:
    await system.start("registry")
    officer = await World(system).officer()
    sheet = [["Boenden"], ["kod", "namn", "kommun", "platser"], ["A-1", "Björknäs", 2582, 200.0]]
    kinds = {
        xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ods: "application/vnd.oasis.opendocument.spreadsheet",
    }
    for make, kind in kinds.items():
        answer = await officer.client.post(
            "/imports?kind=accommodations",
            content=make({"Blad1": sheet}),
            headers={"Content-Type": kind},
        )
        checked = made(answer)
        assert (checked["sheet"], checked["new"]) == ("Blad1", 1)
        assert checked["items"][0]["row"] == 3
    refused(
        await officer.client.post(
            "/imports?kind=accommodations",
            content=bomb(301_000_000),
            headers={"Content-Type": kinds[xlsx]},
        ),
        422,
        "swells-too-much",
    )
