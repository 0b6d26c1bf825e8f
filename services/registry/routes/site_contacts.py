"""Whom to call at an accommodation."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict

from services.registry.domain.site_contact import Contact, SiteContact
from services.registry.permissions.accommodations import READ_SITE_CONTACT, RUN_ACCOMMODATION
from services.registry.routes.here import here
from services.registry.routes.ways import PRIVATE
from shared.caller import Caller
from shared.causes import by
from shared.contracts.texts import Body
from shared.http import Room, etag, expected_version, reply, single_values
from shared.kind import Stored
from shared.permissions import allow

router = Room(prefix="/accommodations/{id}/site-contact", tags=["accommodations"])

VIEW = "contact"
Officer = Annotated[Caller, Depends(allow(RUN_ACCOMMODATION))]


class ContactBody(Contact, Body):
    """Who has the keys and the rooms; a phone number or a mail address."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Receptionen demo", "phone": "+46701740605", "hours": "Vardagar 8-17"}
            ]
        }
    )


@router.put("")
async def name(request: Request, id: str, body: ContactBody, caller: Officer) -> Response:
    """Say whom to call (If-Match from the second time on)."""
    RUN_ACCOMMODATION.check(caller, await here(request).accommodations.load(id))
    expected = expected_version(request) if "if-match" in request.headers else None
    command = await by(request, caller, expected)
    return _shown(await here(request).site_contacts.set(id, Contact(**dict(body)), command))


@router.get("")
async def read(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_SITE_CONTACT))]
) -> Response:
    """Whom to call; every field is null where nobody has been named."""
    single_values(request, set())
    house = READ_SITE_CONTACT.check(caller, await here(request).accommodations.load(id))
    return _shown(await here(request).site_contacts.read(house, caller))


@router.delete("", status_code=204)
async def remove(request: Request, id: str, caller: Officer) -> Response:
    """Nobody any more: name, phone and mail are gone (If-Match)."""
    RUN_ACCOMMODATION.check(caller, await here(request).accommodations.load(id))
    command = await by(request, caller, expected_version(request))
    await here(request).site_contacts.remove(id, command)
    return Response(status_code=204, headers=PRIVATE)


def _shown(stored: Stored[SiteContact] | None) -> Response:
    contact = stored.state.contact if stored else None
    shown = contact.model_dump() if contact else dict.fromkeys(Contact.model_fields)
    tag = etag(stored.version, VIEW) if stored else None
    return reply(shown, etag=tag, headers=PRIVATE)
