"""What a national organisation does with its branches, hundreds at a time: confirm, hand down."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass

from services.registry.commands.organisations import Organisations
from services.registry.domain import branch
from services.registry.domain.organisation import Organisation
from services.registry.kinds import ORGANISATION
from shared.causes import following
from shared.contracts.problems import NotFound, Problem, Unavailable
from shared.database import Document
from shared.deadline import renew_deadline
from shared.due import in_parallel
from shared.kind import By, Change, Stored
from shared.store import Store

PAGE = 200
CONFIRMED_AT_ONCE = 8


@dataclass(frozen=True)
class Verdict:
    """What became of one branch on the list; `problem` says why it was not confirmed."""

    id: str
    problem: Problem | None = None


class Branches:
    """Use cases of branches as seen from their national organisation."""

    def __init__(self, store: Store, organisations: Organisations) -> None:
        self._store = store
        self._organisations = organisations

    async def confirm(
        self,
        national: str,
        ids: Collection[str],
        sees: Callable[[Stored[Organisation]], bool],
        by: By,
    ) -> Sequence[Verdict]:
        """Welcome those of the national organisation's branches, each by itself and safe to repeat.

        Its applicant is its coordinator when this returns. What is no branch of it, or not seen by
        the caller, is not found. Raises KeyReused for another list under the same Idempotency-Key.
        """
        # Nothing changes in the national organisation but what it remembers of the request.
        await self._store.change(ORGANISATION, national, Change, by)
        asked = list(dict.fromkeys(ids))
        found = await self._store.find(ORGANISATION, {"_id": {"$in": asked}}, limit=len(asked))
        own = {one.id for one in found if one.state.parent == national and sees(one)}
        verdicts: dict[str, Verdict] = {}

        async def confirm_one(id: str) -> None:
            verdicts[id] = await self._confirmed(id, by) if id in own else Verdict(id, NotFound())

        await in_parallel([lambda id=id: confirm_one(id) for id in asked], CONFIRMED_AT_ONCE)  # type: ignore[misc]
        return [verdicts[id] for id in asked]

    async def _confirmed(self, id: str, by: By) -> Verdict:
        renew_deadline()
        try:
            await self._organisations.approve(id, following(by))
        except Unavailable:
            raise
        except Problem as problem:
            return Verdict(id, problem)
        return Verdict(id)

    async def reconcile(self, id: str, by: By) -> None:
        """See that a branch has what is handed down to it, and a national's branches what it hands down.

        Follows the organisation's own event, never a request: a national one has hundreds. Two such
        runs at once may leave a branch with what was handed down before; the branch's own event then
        has it looked at again.
        """
        stored = await self._organisations.load(id)
        if stored.state.kind != "national":
            await self._inherit(stored, await self._organisations.parent_of(stored), by)
            return
        async for one in self._of(id):
            await self._inherit(one, stored.state, by)

    async def _inherit(self, one: Stored[Organisation], above: Organisation | None, by: By) -> None:
        if branch.inherit(one.state, above)[1]:
            await self._organisations.inherit(one.id, above, following(by))

    async def _of(self, national: str) -> AsyncIterator[Stored[Organisation]]:
        last = ""
        while True:
            query: Document = {"keys.parent": national, "_id": {"$gt": last}}
            page = await self._store.find(ORGANISATION, query, sort=[("_id", 1)], limit=PAGE)
            for one in page:
                yield one
            if len(page) < PAGE:
                return
            last = page[-1].id
