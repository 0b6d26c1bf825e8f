"""The flows alone: whom, about what, until when, and what is judged when a message leaves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.delivery import (
    PAUSES_SECONDS,
    Circumstances,
    Close,
    NothingNew,
    ReadOn,
    Send,
    Wait,
    judge,
    next_try,
)
from services.notifications.domain.flows import BY_NUMBER, FLOWS, Happening, Told, flows_on
from services.notifications.domain.notification import Line, Lines, Sources
from services.notifications.domain.preferences import MailWanted, Preferences
from services.notifications.domain.roles import MEMBER, NOBODY, ROLE, standing
from services.notifications.domain.texts import FRAMES, WORDINGS
from services.notifications.domain.words import template_of
from shared.contracts.activities import (
    ActivityPlanned,
    MovedUp,
    RoleSeats,
    SeatsOffered,
    SessionCancelled,
    SessionSnapshot,
)
from shared.contracts.base import FACTS, Event, EventData
from shared.contracts.registry import (
    ContactSnapshot,
    OrganisationApproved,
    PersonSnapshot,
    RoleGrant,
    Scope,
)

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
START = NOW + timedelta(days=7)
A_ROLE = RoleGrant(
    id="g", role="volunteer", scope=Scope(kind="organisation", ids=("o",)), from_=NOW - HOUR
)
VERA = PersonSnapshot(name="Vera", roles=(A_ROLE,))


def a_session(**more: object) -> SessionSnapshot:
    return SessionSnapshot(
        **{
            "activity": "a",
            "kind": "language_cafe",
            "title": {"sv": "Språkcafé"},
            "number": 1,
            "status": "cancelled",
            "start": START,
            "end": START + 2 * HOUR,
            "meeting_place": "m",
            "accommodations": (),
            "municipality": "1480",
            "county": "14",
            "organiser": "o",
            **more,
        }
    )


def a_line(flow: int = 13, subject: str = "s", **more: object) -> Line:
    strength = BY_NUMBER[flow].strength
    return Line(
        **{
            "id": f"{flow}-{subject}",
            "notification": "n",
            "person": "vera",
            "flow": flow,
            "subject": subject,
            "at": NOW,
            "start": START,
            "useful_until": START,
            "strength": strength,
            "needs": MEMBER,
            **more,
        }
    )


def lines(*first: Line, more: int = 0) -> Lines:
    return Lines(first, more)


def circumstances(**more: object) -> Circumstances:
    return Circumstances(
        **{
            "now": NOW,
            "lines": lines(a_line()),
            "sources": Sources(sessions={"s": a_session()}),
            "person": VERA,
            "standing": MEMBER,
            "preferences": Preferences(),
            "contact": ContactSnapshot(mail="vera@demo.example"),
            **more,
        }
    )


def happening(facts: object, session: SessionSnapshot | None = None) -> Happening:
    event = Event(
        id="e", source="/x", type="x.y.z", subject="s", time=NOW, aggregateversion=1,
        correlationid="c", data=EventData(),
    )  # fmt: skip
    return Happening(event, facts, session)


def test_a_cancellation_tells_the_concerned_and_the_coordinators_of_organiser_and_hosts() -> None:
    facts = SessionCancelled(
        reason="illness", concerned=("vera", "ali"), start=START, organiser="o", hosts=("h", "o")
    )
    audience = BY_NUMBER[13].whom(facts)
    assert [told.person for told in audience.people] == ["vera", "ali"]
    assert audience.role == "coordinator"
    assert audience.organisations == ("o", "h")


def test_a_welcome_goes_to_the_applicant_and_to_nobody_for_an_imported_organisation() -> None:
    whom = BY_NUMBER[3].whom
    assert whom(OrganisationApproved(applicant="lena")).people == (Told("lena", needs=NOBODY),)
    assert whom(OrganisationApproved(applicant=None)).people == ()
    assert whom(OrganisationApproved(applicant="lena", imported_by="ada")).people == ()


def test_a_planned_activity_tells_the_organisers_volunteers() -> None:
    facts = ActivityPlanned(organiser="o", meeting_place="m", sessions=18)
    audience = BY_NUMBER[10].whom(facts)
    assert (audience.role, audience.organisations) == ("volunteer", ("o",))


def test_whoever_moves_up_has_their_own_time_to_answer() -> None:
    until = NOW + 12 * HOUR
    facts = SeatsOffered(
        moved_up=(
            MovedUp(person="vera", role="helper", until=until),
            MovedUp(person="ali", role="helper"),
        )
    )
    flow = BY_NUMBER[15]
    vera, ali = flow.whom(facts).people
    at = happening(facts, a_session(status="scheduled"))
    assert flow.useful_for(vera, at) == until
    assert flow.useful_for(ali, at) == START


def test_a_message_waits_so_that_a_slip_can_be_undone_unless_time_is_short() -> None:
    flow, hold = BY_NUMBER[13], timedelta(seconds=30)
    assert flow.held_for(happening(None, a_session()), hold, START - 3 * HOUR) == hold
    assert flow.held_for(happening(None, a_session()), hold, START - 2 * HOUR) == timedelta()


def test_every_flow_has_words_in_every_language_and_an_event_of_the_contracts() -> None:
    for flow in FLOWS:
        assert flow.on.type in FACTS
        assert flow in flows_on(flow.on.type)
        for until in (None, NOW):
            assert WORDINGS[template_of(a_line(flow.number, until=until))].keys() == FRAMES.keys()
    assert flows_on("registry.person.changed") == ()


@pytest.mark.promise("P22")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Send(lines(a_line()), "vera@demo.example")),
        ({"lines": lines()}, NothingNew()),
        ({"now": START}, Close("expired", "too-late")),
        ({"person": None}, Wait(NOW + timedelta(seconds=30))),
        ({"contact": None}, Wait(NOW + timedelta(seconds=30))),
        ({"sources": Sources()}, Wait(NOW + timedelta(seconds=30))),
        (
            {"person": VERA.model_copy(update={"suspended": True})},
            Close("overtaken", "no-longer-permitted"),
        ),
        ({"standing": ROLE}, Close("overtaken", "no-longer-permitted")),
        (
            {"sources": Sources(sessions={"s": a_session(status="scheduled")})},
            Close("overtaken", "no-longer-true"),
        ),
        (
            {"preferences": Preferences(mail=MailWanted(my_shifts=False))},
            Close("overtaken", "not-wanted"),
        ),
        ({"contact": ContactSnapshot()}, Close("failed", "no-address")),
    ],
)
def test_everything_is_judged_again_when_a_message_leaves(changes: dict, expected: object) -> None:
    assert judge(circumstances(**changes)) == expected


def test_only_what_is_still_true_is_sent() -> None:
    sources = Sources(sessions={"s": a_session(), "t": a_session(status="scheduled")})
    decided = judge(circumstances(lines=lines(a_line(), a_line(subject="t")), sources=sources))
    assert isinstance(decided, Send)
    assert [line.subject for line in decided.lines.first] == ["s"]


def test_a_place_is_told_of_only_while_it_is_theirs() -> None:
    def judged(*seated: str, status: str = "scheduled") -> object:
        seats = RoleSeats(role="helper", minimum=1, maximum=1, seated=seated)
        sources = Sources(sessions={"s": a_session(status=status, seats=(seats,))})
        return judge(circumstances(lines=lines(a_line(15)), sources=sources))

    assert isinstance(judged("vera"), Send)
    assert judged("ali") == Close("overtaken", "no-longer-true")
    assert judged("vera", status="cancelled") == Close("overtaken", "no-longer-true")


def test_who_has_said_yes_is_not_asked_to_answer() -> None:
    def true_for(line: Line, **people: tuple[str, ...]) -> bool:
        seats = RoleSeats(role="helper", minimum=1, maximum=1, **people)
        sources = Sources(sessions={"s": a_session(status="scheduled", seats=(seats,))})
        return BY_NUMBER[15].still_true(line, sources)

    asked = a_line(15, until=NOW + 12 * HOUR)
    assert true_for(asked, offered=("vera",))
    assert not true_for(asked, seated=("vera",))
    assert not true_for(a_line(15), offered=("vera",))


def test_a_door_that_stays_closed_is_told_to_the_concerned_whatever_became_of_their_organisation() -> (
    None
):
    facts = SessionCancelled(
        reason="other", concerned=("vera",), start=START, organiser="o", hosts=()
    )
    [vera] = BY_NUMBER[13].whom(facts).people
    concerned = lines(a_line(needs=vera.needs))
    assert isinstance(judge(circumstances(lines=concerned, standing=ROLE)), Send)
    suspended = VERA.model_copy(update={"suspended": True})
    for gone in ({"standing": NOBODY}, {"standing": ROLE, "person": suspended}):
        decided = judge(circumstances(lines=concerned, **gone))
        assert decided == Close("overtaken", "no-longer-permitted")
    coordinators = lines(a_line())
    assert isinstance(judge(circumstances(lines=coordinators, standing=ROLE)), Close)


def test_what_was_not_read_is_not_decided_by_what_was() -> None:
    untrue = Sources(sessions={"s": a_session(status="scheduled")})
    assert judge(circumstances(lines=lines(a_line(), more=40), sources=untrue)) == ReadOn()
    sent = judge(circumstances(lines=lines(a_line(), more=40)))
    assert sent == Send(lines(a_line(), more=40), "vera@demo.example")


def test_a_weaker_message_on_the_same_session_is_dropped_for_ten_minutes() -> None:
    weak = a_line(15)
    seats = RoleSeats(role="helper", minimum=1, maximum=1, seated=("vera",))
    sources = Sources(sessions={"s": a_session(status="scheduled", seats=(seats,))})

    def judged(other: Line) -> object:
        return judge(circumstances(lines=lines(weak), sources=sources, recent=(weak, other)))

    just_before = a_line(13, at=NOW - timedelta(minutes=9))
    assert judged(just_before) == Close("overtaken", "stronger-told")
    assert isinstance(judged(replace(just_before, at=NOW - timedelta(minutes=11))), Send)
    assert isinstance(judged(replace(just_before, subject="t")), Send)
    assert isinstance(judged(replace(just_before, person="ali")), Send)


def test_a_welcome_does_not_wait_for_the_role_that_follows_the_approval() -> None:
    from shared.contracts.registry import OrganisationSnapshot

    o = OrganisationSnapshot(name="Majblomman demo", kind="independent", status="approved")
    case = circumstances(
        lines=lines(a_line(3, "o", needs=NOBODY)),
        sources=Sources(organisations={"o": o}),
        standing=NOBODY,
    )
    assert isinstance(judge(case), Send)


@given(st.floats(0, 1), st.integers(1, len(PAUSES_SECONDS)))
def test_pauses_between_tries_grow_and_end_after_some_75_hours(chance: float, tries: int) -> None:
    pause = next_try(tries, NOW, chance)
    assert pause is not None
    assert abs((pause - NOW).total_seconds() / PAUSES_SECONDS[tries - 1] - 1) <= 0.2001
    assert next_try(len(PAUSES_SECONDS) + 1, NOW, chance) is None
    assert 70 * 3600 < sum(PAUSES_SECONDS) < 80 * 3600


def test_only_a_role_in_force_in_an_active_organisation_counts_as_taking_part() -> None:
    ended = A_ROLE.model_copy(update={"until": NOW})
    national = A_ROLE.model_copy(update={"scope": Scope(kind="national")})
    assert standing(VERA, {"o"}, NOW) == MEMBER
    assert standing(VERA, {"other"}, NOW) == ROLE
    assert standing(VERA.model_copy(update={"roles": (ended,)}), {"o"}, NOW) == NOBODY
    assert standing(VERA.model_copy(update={"roles": (national,)}), set(), NOW) == MEMBER
    assert standing(None, {"o"}, NOW) == NOBODY
