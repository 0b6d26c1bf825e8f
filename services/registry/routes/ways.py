"""Hitta hit: where an accommodation lies, for those who need to get there."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict

from services.registry.domain.location import Whereabouts
from services.registry.permissions.accommodations import FIND_THE_WAY, RUN_ACCOMMODATION
from services.registry.routes.here import here
from services.registry.views.ways import read_shown, way_shown
from shared.caller import Caller
from shared.causes import by
from shared.contracts.texts import Body
from shared.http import Listing, Room, etag, expected_version, page_answer, reply, single_values
from shared.permissions import allow

router = Room(prefix="/accommodations", tags=["accommodations"])

VIEW = "way"
READS = Listing("way-there-reads", sorts=("-at",))
PRIVATE = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}


class WhereaboutsBody(Whereabouts, Body):
    """Where an accommodation lies."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "address": "Exempelvägen 7\n961 00 Boden",
                    "position": {"latitude": 65.8252, "longitude": 21.6887},
                    "directions": "Ingång från gården.",
                }
            ]
        }
    )


@router.put("/{id}/location", status_code=204)
async def locate(
    request: Request,
    id: str,
    body: WhereaboutsBody,
    caller: Annotated[Caller, Depends(allow(RUN_ACCOMMODATION))],
) -> Response:
    """Say where it lies (If-Match from the second time on); read back on the way there only."""
    RUN_ACCOMMODATION.check(caller, await here(request).accommodations.load(id))
    expected = expected_version(request) if "if-match" in request.headers else None
    whereabouts = Whereabouts(**dict(body))
    stored = await here(request).ways.set(id, whereabouts, await by(request, caller, expected))
    return Response(status_code=204, headers={"ETag": etag(stored.version, VIEW), **PRIVATE})


@router.get("/{id}/way-there")
async def way_there(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(FIND_THE_WAY))]
) -> Response:
    """The address, by right and moment; who reads it is logged."""
    single_values(request, set())
    house = FIND_THE_WAY.check(caller, await here(request).accommodations.load(id))
    way = await here(request).ways.read(house, caller)
    contact = await here(request).site_contacts.on_the_way(id, way.ground)
    tag = etag(way.location.version, VIEW) if way.location else None
    return reply(way_shown(way, contact), etag=tag, headers=PRIVATE)


@router.get("/{id}/way-there/reads", openapi_extra=READS.openapi)
async def reads(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(RUN_ACCOMMODATION))]
) -> Response:
    """Who has read the way there, when and by which right, newest first; kept for two years."""
    RUN_ACCOMMODATION.check(caller, await here(request).accommodations.load(id))
    found, cursor = await here(request).ways.reads(id, READS.page(request))
    return reply(page_answer([read_shown(row) for row in found], cursor), headers=PRIVATE)
