"""The page Vem ansvarar för vilka uppgifter: open to all, for people and for programs."""

from fastapi import Depends, Request, Response

from services.registry.queries.responsible import as_page, listed
from shared.http import Room, reply
from shared.http.language import language_of
from shared.permissions import public

router = Room(tags=["own data"])


@router.get("/who-is-responsible", dependencies=[Depends(public)])
async def who_is_responsible(request: Request) -> Response:
    """For each kind of data: what for, who answers for it, how long it stays, who sees it.

    A plain page where HTML is asked for, else JSON; in Swedish or English.
    """
    language = language_of(request.scope)
    headers = {"Vary": "Accept, Accept-Language", "Content-Language": language}
    if "text/html" in request.headers.get("accept", ""):
        return Response(as_page(language), headers=headers, media_type="text/html; charset=utf-8")
    return reply({"items": listed(language)}, headers=headers)
