"""Why somebody or something fits, in words; whom was asked, and what they answered."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.activities.domain.asking import Verdict, missing, next_step
from services.activities.domain.fitting import Candidate, Fit
from services.activities.domain.questions import Asked
from services.activities.domain.seats import active
from services.activities.domain.session import Session
from shared.contracts.base import PersonId
from shared.contracts.problems import Language, Text

VERDICTS: Mapping[Verdict, Text] = {
    "asked": Text("Får frågan nu.", "Is asked now."),
    "already_asked": Text(
        "Är redan tillfrågad eller har lämnat passet.", "Was asked already, or has left the shift."
    ),
    "asked_lately": Text("Har fått frågor nog den här veckan.", "Has been asked enough this week."),
    "on_it": Text("Är redan med på passet.", "Is on the shift already."),
    "works_that_day": Text("Har ett pass samma dag.", "Has a shift the same day."),
    "does_not_suit": Text(
        "Vill inte bli tillfrågad om det här.", "Does not want to be asked about this."
    ),
    "cannot_take_it": Text("Kan inte ta just det här passet.", "Cannot take this very shift."),
    "not_yours": Text(
        "Är inte volontär eller samordnare hos er.", "Is no volunteer or coordinator of yours."
    ),
}


def fit_shown(fit: Fit, language: Language) -> dict[str, Any]:
    """The reasons one by one, and as one line; only what fits is ever said."""
    reasons = [
        {"code": one.code, "words": one.words.in_language(language)}
        for one in fit.reasons
        if one.words is not None
    ]
    return {"why": ", ".join(one["words"] for one in reasons), "reasons": reasons}


def possible_shown(
    session: Session,
    ranked: Sequence[tuple[Candidate, Fit]],
    names: Mapping[PersonId, str],
    language: Language,
) -> dict[str, Any]:
    """For the organiser's coordinators: who fits, who was asked, and what happens by itself.

    `names` are those the replica has: initials for protected people.
    """
    step = next_step(session)
    return {
        "missing": missing(session),
        "items": [
            {"person": one.person, "name": names.get(one.person), **fit_shown(fit, language)}
            for one, fit in ranked
        ],
        "asked": [
            {"person": one.person, "name": names.get(one.person), **question_shown(session, one)}
            for one in session.asked
        ],
        "by_itself": {"at": step[0], "what": step[1]} if step else None,
    }


def question_shown(session: Session, asked: Asked) -> dict[str, Any]:
    """When somebody was asked, and their newest answer."""
    no = "not_this_time" if asked.declined_at else None
    answer = "yes" if active(session.seats, asked.person) else no
    return {"at": asked.at, "answer": answer}


def verdicts_shown(verdicts: Mapping[PersonId, Verdict], language: Language) -> dict[str, Any]:
    """What became of each who was to be asked."""
    return {
        "people": [
            {"person": person, "verdict": one, "words": VERDICTS[one].in_language(language)}
            for person, one in verdicts.items()
        ]
    }
