"""Coverage: who has a living meeting place, and what there is to do."""

from typing import Annotated

from fastapi import Depends, Request, Response

from services.activities import queries
from services.activities.permissions import READ_COVERAGE
from services.activities.routes.here import here
from services.activities.views import coverage_etag, coverage_shown
from shared.caller import Caller
from shared.http import Room, not_modified, page_answer, reply
from shared.permissions import allow

router = Room(prefix="/coverage", tags=["coverage"])

Reader = Annotated[Caller, Depends(allow(READ_COVERAGE))]


@router.get("", openapi_extra=queries.COVERAGES.openapi)
async def listed(request: Request, caller: Reader) -> Response:
    """Per accommodation, by county; in bands unless one is an officer there."""
    page = queries.COVERAGES.page(request)
    store = here(request).store
    found, cursor = await queries.coverages(store, page)
    shared = await queries.shared_municipalities(store, found)
    return reply(page_answer([coverage_shown(caller, one, shared) for one in found], cursor))


@router.get("/country")
async def country(request: Request, caller: Reader) -> Response:
    """People first: how many of how many have no living meeting place, and by county."""
    return reply(await queries.country(here(request).store, caller))


@router.get("/{accommodation}")
async def read(request: Request, accommodation: str, caller: Reader) -> Response:
    """One accommodation."""
    stored = await here(request).coverages.load(accommodation)
    shared = await queries.shared_municipalities(here(request).store, [stored])
    shown = coverage_shown(caller, stored, shared)
    tag = coverage_etag(caller, stored, shown)
    return not_modified(request, tag) or reply(shown, etag=tag)
