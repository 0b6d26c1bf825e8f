"""Likely duplicates over HTTP: seen before applying and before welcoming, and by whom."""

from typing import Any

import pytest

from tests.harness import System
from tests.service.registry_world import BODEN, Somebody, World, done, made, refused

PERSONAL = "19121212-1212"


async def likely(person: Somebody, **profile: Any) -> list[tuple[str, list[str]]]:
    """Names and reasons that the person is shown for such an organisation."""
    body = {"kind": "partner", "municipalities": [BODEN], **profile}
    answer = await person.client.post("/organisations/likely-duplicates", body)
    return [(one["organisation"]["name"], one["reasons"]) for one in done(answer)["items"]]


@pytest.mark.case("R21")
@pytest.mark.case("X01")
async def test_who_applies_is_shown_what_may_be_the_same_and_nothing_hidden(
    system: System,
) -> None:
    await system.start("registry")
    world = World(system)
    ada, cora, vera = (
        await world.administrator(),
        await world.somebody("cora"),
        await world.somebody("vera"),
    )
    await world.organisation(
        cora, ada, name="Röda Korset Åre", municipalities=[BODEN],
        mail="krets@are.example", web="www.krets.example", phone="070-174 06 05",
    )  # fmt: skip
    hidden = {"name": "Dold demo", "kind": "partner", "municipalities": [BODEN]}
    applied = made(await cora.client.post("/organisations", hidden))["id"]

    assert await likely(vera, name="Ro\u0308da  Korset A\u030are") == [
        ("Röda Korset Åre", ["name"])
    ]
    assert await likely(vera, name="Annan demo", web="krets.example") == [
        ("Röda Korset Åre", ["web"])
    ]
    for secret in ({"mail": "x@are.example"}, {"phone": "+46701740605"}):
        assert await likely(vera, name="Annan demo", **secret) == []
        assert len(await likely(ada, name="Annan demo", **secret)) == 1
    both = {"name": "Röda Korset Åre", "mail": "x@are.example"}
    assert await likely(vera, **both) == [("Röda Korset Åre", ["name"])]
    assert await likely(ada, **both) == [("Röda Korset Åre", ["name", "mail"])]
    assert await likely(vera, name="Dold demo") == []
    assert await likely(cora, name="Dold demo") == [("Dold demo", ["name"])]

    # The application that administrators see says so; a former member is among them.
    mine = {"name": "Rödakorset Åre", "kind": "partner", "municipalities": [BODEN]}
    doubted = made(await vera.client.post("/organisations", mine))["id"]
    done(await ada.client.post(f"/organisations/{applied}/decline", {"words": "Nej."}))
    path = f"/organisations/{doubted}/likely-duplicates"
    [found] = done(await ada.client.get(path))["items"]
    assert (found["organisation"]["name"], found["reasons"]) == ("Röda Korset Åre", ["name"])
    assert await likely(ada, name="Dold demo") == [("Dold demo", ["name"])]
    refused(await vera.client.get(path), 403, "not-allowed")
    refused(await ada.client.get(f"{path}?q=x"), 400, "unknown-field")

    plan = (
        await system.raw("registry", "organisation")
        .find({"keys.likely": {"$in": ["name:rodakorsetare"]}})
        .explain()
    )
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
    assert "'likely'" in str(plan["queryPlanner"]["winningPlan"])


@pytest.mark.case("R19")
@pytest.mark.promise("P17")
async def test_a_personal_number_is_refused_by_its_own_name_and_kept_nowhere(
    system: System, capfd: pytest.CaptureFixture[str]
) -> None:
    await system.start("registry")
    world = World(system)
    ada, vera = await world.administrator(), await world.somebody("vera")
    body = {"name": "Ny demo", "kind": "partner", "number": PERSONAL}
    for path in ("/organisations", "/organisations/likely-duplicates"):
        answer = await vera.client.post(path, body)
        [error] = refused(answer, 422, "invalid")["errors"]
        assert (error["field"], error["code"]) == ("number", "personal-number")
        assert "1212" not in answer.text
    right = {**body, "number": "SE802400000501"}
    assert made(await vera.client.post("/organisations", right))["number"] == "8024000005"
    again = {**body, "name": "Annan demo", "number": "802400–0005"}
    refused(await ada.client.post("/organisations", again), 409, "number-in-use")
    for collection in ("organisation", "history", "failed"):
        rows = [row async for row in system.raw("registry", collection).find({})]
        assert "1212121212" not in str(rows)
        assert PERSONAL not in str(rows)
    said = capfd.readouterr()
    assert PERSONAL not in said.out + said.err
