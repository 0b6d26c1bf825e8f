"""Asked for a shift, thanked, and told that nobody was found: whom, in which words, and while it is so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.notifications.domain.flows import BY_NUMBER, Told, missing
from services.notifications.domain.notification import Lines, Sources
from services.notifications.domain.words import write
from shared.contracts.activities import (
    HelpersAsked,
    HelpersThanked,
    RoleSeats,
    SessionSnapshot,
    SessionUnfilled,
)
from shared.contracts.registry import PersonSnapshot
from tests.unit.test_notifications_flows import a_line, happening

START = datetime(2026, 12, 8, 17, tzinfo=UTC)


def a_session(
    minimum: int = 1, *, municipality: str | None = "2582", **more: object
) -> SessionSnapshot:
    """A language cafe in Boden with room for two helpers; `seated`, `offered`, `waiting` are them."""
    people = {name: more.pop(name) for name in ("seated", "offered", "waiting") if name in more}
    seats = RoleSeats.model_validate({"role": "helper", "minimum": minimum, "maximum": 2, **people})
    return SessionSnapshot.model_validate(
        {
            "activity": "a", "kind": "language_cafe", "title": {"sv": "Språkcafé"}, "number": 1,
            "status": "scheduled", "start": START, "end": START + timedelta(hours=2),
            "meeting_place": "m", "accommodations": (), "municipality": municipality,
            "county": "25", "organiser": "o", "seats": (seats,), **more,
        }
    )  # fmt: skip


def said(flow: int, session: SessionSnapshot, language: str = "sv") -> tuple[str, str]:
    message = write(Lines((a_line(flow),)), Sources(sessions={"s": session}), language)
    assert message is not None
    return message.title.text, message.text


def true(flow: int, session: SessionSnapshot) -> bool:
    return BY_NUMBER[flow].still_true(a_line(flow), Sources(sessions={"s": session}))


def test_those_whom_activities_has_chosen_are_told_and_the_organisers_coordinators() -> None:
    asked = HelpersAsked(people=("vera", "ali"), organiser="o", by_itself=True)
    assert BY_NUMBER[11].whom(asked).people == (Told("vera"), Told("ali"))
    assert BY_NUMBER[35].whom(HelpersThanked(people=("vera",))).people == (Told("vera"),)
    audience = BY_NUMBER[103].whom(SessionUnfilled(organiser="o", missing=1))
    assert (audience.role, audience.organisations) == ("coordinator", ("o",))
    assert {BY_NUMBER[number].group for number in (11, 35)} == {"asked_for_help"}


def test_the_words_say_when_where_and_how_many() -> None:
    when = "tisdag 8 december kl. 18.00"
    assert said(11, a_session()) == (
        f"Språkcafé {when} i Boden. Kan du?",
        "De behöver en till. Kan du?\n"
        "Kan du inte den här gången? Säg det gärna, så frågar vi någon annan.",
    )
    assert said(11, a_session(2), "en")[1].startswith("They need 2 more.")
    assert said(11, a_session(municipality=None))[0] == f"Språkcafé {when} i Norrbotten. Kan du?"
    thanks = f"Språkcafé {when} har nu alla som behövs. Du behöver inte göra något."
    assert said(35, a_session(seated=("ali",))) == ("Det löste sig, tack!", thanks)
    assert said(103, a_session(2))[0] == f"Språkcafé {when}: 2 saknas"


@pytest.mark.promise("P22")
def test_nobody_is_asked_by_mail_for_what_is_filled_cancelled_or_theirs_already() -> None:
    assert true(11, a_session())
    assert true(11, a_session(2, seated=("ali",)))
    for session in (
        a_session(seated=("ali",)),
        a_session(offered=("ali",)),
        a_session(2, waiting=("vera",)),
        a_session(status="cancelled"),
    ):
        assert not true(11, session)
        assert not true(103, session) or "waiting" in str(session)
    absorbed = PersonSnapshot(name="Vera", absorbed=("old",))
    sources = Sources(sessions={"s": a_session(2, seated=("old",))}, people={"vera": absorbed})
    assert not BY_NUMBER[11].still_true(a_line(11), sources)


def test_thanks_are_true_while_it_is_solved() -> None:
    assert true(35, a_session(seated=("ali",)))
    assert not true(35, a_session())
    assert not true(35, a_session(seated=("ali",), status="cancelled"))


def test_missing_is_counted_as_activities_does() -> None:
    assert missing(a_session(2, seated=("a",))) == 1
    assert missing(a_session(0)) == 1
    assert missing(a_session(0, seated=("a",))) == 0
    assert missing(a_session(0, seats=())) == 0


@pytest.mark.parametrize(
    ("asked_at", "sent_at"),
    [
        ("2026-12-05T09:00+01:00", "2026-12-05T17:00+01:00"),
        ("2026-12-05T18:59+01:00", "2026-12-05T18:59:30+01:00"),
        ("2026-12-05T20:00+01:00", "2026-12-06T17:00+01:00"),
        ("2027-03-27T23:00+01:00", "2027-03-28T17:00+02:00"),
    ],
)
def test_what_is_asked_by_itself_is_mailed_in_the_evening_before_eight(
    asked_at: str, sent_at: str
) -> None:
    at, hold = datetime.fromisoformat(asked_at).astimezone(UTC), timedelta(seconds=30)
    session = a_session(start=at + timedelta(days=3))
    facts = HelpersAsked(people=("vera",), organiser="o", by_itself=True)
    event = happening(facts).event.model_copy(update={"time": at})

    def held(facts: HelpersAsked) -> timedelta:
        return BY_NUMBER[11].held_for(replace(happening(facts, session), event=event), hold, at)

    assert at + held(facts) == datetime.fromisoformat(sent_at)
    assert held(facts.model_copy(update={"by_itself": False})) == hold
