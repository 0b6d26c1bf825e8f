"""Invitations by mail: offer a role, see what waits, send again, take back, accept."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field

from services.registry.commands.invitations import Answer
from services.registry.domain.contact import MailAddress
from services.registry.domain.invitation import Invitation, Offer
from services.registry.domain.person import Profile, insist_on_scope
from services.registry.permissions.invitations import (
    INVITE,
    READ_INVITATION,
    RESEND_INVITATION,
    WITHDRAW_INVITATION,
)
from services.registry.queries.invitations import INVITATIONS, invitations, invited
from services.registry.routes.here import here
from services.registry.routes.people import GrantBody, ProfileBody
from services.registry.views.invitations import INVITATION_FIELDS, VIEW
from shared import telemetry
from shared.caller import Caller
from shared.causes import by
from shared.contracts.problems import NotFound
from shared.contracts.registry import InvitationLanguage, Scope
from shared.contracts.texts import Body
from shared.http import Room, also, page_answer, repeat_key, reply
from shared.kind import By, Stored
from shared.links import BadLink, Link
from shared.permissions import Permission, allow, public, signed_in
from shared.tokens import Token

router = Room(prefix="/invitations", tags=["invitations"])

PURPOSE = "registry.invitation"
LinkToken = Annotated[str, Field(min_length=1, max_length=1000)]


class InviteBody(GrantBody):
    """A role that is offered to whoever reads the mail at an address."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "mail": "vera@demo.example",
                    "role": "volunteer",
                    "scope": {"kind": "organisation", "ids": ["1c8ad1a7"]},
                    "language": "sv",
                }
            ]
        }
    )

    mail: MailAddress
    language: InvitationLanguage = "sv"


class ResendBody(Body):
    """Send it again, to a corrected address if one is given."""

    mail: MailAddress | None = None


class LinkBody(Body):
    """The last part of the link in the mail."""

    token: LinkToken


class AcceptBody(LinkBody):
    """Yes. `profile`: who you are, if you are new here. `sent_to`: the address that the mail came
    to, if it is not the one in your profile.
    """

    profile: ProfileBody | None = None
    sent_to: MailAddress | None = None


@router.post("", status_code=201)
async def invite(
    request: Request, body: InviteBody, caller: Annotated[Caller, Depends(allow(INVITE))]
) -> Response:
    """Offer a role by mail, never wider or longer than one's own."""
    scope = Scope(kind=body.scope.kind, ids=tuple(dict.fromkeys(body.scope.ids)))
    insist_on_scope(body.role, scope)
    offer = Offer(role=body.role, scope=scope, from_=body.from_, until=body.until)
    stored = await here(request).invitations.invite(
        offer, body.mail, body.language, caller, await by(request, caller)
    )
    return _shown(stored, 201)


@router.get("", openapi_extra=INVITATIONS.openapi)
async def listed(
    request: Request, caller: Annotated[Caller, Depends(allow(READ_INVITATION))]
) -> Response:
    """Those one has sent, and those to the organisations one coordinates."""
    page = INVITATIONS.page(request)
    found, cursor = await invitations(here(request).store, page, caller)
    return reply(page_answer([INVITATION_FIELDS.show(one, VIEW) for one in found], cursor))


@router.post("/look", dependencies=[Depends(public)], openapi_extra=also(404, 410))
async def look(request: Request, body: LinkBody) -> Response:
    """To what a link invites; looking does nothing."""
    registry = here(request)
    stored = await registry.invitations.linked(_link(request, body.token))
    return reply((await invited(registry.store, stored)).shown(stored))


@router.get("/{id}")
async def read(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_INVITATION))]
) -> Response:
    """An invitation, for whom it concerns."""
    return _shown(await _checked(request, id, caller, READ_INVITATION))


@router.post("/{id}/resend", openapi_extra=also(410))
async def resend(
    request: Request,
    id: str,
    body: ResendBody,
    caller: Annotated[Caller, Depends(allow(RESEND_INVITATION))],
) -> Response:
    """Send it again; the links in earlier mails end, and fourteen new days begin."""
    await _checked(request, id, caller, RESEND_INVITATION)
    invitations = here(request).invitations
    return _shown(await invitations.resend(id, body.mail, caller, await by(request, caller)))


@router.post("/{id}/withdraw", openapi_extra=also(410))
async def withdraw(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(WITHDRAW_INVITATION))]
) -> Response:
    """Take it back before it is accepted; the address is forgotten."""
    await _checked(request, id, caller, WITHDRAW_INVITATION)
    return _shown(await here(request).invitations.withdraw(id, await by(request, caller)))


@router.post("/{id}/accept", openapi_extra=also(410))
async def accept(
    request: Request, id: str, body: AcceptBody, token: Annotated[Token, Depends(signed_in)]
) -> Response:
    """Take on the role that one was invited to: once, by whoever was invited."""
    current = telemetry.chain.get()
    command = By(
        traceparent=current.traceparent if current else "",
        repeat=await repeat_key(request, token.identity.key),
    )
    profile = Profile(**dict(body.profile)) if body.profile else None
    answer = Answer(_link(request, body.token), token.identity, profile, body.sent_to)
    stored = await here(request).invitations.accept(id, answer, command)
    one = stored.state
    return reply(
        {"id": stored.id, "status": one.status, "person": one.accepted_by, "role": one.role}
    )


async def _checked(
    request: Request, id: str, caller: Caller, permission: Permission[Stored[Invitation]]
) -> Stored[Invitation]:
    return permission.check(caller, await here(request).invitations.load(id))


def _link(request: Request, token: str) -> Link:
    try:
        return here(request).links.read(token, PURPOSE)
    except BadLink as error:
        raise NotFound() from error


def _shown(stored: Stored[Invitation], status: int = 200) -> Response:
    etag = INVITATION_FIELDS.etag(stored, VIEW)
    return reply(INVITATION_FIELDS.show(stored, VIEW), status, etag=etag)
