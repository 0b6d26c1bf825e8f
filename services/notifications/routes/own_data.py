"""One's own data in notifications, to take away; also when one's account is suspended."""

from typing import Annotated

from fastapi import Depends, Request, Response

from services.notifications.routes.here import here
from shared.access import PersonNotKnown
from shared.http import Room, reply
from shared.permissions import signed_in
from shared.tokens import Token

router = Room(tags=["own data"])


@router.get("/me/export")
async def export(request: Request, token: Annotated[Token, Depends(signed_in)]) -> Response:
    """What one was told and what became of the mails, one's choices, how one is reached."""
    content = await here(request).own_data.export(token.identity.key)
    if content is None:
        raise PersonNotKnown()
    return reply(content, headers={"Cache-Control": "private, no-store"})
