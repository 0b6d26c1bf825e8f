"""What can be done with extracts and pledges, on the organisation's side and the person's."""

from collections.abc import Callable
from datetime import date

from services.registry.domain import conditions, volunteering
from services.registry.domain import organisation as organisations
from services.registry.domain import person as persons
from services.registry.domain.organisation import Organisation
from services.registry.domain.person import Person
from services.registry.domain.volunteer_terms import Extract, Pledge, months_after
from services.registry.kinds import ORGANISATION, PERSON
from shared.causes import following
from shared.clock import local_date
from shared.contracts.texts import ProseTranslations
from shared.database import Document
from shared.kind import By, Change, Stored
from shared.store import Store

PAGE = 200


class Volunteering:
    """Use cases of what volunteers show and promise."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def show_extract(
        self, id: str, organisation: str, shown_on: date | None, issued_on: date, by: By
    ) -> Stored[Person]:
        """Note that an extract was shown today, or on `shown_on`; Invalid for dates that cannot be."""
        assert by.actor is not None
        now, policy = self._store.clock.now(), await self._organisation(organisation)
        today = local_date(now)
        extract = Extract(
            organisation=organisation,
            shown_on=shown_on or today,
            seen_by=by.actor,
            valid_until=months_after(shown_on or today, policy.extract_months),
        )
        return await self._change(
            id, lambda one: volunteering.show_extract(one, extract, issued_on, now, today), by
        )

    async def take_back_extract(self, id: str, organisation: str, by: By) -> Stored[Person]:
        """It was noted by mistake."""
        return await self._change(
            id, lambda one: volunteering.take_back_extract(one, organisation), by
        )

    async def accept_pledge(self, id: str, organisation: str, version: int, by: By) -> None:
        """Promise what the organisation's text of today says."""
        now = self._store.clock.now()
        pledge = Pledge(organisation=organisation, version=version, at=now)
        current = conditions.pledge_version(await self._organisation(organisation))
        await self._change(
            id, lambda one: volunteering.accept_pledge(one, pledge, current, now), by
        )

    async def publish_pledge(
        self, id: str, text: ProseTranslations, by: By
    ) -> Stored[Organisation]:
        """A new version of what volunteers promise; it is asked of everyone anew."""
        return await self._change_organisation(
            id, lambda one: conditions.publish_pledge(one, text), by
        )

    async def set_extract_interval(self, id: str, months: int, by: By) -> Stored[Organisation]:
        """For how long a shown extract counts; those that were shown before count so, too."""
        stored = await self._change_organisation(
            id, lambda one: conditions.set_extract_interval(one, months), by
        )
        await self.reconcile(id, following(by))
        return stored

    async def reconcile(self, organisation: str, by: By) -> None:
        """See that every extract counts as the organisation's policy of today says."""
        months, last = (await self._organisation(organisation)).extract_months, ""
        while True:
            query: Document = {"keys.scopes": f"extract:{organisation}", "_id": {"$gt": last}}
            page = await self._store.find(PERSON, query, sort=[("_id", 1)], limit=PAGE)
            for one in page:
                if volunteering.reinterpret(one.state, organisation, months)[1]:
                    await self._change(
                        one.id,
                        lambda state: volunteering.reinterpret(state, organisation, months),
                        by,
                    )
            if len(page) < PAGE:
                return
            last = page[-1].id

    async def _organisation(self, id: str) -> Organisation:
        return (await self._store.load(ORGANISATION, id)).state

    async def _change(
        self, id: str, rule: Callable[[Person], persons.Decision], by: By
    ) -> Stored[Person]:
        return await self._store.change(PERSON, id, lambda one: Change(*rule(one)), by)

    async def _change_organisation(
        self, id: str, rule: Callable[[Organisation], organisations.Decision], by: By
    ) -> Stored[Organisation]:
        return await self._store.change(ORGANISATION, id, lambda one: Change(*rule(one)), by)
