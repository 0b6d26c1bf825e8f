"""What can be done with accommodations: load what the rule needs, ask it, store."""

from base64 import b32encode
from collections.abc import Callable, Collection
from datetime import date
from uuid import UUID

from services.registry.commands.meeting_places import MeetingPlaces
from services.registry.domain import accommodation as rules
from services.registry.domain.accommodation import Accommodation, Details
from services.registry.domain.accommodation_public import counted
from services.registry.domain.closing_plan import Line
from services.registry.domain.following import follow
from services.registry.domain.residents import Figure
from services.registry.kinds import ACCOMMODATION, MEETING_PLACE
from shared.causes import following
from shared.clock import local_date
from shared.contracts.problems import Refused
from shared.database import Document, Taken
from shared.kind import By, Change, Rule, Stored, derived_id, new_id
from shared.store import Store

CODES_TRIED = 5
MOST_KNOWN = 10_000
EXTERNAL = "keys.external"


class Accommodations:
    """Use cases of the accommodation aggregate."""

    def __init__(self, store: Store, places: MeetingPlaces) -> None:
        self._store = store
        self._places = places

    async def load(self, id: str) -> Stored[Accommodation]:
        """One accommodation; NotFound when there is none."""
        return await self._store.load(ACCOMMODATION, id)

    async def register(self, details: Details, code: str | None, by: By) -> Stored[Accommodation]:
        """Plan one; Refused for a code in use. Without a code it is given one."""
        return await self._create(
            new_id(by), code, lambda given: rules.register(details, given), by
        )

    async def change_by_import(
        self, id: str, rule: Rule[Accommodation], by: By
    ) -> Stored[Accommodation]:
        """An import's row changes one; its meeting places follow."""

        def decision(one: Accommodation) -> rules.Decision:
            change = rule(one)
            return change.state, change.events

        stored = await self._change(id, decision, by)
        await self._places.reconcile_accommodation(id, following(by))
        return stored

    async def is_needed(self, id: str) -> bool:
        """Whether a meeting place that is not closed serves it."""
        query: Document = {"keys.accommodations": id, "keys.status": {"$ne": "closed"}}
        return bool(await self._store.find(MEETING_PLACE, query, limit=1))

    async def known_among(
        self, codes: Collection[str], names: Collection[str], external: Collection[str] = ()
    ) -> list[Stored[Accommodation]]:
        """Those that have one of these codes (in lower case), names (sort keys) or external keys."""
        query = {
            "$or": [
                {"keys.code": {"$in": list(codes)}},
                {"keys.name": {"$in": list(names)}},
                {"keys.external": {"$in": list(external)}},
            ]
        }
        return await self._store.find(ACCOMMODATION, query, limit=MOST_KNOWN)

    async def change(self, id: str, details: Details, by: By) -> Stored[Accommodation]:
        """Describe it anew; its meeting places follow where it lies before this returns."""
        stored = await self._change(id, lambda one: rules.change(one, details), by)
        await self._places.reconcile_accommodation(id, following(by))
        return stored

    async def open(self, id: str, by: By) -> Stored[Accommodation]:
        """People move in."""
        return await self._change(id, rules.open_, by)

    async def close(self, id: str, on: date, by: By) -> Stored[Accommodation]:
        """It closes on a date; if that is now, its meeting places too before this returns."""
        today = self._today()
        stored = await self._change(id, lambda one: rules.close(one, on, today), by)
        await self._places.reconcile_accommodation(id, following(by))
        return stored

    async def follow(self, id: str, plan: str, line: Line, by: By) -> None:
        """Do what a closing plan says of it, once; its meeting places follow before this returns."""
        today = self._today()
        await self._change(id, lambda one: follow(one, plan, line, today), by)
        await self._places.reconcile_accommodation(id, following(by))

    async def reopen(self, id: str, by: By) -> Stored[Accommodation]:
        """It goes on after all, or again."""
        return await self._change(id, rules.reopen, by)

    async def report(
        self, id: str, figure: Figure, reason: str | None, by: By
    ) -> Stored[Accommodation]:
        """How many live there on a date; `reason` is why another figure is corrected."""
        today = self._today()
        return await self._change(
            id, lambda one: rules.report(one, figure, today, by.actor, reason), by
        )

    async def wake(self, id: str, by: By) -> None:
        """A closing one is closed when its date has come."""
        now = self._store.clock.now()
        await self._change(id, lambda one: rules.wake(one, now), by)
        await self._places.reconcile_accommodation(id, following(by))

    async def timeline(self, id: str) -> list[Document]:
        """What has been done with it, by whom and when."""
        return await self._store.timeline(ACCOMMODATION, id)

    def _today(self) -> date:
        return local_date(self._store.clock.now())

    async def _create(
        self, id: str, code: str | None, rule: Callable[[str], rules.Decision], by: By
    ) -> Stored[Accommodation]:
        for attempt in range(CODES_TRIED):
            change = Change(*rule(code or generated_code(id, attempt)))
            try:
                return await self._store.create(ACCOMMODATION, id, change, by)
            except Taken as taken:
                if taken.field == "_id":
                    raise
                if taken.field == EXTERNAL:
                    raise _external_id_in_use() from taken
                if code is not None:
                    break
        raise _code_in_use()

    async def _change(
        self, id: str, rule: Callable[[Accommodation], rules.Decision], by: By
    ) -> Stored[Accommodation]:
        def counting(one: Accommodation) -> Change[Accommodation]:
            after, events = rule(one)
            return Change(counted(one, after), events)

        try:
            return await self._store.change(ACCOMMODATION, id, counting, by)
        except Taken as taken:
            raise _external_id_in_use() from taken


def generated_code(id: str, attempt: int) -> str:
    """`B-K3QX7A`: short enough to read aloud, the same for the same id and attempt."""
    spread = UUID(derived_id(id, "code", attempt)).bytes
    return f"B-{b32encode(spread).decode()[:6]}"


def _code_in_use() -> Refused:
    return Refused(
        "code-in-use",
        sv="Koden används av ett annat boende. Välj en annan, eller lämna den tom.",
        en="Another accommodation has that code. Choose another, or leave it empty.",
    )


def _external_id_in_use() -> Refused:
    return Refused(
        "external-id-in-use",
        sv="Ett annat boende har redan det externa id:t. Kontrollera numret i det andra systemet.",
        en="Another accommodation has that external id. Check the number in the other system.",
    )
