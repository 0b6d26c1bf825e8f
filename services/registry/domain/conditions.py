"""What an organisation asks of its volunteers: its pledge, by version, and how often an extract.

A version is never rewritten: who has accepted it has accepted those words; a new one asks anew. The
latest few texts are kept.
"""

from services.registry.domain.organisation import Decision, Organisation, refuse_ended
from services.registry.domain.volunteer_terms import PledgeText
from shared.contracts.registry import ExtractIntervalChanged, PledgePublished
from shared.contracts.texts import ProseTranslations

TEXTS_KEPT = 5


def publish_pledge(organisation: Organisation, text: ProseTranslations) -> Decision:
    """A new version of the text; the same words again are no new version."""
    refuse_ended(organisation)
    if organisation.pledges and organisation.pledges[-1].text == text:
        return organisation, ()
    new = PledgeText(version=pledge_version(organisation) + 1, text=text)
    kept = (*organisation.pledges, new)[-TEXTS_KEPT:]
    changed = organisation.model_copy(update={"pledges": kept})
    return changed, (PledgePublished(version=new.version),)


def set_extract_interval(organisation: Organisation, months: int) -> Decision:
    """How many months a shown extract counts here."""
    refuse_ended(organisation)
    if organisation.extract_months == months:
        return organisation, ()
    changed = organisation.model_copy(update={"extract_months": months})
    return changed, (ExtractIntervalChanged(months=months),)


def pledge_version(organisation: Organisation) -> int:
    """The version that is asked for now; 0 where nothing is."""
    return organisation.pledges[-1].version if organisation.pledges else 0
