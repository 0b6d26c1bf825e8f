"""Invitations by mail, from the offer to the role: once, for whom it was sent to, as it was stored."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.causes import by_event
from shared.links import Link
from tests.harness import Client, System, eventually
from tests.service.postbox import Postbox, links_in, text_of
from tests.service.registry_world import Somebody, World, done, made, refused, role_body

VERA = "vera@demo.example"


async def a_branch(system: System) -> tuple[World, Somebody, Somebody, str]:
    """The world with an administrator, a coordinator and the coordinator's organisation."""
    await system.start("registry")
    world = World(system)
    ada, cora = await world.administrator(), await world.somebody("cora")
    return world, ada, cora, await world.organisation(cora, ada)


def invite_body(organisation: str, mail: str = VERA, **more: Any) -> dict[str, Any]:
    """What is sent to invite a volunteer."""
    return {"mail": mail, **role_body("volunteer", organisation), **more}


async def link_to(system: System, id: str) -> str:
    """The token of an invitation's last sending, as its mail has it."""
    registry = system.copy("registry").app.state.registry
    one = (await registry.invitations.load(id)).state
    return str(registry.links.token(Link("registry.invitation", id, one.expires_at)))


async def opened(system: System, token: str, method: str = "GET", **headers: str) -> httpx.Response:
    """A link as a browser opens it, past the API."""
    http = system.copy("registry").http
    return await http.request(method, f"http://registry/l/{token}", headers=headers)


def yes(token: str, **more: Any) -> dict[str, Any]:
    """What is sent to accept."""
    return {"token": token, **more}


async def accepts(client: Client, id: str, token: str, **more: Any) -> httpx.Response:
    """Accept an invitation."""
    return await client.post(f"/invitations/{id}/accept", yes(token, **more))


async def roles_of(person: Somebody) -> list[dict[str, Any]]:
    """The roles that a person has, as they see them."""
    roles: list[dict[str, Any]] = done(await person.client.get("/me"))["roles"]
    return roles


@pytest.mark.promise("P23")
@pytest.mark.promise("P11")
@pytest.mark.promise("P22")
@pytest.mark.case("X19")
@pytest.mark.case("X09")
async def test_a_mail_leads_to_a_page_that_does_nothing_and_on_to_a_role_that_is_given_once(
    system: System,
) -> None:
    async with Postbox() as postbox:
        await system.start("registry", "notifications", smtp_url=postbox.url)
        _, _, cora, organisation = await a_branch(system)
        until = (system.clock.now() + timedelta(days=90)).isoformat()
        body = invite_body(organisation, until=until, language="en")
        sent = made(await cora.client.post("/invitations", body))
        [mail] = await eventually(lambda: postbox.to(VERA), 20)
        assert mail["Subject"] == "Invitation: volunteer in Majblomman demo"
        assert "Cora Demo invites you." in text_of(mail)
        [link] = links_in(mail)
        token = link.removeprefix("http://samverkan.test/l/")
        assert token == await link_to(system, sent["id"])

        before = await system.raw("registry", "invitation").find_one({"_id": sent["id"]})
        for method in ("GET", "HEAD") * 10:
            assert (await opened(system, token, method)).status_code == 200
        page = await opened(system, token, **{"Accept-Language": "en"})
        assert "You are invited: <bdi>volunteer in Majblomman demo</bdi>" in page.text
        assert f'href="http://samverkan.test/invitation#{token}"' in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        assert VERA not in page.text
        assert "volontär i Majblomman demo" in (await opened(system, token)).text
        looked = done(
            await system.client("registry", None).post("/invitations/look", {"token": token})
        )
        assert (looked["id"], looked["organisation"]) == (sent["id"], "Majblomman demo")
        after = await system.raw("registry", "invitation").find_one({"_id": sent["id"]})
        assert after == before

        vera = system.client("registry", "vera")
        refused(await accepts(vera, sent["id"], token), 403, "not-yet-known")
        profile = {"name": "Vera Demo", "mail": "Vera@demo.example"}
        answers = await asyncio.gather(
            *(
                accepts(
                    system.client("registry", "vera", n % 2), sent["id"], token, profile=profile
                )
                for n in range(20)
            )
        )
        assert sorted({one.status_code for one in answers}) == [200, 410]
        assert sum(one.status_code == 200 for one in answers) == 1
        person = Somebody(vera, done(await vera.get("/me"))["id"])
        [role] = await roles_of(person)
        assert (role["role"], role["scope"]["ids"]) == ("volunteer", [organisation])
        assert (role["granted_by"], role["until"]) == (
            cora.id,
            body["until"].replace("+00:00", "Z"),
        )
        refused(await accepts(vera, sent["id"], token), 410, "gone")
        assert (await opened(system, token)).status_code == 410
        shown = done(await cora.client.get(f"/invitations/{sent['id']}"))
        assert (shown["status"], shown["mail"], shown["accepted_by"]) == (
            "accepted",
            None,
            person.id,
        )
        await the_address_is_gone(system, sent["id"])


async def the_address_is_gone(system: System, id: str) -> None:
    """From both services: from what waits, what is told, what is replicated and what was."""

    async def forgotten() -> bool:
        replica = await system.raw("notifications", "replica_registry_invitation_contact").find_one(
            {"_id": id}
        )
        told = await system.raw("notifications", "lines").count_documents({"person": id})
        return replica is not None and replica["state"]["mail"] is None and told == 0

    await eventually(forgotten)
    registry = system.copy("registry").process.plumbing.database
    for name in ("invitation", "history"):
        rows = await registry.raw(name).find({"$or": [{"_id": id}, {"subject": id}]}).to_list(99)
        assert rows
        assert VERA not in str(rows).lower()


@pytest.mark.promise("P23")
@pytest.mark.case("X19")
async def test_a_link_ends_when_sent_again_withdrawn_too_old_or_its_sender_may_no_longer(
    system: System,
) -> None:
    world, ada, cora, organisation = await a_branch(system)
    vera = await world.somebody("vera")

    async def invited(by: Somebody = cora) -> tuple[str, str]:
        id = made(await by.client.post("/invitations", invite_body(organisation)))["id"]
        return id, await link_to(system, id)

    async def gone(id: str, token: str) -> None:
        refused(await accepts(vera.client, id, token), 410, "gone")
        assert (await opened(system, token)).status_code == 410
        refused(await vera.client.post("/invitations/look", {"token": token}), 410, "gone")

    id, token = await invited()
    refused(
        await cora.client.post("/invitations", invite_body(organisation, VERA.upper())),
        409, "already-invited",
    )  # fmt: skip
    again = done(await cora.client.post(f"/invitations/{id}/resend", {"mail": "v@demo.example"}))
    assert (again["sendings"], again["mail"]) == (2, "v@demo.example")
    await gone(id, token)
    new = await link_to(system, id)
    refused(await accepts(vera.client, id, new), 409, "other-address")
    assert done(await cora.client.get(f"/invitations/{id}"))["status"] == "open"
    assert (await accepts(vera.client, id, new, sent_to="V@demo.example")).status_code == 200
    refused(await cora.client.post(f"/invitations/{id}/withdraw"), 409, "already-accepted")

    id, token = await invited()
    for _ in range(2):
        done(await cora.client.post(f"/invitations/{id}/withdraw"))
    await gone(id, token)

    id, token = await invited()
    path = f"/organisations/{organisation}"
    done(await ada.client.post(f"{path}/pause"))
    await gone(id, token)
    done(await ada.client.post(f"{path}/resume"))
    assert (await opened(system, token)).status_code == 200
    [role] = await roles_of(cora)
    done_ = await ada.client.post(f"/people/{cora.id}/roles/{role['id']}/revoke")
    assert done_.status_code == 204
    await gone(id, token)

    async def no_coordinator_any_more() -> bool:
        return (await cora.client.get(f"{path}/people")).status_code == 403

    await eventually(no_coordinator_any_more)
    refused(await cora.client.post(f"/invitations/{id}/resend", {}), 403, "not-allowed")
    done(await ada.client.post(f"/invitations/{id}/resend", {}))
    assert (await opened(system, await link_to(system, id))).status_code == 200

    token = await link_to(system, id)
    system.clock.advance(timedelta(days=14, seconds=1))

    async def expired() -> bool:
        return done(await ada.client.get(f"/invitations/{id}"))["status"] == "expired"

    await eventually(expired)
    await gone(id, token)
    stored = await system.raw("registry", "invitation").find_one({"_id": id})
    assert "@" not in str(stored["state"]) + str(stored["keys"])
    forged = re.sub(r".$", lambda last: "A" if last[0] != "A" else "B", token)
    assert (await opened(system, forged)).status_code == 404
    refused(await accepts(vera.client, id, forged), 404, "not-found")


@pytest.mark.promise("P14")
@pytest.mark.case("X19")
@pytest.mark.case("X05")
async def test_nobody_offers_more_than_they_could_give_and_only_those_concerned_see_it(
    system: System,
) -> None:
    world, ada, cora, organisation = await a_branch(system)
    nina, otto = await world.somebody("nina"), await world.somebody("otto")
    riks = await world.organisation(nina, ada, name="Riks demo", kind="national")
    branch = await world.organisation(otto, ada, name="Kretsen demo", kind="branch", parent=riks)
    officer = await world.officer("olle", "counties", "25")
    vera = await world.somebody("vera")

    async def offers(by: Somebody, role: str, kind: str, *ids: str, **more: Any) -> httpx.Response:
        body = {"mail": VERA, "role": role, "scope": {"kind": kind, "ids": ids}, **more}
        return await by.client.post("/invitations", body)

    for attempt in (
        offers(vera, "volunteer", "organisation", organisation),
        offers(cora, "volunteer", "organisation", branch),
        offers(nina, "volunteer", "organisation", branch),
        offers(cora, "officer", "national"),
        offers(officer, "officer", "counties", "25", "24"),
        offers(officer, "officer", "national"),
        offers(officer, "administrator", "national"),
    ):
        refused(await attempt, 403, "not-allowed")
    refused(await offers(ada, "volunteer", "organisation", "nowhere"), 409, "not-yet-known")
    refused(await offers(ada, "volunteer", "national"), 422, "invalid")
    made(await offers(officer, "county_reader", "counties", "25"))
    # A national organisation appoints a branch's first coordinator alone, and this one has its own.
    first = made(await offers(nina, "coordinator", "organisation", branch))["id"]
    refused(await accepts(vera.client, first, await link_to(system, first)), 410, "gone")
    own = made(await offers(cora, "volunteer", "organisation", organisation))["id"]
    for stranger in (nina, officer, vera):
        for path in (f"/invitations/{own}", f"/invitations/{own}/withdraw"):
            method = "POST" if path.endswith("withdraw") else "GET"
            refused(await stranger.client.request(method, path), 404, "not-found")
    listed = {
        who: len(done(await one.client.get("/invitations"))["items"])
        for who, one in (("ada", ada), ("cora", cora), ("nina", nina), ("vera", vera))
    }
    assert listed == {"ada": 3, "cora": 1, "nina": 1, "vera": 0}
    query = {"keys.readers": {"$in": [cora.id, organisation]}}
    plan = await system.raw("registry", "invitation").find(query, sort=[("_id", 1)]).explain()
    assert "'indexName': 'readers'" in str(plan["queryPlanner"]["winningPlan"])


@pytest.mark.promise("P18")
@pytest.mark.promise("P16")
async def test_a_repeated_yes_is_one_and_what_a_kill_left_undone_is_done_by_the_event(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, ada, cora, organisation = await a_branch(system)
    vera = await world.somebody("vera")
    id = made(await cora.client.post("/invitations", invite_body(organisation)))["id"]
    token = await link_to(system, id)
    roles = system.copy("registry").app.state.registry.people.roles
    give = roles.grant_invited

    async def killed(*_: object) -> bool:
        return True

    monkeypatch.setattr(roles, "grant_invited", killed)
    path = f"/invitations/{id}/accept"
    first = done(await vera.client.post(path, yes(token), key="one"))
    monkeypatch.setattr(roles, "grant_invited", give)
    assert done(await vera.client.post(path, yes(token), key="one")) == first
    assert len(await roles_of(vera)) == 1
    refused(await vera.client.post(path, yes(token), key="two"), 410, "gone")

    other = made(
        await cora.client.post("/invitations", invite_body(organisation, "w@demo.example"))
    )
    assert (
        await ada.client.post(f"/people/{vera.id}/roles/{(await roles_of(vera))[0]['id']}/revoke")
    ).status_code == 204
    monkeypatch.setattr(roles, "grant_invited", killed)
    token = await link_to(system, other["id"])
    assert (
        await accepts(vera.client, other["id"], token, sent_to="w@demo.example")
    ).status_code == 200
    monkeypatch.setattr(roles, "grant_invited", give)
    await system.start("registry")
    registry = system.copy("registry", 1).app.state.registry
    await registry.invitations.reconcile(other["id"], by_event())
    await registry.invitations.reconcile(id, by_event())
    assert len(await roles_of(vera)) == 1

    waiting = made(await cora.client.post("/invitations", invite_body(organisation)))["id"]
    assert (await ada.client.post(f"/people/{vera.id}/erase")).status_code == 204
    shown = done(await cora.client.get(f"/invitations/{waiting}"))
    assert (shown["status"], shown["mail"]) == ("withdrawn", None)
