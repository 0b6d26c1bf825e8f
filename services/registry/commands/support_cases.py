"""What can be done with questions to the network; that its owner may answer is checked twice (P5)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from services.registry.commands.aliases import Aliases
from services.registry.domain import support_case as rules
from services.registry.domain.person import Person
from services.registry.domain.support_case import Side, SupportCase
from services.registry.kinds import PERSON, SUPPORT_CASE
from shared import failpoints
from shared.causes import following
from shared.contracts.base import OrganisationId, PersonId
from shared.contracts.problems import NotFound, NotYetKnown, Refused
from shared.database import Document
from shared.kind import By, Change, Stored, new_id
from shared.store import Store

PAGE = 200


class SupportCases:
    """Use cases of the support case aggregate."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._aliases = Aliases(store)

    async def load(self, id: str) -> Stored[SupportCase]:
        """One question; NotFound when there is none."""
        return await self._store.load(SUPPORT_CASE, id)

    async def ask(
        self, organisation: OrganisationId, subject: str, words: str, by: By
    ) -> Stored[SupportCase]:
        """A coordinator asks for their organisation."""
        assert by.actor is not None
        now = self._store.clock.now()
        change = Change(*rules.ask(organisation, by.actor, subject, words, now))
        return await self._store.create(SUPPORT_CASE, new_id(by), change, by)

    async def give(self, id: str, administrator: PersonId, by: By) -> Stored[SupportCase]:
        """An administrator takes it, or is given it; Refused for whoever is none."""
        await self._insist_on_administrator(administrator)
        stored = await self._change(id, lambda one: rules.give(one, administrator), by)
        return await self._checked_again(stored, by)

    async def answer(self, id: str, words: str, by: By) -> Stored[SupportCase]:
        """An administrator answers."""
        assert by.actor is not None
        person, now = by.actor, self._store.clock.now()
        stored = await self._change(id, lambda one: rules.answer(one, person, words, now), by)
        return await self._checked_again(stored, by)

    async def close(self, id: str, side: Side, by: By) -> Stored[SupportCase]:
        """Whoever asked has what they need, or the network has answered."""
        now = self._store.clock.now()
        return await self._change(id, lambda one: rules.close(one, side, now), by)

    async def reopen(self, id: str, words: str, by: By) -> Stored[SupportCase]:
        """Whoever asked asks on."""
        assert by.actor is not None
        person, now = by.actor, self._store.clock.now()
        return await self._change(id, lambda one: rules.reopen(one, person, words, now), by)

    async def wake(self, id: str, by: By) -> None:
        """It has waited too long, is over, or its words are old."""
        now = self._store.clock.now()
        await self._change(id, lambda one: rules.wake(one, now), by)

    async def follow_organisation(self, id: str, by: By) -> None:
        """An organisation that was merged: what it has asked is its successor's question."""
        now = await self._aliases.organisations([id])
        if now[id] != id:
            await self._follow({"keys.organisation": id}, now, by)

    async def reconcile_person(self, id: str, by: By) -> None:
        """Someone has changed: who may not answer owns no question, whose erased words are gone.

        What someone who was merged has written is theirs under the account that they are now.
        """
        now = (await self._aliases.people([id]))[id]
        if now != id:
            if (await self._store.load(PERSON, id)).state.status == "erased":
                await self._settle(id, by)
            await self._follow({"keys.people": id}, {id: now}, by)
        await self._settle(now, by)

    async def _settle(self, id: PersonId, by: By) -> None:
        person = (await self._store.load(PERSON, id)).state
        if self._may_answer(person):
            return
        erased_at = self._store.clock.now() if person.status == "erased" else None
        last = ""
        while True:
            query: Document = {"keys.people": id, "_id": {"$gt": last}}
            page = await self._store.find(SUPPORT_CASE, query, sort=[("_id", 1)], limit=PAGE)
            for one in page:
                rule = partial(_without, person=id, erased_at=erased_at)
                await self._change(one.id, rule, following(by))
            if len(page) < PAGE:
                return
            last = page[-1].id

    async def timeline(self, id: str) -> list[Document]:
        """What has been done with it, by whom and when."""
        return await self._store.timeline(SUPPORT_CASE, id)

    async def _follow(self, query: Document, now: Mapping[str, str], by: By) -> None:
        while page := await self._store.find(SUPPORT_CASE, query, limit=PAGE):
            for one in page:
                await self._change(one.id, lambda case: rules.follow(case, now), following(by))

    async def _checked_again(self, stored: Stored[SupportCase], by: By) -> Stored[SupportCase]:
        failpoints.reach(failpoints.BETWEEN_CHECKS)
        owner = stored.state.owner
        if owner is None or await self._administers(owner):
            return stored
        after = await self._change(stored.id, lambda case: _without(case, owner), following(by))
        return Stored(after.id, after.version, after.state, stored.result, stored.repeated)

    async def _insist_on_administrator(self, id: PersonId) -> None:
        try:
            if await self._administers(id):
                return
        except NotFound as missing:
            raise NotYetKnown(extra={"field": "to"}) from missing
        raise Refused(
            "not-an-administrator",
            sv="Bara nätverkets administratörer svarar på frågor. Välj en av dem.",
            en="Only network administrators answer questions. Choose one of them.",
        )

    async def _administers(self, id: PersonId) -> bool:
        return self._may_answer((await self._store.load(PERSON, id)).state)

    def _may_answer(self, person: Person) -> bool:
        now = self._store.clock.now()
        return person.status == "active" and any(
            grant.role == "administrator"
            and grant.from_ <= now
            and (grant.until is None or now < grant.until)
            for grant in person.roles
        )

    async def _change(
        self, id: str, rule: Callable[[SupportCase], rules.Decision], by: By
    ) -> Stored[SupportCase]:
        return await self._store.change(SUPPORT_CASE, id, lambda one: Change(*rule(one)), by)


def _without(
    case: SupportCase, person: PersonId, erased_at: datetime | None = None
) -> rules.Decision:
    """The question without an owner who may not answer, and without the words of the erased."""
    after, events = rules.release(case) if case.owner == person else (case, ())
    if erased_at is None:
        return after, events
    forgotten, more = rules.forget(after, person, erased_at)
    return forgotten, (*events, *more)
