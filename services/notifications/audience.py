"""Whom a flow reaches, page by page in the order of ids: any number of people, bounded memory."""

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from services.notifications.domain.flows import Audience, Overseers, Told
from services.notifications.domain.roles import in_force, oversees
from services.notifications.replicas import Replicas
from shared.contracts.base import OrganisationId
from shared.contracts.registry import RoleGrant, RoleName
from shared.failed import NotThereYet

PAGE = 1000
GRANTS = TypeAdapter(tuple[RoleGrant, ...])


async def pages(
    audience: Audience, replicas: Replicas, now: datetime
) -> AsyncIterator[Sequence[Told]]:
    """First who is named, then who oversees, then who holds the role in an active organisation.

    Raises NotThereYet, after those who are named, when an organisation is not known here yet.
    """
    for start in range(0, len(audience.people), PAGE):
        yield audience.people[start : start + PAGE]
    if audience.overseers is not None:
        async for told in _overseers(replicas, audience.overseers, now):
            yield told
    if audience.role is None:
        return
    network = await replicas.people.network_of(audience.organisations)
    same = {id: network.now(id) for id in audience.organisations}
    for organisation in sorted(set(same.values()) & network.active):
        names = await replicas.names_of(organisation, same)
        async for holders in _holders(replicas, audience.role, names, now):
            yield holders
    if not set(same.values()) <= network.organisations.keys():
        raise NotThereYet("an organisation whose people are to be told")


async def _overseers(
    replicas: Replicas, places: Overseers, now: datetime
) -> AsyncIterator[Sequence[Told]]:
    query = {"state.roles.role": {"$in": ["administrator", "officer"]}}
    async for found in _found(replicas, query):
        grants = ((one["_id"], GRANTS.validate_python(one["state"]["roles"])) for one in found)
        yield [
            Told(id)
            for id, held in grants
            if any(
                in_force(grant, now) and oversees(grant, places.counties, places.accommodations)
                for grant in held
            )
        ]


async def _holders(
    replicas: Replicas, role: RoleName, names: Collection[OrganisationId], now: datetime
) -> AsyncIterator[Sequence[Told]]:
    held = {"$in": list(names)}
    query = {"$or": [{"state.roles.scope.ids": held}, {"state.roles.formerly": held}]}
    async for found in _found(replicas, query):
        yield [Told(id) for id in _holding(found, role, names, now)]


async def _found(
    replicas: Replicas, query: dict[str, Any]
) -> AsyncIterator[Sequence[dict[str, Any]]]:
    """Pages of those who are not suspended, with their roles."""
    last = ""
    while True:
        found = await replicas.people.persons.collection.find(
            {**query, "_id": {"$gt": last}, "state.suspended": {"$ne": True}},
            projection={"state.roles": 1},
            sort=[("_id", 1)],
            limit=PAGE,
        )
        if found:
            yield found
        if len(found) < PAGE:
            return
        last = found[-1]["_id"]


def _holding(
    found: Sequence[dict[str, Any]],
    role: RoleName,
    names: Collection[OrganisationId],
    now: datetime,
) -> Iterator[str]:
    for document in found:
        raw = [
            grant
            for grant in document["state"]["roles"]
            if grant["role"] == role
            and not set(names).isdisjoint((*grant["scope"]["ids"], *grant.get("formerly", ())))
        ]
        if any(in_force(grant, now) for grant in GRANTS.validate_python(raw)):
            yield document["_id"]
