"""What a volunteer has shown and promised an organisation: the register extract and the pledge.

Of an extract the law (2013:852) allows to note that it was shown, and nothing of what it says. How
long that counts is the organisation's policy.
"""

from datetime import date, datetime

from services.registry.domain.person import Decision, Person, works_in
from services.registry.domain.volunteer_terms import YEAR_MONTHS, Extract, Pledge, months_after
from shared.contracts.base import OrganisationId
from shared.contracts.problems import FieldError, Invalid, Refused, Text
from shared.contracts.registry import (
    ExtractReinterpreted,
    ExtractShown,
    ExtractTakenBack,
    PledgeAccepted,
)

_IN_ORDER = Text(
    "Utdraget är utfärdat före det visades, och visades senast i dag. Kontrollera datumen.",
    "The extract is issued before it is shown, and shown today at the latest. Check the dates.",
)
_TOO_OLD = Text(
    "Utdraget får vara högst ett år gammalt när det visas. Be om ett nytt.",
    "The extract may be at most a year old when it is shown. Ask for a new one.",
)


def show_extract(
    person: Person,
    extract: Extract,
    issued_on: date,
    now: datetime,
    today: date,
) -> Decision:
    """A coordinator has seen an extract; `issued_on` is judged, and not kept."""
    if not works_in(person, extract.organisation, now):
        raise _not_there()
    faults = []
    if not issued_on <= extract.shown_on <= today:
        faults.append(FieldError("shown_on", "not-in-order", _IN_ORDER))
    if extract.shown_on > months_after(issued_on, YEAR_MONTHS):
        faults.append(FieldError("issued_on", "too-old", _TOO_OLD))
    if faults:
        raise Invalid(fields=tuple(faults))
    shown = _with(person, (*_others(person, extract.organisation), extract))
    if shown == person:
        return person, ()
    return shown, (ExtractShown(organisation=extract.organisation),)


def take_back_extract(person: Person, organisation: OrganisationId) -> Decision:
    """It was noted by mistake."""
    left = _with(person, _others(person, organisation))
    if left == person:
        return person, ()
    return left, (ExtractTakenBack(organisation=organisation),)


def reinterpret(person: Person, organisation: OrganisationId, months: int) -> Decision:
    """The organisation has another policy now of how long an extract counts."""
    counted = tuple(
        one.counted_for(months) if one.organisation == organisation else one
        for one in person.extracts
    )
    if counted == person.extracts:
        return person, ()
    return _with(person, counted), (ExtractReinterpreted(organisation=organisation),)


def has_valid_extract(person: Person, on: date) -> bool:
    """Whether an extract counts on a date: all that those who must know are told."""
    return any(one.shown_on <= on <= one.valid_until for one in person.extracts)


def accept_pledge(person: Person, pledge: Pledge, current: int, now: datetime) -> Decision:
    """The person promises what the organisation's current version says."""
    if not works_in(person, pledge.organisation, now):
        raise _not_there()
    if pledge.version != current:
        raise Refused(
            "other-version",
            sv="Texten har ändrats sedan du läste den. Läs den som gäller nu och svara igen.",
            en="The text has changed since you read it. Read what holds now and answer again.",
            extra={"version": current},
        )
    if accepted(person, pledge.organisation) == current:
        return person, ()
    others = tuple(one for one in person.pledges if one.organisation != pledge.organisation)
    promised = person.model_copy(update={"pledges": (*others, pledge)})
    return promised, (PledgeAccepted(organisation=pledge.organisation, version=current),)


def accepted(person: Person, organisation: OrganisationId) -> int:
    """The version of the organisation's pledge that the person has accepted; 0 for none."""
    return next((one.version for one in person.pledges if one.organisation == organisation), 0)


def _others(person: Person, organisation: OrganisationId) -> tuple[Extract, ...]:
    return tuple(one for one in person.extracts if one.organisation != organisation)


def _with(person: Person, extracts: tuple[Extract, ...]) -> Person:
    return person.model_copy(update={"extracts": extracts})


def _not_there() -> Refused:
    return Refused(
        "no-role-there",
        sv="Personen har ingen roll i organisationen. Ta in personen först.",
        en="The person has no role in the organisation. Take the person in first.",
    )
