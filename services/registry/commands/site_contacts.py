"""Whom to call at an accommodation: named by officers, known to them and to coordinators there."""

from services.registry.commands.first_or_match import found, put
from services.registry.commands.grounds import Ground, Grounds
from services.registry.domain import site_contact as rules
from services.registry.domain.accommodation import Accommodation
from services.registry.domain.site_contact import Contact, SiteContact
from services.registry.kinds import SITE_CONTACT
from shared.caller import Caller
from shared.contracts.problems import NotAllowed
from shared.database import Document
from shared.kind import By, Change, Stored, derived_id
from shared.store import Store

KNOWN_BY = ("officer", "coordinator")


class SiteContacts:
    """Use cases of the site contact; its id follows from its accommodation's."""

    def __init__(self, store: Store, grounds: Grounds) -> None:
        self._store = store
        self._grounds = grounds

    async def set(self, house: str, contact: Contact, by: By) -> Stored[SiteContact]:
        """Somebody is to be called; with If-Match from the second time on."""
        change = Change(*rules.name(house, contact))
        return await put(self._store, SITE_CONTACT, _id(house), change, by)

    async def remove(self, house: str, by: By) -> None:
        """Nobody any more; NotFound when there has never been one."""
        await self._store.change(
            SITE_CONTACT, _id(house), lambda one: Change(*rules.remove(one)), by
        )

    async def read(
        self, house: Stored[Accommodation], caller: Caller
    ) -> Stored[SiteContact] | None:
        """For who may know it; NotAllowed for all others, whether there is one or not."""
        ground = await self._grounds.of(house, caller)
        if ground is None or ground.right not in KNOWN_BY:
            raise _not_shown()
        return await found(self._store, SITE_CONTACT, _id(house.id))

    async def on_the_way(self, house: str, ground: Ground) -> Contact | None:
        """Whom to call, for somebody who has been let in on this ground."""
        if ground.right not in KNOWN_BY:
            return None
        there = await found(self._store, SITE_CONTACT, _id(house))
        return there.state.contact if there else None

    async def timeline(self, house: str) -> list[Document]:
        """When it was changed, and by whom."""
        return await self._store.timeline(SITE_CONTACT, _id(house))


def _id(house: str) -> str:
    return derived_id("site-contact", house)


def _not_shown() -> NotAllowed:
    return NotAllowed(
        "site-contact-not-shown",
        sv="Boendets kontaktperson visas för samordnare som ordnar något där. "
        "Fråga din samordnare vem du ringer.",
        en="The site contact is shown to coordinators who organise something there. "
        "Ask your coordinator whom to call.",
    )
