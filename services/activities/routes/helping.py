"""What suits a helper, and the shifts that do."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict

from services.activities import finding, queries
from services.activities.domain.helper import Helper, Wishes
from services.activities.permissions import OWN_HELPING
from services.activities.routes.here import here
from services.activities.views import session_shown
from services.activities.views_helping import fit_shown
from shared.caller import Caller
from shared.causes import by
from shared.http import Room, etag, expected_version, page_answer, reply
from shared.http.language import language_of
from shared.permissions import allow

router = Room(tags=["helping"])
Own = Annotated[Caller, Depends(allow(OWN_HELPING))]


class WishesBody(Wishes):
    """Which days, places and kinds suit; empty is everything near home."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "days": [{"weekday": 2, "from": "17:00", "to": "21:00"}],
                    "within_km": 20,
                    "not_kinds": ["sport"],
                }
            ]
        }
    )


@router.get("/me/helping")
async def read(request: Request, caller: Own) -> Response:
    """What one has said of days, distance and kinds."""
    return _shown(await here(request).helping.load(caller.person_id))


@router.put("/me/helping")
async def change(request: Request, body: WishesBody, caller: Own) -> Response:
    """Say what suits; holds from the next time that somebody is asked."""
    command, seen = await by(request, caller), expected_version(request)
    wishes = Wishes(**dict(body))
    return _shown(await here(request).helping.wish(caller.person_id, wishes, seen, command))


@router.get("/me/fitting-sessions", openapi_extra=finding.FITTING.openapi)
async def fitting(request: Request, caller: Own) -> Response:
    """Coming shifts that one can take, near, in one's languages, on one's days; each says why it fits.

    `waiting_list=true` also shows those where one would stand in the queue.
    """
    page = finding.FITTING.page(request)
    found, cursor = await here(request).finding.fitting(caller.person_id, page)
    names = await queries.names(here(request).replicas, caller, [one for one, _ in found])
    language = language_of(request.scope)
    rows = [session_shown(caller, one, names) | fit_shown(fit, language) for one, fit in found]
    return reply(page_answer(rows, cursor))


def _shown(helper: Helper) -> Response:
    shown = helper.wishes.model_dump(mode="json", by_alias=True)
    return reply(shown | {"asked_at": helper.asked_at}, etag=etag(helper.revision, "self"))
