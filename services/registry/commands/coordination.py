"""Keeps each organisation's own note of whether anybody coordinates it (P5)."""

from collections.abc import Iterable
from typing import Any

from services.registry.domain import coordination as rules
from services.registry.domain.organisation import Organisation
from services.registry.kinds import ORGANISATION, PERSON
from shared.contracts.base import Event
from shared.contracts.problems import NotFound
from shared.contracts.registry import PersonChanged
from shared.kind import By, Change
from shared.store import Store

HOLDERS = 200
LOOKS = 3


class Coordination:
    """What follows for organisations when somebody's roles or account change."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def after(self, event: Event, by: By) -> None:
        """Look at the organisations that an event of a person may concern."""
        for organisation in sorted(await self._concerned(event)):
            try:
                await self.reconcile(organisation, by)
            except NotFound:
                continue

    async def reconcile(self, organisation: str, by: By) -> None:
        """See that the note agrees with people's roles; looks again after it has written."""
        for _ in range(LOOKS):
            coordinated = await self._is_coordinated(organisation)

            def change(one: Organisation, coordinated: bool = coordinated) -> Change[Organisation]:
                return Change(*rules.note(one, coordinated))

            before = await self._store.load(ORGANISATION, organisation)
            if not rules.note(before.state, coordinated)[1]:
                return
            await self._store.change(ORGANISATION, organisation, change, by)

    async def _concerned(self, event: Event) -> set[str]:
        facts = event.data.facts
        grants = [*facts.get("grants", ()), *([facts["grant"]] if _is_grant(facts) else ())]
        if event.type == PersonChanged.type and "suspended" in facts.get("fields", ()):
            found = await self._store.find(PERSON, {"_id": event.subject}, limit=1)
            grants += [held.model_dump() for one in found for held in one.state.roles]
        return {*_coordinated_by(grants), *facts.get("coordinated", ())}

    async def _is_coordinated(self, organisation: str) -> bool:
        now = self._store.clock.now()
        query = {"keys.scopes": f"coordinator:{organisation}"}
        found = await self._store.find(PERSON, query, limit=HOLDERS)
        return any(rules.coordinates(one.state, organisation, now) for one in found)


def _is_grant(facts: dict[str, Any]) -> bool:
    return isinstance(facts.get("grant"), dict)


def _coordinated_by(grants: Iterable[dict[str, Any]]) -> set[str]:
    of_coordinators = (one for one in grants if one["role"] == "coordinator")
    return {id for one in of_coordinators for id in one["scope"]["ids"]}
