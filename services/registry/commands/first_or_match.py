"""What is put in its place: made the first time, after that changed with If-Match only (P19)."""

from shared.contracts.problems import PreconditionRequired, Stale
from shared.database import Taken
from shared.kind import By, Change, Kind, S, Stored
from shared.store import Store


async def put(store: Store, kind: Kind[S], id: str, change: Change[S], by: By) -> Stored[S]:
    """Make it, or replace what is there; PreconditionRequired or Stale when that was not seen."""
    if by.expected is None and await found(store, kind, id) is None:
        try:
            return await store.create(kind, id, change, by)
        except Taken as taken:
            raise Stale() from taken
    if by.expected is None:
        raise PreconditionRequired()
    return await store.change(kind, id, lambda _: change, by)


async def found(store: Store, kind: Kind[S], id: str) -> Stored[S] | None:
    """What is there, if anything."""
    there = await store.find(kind, {"_id": id}, limit=1)
    return there[0] if there else None
