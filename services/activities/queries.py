"""Lists and sums, each served by an index."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from services.activities.domain.coverage import Coverage
from services.activities.domain.recurrence import moment
from services.activities.domain.schedule import Day
from services.activities.domain.session import Session
from services.activities.kinds import ACTIVITY, COVERAGE, SESSION
from services.activities.permissions import is_national_officer
from services.activities.replicas import Replicas
from shared.caller import Caller
from shared.contracts.activities import ActivityStatus, SessionStatus
from shared.contracts.bands import to_tens
from shared.database import Document
from shared.http import Listing, Page, Position
from shared.kind import Kind, Stored
from shared.store import Store

S = TypeVar("S", bound=BaseModel)

ACTIVITIES = Listing(
    "activities",
    sorts=("start",),
    filters={"organiser": str, "meeting_place": str, "county": str, "status": ActivityStatus},
)
SESSIONS = Listing(
    "sessions",
    sorts=("start", "-start"),
    filters={
        "organiser": str,
        "meeting_place": str,
        "activity": str,
        "county": str,
        "status": SessionStatus,
        "from": Day,
        "to": Day,
    },
)
MY_SESSIONS = Listing("my-sessions", sorts=("start", "-start"), filters={"from": Day, "to": Day})
COVERAGES = Listing("coverage", sorts=("county",), filters={"county": str})

Found = tuple[list[Stored[S]], str | None]


async def activities(store: Store, page: Page, caller: Caller) -> Found[Any]:
    """Activities by their first start; of the drafts only those of the caller's organisations."""
    drafts: Document = {"keys.organiser": {"$in": sorted(caller.organisations)}}
    if page.filters.get("status") != "draft":
        drafts = {"$or": [{"keys.status": {"$ne": "draft"}}, drafts]}
    return await _by_start(store, ACTIVITY, page, lambda one: one.first_start, {"$and": [drafts]})


async def sessions(store: Store, page: Page, person: str | None = None) -> Found[Session]:
    """Sessions by start; with `person` those where they have, had or want a seat."""
    mine = {"keys.people": person} if person else {}
    return await _by_start(store, SESSION, page, lambda one: one.start, mine)


async def names(
    replicas: Replicas, caller: Caller, found: Iterable[Stored[Session]]
) -> dict[str, str]:
    """Names of the people in those of the sessions that the caller coordinates."""
    ids = {
        seat.person
        for one in found
        if caller.coordinates(one.state.organiser)
        for seat in one.state.seats
        if seat.person
    }
    known = await replicas.people.persons.many(sorted(ids)) if ids else {}
    return {id: one.state.name for id, one in known.items()}


async def coverages(store: Store, page: Page) -> Found[Coverage]:
    """Coverage per accommodation, by county."""
    query = {f"keys.{name}": value for name, value in page.filters.items()}
    return await _paged(store, COVERAGE, page, query, "county", lambda one: one.county)


async def shared_municipalities(store: Store, found: Iterable[Stored[Coverage]]) -> frozenset[str]:
    """Those of the municipalities that have at least two accommodations."""
    asked = sorted({one.state.municipality for one in found if one.state.municipality})
    rows = await store.of(COVERAGE).aggregate(
        [
            {"$match": {"keys.municipality": {"$in": asked}, "keys.counts": True}},
            {"$group": {"_id": "$keys.municipality", "houses": {"$sum": 1}}},
        ],
        limit=len(asked) + 1,
    )
    return frozenset(row["_id"] for row in rows if row["houses"] > 1)


async def country(store: Store, caller: Caller) -> dict[str, Any]:
    """People first: how many have no living meeting place, in the country and in each county.

    Officers in scope see exact figures; everybody else sums of the bands' middles, to tens.
    """
    rows = await store.of(COVERAGE).aggregate(_PER_COUNTY, limit=100)
    exact = is_national_officer(caller)
    counties = [
        {"county": row["_id"], **_figures([row], exact or caller.is_officer_for(row["_id"]))}
        for row in rows
    ]
    return {**_figures(rows, exact), "counties": counties}


def _without(people: str) -> Document:
    return {"$sum": {"$cond": ["$keys.living", 0, f"$keys.{people}"]}}


_PER_COUNTY: list[Mapping[str, Any]] = [
    {"$match": {"keys.counts": True}},
    {
        "$group": {
            "_id": "$keys.county",
            "accommodations": {"$sum": 1},
            "living": {"$sum": {"$cond": ["$keys.living", 1, 0]}},
            "in_use": {"$sum": {"$cond": ["$keys.in_use", 1, 0]}},
            "on_trial": {"$sum": {"$cond": ["$keys.on_trial", 1, 0]}},
            "people": {"$sum": "$keys.residents"},
            "people_without": _without("residents"),
            "public_people": {"$sum": "$keys.public_residents"},
            "public_people_without": _without("public_residents"),
        }
    },
    {"$sort": {"_id": 1}},
]


def _figures(rows: Iterable[Document], exact: bool) -> dict[str, Any]:
    listed = list(rows)

    def total(name: str) -> int:
        return sum(row[name] for row in listed)

    if exact:
        people, without = total("people"), total("people_without")
    else:
        people = to_tens(total("public_people"))
        without = to_tens(total("public_people_without"))
    return {
        "people": {"all": people, "without_meeting_place": without, "exact": exact},
        "accommodations": {
            "all": total("accommodations"),
            "living": total("living"),
            "in_use": total("in_use"),
            "on_trial": total("on_trial"),
        },
    }


def as_step(row: Document) -> dict[str, Any]:
    """One line of a timeline: who did what when."""
    return {
        "what": row["type"],
        "version": row["version"],
        "at": row["time"],
        "by": row["actor"],
        "facts": row["facts"],
    }


async def _by_start(
    store: Store, kind: Kind[S], page: Page, start: Any, query: Document | None = None
) -> Found[S]:
    fits: Document = dict(query or {})
    for name, value in page.filters.items():
        if name not in ("from", "to"):
            fits[f"keys.{name}"] = value
    days = span(page.filters.get("from"), page.filters.get("to"))
    if days:
        fits["keys.start"] = days
    return await _paged(store, kind, page, fits, "start", start)


def span(first: date | None, last: date | None) -> dict[str, datetime]:
    """Local days, both within."""
    within: dict[str, datetime] = {}
    if first is not None:
        within["$gte"] = moment(first, "00:00")
    if last is not None:
        within["$lt"] = moment(last + timedelta(days=1), "00:00")
    return within


async def _paged(
    store: Store, kind: Kind[S], page: Page, query: Document, key: str, value: Any
) -> Found[S]:
    direction = -1 if page.sort.startswith("-") else 1
    if page.after is not None:
        further = "$lt" if direction < 0 else "$gt"
        after: list[Document] = [
            {f"keys.{key}": {further: page.after.value}},
            {f"keys.{key}": page.after.value, "_id": {further: page.after.id}},
        ]
        query = {"$and": [query, {"$or": after}]}
    order = [(f"keys.{key}", direction), ("_id", direction)]
    found = await store.find(kind, query, sort=order, limit=page.limit + 1)
    shown, cursor = page.cut(found, lambda one: Position(value(one.state), one.id))
    return list(shown), cursor
