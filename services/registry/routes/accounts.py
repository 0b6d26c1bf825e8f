"""One's own account: see why it is suspended, pause it, come back, take one's data, leave for good.

All but the pause are open to whoever has signed in, since a suspended account lets nobody in.
"""

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from services.registry.domain import account as accounts
from services.registry.domain import person as persons
from services.registry.domain.account import Account, Limits
from services.registry.domain.person import Person
from services.registry.permissions.people import ADMINISTER_PERSON, OWN_PROFILE
from services.registry.queries.own_data import export, who_sees
from services.registry.routes.here import here
from services.registry.views.people import PERSON_FIELDS
from shared import telemetry
from shared.access import PersonNotKnown
from shared.caller import Caller
from shared.causes import by
from shared.contracts.problems import Text
from shared.http import Room, expected_version, reply
from shared.http.language import language_of
from shared.kind import By, Stored
from shared.permissions import allow, signed_in
from shared.tokens import Token

router = Room(tags=["account"])
Own = Annotated[Token, Depends(signed_in)]

PRIVATE = {"Cache-Control": "private, no-store"}
WHY = {
    "unused": Text(
        "Kontot är pausat för att det inte har använts på länge.",
        "The account is suspended because it has not been used for a long time.",
    ),
    "own": Text("Du har själv pausat kontot.", "You have suspended the account yourself."),
    "administrator": Text(
        "Nätverkets administratör har pausat kontot.",
        "The network's administrator has suspended the account.",
    ),
}
COME_BACK = Text(
    "Öppna det igen med POST /api/registry/me/resume.",
    "Open it again with POST /api/registry/me/resume.",
)
ASK = Text(
    "Hör av dig till nätverkets administratör, som kan öppna det.",
    "Please get in touch with the network's administrator, who can open it.",
)


@router.get("/me/account")
async def account(request: Request, token: Own) -> Response:
    """Whether the account is open; if not, why, and how to come back; and what happens when unused."""
    person = await own_person(request, token)
    own = await here(request).accounts.load(person)
    return _shown(request, person, own)


@router.post("/me/suspend")
async def suspend(
    request: Request, caller: Annotated[Caller, Depends(allow(OWN_PROFILE))]
) -> Response:
    """Pause one's own account at once: nobody gets in by it until one opens it again."""
    command = await by(request, caller)
    stored = await here(request).people.suspend(caller.person_id, "own", command)
    return _shown(request, stored, await here(request).accounts.load(stored))


@router.post("/me/resume")
async def resume(request: Request, token: Own) -> Response:
    """Open one's own account again; refused where an administrator has to (see GET /me/account)."""
    person = await own_person(request, token)
    stored = await here(request).accounts.come_back(person, _command(person))
    return _shown(request, stored, await here(request).accounts.load(stored))


@router.get("/me/who-sees-me")
async def who_sees_me(request: Request, token: Own) -> Response:
    """Who sees which of one's data and why, worked out from the tables that answers are made by."""
    person = await own_person(request, token)
    language = language_of(request.scope)
    return reply(await who_sees(here(request).store, person, language), headers=PRIVATE)


@router.get("/me/export")
async def export_me(request: Request, token: Own) -> Response:
    """Everything the registry holds about oneself, with what happened; also when suspended."""
    person = await own_person(request, token)
    account = await here(request).accounts.load(person)
    return reply(await export(here(request).store, person, account), headers=PRIVATE)


@router.delete("/me", status_code=204)
async def erase(request: Request, token: Own) -> Response:
    """Erase oneself everywhere, for ever (If-Match); also when suspended."""
    person = await own_person(request, token)
    command = _command(person, expected_version(request))
    await here(request).people.erase(person.id, command)
    return Response(status_code=204)


@router.delete("/people/{id}", status_code=204)
async def erase_another(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(ADMINISTER_PERSON))]
) -> Response:
    """Erase a person everywhere, for ever (If-Match)."""
    ADMINISTER_PERSON.check(caller, await here(request).people.load(id))
    command = await by(request, caller, expected_version(request))
    await here(request).people.erase(id, command)
    return Response(status_code=204)


async def own_person(request: Request, token: Token) -> Stored[Person]:
    """Who has signed in, also while suspended; PersonNotKnown (403) when they are nobody here."""
    person = await here(request).people.by_identity(token.identity.key)
    if person is None or person.state.status == "erased":
        raise PersonNotKnown()
    return person


def _command(person: Stored[Person], expected: int | None = None) -> By:
    current = telemetry.chain.get()
    traceparent = current.traceparent if current else ""
    return By(actor=person.id, traceparent=traceparent, expected=expected)


def _shown(request: Request, person: Stored[Person], account: Account) -> Response:
    shown = _status(request, person.state) | _dates(
        person.state, account, here(request).accounts.limits
    )
    return reply(shown, etag=PERSON_FIELDS.etag(person, "self"))


def _status(request: Request, person: Person) -> dict[str, Any]:
    if person.status == "active":
        return {"status": "active", "because": None, "why": None, "what_to_do": None}
    now, language = here(request).store.clock.now(), language_of(request.scope)
    because = person.suspended_because or "administrator"
    may = persons.may_reopen(person, now)
    return {
        "status": "suspended",
        "because": because,
        "may_resume": may,
        "why": WHY[because].in_language(language),
        "what_to_do": (COME_BACK if may else ASK).in_language(language),
    }


def _dates(person: Person, account: Account, limits: Limits) -> dict[str, Any]:
    """When it was used, and what happens to it unless it is used again."""
    is_open = person.status == "active"
    return {
        "used_on": account.used_on,
        "suspended_on": accounts.suspended_on(account, limits) if is_open else None,
        "erased_on": accounts.erased_on(account, limits),
    }
