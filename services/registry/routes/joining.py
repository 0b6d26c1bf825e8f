"""Joining an organisation: ask, take back, be answered; and who is there already."""

from typing import Annotated

from fastapi import Depends, Request, Response

from services.registry.permissions.organisations import ASK_TO_JOIN, READ_OWN_PEOPLE
from services.registry.permissions.people import ANSWER_ASK, OWN_PROFILE
from services.registry.queries.people import PEOPLE, people_of_organisation
from services.registry.routes.here import here
from services.registry.views.people import show_member
from shared.caller import Caller
from shared.causes import by
from shared.contracts.problems import NotAllowed
from shared.contracts.texts import Body, Line
from shared.http import Room, page_answer, reply
from shared.permissions import allow

router = Room(tags=["people"])


class Answered(Body):
    """For which organisation an ask is answered."""

    organisation: Line


@router.post("/organisations/{id}/ask-to-join", status_code=204)
async def ask_to_join(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(ASK_TO_JOIN))]
) -> Response:
    """Ask to join: the organisation's coordinators then see you, and may give you a role."""
    ASK_TO_JOIN.check(caller, await here(request).organisations.load(id))
    await here(request).people.ask_to_join(caller.person_id, id, await by(request, caller))
    return Response(status_code=204)


@router.post("/organisations/{id}/take-back-ask", status_code=204)
async def take_back_ask(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(OWN_PROFILE))]
) -> Response:
    """No longer ask to join: the coordinators see you no more."""
    await here(request).people.take_back_ask(caller.person_id, id, await by(request, caller))
    return Response(status_code=204)


@router.get("/organisations/{id}/people", openapi_extra=PEOPLE.openapi)
async def listed(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_OWN_PEOPLE))]
) -> Response:
    """Those with a role in the organisation, with the roles, and those who ask to join, since when."""
    READ_OWN_PEOPLE.check(caller, await here(request).organisations.load(id))
    page = PEOPLE.page(request)
    found, cursor = await people_of_organisation(here(request).store, page, id, caller)
    return reply(page_answer([show_member(one, id, caller) for one in found], cursor))


@router.post("/people/{id}/decline-ask", status_code=204)
async def decline_ask(
    request: Request,
    id: str,
    body: Answered,
    caller: Annotated[Caller, Depends(allow(ANSWER_ASK))],
) -> Response:
    """Say no to who has asked to join."""
    people = here(request).people
    ANSWER_ASK.check(caller, await people.load(id))
    if not (caller.is_administrator or caller.coordinates(body.organisation)):
        raise NotAllowed()
    await people.decline_ask(id, body.organisation, await by(request, caller))
    return Response(status_code=204)
