"""Once a session has begun: how many came, who of the helpers did, how it went."""

from collections.abc import Mapping
from typing import Annotated, Self

from fastapi import Depends, Request, Response
from pydantic import ConfigDict, Field, model_validator

from services.activities.domain.afterwards import Mark
from services.activities.domain.count import CountBody
from services.activities.domain.reflection import ReflectionBody
from services.activities.domain.session import Session
from services.activities.permissions import LEAD_SESSION, READ_REFLECTION
from services.activities.routes.here import here
from services.activities.views_afterwards import attendance_shown, count_shown, reflection_shown
from shared.caller import Caller
from shared.causes import by
from shared.contracts.problems import Text
from shared.contracts.texts import Body, wrong
from shared.http import Room, etag, expected_version, reply
from shared.kind import Stored
from shared.permissions import Permission, allow

router = Room(prefix="/sessions/{id}", tags=["sessions afterwards"])

Leader = Annotated[Caller, Depends(allow(LEAD_SESSION))]
_ONCE_EACH = Text("Nämn var och en en gång.", "Name each person once.")


class HowManyBody(CountBody):
    """How many came; never who."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"about": "6-10"}, {"groups": {"women": 5, "men": 7}}]}
    )


class WhoHelpedBody(Body):
    """Who of the helpers came; whoever is not named keeps their standing."""

    people: Annotated[tuple[Mark, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if len({one.person for one in self.people}) < len(self.people):
            raise wrong("repeated", _ONCE_EACH)
        return self


class HowItWentBody(ReflectionBody):
    """How it went and what was missing."""


@router.get("/count")
async def read_count(request: Request, id: str, caller: Leader) -> Response:
    """How many came, with what was corrected and why."""
    return _count(await _checked(request, id, caller, LEAD_SESSION), caller)


@router.post("/count")
async def count(request: Request, id: str, body: HowManyBody, caller: Leader) -> Response:
    """Say how many came: a range, a total or by group; sent twice it counts once.

    The revision that it corrects stands in `replaces`, or as the count's ETag in If-Match.
    """
    stored = await _checked(request, id, caller, LEAD_SESSION)
    said = CountBody(**_said(request, dict(body)))
    done = await here(request).afterwards.count(stored, said, await by(request, caller))
    return _count(done, caller)


@router.get("/attendance")
async def read_attendance(request: Request, id: str, caller: Leader) -> Response:
    """Who of the helpers had a seat, and whether they came."""
    return await _attendance(request, await _checked(request, id, caller, LEAD_SESSION), caller)


@router.post("/attendance")
async def attendance(request: Request, id: str, body: WhoHelpedBody, caller: Leader) -> Response:
    """Say who of the helpers came, stayed away or was excused; without a word, those seated came."""
    stored = await _checked(request, id, caller, LEAD_SESSION)
    marks = {one.person: one.status for one in body.people}
    done = await here(request).afterwards.mark(stored, marks, await by(request, caller))
    return await _attendance(request, done, caller)


@router.get("/reflection")
async def read_reflection(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(READ_REFLECTION))]
) -> Response:
    """How it went and what was missing; the words are the organisation's own."""
    return _reflection(await _checked(request, id, caller, READ_REFLECTION), caller)


@router.post("/reflection")
async def reflect(request: Request, id: str, body: HowItWentBody, caller: Leader) -> Response:
    """Say how it went and what was missing; one for each session, which may be changed."""
    stored = await _checked(request, id, caller, LEAD_SESSION)
    said = ReflectionBody(**_said(request, dict(body)))
    done = await here(request).afterwards.reflect(stored, said, await by(request, caller))
    return _reflection(done, caller)


def _said(request: Request, body: Mapping[str, object]) -> dict[str, object]:
    """The body; what it replaces may be said by If-Match, whose ETag is one above the revision."""
    if "if-match" not in request.headers:
        return dict(body)
    return {**body, "replaces": expected_version(request) - 1}


async def _checked(
    request: Request, id: str, caller: Caller, permission: Permission[Stored[Session]]
) -> Stored[Session]:
    return permission.check(caller, await here(request).sessions.load(id))


async def _attendance(request: Request, stored: Stored[Session], caller: Caller) -> Response:
    ids = sorted({seat.person for seat in stored.state.seats if seat.person})
    known = await here(request).replicas.people.persons.many(ids) if ids else {}
    people = {id: one.state for id, one in known.items()}
    return reply({"people": attendance_shown(caller, stored, people)})


def _count(stored: Stored[Session], caller: Caller) -> Response:
    shown = count_shown(stored, caller.now)
    return reply(shown, etag=etag(shown["revision"] + 1, "count"))


def _reflection(stored: Stored[Session], caller: Caller) -> Response:
    shown = reflection_shown(caller, stored)
    return reply(shown, etag=etag(shown["revision"] + 1, "reflection"))
