"""Who wants to join an organisation asks it; its coordinators answer with a role, or with a no."""

from datetime import datetime

from services.registry.domain.merging import refuse_merged
from services.registry.domain.person import Ask, Decision, Person, works_in
from shared.contracts.base import Facts, OrganisationId
from shared.contracts.problems import Refused
from shared.contracts.registry import AskDeclined, AskedToJoin, AskTakenBack

MOST_ASKS = 20


def ask(person: Person, organisation: OrganisationId, now: datetime) -> Decision:
    """Ask to join; asking again while the first ask stands changes nothing."""
    refuse_merged(person.merged)
    if has_asked(person, organisation):
        return person, ()
    if works_in(person, organisation, now):
        raise Refused(
            "has-a-role-there",
            sv="Du har redan en roll i organisationen. Be dess samordnare om du behöver en till.",
            en="You have a role in the organisation already. Ask its coordinators for another.",
        )
    if len(person.asks) >= MOST_ASKS:
        raise Refused(
            "too-many-asks",
            sv=f"Du har redan frågat {MOST_ASKS} organisationer. Ta tillbaka en fråga först.",
            en=f"You have asked {MOST_ASKS} organisations already. Take one ask back first.",
        )
    asks = (*person.asks, Ask(organisation=organisation, at=now))
    asked = person.model_copy(update={"asks": asks})
    return asked, (AskedToJoin(organisation=organisation),)


def take_back(person: Person, organisation: OrganisationId) -> Decision:
    """The person no longer wants to join."""
    return _without(person, organisation, AskTakenBack(organisation=organisation))


def decline(person: Person, organisation: OrganisationId) -> Decision:
    """The organisation's coordinators say no."""
    return _without(person, organisation, AskDeclined(organisation=organisation))


def has_asked(person: Person, organisation: OrganisationId) -> bool:
    """Whether the person waits for the organisation's answer."""
    return any(one.organisation == organisation for one in person.asks)


def known_to(person: Person, organisation: OrganisationId, now: datetime) -> bool:
    """Whether the organisation's coordinators may know who it is: a role there, or an ask."""
    return has_asked(person, organisation) or bool(works_in(person, organisation, now))


def _without(person: Person, organisation: OrganisationId, event: Facts) -> Decision:
    refuse_merged(person.merged)
    if not has_asked(person, organisation):
        return person, ()
    asks = tuple(one for one in person.asks if one.organisation != organisation)
    return person.model_copy(update={"asks": asks}), (event,)
