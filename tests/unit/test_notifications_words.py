"""Words and mails: one language throughout, harmless whatever people write, readable by every reader."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifications.domain import words
from services.notifications.domain.languages import chain, chosen, of_text
from services.notifications.domain.mail import Envelope, compose
from services.notifications.domain.notification import Line, Lines, Sources, threads
from services.notifications.domain.texts import FRAMES, WORDINGS
from services.notifications.domain.words import Message, Sentence, write
from shared.contracts.activities import ActivitySnapshot, SessionSnapshot
from shared.contracts.registry import (
    IncidentSnapshot,
    InvitationSnapshot,
    OrganisationSnapshot,
    PersonSnapshot,
    Scope,
    SupportCaseSnapshot,
)

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
START = datetime(2026, 12, 8, 17, 0, tzinfo=UTC)
TITLES = (
    "Flyttat: Språkcafé, Folkets Hus i Kåge, på tisdag kl. 15.30 på grund av sjukdom",
    "Inställt: Cykelverkstad, Ekbackens asylboende, i kväll kl. 12.15 – ny tid",
    "ألغي: مقهى اللغة في مكان اللقاء بودن يوم الثلاثاء الساعة 18:00 بسبب قلة المتطوعين",
)
INJECTIONS = (
    "Språkcafé\r\nBcc: alla@example.org",
    "Språkcafé\u2028i parken",
    "A\u0085B",
    "A\u000bB",
    "\u202eäfacråpS",
    "A\0B\n\n.\r\nC",
)


def a_session(title: str, **more: object) -> SessionSnapshot:
    return SessionSnapshot(
        **{
            "activity": "a",
            "kind": "language_cafe",
            "title": {"sv": title},
            "number": 1,
            "status": "cancelled",
            "cancel_reason": "illness",
            "start": START,
            "end": START + timedelta(hours=2),
            "meeting_place": "m",
            "accommodations": (),
            "municipality": "1480",
            "county": "14",
            "organiser": "o",
            **more,
        }
    )


def a_line(flow: int, subject: str = "s", until: datetime | None = None) -> Line:
    return Line(f"l-{subject}", "n", "vera", flow, subject, NOW, START, START, 0, 2, until, "ada")


def told(*first: Line, more: int = 0) -> Lines:
    return Lines(first, more)


def everything(title: str) -> Sources:
    """All that any template speaks of, with one text in the place of all names."""
    activity = ActivitySnapshot(
        kind="language_cafe", title={"sv": title}, status="planned", organiser="o",
        meeting_place="m", accommodations=(), target_groups=("all",), first_start=START,
    )  # fmt: skip
    return Sources(
        sessions={"s": a_session(title), "t": a_session(title)},
        activities={"act": activity},
        organisations={"o": OrganisationSnapshot(name=title, kind="partner", status="approved")},
        people={"ada": PersonSnapshot(name=title)},
        next_start={"a": START},
        invitations={
            "i": InvitationSnapshot(
                role="volunteer", scope=Scope(kind="organisation", ids=("o",)), status="open",
                expires_at=START, invited_by="ada",
            ),
        },
        links={"i": "/l/r.AAAA"},
        incidents={
            "inc": IncidentSnapshot(status="reported", accommodations=("h",), counties=("25",))
        },
        support_cases={
            "q": SupportCaseSnapshot(
                organisation="o", asker="ada", status="open", waiting_since=START
            ),
        },
    )  # fmt: skip


def all_messages(title: str) -> list[Message]:
    """Each template in each language, alone and with several lines."""
    cases = [
        [a_line(3, "o")],
        [a_line(10, "act")],
        [a_line(13)],
        [a_line(13), a_line(13, "t")],
        [a_line(15)],
        [a_line(15, until=START)],
        [a_line(15), a_line(15, "t", START)],
        [a_line(27, "o")],
        [a_line(100, "i", START)],
        [a_line(31, "inc")],
        [a_line(32, "q")],
        [a_line(101, "q")],
    ]
    written = [write(told(*lines), everything(title), code) for lines in cases for code in FRAMES]
    return [message for message in written if message is not None]


def mail(message: Message) -> bytes:
    envelope = Envelope(
        "id.0", "samverkan@demo.example", "vera@demo.example", NOW, ("s", "t"),
        "https://samverkan.example",
    )  # fmt: skip
    return compose(message, envelope)


def subject_of(raw: bytes) -> str:
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    [found] = re.findall(r"^Subject: ([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head, re.MULTILINE)
    return str(make_header(decode_header(found.replace("\r\n", ""))))


@pytest.mark.case("N01")
@pytest.mark.parametrize("title", TITLES)
def test_no_blank_of_a_subject_is_lost_and_every_line_is_short(title: str) -> None:
    for message in all_messages(title):
        raw = mail(message)
        assert subject_of(raw) == message.title.text
        assert b"?==?" not in raw
        assert all(len(word) <= 75 for word in re.findall(rb"=\?.*?\?=", raw))
        assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
        head = raw.partition(b"\r\n\r\n")[0]
        assert all(len(line) <= 78 for line in head.split(b"\r\n"))


@pytest.mark.case("N01")
@settings(max_examples=300)
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=120))
def test_whatever_the_title_the_subject_reads_as_it_was_written(title: str) -> None:
    message = write(told(a_line(13)), everything(title), "sv")
    assert message is not None
    assert subject_of(mail(message)) == " ".join(message.title.text.split())


@pytest.mark.case("N05")
@pytest.mark.parametrize("title", INJECTIONS)
def test_a_line_break_in_a_title_reaches_no_header(title: str) -> None:
    for message in all_messages(title):
        raw = mail(message)
        parsed = message_from_bytes(raw, policy=policy.default)
        assert len(parsed.get_all("Subject")) == 1
        assert parsed["Bcc"] is None
        assert not re.search("[\u202a-\u202e\u2028\u2029\u0085\v\0]", message.title.text)
        assert subject_of(raw) == message.title.text
        assert b"\r\n.\r\n" not in raw


@pytest.mark.case("N07")
@pytest.mark.parametrize(
    "title",
    [
        "[Bekräfta här](https://evil.example)",
        "<img src=x onerror=alert(1)>",
        '{{ 7*7 }} {% for x in y %} https://evil.example & "åäö"',
        "{organisation} {0} %s $name",
    ],
)
def test_what_people_write_is_shown_as_typed_and_is_never_markup(title: str) -> None:
    for message in all_messages(title):
        parsed = message_from_bytes(mail(message), policy=policy.default)
        text = parsed.get_body(("plain",)).get_content()
        html = parsed.get_body(("html",)).get_content()
        assert title in text or title not in message.text + message.title.text
        assert "&amp;" not in text
        assert "<img" not in html
        assert re.findall(r'href="([^"]*)"', html)
        for href in re.findall(r'href="([^"]*)"', html):
            assert href.startswith("https://samverkan.example/")
        assert "49" not in text


@pytest.mark.case("N09")
def test_a_message_is_in_one_language_by_the_readers_own_chain() -> None:
    swedish, english = (
        write(told(a_line(13)), everything("Café"), code) for code in ("sv", "en-GB")
    )
    assert swedish is not None
    assert english is not None
    assert swedish.title.text == "Inställt: Café tisdag 8 december"
    assert english.title.text == "Cancelled: Café Tuesday 8 December"
    assert "kl. 18.00" in swedish.text
    assert "18:00" in english.text
    for preferred in ("ti", "prs", "ckb", "en-GB", ""):
        message = write(told(a_line(13)), everything("Café"), preferred)
        assert message == english, preferred
    assert chain("ckb") == ("ckb", "en", "sv")
    assert chosen("ckb", {"ckb", "en"}) == "ckb"
    assert 'lang="en"' in mail(english).decode() or "Content-Language: en" in mail(english).decode()


def test_a_title_that_lacks_the_readers_language_is_given_as_it_was_written() -> None:
    assert of_text({"prs": "کافه", "sv": "Språkcafé"}, "en") == "Språkcafé"
    assert of_text({"prs": "کافه"}, "en") == "کافه"
    assert of_text({}, "en") == ""


def test_a_paragraph_whose_values_are_unknown_is_left_out() -> None:
    unknown = replace(everything("Café"), next_start={}, people={})
    cancelled = write(told(a_line(13)), unknown, "sv")
    welcome = write(told(a_line(3, "o")), unknown, "sv")
    assert cancelled is not None
    assert welcome is not None
    assert "Nästa gång" not in cancelled.text
    assert "Svara på mejlet" not in welcome.text


def test_a_protected_person_is_named_to_nobody() -> None:
    protected = PersonSnapshot(name="A.A.", protected=True)
    sources = replace(everything("Café"), people={"ada": protected})
    message = write(told(a_line(3, "o")), sources, "sv")
    assert message is not None
    assert "A.A." not in message.text


def test_many_lines_are_one_message_in_the_order_of_their_time() -> None:
    sources = everything("Café")
    many = {f"s{n}": a_session("Café", start=START + timedelta(days=-n)) for n in range(25)}
    message = write(
        told(*(a_line(13, id) for id in many), more=215), replace(sources, sessions=many), "sv"
    )
    assert message is not None
    assert message.title.text == "Inställt: 240 tillfällen"
    assert len(message.items) == words.ITEMS_SHOWN + 1
    assert message.items[0].text.startswith("– Café lördag 14 november kl. 18.00: Ledaren har")
    assert message.items[-1].text == "… och 220 till."


def test_what_is_not_known_yet_has_no_words() -> None:
    assert write(told(a_line(13)), Sources(), "sv") is None


def test_mails_on_one_session_share_a_thread() -> None:
    message = write(told(a_line(13), a_line(13, "t")), everything("Café"), "sv")
    assert message is not None
    parsed = message_from_bytes(mail(message), policy=policy.compat32)
    assert parsed["References"].split() == ["<s@demo.example>", "<t@demo.example>"]
    assert parsed["Message-ID"] == "<id.0@demo.example>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert threads([a_line(13), a_line(13), a_line(13, "t")]) == ("s", "t")


def test_every_wording_has_its_placeholders_in_both_languages() -> None:
    for template, languages in WORDINGS.items():
        names = {
            code: [words._names(p) for p in (one.title, one.item, *one.paragraphs)]
            for code, one in languages.items()
        }
        assert names["sv"] == names["en"], template


def test_html_sets_apart_what_others_wrote() -> None:
    sentence = Sentence("Inställt: {activity} & mer", {"activity": "<b>"})
    assert sentence.html == "Inställt: <bdi>&lt;b&gt;</bdi> &amp; mer"
    assert sentence.text == "Inställt: <b> & mer"
