"""What the parties of a meeting place agree on: signed by each, in force, renewed or ended.

What was signed cannot change: whoever changes hosts or terms asks everyone to sign again.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from services.registry.domain.meeting_place_parts import (
    Ending,
    Renewal,
    Signature,
    Terms,
    Trial,
    insist_on_terms,
)
from services.registry.domain.meeting_place_state import (
    AGENCY,
    IN_FORCE,
    NOT_IN_FORCE,
    Decision,
    MeetingPlace,
    Standing,
    insist,
    insist_on_host,
    last_day,
)
from services.registry.domain.meeting_place_time import wake
from shared.clock import local_date
from shared.contracts.base import Facts, OrganisationId, PersonId
from shared.contracts.problems import FieldError, Invalid, Refused, Text
from shared.contracts.registry import (
    EndReason,
    MeetingPlaceAgreementEnding,
    MeetingPlaceChanged,
    MeetingPlaceRenewalProposed,
    MeetingPlaceRenewalSigned,
    MeetingPlaceSignaturesVoided,
    MeetingPlaceSigned,
    MeetingPlaceTrialAllowed,
)

LONGEST_TRIAL_DAYS = 30
VOID_SIGNATURES_KEPT = 50


def sign(
    place: MeetingPlace, party: str, person: PersonId, now: datetime, edition: int | None = None
) -> Decision:
    """One party signs, once; with the last signature the agreement is in force if its time is.

    `edition` is the one they have read: another has other terms or parties.
    """
    place, before = wake(place, now)
    _insist_on_party(party, place.hosts)
    if any(one.party == party for one in place.signatures):
        return place, before
    insist(place, NOT_IN_FORCE, "skrivas under", "be signed")
    _insist_on_edition(place, edition)
    signature = Signature(party=party, by=person, at=now)
    signed = place.model_copy(update={"signatures": (*place.signatures, signature)})
    after, more = wake(signed, now)
    return after, (*before, MeetingPlaceSigned(party=party), *more)


def rewrite(
    place: MeetingPlace,
    hosts: Sequence[OrganisationId],
    terms: Terms,
    standing: Standing,
    now: datetime,
) -> Decision:
    """Other hosts or terms than proposed; signatures on the old ones are void, and stay visible."""
    place, before = wake(place, now)
    insist(place, NOT_IN_FORCE, "få andra villkor", "be given other terms")
    insist_on_terms(terms, local_date(now))
    insist_on_host(standing)
    wanted = {"hosts": tuple(hosts), "agreement": terms}
    changed = tuple(name for name, value in wanted.items() if value != getattr(place, name))
    if not changed:
        return place, before
    void, events = _voided(place, place.signatures)
    after = void.model_copy(update={**wanted, "signatures": (), "edition": place.edition + 1})
    return after, (*before, *events, MeetingPlaceChanged(fields=changed))


def allow_trial(place: MeetingPlace, days: int, person: PersonId, now: datetime) -> Decision:
    """An officer says yes to at most 30 days without an agreement."""
    insist(place, ("proposed",), "öppnas på prov", "be opened on trial")
    if place.trial is not None and place.trial.days == days:
        return place, ()
    if not 1 <= days <= LONGEST_TRIAL_DAYS:
        text = Text("Välj 1 till 30 dagar.", "Choose 1 to 30 days.")
        raise Invalid(fields=(FieldError("days", "out-of-range", text),))
    trial = Trial(days=days, by=person, at=now)
    return place.model_copy(update={"trial": trial}), (MeetingPlaceTrialAllowed(days=days),)


def renew(
    place: MeetingPlace,
    hosts: Sequence[OrganisationId],
    terms: Terms,
    standing: Standing,
    now: datetime,
) -> Decision:
    """Propose what takes over: from tomorrow at the earliest, the day after the end at the latest.

    Another proposal than the one that waits voids the signatures on that one.
    """
    place, before = wake(place, now)
    insist(place, IN_FORCE, "få en ny överenskommelse", "be given a new agreement")
    renewal = Renewal(hosts=tuple(hosts), terms=terms)
    if renewal == place.renewal:
        return place, before
    insist_on_terms(terms, local_date(now))
    _insist_on_no_gap(place, terms, local_date(now))
    insist_on_host(standing)
    void, events = _voided(place, place.renewal_signatures)
    after = void.model_copy(
        update={"renewal": renewal, "renewal_signatures": (), "edition": place.edition + 1}
    )
    told = MeetingPlaceRenewalProposed(hosts=renewal.hosts, from_=terms.from_, until=terms.until)
    return after, (*before, *events, told)


def sign_renewal(
    place: MeetingPlace, party: str, person: PersonId, now: datetime, edition: int | None = None
) -> Decision:
    """One party signs what is to take over, once; late enough, it takes over at once."""
    place, before = wake(place, now)
    insist(place, IN_FORCE, "förlängas", "be renewed")
    if place.renewal is None:
        raise Refused(
            "no-renewal",
            sv="Ingen ny överenskommelse är föreslagen. Föreslå den först.",
            en="No next agreement has been proposed. Propose it first.",
        )
    _insist_on_party(party, place.renewal.hosts)
    if any(one.party == party for one in place.renewal_signatures):
        return place, before
    _insist_on_edition(place, edition)
    signature = Signature(party=party, by=person, at=now)
    signed = place.model_copy(update={"renewal_signatures": (*place.renewal_signatures, signature)})
    after, more = wake(signed, now)
    return after, (*before, MeetingPlaceRenewalSigned(party=party), *more)


def end(
    place: MeetingPlace,
    party: str,
    on: date,
    reason: EndReason,
    words: str | None,
    person: PersonId,
    now: datetime,
) -> Decision:
    """A party ends the agreement early, with the notice that was agreed on; said once, it stands.

    A proposal that would leave a gap after the new last day falls.
    """
    place, before = wake(place, now)
    _insist_on_party(party, place.hosts)
    insist(place, IN_FORCE, "sägas upp", "be given notice of")
    ending = Ending(party=party, on=on, reason=reason, words=words, by=person, at=now)
    if place.ending is not None:
        return _said_before(place, ending), before
    _insist_on_notice(place, on, local_date(now))
    after = place.model_copy(update={"ending": ending})
    told: tuple[Facts, ...] = (MeetingPlaceAgreementEnding(party=party, on=on, reason=reason),)
    if place.renewal is not None and place.renewal.terms.from_ > on + timedelta(days=1):
        after, events = _voided(after, place.renewal_signatures)
        after = after.model_copy(update={"renewal": None, "renewal_signatures": ()})
        told = (*events, *told)
    return after, (*before, *told)


def _said_before(place: MeetingPlace, ending: Ending) -> MeetingPlace:
    before = place.ending
    assert before is not None
    if (before.party, before.on, before.reason) != (ending.party, ending.on, ending.reason):
        raise Refused(
            "already-ended",
            sv=f"Överenskommelsen är redan uppsagd och slutar {before.on}.",
            en=f"The agreement has been ended already, on {before.on}.",
            extra={"on": before.on.isoformat()},
        )
    return place


def _voided(
    place: MeetingPlace, signatures: Sequence[Signature]
) -> tuple[MeetingPlace, tuple[Facts, ...]]:
    if not signatures:
        return place, ()
    void = (*place.void_signatures, *signatures)[-VOID_SIGNATURES_KEPT:]
    parties = tuple(one.party for one in signatures)
    after = place.model_copy(update={"void_signatures": void})
    return after, (MeetingPlaceSignaturesVoided(parties=parties),)


def _insist_on_party(party: str, hosts: Sequence[OrganisationId]) -> None:
    if party not in (AGENCY, *hosts):
        raise Refused(
            "not-a-party",
            sv="Den organisationen är inte part i överenskommelsen.",
            en="That organisation is not a party to the agreement.",
        )


def _insist_on_edition(place: MeetingPlace, edition: int | None) -> None:
    if edition is not None and edition != place.edition:
        raise Refused(
            "agreement-changed",
            sv="Överenskommelsen har ändrats sedan du läste den. Läs den igen och skriv sedan under.",
            en="The agreement has changed since you read it. Read it again, then sign.",
            extra={"edition": place.edition},
        )


def _insist_on_no_gap(place: MeetingPlace, terms: Terms, today: date) -> None:
    ends = min(place.agreement.until, place.ending.on if place.ending else place.agreement.until)
    first, last = today + timedelta(days=1), ends + timedelta(days=1)
    if not first <= terms.from_ <= last:
        text = Text(
            f"Välj en första dag från {first} till {last}: inget glapp, och inte två på samma gång.",
            f"Choose a first day from {first} to {last}: no gap, and never two at once.",
        )
        raise Invalid(fields=(FieldError("agreement.from", "gap-or-overlap", text),))


def _insist_on_notice(place: MeetingPlace, on: date, today: date) -> None:
    first = today + timedelta(days=place.agreement.notice_days)
    last = last_day(place)
    if first > last:
        raise Refused(
            "ends-anyway",
            sv=f"Överenskommelsen slutar {last} ändå. Stäng mötesplatsen om den måste sluta förr.",
            en=f"The agreement ends on {last} anyway. Close the place if it must end sooner.",
            extra={"until": last.isoformat()},
        )
    if not first <= on <= last:
        text = Text(f"Välj en dag från {first} till {last}.", f"Choose from {first} to {last}.")
        raise Invalid(fields=(FieldError("on", "outside-the-notice", text),))
