"""What one wants by mail."""

from typing import Annotated

from fastapi import Depends, Request, Response

from services.notifications.domain.preferences import MailWanted, Preferences
from services.notifications.permissions import OWN_PREFERENCES
from services.notifications.routes import examples
from services.notifications.routes.here import here
from shared.caller import Caller
from shared.causes import by
from shared.contracts.texts import Body
from shared.http import Room, etag, expected_version, reply
from shared.kind import Stored
from shared.permissions import allow

router = Room(prefix="/me/preferences", tags=["preferences"])
Own = Annotated[Caller, Depends(allow(OWN_PREFERENCES))]


class Wanted(Body):
    """Mail on or off, group by group; the inbox always has everything."""

    mail: MailWanted


@router.get("", responses=examples.PREFERENCES)
async def read(request: Request, caller: Own) -> Response:
    """One's choices; all mail is on until switched off."""
    return _shown(await here(request).preferences.load(caller.person_id))


@router.put("", responses=examples.PREFERENCES)
async def change(request: Request, body: Wanted, caller: Own) -> Response:
    """Choose; holds from the next mail on, also for what waits already."""
    command = await by(request, caller, expected_version(request))
    return _shown(await here(request).preferences.change(caller.person_id, body.mail, command))


def _shown(stored: Stored[Preferences]) -> Response:
    return reply(stored.state, etag=etag(stored.version, "self"))
