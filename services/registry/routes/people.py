"""People: oneself, and the roles of others."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field

from services.registry.domain.merging import refuse_merged
from services.registry.domain.person import Person, Profile, insist_on_scope
from services.registry.permissions.people import (
    ADMINISTER_PERSON,
    ERASE_PERSON,
    GRANT_ROLE,
    OWN_PROFILE,
    READ_PERSON,
    REVOKE_ROLE,
    could_revoke,
)
from services.registry.routes.here import here
from services.registry.views.people import PERSON_FIELDS, person_view, show_person
from shared import telemetry
from shared.caller import Caller
from shared.causes import by
from shared.contracts.problems import Invalid, NotAllowed
from shared.contracts.registry import RoleGrant, RoleName, Scope, ScopeKind
from shared.contracts.texts import Body, Line, Moment
from shared.http import MERGED, Room, expected_version, reply
from shared.kind import By, Stored, new_id
from shared.permissions import Permission, allow, signed_in
from shared.tokens import Token

router = Room(tags=["people"])


class ProfileBody(Profile, Body):
    """What a person says of themselves."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Vera Demo",
                    "mail": "vera@demo.example",
                    "phone": "+46701740605",
                    "languages": ["sv", "ti"],
                    "municipality": "2582",
                }
            ]
        }
    )


class ScopeBody(Body):
    """Where a role is to hold."""

    kind: ScopeKind
    ids: Annotated[tuple[Line, ...], Field(max_length=50)] = ()


class GrantBody(Body):
    """A role for somebody, in a scope, for a time."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "role": "officer",
                    "scope": {"kind": "counties", "ids": ["25"]},
                    "until": "2027-12-31T23:00:00Z",
                }
            ]
        }
    )

    role: RoleName
    scope: ScopeBody
    from_: Moment | None = Field(None, alias="from")
    until: Moment | None = None


class Switch(Body):
    """On or off."""

    on: bool


@router.put("/me")
async def register(
    request: Request, body: ProfileBody, token: Annotated[Token, Depends(signed_in)]
) -> Response:
    """Say who you are: makes a person of whoever has signed in; new words need If-Match."""
    current = telemetry.chain.get()
    command = By(
        traceparent=current.traceparent if current else "",
        expected=expected_version(request) if "if-match" in request.headers else None,
    )
    profile = Profile(**dict(body))
    stored = await here(request).people.register(token.identity, profile, command)
    return reply(show_person(stored, "self"), etag=PERSON_FIELDS.etag(stored, "self"))


@router.get("/me")
async def me(request: Request, caller: Annotated[Caller, Depends(allow(OWN_PROFILE))]) -> Response:
    """Who you are here, with your roles."""
    # Who the caller is may be half a second old: a moment ago they were two.
    stored = await here(request).merging.people.now(caller.person_id)
    return reply(show_person(stored, "self"), etag=PERSON_FIELDS.etag(stored, "self"))


@router.get("/people/{id}", responses=MERGED)
async def read(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_PERSON))]
) -> Response:
    """A person, for those who work with them; 308 to the account that a merged one is now."""
    if (await here(request).people.load(id)).state.merged is not None:
        now = READ_PERSON.check(caller, await here(request).merging.people.now(id))
        return reply({"merged_into": now.id}, 308, location=f"/api/registry/people/{now.id}")
    return _shown(await _checked(request, id, caller, READ_PERSON), caller)


@router.post("/people/{id}/roles", status_code=201)
async def grant(
    request: Request,
    id: str,
    body: GrantBody,
    caller: Annotated[Caller, Depends(allow(GRANT_ROLE))],
) -> Response:
    """Give a role, never wider or longer than one's own; a coordinator to who has asked to join."""
    command = await by(request, caller)
    role = _grant(body, caller, new_id(command), caller.now)
    insist_on_scope(role.role, role.scope)
    stored = await _granted(request, id, role, caller, command)
    answer = {"id": stored.result["id"], "person": stored.id, "role": role.role}
    return reply(answer, 201)


@router.post("/people/{id}/roles/{grant_id}/revoke", status_code=204)
async def revoke(
    request: Request,
    id: str,
    grant_id: str,
    caller: Annotated[Caller, Depends(allow(REVOKE_ROLE))],
) -> Response:
    """Take a role back, at once; also one's own. The last coordinator's only by an administrator."""
    person = await _checked(request, id, caller, REVOKE_ROLE)
    held = next((one for one in person.state.roles if one.id == grant_id), None)
    # None: not there, or taken back by this very request before; the store knows which.
    may = held is None or id == caller.person_id or could_revoke(caller, held)
    if not (may or caller.is_administrator):
        raise NotAllowed()
    await here(request).people.roles.revoke(
        id, grant_id, await by(request, caller), by_administrator=caller.is_administrator
    )
    return Response(status_code=204)


@router.post("/people/{id}/protect")
async def protect(
    request: Request,
    id: str,
    body: Switch,
    caller: Annotated[Caller, Depends(allow(ADMINISTER_PERSON))],
) -> Response:
    """Set or lift the protection of an identity."""
    await _checked(request, id, caller, ADMINISTER_PERSON)
    stored = await here(request).people.protect(id, body.on, await by(request, caller))
    return _shown(stored, caller)


@router.post("/people/{id}/suspend")
async def suspend(
    request: Request,
    id: str,
    body: Switch,
    caller: Annotated[Caller, Depends(allow(ADMINISTER_PERSON))],
) -> Response:
    """Pause an account, or open it again."""
    await _checked(request, id, caller, ADMINISTER_PERSON)
    people, command = here(request).people, await by(request, caller)
    if body.on:
        return _shown(await people.suspend(id, "administrator", command), caller)
    return _shown(await people.reopen(id, command), caller)


@router.post("/people/{id}/erase", status_code=204)
async def erase(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(ERASE_PERSON))]
) -> Response:
    """Erase a person everywhere, for ever."""
    await _checked(request, id, caller, ERASE_PERSON)
    await here(request).people.erase(id, await by(request, caller))
    return Response(status_code=204)


async def _checked(
    request: Request, id: str, caller: Caller, permission: Permission[Stored[Person]]
) -> Stored[Person]:
    """The person, when the caller may do this to them; Refused (409) for a merged account."""
    stored = await here(request).people.load(id)
    if stored.state.merged is not None:
        READ_PERSON.check(caller, await here(request).merging.people.now(id))
        refuse_merged(stored.state.merged)
    return permission.check(caller, stored)


def _grant(body: GrantBody, caller: Caller, id: str, now: datetime) -> RoleGrant:
    if body.until is not None and body.until <= (body.from_ or now):
        raise Invalid(
            "ends-before-it-begins",
            sv="Rollen slutar innan den börjar. Välj ett senare slut.",
            en="The role ends before it begins. Choose a later end.",
        )
    return RoleGrant(
        id=id,
        role=body.role,
        scope=Scope(kind=body.scope.kind, ids=tuple(dict.fromkeys(body.scope.ids))),
        from_=body.from_ or now,
        until=body.until,
        granted_by=caller.person_id,
    )


async def _granted(
    request: Request, id: str, role: RoleGrant, caller: Caller, command: By
) -> Stored[Person]:
    """By the caller's own right, or a national organisation's to appoint a first coordinator."""
    roles = here(request).people.roles
    parent = await here(request).granting.only_as_first(caller.grants, role)
    if parent is not None:
        return await roles.appoint_first(id, role, command, among=(*role.scope.ids, parent))
    coordinators = role.scope.kind == "organisation" and not caller.is_administrator
    return await roles.grant(id, role, command, role.scope.ids if coordinators else None)


def _shown(stored: Stored[Person], caller: Caller) -> Response:
    view = person_view(caller, stored)
    return reply(show_person(stored, view, caller), etag=PERSON_FIELDS.etag(stored, view))
