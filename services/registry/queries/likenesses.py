"""Organisations that may be the same as one at hand, as far as the asker may see them."""

from dataclasses import dataclass
from typing import Any

from services.registry.domain.likeness import FIELDS, Reason, likenesses, sought
from services.registry.domain.organisation import Organisation
from services.registry.domain.organisation_profile import Profile
from services.registry.kinds import ORGANISATION
from services.registry.queries.organisations import seen_by
from services.registry.views.organisations import (
    ORGANISATION_FIELDS,
    organisation_view,
    show_organisation,
)
from shared.caller import Caller
from shared.database import Document
from shared.kind import Stored
from shared.store import Store

LOOKED_AT = 50
MOST_SHOWN = 10
SHOWN = ("id", "name", "kind", "status", "parent", "number", "municipalities", "counties")


@dataclass(frozen=True)
class Likely:
    """One that may be the same, and what speaks for it, in percent."""

    organisation: Stored[Organisation]
    alike: dict[Reason, int]

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The same number first, then whatever has most and strongest reasons."""
        return "number" in self.alike, sum(self.alike.values()), max(self.alike.values())


async def likely_duplicates(
    store: Store, profile: Profile, caller: Caller, besides: str | None = None
) -> list[dict[str, Any]]:
    """The likeliest first; reasons that rest on a field which the caller may not see do not count."""
    found = [
        Likely(other, _seen(likenesses(profile, other.state), other, caller))
        for other in await _candidates(store, profile, caller)
        if other.id != besides
    ]
    likely = sorted((one for one in found if one.alike), key=lambda one: one.rank, reverse=True)
    return [_shown(one, caller) for one in likely[:MOST_SHOWN]]


async def _candidates(store: Store, profile: Profile, caller: Caller) -> list[Stored[Organisation]]:
    """Those that share most traces with it: hundreds of branches may share a word or two.

    Looked up by what the caller may see of any organisation, so that nothing hidden decides.
    """
    view = "administrator" if caller.is_administrator else "network"
    strong, near = sought(profile, ORGANISATION_FIELDS.seen_in(view))
    scope = {**seen_by(caller), "keys.likely": {"$in": [*strong, *near]}}
    rows = await store.of(ORGANISATION).aggregate(
        [
            {"$match": {"$and": [scope, {"keys.status": {"$ne": "merged"}}]}},
            {"$project": {"shared": {"$add": [_weight(strong, 10), _weight(near, 1)]}}},
            {"$sort": {"shared": -1, "_id": 1}},
            {"$limit": LOOKED_AT},
        ],
        LOOKED_AT,
    )
    ids = [row["_id"] for row in rows]
    return await store.find(ORGANISATION, {"_id": {"$in": ids}}, limit=LOOKED_AT) if ids else []


def _weight(among: tuple[str, ...], each: int) -> Document:
    shared: Document = {"$setIntersection": ["$keys.likely", {"$literal": list(among)}]}
    return {"$multiply": [{"$size": shared}, each]}


def _seen(alike: Any, other: Stored[Organisation], caller: Caller) -> dict[Reason, int]:
    seen = ORGANISATION_FIELDS.seen_in(organisation_view(caller, other))
    return {reason: percent for reason, percent in alike.items() if FIELDS[reason] in seen}


def _shown(one: Likely, caller: Caller) -> dict[str, Any]:
    shown = show_organisation(one.organisation, organisation_view(caller, one.organisation))
    return {
        "organisation": {name: shown[name] for name in SHOWN},
        "reasons": list(one.alike),
        "likeness": max(one.alike.values()),
    }
