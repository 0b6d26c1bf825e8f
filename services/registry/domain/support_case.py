"""A question to the network: open → owned → answered → closed, and open again.

An administrator takes it or is given it. Whoever asked may ask on within 30 days of the end. While
it waits for an answer it is lifted after two weekdays, and once more after two further ones. Words
are removed 24 months after the last were written; that it was asked stays.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.registry.domain.weekdays import end_of_weekday
from shared.contracts.base import Facts, OrganisationId, PersonId
from shared.contracts.problems import Refused
from shared.contracts.registry import (
    SupportCaseAnswered,
    SupportCaseAsked,
    SupportCaseClosed,
    SupportCaseLifted,
    SupportCaseMoved,
    SupportCaseOwned,
    SupportCaseReleased,
    SupportCaseReopened,
    SupportCaseStatus,
    SupportCaseWordsRemoved,
)
from shared.contracts.texts import Name, Prose

WEEKDAYS_TO_ANSWER = 2
MOST_LIFTS = 2
OPEN_AGAIN_WITHIN = timedelta(days=30)
ANSWERED_FOR = timedelta(days=30)
"""So long after an answer that nobody has questioned the matter closes by itself."""
WORDS_KEPT = timedelta(days=730)
MOST_SAID = 100
WAITING = ("open", "owned")

Side = Literal["asker", "network"]


class Said(BaseModel):
    """A question or an answer; the words are gone when their time is over."""

    model_config = ConfigDict(frozen=True)

    side: Side
    by: PersonId
    at: datetime
    words: Prose | None


class SupportCase(BaseModel):
    """The aggregate. `lifted` counts within the present wait, which began at `waiting_since`.

    `lift_at` is when it is lifted next, `ended_at` when it was answered or closed.
    """

    model_config = ConfigDict(frozen=True)

    organisation: OrganisationId
    asker: PersonId
    subject: Name | None
    said: tuple[Said, ...]
    status: SupportCaseStatus = "open"
    owner: PersonId | None = None
    waiting_since: datetime
    lifted: int = 0
    lift_at: datetime | None = None
    ended_at: datetime | None = None


Decision = tuple[SupportCase, tuple[Facts, ...]]


def ask(
    organisation: OrganisationId, asker: PersonId, subject: str, words: str, now: datetime
) -> Decision:
    """A coordinator asks for their organisation."""
    case = SupportCase(
        organisation=organisation,
        asker=asker,
        subject=subject,
        said=(Said(side="asker", by=asker, at=now, words=words),),
        waiting_since=now,
        lift_at=end_of_weekday(now, WEEKDAYS_TO_ANSWER),
    )
    return case, (SupportCaseAsked(organisation=organisation),)


def give(case: SupportCase, administrator: PersonId) -> Decision:
    """An administrator takes it, or is given it; who waits goes on waiting."""
    _insist(case, WAITING, "tas om hand", "be taken")
    if case.owner == administrator:
        return case, ()
    return _with(case, status="owned", owner=administrator), (
        SupportCaseOwned(owner=administrator),
    )


def release(case: SupportCase) -> Decision:
    """Its owner is no administrator any more: it is everybody's again."""
    if case.owner is None:
        return case, ()
    status = "open" if case.status == "owned" else case.status
    return _with(case, status=status, owner=None), (SupportCaseReleased(owner=case.owner),)


def answer(case: SupportCase, administrator: PersonId, words: str, now: datetime) -> Decision:
    """An administrator answers; who answers what nobody had taken, has it."""
    _insist(case, (*WAITING, "answered"), "besvaras", "be answered")
    after = _with(
        _saying(case, "network", administrator, words, now),
        status="answered",
        owner=case.owner or administrator,
        lift_at=None,
        ended_at=now,
    )
    return after, (SupportCaseAnswered(asker=case.asker, organisation=case.organisation),)


def close(case: SupportCase, side: Side, now: datetime) -> Decision:
    """Whoever asked may close it at any time; the network only what it has answered."""
    if case.status == "closed":
        return case, ()
    if side == "network":
        _insist(case, ("answered",), "stängas", "be closed")
    return _closed(case, side, now)


def reopen(case: SupportCase, person: PersonId, words: str, now: datetime) -> Decision:
    """The answer was not enough, or the matter has come back."""
    _insist(case, ("answered", "closed"), "tas upp igen", "be opened again")
    if case.ended_at is not None and now > case.ended_at + OPEN_AGAIN_WITHIN:
        raise Refused(
            "too-late-to-reopen",
            sv="Frågan stängdes för mer än 30 dagar sedan. Ställ en ny.",
            en="The question was closed more than 30 days ago. Ask a new one.",
        )
    after = _with(
        _saying(case, "asker", person, words, now),
        status="owned" if case.owner else "open",
        waiting_since=now,
        lifted=0,
        lift_at=end_of_weekday(now, WEEKDAYS_TO_ANSWER),
        ended_at=None,
    )
    return after, (SupportCaseReopened(owner=case.owner),)


def wake(case: SupportCase, now: datetime) -> Decision:
    """Its words are old, it has waited too long, or its answer has stood unquestioned."""
    if (until := _kept_until(case)) is not None and until <= now:
        return _without_words(case, now)
    if case.lift_at is not None and case.lift_at <= now:
        return _lifted(case, now)
    if case.status == "answered" and _over(case) <= now:
        return _closed(case, "time", now)
    return case, ()


def wakes_at(case: SupportCase) -> datetime | None:
    """The first of: words are removed, it is lifted, it closes by itself."""
    closes = _over(case) if case.status == "answered" else None
    moments = (_kept_until(case), case.lift_at, closes)
    return min((one for one in moments if one is not None), default=None)


def forget(case: SupportCase, person: PersonId, now: datetime) -> Decision:
    """Someone who wrote here is erased: so are their words, and a question with none is over."""
    asked = case.asker == person and case.subject is not None
    if not asked and not any(one.by == person and one.words is not None for one in case.said):
        return case, ()
    said = tuple(
        one.model_copy(update={"words": None}) if one.by == person else one for one in case.said
    )
    after = _with(case, said=said, subject=None if asked else case.subject)
    removed = SupportCaseWordsRemoved(cause="erasure")
    if case.status in WAITING and not any(one.words for one in said if one.side == "asker"):
        after, closed = _closed(after, "erasure", now)
        return after, (removed, *closed)
    return after, (removed,)


def follow(case: SupportCase, now: Mapping[str, str]) -> Decision:
    """Organisations and people that were merged are what they are now."""
    said = tuple(one.model_copy(update={"by": now.get(one.by, one.by)}) for one in case.said)
    after = _with(
        case,
        organisation=now.get(case.organisation, case.organisation),
        asker=now.get(case.asker, case.asker),
        owner=None if case.owner is None else now.get(case.owner, case.owner),
        said=said,
    )
    if after == case:
        return case, ()
    return after, (SupportCaseMoved(organisation=after.organisation),)


def _lifted(case: SupportCase, now: datetime) -> Decision:
    times = case.lifted + 1
    again = end_of_weekday(now, WEEKDAYS_TO_ANSWER) if times < MOST_LIFTS else None
    after = _with(case, lifted=times, lift_at=again)
    return after, (SupportCaseLifted(times=times, owner=case.owner),)


def _closed(
    case: SupportCase, cause: Literal["asker", "network", "time", "erasure"], now: datetime
) -> Decision:
    after = _with(case, status="closed", lift_at=None, ended_at=now)
    return after, (SupportCaseClosed(cause=cause),)


def _without_words(case: SupportCase, now: datetime) -> Decision:
    """What has no words any more cannot wait for an answer."""
    closed, events = (case, ()) if case.status == "closed" else _closed(case, "time", now)
    said = tuple(one.model_copy(update={"words": None}) for one in case.said)
    removed = SupportCaseWordsRemoved(cause="time")
    return _with(closed, said=said, subject=None), (*events, removed)


def _kept_until(case: SupportCase) -> datetime | None:
    there = case.subject is not None or any(one.words is not None for one in case.said)
    return case.said[-1].at + WORDS_KEPT if there else None


def _over(case: SupportCase) -> datetime:
    assert case.ended_at is not None
    return case.ended_at + ANSWERED_FOR


def _saying(
    case: SupportCase, side: Side, person: PersonId, words: str, now: datetime
) -> SupportCase:
    if len(case.said) >= MOST_SAID:
        raise Refused(
            "too-much-said",
            sv="Det är mycket sagt i den här frågan. Stäng den och ställ en ny.",
            en="Much has been said in this question. Close it and ask a new one.",
        )
    return _with(case, said=(*case.said, Said(side=side, by=person, at=now, words=words)))


def _with(case: SupportCase, **update: object) -> SupportCase:
    return case.model_copy(update=update)


def _insist(case: SupportCase, allowed: tuple[str, ...], sv: str, en: str) -> None:
    if case.status not in allowed:
        raise Refused(
            "wrong-status",
            sv=f"Frågan kan inte {sv} som läget är nu. Läs om sidan.",
            en=f"The question cannot {en} as things stand. Reload the page.",
            extra={"status": case.status},
        )
