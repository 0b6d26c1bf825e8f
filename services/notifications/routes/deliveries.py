"""For the operator: messages of which nobody knows whether they came, and those that failed."""

from typing import Annotated

from fastapi import Depends, Request, Response

from services.notifications import views
from services.notifications.domain.delivery import Status
from services.notifications.routes import examples
from services.notifications.routes.here import here
from shared.caller import Caller
from shared.http import Listing, Room, page_answer, reply
from shared.operate import OPERATE
from shared.permissions import allow

DELIVERIES = Listing("deliveries", sorts=("-at",), filters={"status": Status})
router = Room(prefix="/operator/deliveries", tags=["operator"])
Operator = Annotated[Caller, Depends(allow(OPERATE))]


@router.get("", openapi_extra=DELIVERIES.openapi, responses=examples.DELIVERIES)
async def deliveries(request: Request, caller: Operator) -> Response:
    """Messages by status (`unknown` unless asked otherwise), newest first; nobody's address."""
    rows, cursor = await here(request).outbox.page(DELIVERIES.page(request))
    return reply(page_answer([views.delivery(row) for row in rows], cursor))


@router.post("/{id}/resend", status_code=204)
async def resend(request: Request, caller: Operator, id: str) -> Response:
    """Send an unknown or failed one again, judged anew; it may then come twice."""
    await here(request).outbox.resend(id)
    return Response(status_code=204)
