"""Which organisations are active: roles in any other have no effect."""

from collections.abc import Collection

from services.registry.kinds import ORGANISATION
from shared.people import active_among
from shared.store import Store


async def active_organisations(store: Store, ids: Collection[str]) -> frozenset[str]:
    """Those of the organisations that are approved and whose parent, if any, is too."""
    if not ids:
        return frozenset()
    own = await store.find(ORGANISATION, {"_id": {"$in": list(ids)}}, limit=500)
    parents = {one.state.parent for one in own if one.state.parent} - {one.id for one in own}
    above = (
        await store.find(ORGANISATION, {"_id": {"$in": list(parents)}}, limit=500)
        if parents
        else []
    )
    snapshot = ORGANISATION.snapshots["registry.organisation"]
    return active_among({one.id: snapshot(one.state) for one in [*own, *above]})  # type: ignore[misc]
