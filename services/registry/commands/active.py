"""Which organisations are active: roles in any other have no effect."""

from collections.abc import Collection, Mapping

from services.registry.kinds import ORGANISATION
from shared.contracts.registry import OrganisationSnapshot
from shared.people import Network, network
from shared.store import Store

MOST = 500


async def active_organisations(store: Store, ids: Collection[str]) -> frozenset[str]:
    """Those of the organisations that are approved and whose parent, if any, is too."""
    return (await network_of(store, ids)).active & frozenset(ids)


async def network_of(store: Store, ids: Collection[str]) -> Network:
    """These organisations, their parents, and what those were merged into."""

    async def look(some: Collection[str]) -> Mapping[str, OrganisationSnapshot]:
        found = await store.find(ORGANISATION, {"_id": {"$in": list(some)}}, limit=MOST)
        snapshot = ORGANISATION.snapshots["registry.organisation"]
        return {one.id: snapshot(one.state) for one in found}  # type: ignore[misc]

    return await network(ids, look)
