"""From lines to words: one message in one language, from what is known at this moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from string import Formatter
from zoneinfo import ZoneInfo

from services.notifications.domain.flows import missing
from services.notifications.domain.languages import CALENDARS, chosen, of_text
from services.notifications.domain.notification import Line, Lines, Sources
from services.notifications.domain.texts import FRAMES, WORDINGS, Template, Wording
from shared.contracts.activities import SessionSnapshot
from shared.contracts.places import COUNTIES, MUNICIPALITIES
from shared.contracts.roles import ROLE_WORDS
from shared.contracts.texts import clean_line

ZONE = ZoneInfo("Europe/Stockholm")
ITEMS_SHOWN = 20

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A pattern of ours with other people's words in it, as text or as HTML."""

    pattern: str
    values: Values

    @property
    def text(self) -> str:
        """As it is read."""
        return self.pattern.format(**self.values)

    @property
    def html(self) -> str:
        """The same, with what others wrote shown as typed and set apart from our own direction."""
        values = {name: f"<bdi>{escape(value)}</bdi>" for name, value in self.values.items()}
        return escape(self.pattern, quote=False).format(**values)


@dataclass(frozen=True, slots=True)
class Message:
    """All words of one notification. `path` is where its one link leads, on our own site."""

    language: str
    title: Sentence
    paragraphs: tuple[Sentence, ...]
    items: tuple[Sentence, ...]
    action: str
    path: str
    why: str

    @property
    def text(self) -> str:
        """Everything but title and link, one line each."""
        return "\n".join(sentence.text for sentence in (*self.items, *self.paragraphs))


def write(lines: Lines, sources: Sources, preferred: str) -> Message | None:
    """The message for some lines of one notification; None when nothing is known of them."""
    known = sorted(
        (line for line in lines.first if sources.knows(line.subject)),
        key=lambda line: _order(line, sources),
    )
    if not known:
        return None
    template = template_of(known[0])
    language = chosen(preferred, WORDINGS[template])
    wording = WORDINGS[template][language]
    all_of_them = Lines(tuple(known), lines.more)
    if all_of_them.count == 1 or not wording.item:
        return _single(known[-1], wording, sources, language)
    return _several(all_of_them, wording, sources, language)


def template_of(line: Line) -> Template:
    """Which words a line is told with."""
    if line.flow == 15:
        return "placed" if line.until is None else "offered"
    return _TEMPLATES[line.flow]


_TEMPLATES: dict[int, Template] = {
    3: "welcome",
    10: "planned",
    11: "asked",
    13: "cancelled",
    14: "moved",
    27: "uncoordinated",
    31: "incident",
    32: "unanswered",
    35: "thanked",
    100: "invited",
    101: "answered",
    102: "unused",
    103: "unfilled",
    104: "leads",
    105: "leads_no_more",
}


def _single(line: Line, wording: Wording, sources: Sources, language: str) -> Message:
    values = values_of(line, sources, language)
    return Message(
        language=language,
        title=_sentence(wording.title, values),
        paragraphs=_complete(wording.paragraphs, values),
        items=(),
        action=wording.action,
        path=_path(line, sources),
        why=FRAMES[language].why_invited if line.flow == 100 else FRAMES[language].why,
    )


def _several(lines: Lines, wording: Wording, sources: Sources, language: str) -> Message:
    items = [_item(line, sources, language) for line in lines.first[:ITEMS_SHOWN]]
    if lines.count > len(items):
        more = {"n": str(lines.count - len(items))}
        items.append(Sentence(FRAMES[language].more, more))
    first = _single(lines.first[0], wording, sources, language)
    return replace(
        first,
        title=Sentence(wording.many_title, {"n": str(lines.count)}),
        items=tuple(items),
        paragraphs=_complete(wording.many_paragraphs, {}),
    )


def _item(line: Line, sources: Sources, language: str) -> Sentence:
    wording = WORDINGS[template_of(line)][language]
    return _sentence("– " + wording.item, values_of(line, sources, language))


def values_of(line: Line, sources: Sources, language: str) -> Values:
    """The values for a line's words; what is not known is not among them. One line each."""
    values = _VALUES[line.flow](line, sources, language)
    return {name: clean(value) for name, value in values.items() if value}


def clean(value: str) -> str:
    """One harmless line, whatever came in: no breaks, no control or direction signs."""
    cleaned = clean_line(value.replace("\0", ""))
    return cleaned if isinstance(cleaned, str) else ""


def _of_welcome(line: Line, sources: Sources, _: str) -> dict[str, str]:
    organisation = sources.organisations[line.subject]
    by = sources.people.get(line.by or "")
    # A protected person is named to nobody.
    return {"organisation": organisation.name, "name": by.name if by and not by.protected else ""}


def _of_planned(line: Line, sources: Sources, language: str) -> dict[str, str]:
    activity = sources.activities[line.subject]
    organiser = sources.organisations.get(activity.organiser)
    return {
        "activity": of_text(activity.title, language),
        "organisation": organiser.name if organiser else "",
        "first": _when(activity.first_start, language),
    }


def _of_session(line: Line, sources: Sources, language: str) -> dict[str, str]:
    session = sources.sessions[line.subject]
    reason = session.cancel_reason
    return {
        "activity": of_text(session.title, language),
        "day": CALENDARS[language].day(session.start, ZONE),
        "when": _when(session.start, language),
        "reason": FRAMES[language].reasons[reason or "other"],
        "was": _when(session.moved_from, language),
        "next": _when(sources.next_start.get(session.activity), language),
        "until": _when(line.until, language),
    }


def _of_missing(line: Line, sources: Sources, language: str) -> dict[str, str]:
    session = sources.sessions[line.subject]
    number = missing(session)
    one = {"sv": "en", "en": "one"}[language]
    return {
        **_of_session(line, sources, language),
        "where": _where(session),
        "missing": one if number == 1 else str(number),
    }


def _where(session: SessionSnapshot) -> str:
    """The municipality, or the county where no more is told."""
    there = MUNICIPALITIES.get(session.municipality or "")
    return there.name if there else COUNTIES.get(session.county, session.county)


def _of_invitation(line: Line, sources: Sources, language: str) -> dict[str, str]:
    invitation = sources.invitations[line.subject]
    by = sources.people.get(line.by or "")
    role = ROLE_WORDS[invitation.role].in_language("en" if language == "en" else "sv")
    places = [sources.organisations.get(id) for id in invitation.scope.ids]
    where = [one.name for one in places if one is not None]
    there = {"sv": " i ", "en": " in "}[language] + where[0] if where else ""
    return {
        "what": role + there,
        # A protected person is named to nobody.
        "name": by.name if by and not by.protected else "",
        "until": _when(line.until, language),
    }


def _of_nothing(_line: Line, _sources: Sources, _language: str) -> dict[str, str]:
    """What is read on the page itself, by right, does not stand in a message."""
    return {}


def _of_unused(line: Line, _: Sources, language: str) -> dict[str, str]:
    return {"day": CALENDARS[language].day(line.until, ZONE) if line.until else ""}


_VALUES: dict[int, Callable[[Line, Sources, str], dict[str, str]]] = {
    3: _of_welcome,
    10: _of_planned,
    11: _of_missing,
    13: _of_session,
    14: _of_session,
    15: _of_session,
    27: _of_welcome,
    31: _of_nothing,
    32: _of_nothing,
    100: _of_invitation,
    101: _of_nothing,
    35: _of_session,
    102: _of_unused,
    103: _of_missing,
    104: _of_session,
    105: _of_session,
}


def _when(moment: datetime | None, language: str) -> str:
    return CALENDARS[language].when(moment, ZONE) if moment else ""


def _path(line: Line, sources: Sources) -> str:
    """Where the one link leads."""
    if line.flow == 3:
        return f"/organisations/{line.subject}/start"
    if line.flow == 27:
        return f"/organisations/{line.subject}/people"
    if line.flow == 10:
        return f"/activities/{line.subject}"
    if line.flow == 31:
        return f"/incidents/{line.subject}"
    if line.flow in (32, 101):
        return f"/support-cases/{line.subject}"
    if line.flow == 100:
        return sources.links[line.subject]
    if line.flow == 102:
        return "/me"
    session = sources.sessions[line.subject]
    return _elsewhere(session) if line.flow in (13, 35) else f"/sessions/{line.subject}"


def _elsewhere(session: SessionSnapshot) -> str:
    return f"/shifts?on={session.start.astimezone(ZONE).date().isoformat()}"


def _order(line: Line, sources: Sources) -> tuple[datetime, str]:
    session = sources.sessions.get(line.subject)
    return (session.start if session else line.at, line.id)


def _complete(patterns: Sequence[str], values: Values) -> tuple[Sentence, ...]:
    return tuple(_sentence(one, values) for one in patterns if _names(one) <= values.keys())


def _sentence(pattern: str, values: Values) -> Sentence:
    names = _names(pattern)
    return Sentence(pattern, {name: values.get(name, "") for name in names})


def _names(pattern: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(pattern) if name}
