"""Mails: held, judged again, sent once, and honest about what nobody knows."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifications import tables
from services.notifications.app import _links, _sender
from services.notifications.circumstances import Judging
from services.notifications.commands.deliveries import Outbox
from services.notifications.commands.preferences import PreferencesOf
from services.notifications.replicas import Replicas
from services.notifications.sending import Sender, Sending
from services.notifications.smtp import MailServer
from services.notifications.tables import Tables
from shared import failpoints
from tests.harness import MovableClock, System, eventually
from tests.service.postbox import Postbox, links_in, text_of
from tests.service.told import ORGANISER, World, grant

VERA, ALI = "vera@demo.example", "ali@demo.example"


async def a_town(system: System, world: World, postbox: Postbox, hold: float = 0.0) -> None:
    """Notifications with a mail server, and two volunteers."""
    await system.start("notifications", smtp_url=postbox.url, mail_hold_seconds=hold)
    await world.organisations()
    await world.volunteer("vera")
    await world.volunteer("ali", language="en")
    await world.settled()


def deliveries(system: System) -> Any:
    """The rows of what is to be sent."""
    return system.raw("notifications", "deliveries")


async def became(system: System, person: str, status: str, seconds: float = 15) -> dict[str, Any]:
    """Wait for a person's only delivery to end so."""
    query = {"person": person, "status": status}
    row: dict[str, Any] = await eventually(lambda: deliveries(system).find_one(query), seconds)
    return row


@pytest.mark.promise("P22")
async def test_a_cancellation_is_mailed_once_to_each_in_their_language(system: System) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox)
        await system.start("notifications", smtp_url=postbox.url)
        await world.cancelled("s-1", ["vera", "ali"])
        for person in ("vera", "ali"):
            await became(system, person, "sent")
        assert len(postbox.raw) == 2
        [mail] = postbox.to(VERA)
        assert mail["Subject"] == "Inställt: Språkcafé tisdag 8 december"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["To"] == VERA
        assert "Ledaren har blivit sjuk" in text_of(mail)
        assert links_in(mail) == ["http://samverkan.test/shifts?on=2026-12-08"]
        [mail] = postbox.to(ALI)
        assert mail["Subject"] == "Cancelled: Language café Tuesday 8 December"
        assert 'lang="en"' in mail.get_body(("html",)).get_content()

        async def looked_at_for_late_lines() -> bool:
            return not await deliveries(system).count_documents({"due": {"$ne": None}})

        await eventually(looked_at_for_late_lines)


@pytest.mark.promise("P22")
async def test_a_slip_undone_while_it_is_held_is_mailed_to_nobody(system: System) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox, hold=30)
        await world.cancelled("s-1", ["vera"])
        await became(system, "vera", "waiting")
        await world.planned("s-1", world.session())
        await world.settled()
        system.clock.advance(timedelta(seconds=25))
        # Longer than the sender rests: had it been due, it would have been looked at.
        await asyncio.sleep(1.5)
        assert (await became(system, "vera", "waiting"))["reason"] is None
        system.clock.advance(timedelta(seconds=6))
        assert (await became(system, "vera", "overtaken"))["reason"] == "no-longer-true"
        assert postbox.raw == []


@pytest.mark.promise("P22")
async def test_short_before_the_start_nothing_is_held(system: System) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox, hold=3000)
        soon = world.session(start=system.clock.now() + timedelta(hours=1))
        await world.cancelled("s-1", ["vera"], session=soon)
        await became(system, "vera", "sent")


@pytest.mark.promise("P22")
@pytest.mark.case("N12")
async def test_what_comes_too_late_to_help_is_recorded_and_not_sent(system: System) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox, hold=30)
        await world.cancelled("s-1", ["vera"])
        await became(system, "vera", "waiting")
        system.clock.advance(timedelta(days=8))
        assert (await became(system, "vera", "expired"))["reason"] == "too-late"
        assert postbox.raw == []


@pytest.mark.promise("P22")
@pytest.mark.case("N19")
async def test_who_lost_their_roles_or_wants_no_mail_gets_none(system: System) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox, hold=30)
        await world.cancelled("s-1", ["vera", "ali"])
        await became(system, "vera", "waiting")
        await world.person("vera")
        ali = system.client("notifications", "ali")
        etag = (await ali.get("/me/preferences")).headers["etag"]
        await ali.put("/me/preferences", {"mail": {"my_shifts": False}}, etag)
        await world.settled()
        system.clock.advance(timedelta(seconds=31))
        assert (await became(system, "vera", "overtaken"))["reason"] == "no-longer-permitted"
        assert (await became(system, "ali", "overtaken"))["reason"] == "not-wanted"
        assert postbox.raw == []


@pytest.mark.promise("P22")
async def test_a_place_given_away_again_is_not_promised_by_mail(system: System) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox, hold=30)
        await world.moved_up("s-1", "vera")
        await became(system, "vera", "waiting")
        await world.planned("s-1", world.session())
        await world.settled()
        system.clock.advance(timedelta(seconds=31))
        assert (await became(system, "vera", "overtaken"))["reason"] == "no-longer-true"


@pytest.mark.case("N10")
async def test_it_goes_to_the_address_that_is_right_when_it_leaves(system: System) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox, hold=30)
        await world.moved_up("s-1", "vera")
        await became(system, "vera", "waiting")
        await world.volunteer("vera", mail="new@demo.example")
        await world.settled()
        system.clock.advance(timedelta(seconds=31))
        await became(system, "vera", "sent")
        assert [address for address, _ in postbox.raw] == ["new@demo.example"]
        assert postbox.to("new@demo.example")[0]["Subject"] == "Du har fått en plats: Språkcafé"


@pytest.mark.promise("P22")
async def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(
    system: System,
) -> None:
    async with World(system) as world, Postbox() as postbox:
        postbox.answers[VERA] = ["451 4.3.0 busy", "451 4.3.0 still busy"]
        postbox.answers[ALI] = ["550 5.1.1 nobody here"]
        await a_town(system, world, postbox)
        await world.cancelled("s-1", ["vera", "ali"])
        assert (await became(system, "ali", "failed"))["reason"] == "refused-550"

        async def tried(times: int) -> bool:
            row = await deliveries(system).find_one({"person": "vera", "status": "waiting"})
            return row is not None and row["tries"] == times and row["reason"] == "451"

        await eventually(lambda: tried(1))
        system.clock.advance(timedelta(seconds=40))
        await eventually(lambda: tried(2))
        system.clock.advance(timedelta(seconds=150))
        await became(system, "vera", "sent")
        assert len(postbox.to(VERA)) == 1
        assert not postbox.to(ALI)


@pytest.mark.promise("P22")
async def test_a_server_that_is_away_is_waited_for(system: System) -> None:
    async with Postbox() as postbox:
        url = postbox.url
    async with World(system) as world:
        await system.start("notifications", smtp_url=url)
        await world.organisations()
        await world.volunteer("vera")
        await world.settled()
        await world.cancelled("s-1", ["vera"])

        async def tried() -> Any:
            return await deliveries(system).find_one(
                {"person": "vera", "tries": 1, "status": "waiting"}
            )

        assert (await eventually(tried))["reason"]


@pytest.mark.promise("P22")
async def test_a_connection_lost_after_the_mail_was_handed_over_is_unknown(system: System) -> None:
    async with World(system) as world, Postbox() as postbox:
        postbox.answers[VERA] = ["data hang-up"]
        await a_town(system, world, postbox)
        await world.cancelled("s-1", ["vera"])
        row = await became(system, "vera", "unknown")
        assert row["reason"].startswith("lost-")
        assert row["due"] is None
        assert len(postbox.raw) == 1


@pytest.mark.promise("P22")
async def test_killed_between_the_servers_yes_and_our_note_is_unknown_and_not_sent_again(
    system: System,
) -> None:
    system.clock = MovableClock(datetime.now(UTC))
    async with World(system) as world, Postbox() as postbox:
        await world.organisations()
        await world.volunteer("vera")
        operator = grant("operator", ORGANISER).model_dump() | {"scope": {"kind": "national"}}
        await world.person("olof", type(grant("operator", ORGANISER)).model_validate(operator))
        start = system.clock.now() + timedelta(days=7)
        process = await _killed_at(system, postbox, failpoints.AFTER_PROVIDER_YES)
        await world.cancelled("s-1", ["vera"], session=world.session(start=start))
        assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL
        assert len(postbox.raw) == 1
        await system.start("notifications", smtp_url=postbox.url)
        row = await became(system, "vera", "sending")
        system.clock.advance(row["due"] - system.clock.now() + timedelta(seconds=1))
        await world.beat()
        assert (await became(system, "vera", "unknown"))["reason"] == "sender-killed"
        assert len(postbox.raw) == 1
        olof = system.client("notifications", "olof")
        [shown] = (await olof.get("/operator/deliveries")).json()["items"]
        assert shown["id"] == row["_id"]
        assert (await olof.post(f"/operator/deliveries/{row['_id']}/resend")).status_code == 204
        await became(system, "vera", "sent")
        assert len(postbox.raw) == 2


async def _killed_at(
    system: System, postbox: Postbox, failpoint: str
) -> asyncio.subprocess.Process:
    settings = system.settings("notifications")
    environment = {
        **os.environ,
        "SAMVERKAN_MODE": "test",
        "SAMVERKAN_PORT": "0",
        "SAMVERKAN_MONGODB_URL": settings.mongodb_url.get_secret_value(),
        "SAMVERKAN_RABBITMQ_URL": settings.rabbitmq_url.get_secret_value(),
        "SAMVERKAN_OIDC_ISSUER": settings.oidc_issuer,
        "SAMVERKAN_SECRET_KEY": settings.secret_key.get_secret_value(),
        "SAMVERKAN_PUBLIC_URL": settings.public_url,
        "SAMVERKAN_SMTP_URL": postbox.url,
        "SAMVERKAN_MAIL_FROM": settings.mail_from,
        "SAMVERKAN_MAIL_HOLD_SECONDS": "0",
        "SAMVERKAN_FAILPOINT": failpoint,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.notifications", env=environment,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.promise("P22")
async def test_a_service_that_is_stopped_brings_the_mails_under_way_to_their_end(
    system: System,
) -> None:
    async with World(system) as world, Postbox() as postbox:
        await system.start("notifications")
        await world.organisations()
        await world.volunteer("vera")
        await world.settled()
        await world.cancelled("s-1", ["vera"])
        await became(system, "vera", "waiting")
        postbox.gate.clear()
        stopped = asyncio.create_task(_sending(system, postbox).work())
        await became(system, "vera", "sending")
        stopped.cancel()
        await asyncio.sleep(0)
        postbox.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await stopped
        await became(system, "vera", "sent", 1)
        assert len(postbox.raw) == 1


def _sending(system: System, postbox: Postbox) -> Sending:
    plumbing = system.copy("notifications").process.plumbing
    rows = Tables(plumbing.database)
    replicas = Replicas.of(plumbing.database, plumbing.clock, _links(plumbing.settings))
    return Sending(
        rows,
        Judging(rows, replicas, PreferencesOf(plumbing.store), plumbing.clock),
        MailServer(postbox.url),
        Sender("samverkan@demo.example", "http://samverkan.test"),
        plumbing.clock,
    )


@pytest.mark.promise("P4")
async def test_a_line_that_comes_while_its_message_leaves_goes_in_another_one(
    system: System,
) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox)
        postbox.gate.clear()
        await world.cancelled("s-1", ["vera"], correlation="one")
        await became(system, "vera", "sending")
        await world.cancelled("s-2", ["vera"], correlation="one")
        await world.settled()
        postbox.gate.set()

        async def two() -> bool:
            return len(postbox.raw) == 2

        await eventually(two)
        assert await deliveries(system).count_documents({}) == 1
        first, second = postbox.to(VERA)
        assert first["References"] == "<s-1@demo.example>"
        assert second["References"] == "<s-2@demo.example>"
        assert first["Message-ID"] != second["Message-ID"]


@pytest.mark.promise("P4")
@pytest.mark.parametrize("hold", [0.0, 30.0], ids=["hastened", "left as it waits"])
async def test_a_line_that_comes_while_its_message_is_closed_is_not_lost(
    system: System, monkeypatch: pytest.MonkeyPatch, hold: float
) -> None:
    end, arrived = Sending._end, asyncio.Event()

    async def end_late(self: Sending, *given: Any, **more: Any) -> None:
        """The second line comes between what was judged and what is written of it."""
        if not arrived.is_set():
            await world.cancelled("s-2", ["vera"], correlation="one")
            await eventually(lambda: lines.find_one({"subject": "s-2"}))
            await world.settled()
            arrived.set()
        await end(self, *given, **more)

    monkeypatch.setattr(Sending, "_end", end_late)
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox, hold)
        lines = system.raw("notifications", "lines")
        over = world.session(start=system.clock.now() - timedelta(hours=1))
        await world.cancelled("s-1", ["vera"], session=over, correlation="one")
        await eventually(arrived.is_set)
        await became(system, "vera", "sent")
        [mail] = postbox.to(VERA)
        assert mail["References"] == "<s-2@demo.example>"


@pytest.mark.promise("P22")
@pytest.mark.case("N21")
async def test_of_hundreds_of_lines_the_first_to_begin_are_named_and_the_others_counted(
    system: System,
) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox, hold=60)
        # The one of tonight is written last of all.
        starts = [system.clock.now() + timedelta(days=n, hours=4) for n in reversed(range(240))]
        for number, start in enumerate(starts):
            session = world.session(start=start)
            await world.cancelled(f"s-{number}", ["vera"], session=session, correlation="one")
        lines = system.raw("notifications", "lines")
        await eventually(lambda: _are(lines, {"person": "vera"}, 240), 60)
        system.clock.advance(timedelta(seconds=61))
        await became(system, "vera", "sent")
        await eventually(lambda: deliveries(system).find_one({"due": None}))
        [mail] = postbox.to(VERA)
        assert mail["Subject"] == "Inställt: 240 tillfällen"
        text = text_of(mail)
        assert text.index("– Språkcafé tisdag 1 december kl. 13.00") < text.index("2 december")
        assert "… och 220 till." in text
        assert mail["References"].split()[0] == "<s-239@demo.example>"
        await world.cancelled("s-late", ["vera"], correlation="one")
        await eventually(lambda: lines.find_one({"subject": "s-late"}))
        system.clock.advance(timedelta(seconds=61))
        await eventually(lambda: len(postbox.raw) == 2)
        assert postbox.to(VERA)[1]["References"] == "<s-late@demo.example>"


@pytest.mark.promise("P22")
async def test_one_that_holds_behind_many_that_do_not_is_still_sent(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LINES_READ", 2)
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox, hold=60)
        for number in range(6):
            session = world.session(start=system.clock.now() + timedelta(days=number + 1))
            await world.cancelled(f"s-{number}", ["vera"], session=session, correlation="one")
            if number < 5:
                await world.planned(f"s-{number}", session)
        lines = system.raw("notifications", "lines")
        await eventually(lambda: _are(lines, {"person": "vera"}, 6))
        await world.settled()
        system.clock.advance(timedelta(seconds=61))
        await became(system, "vera", "sent")
        [mail] = postbox.to(VERA)
        assert mail["References"] == "<s-5@demo.example>"


async def _are(rows: Any, query: dict[str, Any], number: int) -> bool:
    return bool(await rows.count_documents(query) == number)


@pytest.mark.promise("P22")
async def test_the_seated_hear_that_it_is_off_when_their_organisation_is_excluded(
    system: System,
) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox)
        await world.coordinator("cora")
        await world.organisation(ORGANISER, status="excluded")
        await world.settled()
        await world.cancelled("s-1", ["vera"])
        await became(system, "vera", "sent")
        assert len(postbox.raw) == 1


@pytest.mark.promise("P22")
async def test_tried_again_it_is_the_same_mail(system: System) -> None:
    async with World(system) as world, Postbox() as postbox:
        postbox.answers[VERA] = ["data hang-up", "451 4.3.0 busy"]
        await a_town(system, world, postbox)
        await world.cancelled("s-1", ["vera"], correlation="one")
        row = await became(system, "vera", "unknown")
        await Outbox(_tables(system), system.clock).resend(row["_id"])
        await eventually(lambda: deliveries(system).find_one({"reason": "451"}))
        system.clock.advance(timedelta(seconds=40))
        await became(system, "vera", "sent")
        await eventually(lambda: deliveries(system).find_one({"due": None}))
        first, second = postbox.to(VERA)
        assert first["Message-ID"] == second["Message-ID"]
        await world.cancelled("s-2", ["vera"], correlation="one")
        await eventually(lambda: len(postbox.raw) == 3)
        assert postbox.to(VERA)[2]["Message-ID"] != first["Message-ID"]


def _tables(system: System) -> Tables:
    return Tables(system.copy("notifications").process.plumbing.database)


@pytest.mark.promise("P21")
async def test_what_has_ended_is_kept_for_half_a_year(system: System) -> None:
    async with World(system) as world, Postbox() as postbox:
        postbox.answers[ALI] = ["550 5.1.1 nobody here"]
        await a_town(system, world, postbox)
        await world.cancelled("s-1", ["vera", "ali"])
        for row in (await became(system, "vera", "sent"), await became(system, "ali", "failed")):
            left = row["gone_at"] - system.clock.now()
            assert round(left / timedelta(days=1)) == 180
        indexes = await deliveries(system).index_information()
        assert indexes["gone"]["expireAfterSeconds"] == 0
        await eventually(lambda: deliveries(system).find_one({"person": "vera", "due": None}))
        await Outbox(_tables(system), system.clock).resend(row["_id"])
        assert "gone_at" not in await deliveries(system).find_one({"status": {"$ne": "sent"}})


@pytest.mark.parametrize(
    "address", ["", "Samverkan <no-reply@demo.example>", "no-reply", "a@b@c", "a@b\nBcc: c@d"]
)
def test_a_sender_that_is_no_address_stops_the_start_and_says_why(
    system: System, address: str
) -> None:
    settings = system.settings("notifications", smtp_url="smtp://127.0.0.1:1", mail_from=address)
    with pytest.raises(SystemExit, match="SAMVERKAN_MAIL_FROM must be a bare address"):
        _sender(settings)
    assert _sender(settings.model_copy(update={"mail_from": "no-reply@demo.example"}))


@pytest.mark.promise("P22")
async def test_a_duplicate_after_the_mail_has_left_sends_nothing(system: System) -> None:
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox)
        body = await world.cancelled("s-1", ["vera"])
        row = await became(system, "vera", "sent")
        await eventually(lambda: deliveries(system).find_one({"due": None}))
        await world.again(body)

        async def looked_at_again() -> bool:
            found = await deliveries(system).find_one({"_id": row["_id"]})
            return bool(found["lease"] != row["lease"] and found["due"] is None)

        await eventually(looked_at_again)
        assert (await deliveries(system).find_one({"_id": row["_id"]}))["status"] == "sent"
        assert len(postbox.raw) == 1


@pytest.mark.case("N05")
async def test_a_mail_that_cannot_be_written_fails_alone_and_aloud(
    system: System, expected_alarms: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.notifications.domain import mail

    compose = mail.compose

    def broken_for_vera(message: Any, envelope: Any) -> bytes:
        if envelope.recipient == VERA:
            raise ValueError(VERA)
        return compose(message, envelope)

    monkeypatch.setattr(mail, "compose", broken_for_vera)
    async with World(system) as world, Postbox() as postbox:
        await a_town(system, world, postbox)
        await world.cancelled("s-1", ["vera", "ali"])
        await became(system, "ali", "sent")
        assert (await became(system, "vera", "failed"))["reason"] == "cannot-be-written"
        assert [alarm["event"] for alarm in expected_alarms] == ["mail-cannot-be-written"]
        assert VERA not in repr(expected_alarms)


@pytest.mark.promise("P26")
async def test_no_name_and_no_address_is_ever_logged(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    import structlog

    said: list[str] = []

    def note(_: object, method: str, event: Any) -> Any:
        said.append(repr(event))
        raise structlog.DropEvent

    async with World(system) as world, Postbox() as postbox:
        postbox.answers[VERA] = ["550 5.1.1 <vera@demo.example> unknown"]
        await a_town(system, world, postbox)
        structlog.configure(processors=[note])
        await world.volunteer("vera", mail=VERA)
        await world.cancelled("s-1", ["vera", "ali"])
        await became(system, "vera", "failed")
        await became(system, "ali", "sent")
        assert any("mail-failed" in line for line in said)
        assert not [line for line in said if "@" in line or "Språkcafé" in line]


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, False),
        ("smtps://user:p%40ss@mail.example", "mail.example", 465, True),
        ("smtp://mail.example", "mail.example", 587, False),
    ],
)
def test_the_mail_servers_url_is_read(url: str, host: str, port: int, tls: bool) -> None:
    server = MailServer(url)
    assert (server._host, server._port, server._tls) == (host, port, tls)
    if "user" in url:
        assert (server._user, server._password) == ("user", "p@ss")


async def test_connections_are_kept_and_one_that_died_is_replaced(system: System) -> None:
    async with Postbox() as postbox:
        server = MailServer(postbox.url)
        for _ in range(3):
            await server.send("samverkan@demo.example", VERA, b"Subject: x\r\n\r\nx\r\n")
        assert postbox.connections == 1
        server._idle[0][1].close()
        await server.send("samverkan@demo.example", VERA, b"Subject: x\r\n\r\nx\r\n")
        assert (postbox.connections, len(postbox.raw)) == (2, 4)
        server.close()
