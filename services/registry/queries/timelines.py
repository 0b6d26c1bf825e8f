"""Timelines: who did what when, with persons named to those alone who may know them (P15)."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.registry.commands.aliases import Aliases
from services.registry.domain.meeting_place_state import AGENCY
from services.registry.domain.person import Person
from services.registry.kinds import PERSON
from services.registry.permissions.people import knows_person
from services.registry.queries.common import as_step
from shared.caller import Caller
from shared.database import Document
from shared.kind import Stored
from shared.store import Store

NETWORK = "network"


async def steps(
    store: Store, rows: Sequence[Document], caller: Caller, parties: Sequence[str], oversees: bool
) -> list[dict[str, Any]]:
    """The lines of a timeline: `party` is one of `parties` (organisations), the agency, the network.

    `by` is None where the caller may not know the person; `oversees` lets them know everybody.
    """
    now = await Aliases(store).people({row["actor"] for row in rows if row["actor"]})
    rows = [{**row, "actor": now.get(row["actor"] or "")} for row in rows]
    ids = sorted(set(now.values()))
    found = await store.find(PERSON, {"_id": {"$in": ids}}, limit=len(ids)) if ids else []
    persons = {one.id: one for one in found}
    return [_step(row, persons, caller, parties, oversees) for row in rows]


def _step(
    row: Document,
    persons: Mapping[str, Stored[Person]],
    caller: Caller,
    parties: Sequence[str],
    oversees: bool,
) -> dict[str, Any]:
    actor = persons.get(row["actor"] or "")
    known = oversees or (actor is not None and knows_person(caller, actor))
    step = as_step(row)
    return step | {
        "by": step["by"] if known else None,
        "party": None if actor is None else _party(actor.state, parties),
    }


def _party(person: Person, parties: Sequence[str]) -> str | None:
    """For whom the person has acted, by what they are or have been."""
    joined = {*person.joined, *(id for held in person.roles for id in held.scope.ids)}
    own = next((id for id in parties if id in joined), None)
    roles = {held.role for held in person.roles}
    if own is not None:
        return own
    if "officer" in roles:
        return AGENCY
    return NETWORK if "administrator" in roles else None
