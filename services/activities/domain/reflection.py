"""How a session went and what was missing: two taps, and words if one wishes; never about people."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.activities import MissingThing, Went
from shared.contracts.base import PersonId
from shared.contracts.problems import Stale
from shared.contracts.texts import Body
from shared.contracts.unnamed import UnnamedShort


class ReflectionBody(Body):
    """How it went and what was missing; `replaces` is the revision that it changes."""

    went: Annotated[Went, Field(examples=["well"])]
    missing: Annotated[
        tuple[MissingThing, ...], Field(max_length=10, examples=[["helpers", "childcare"]])
    ] = ()
    words: UnnamedShort | None = None
    replaces: Annotated[int, Field(ge=0)] = 0


class Reflection(BaseModel):
    """What a session's leader or coordinator thought of it, with its own revision."""

    model_config = ConfigDict(frozen=True)

    revision: int
    went: Went
    missing: tuple[MissingThing, ...] = ()
    words: str | None = None
    by: PersonId | None
    at: datetime


def reflected(
    before: Reflection | None, body: ReflectionBody, by: PersonId, at: datetime
) -> Reflection:
    """The new reflection, or the old one when the same was sent again.

    Raises Stale (412) when somebody has written another one meanwhile.
    """
    missing = tuple(dict.fromkeys(body.missing))
    if before is not None:
        if (before.went, before.missing, before.words) == (body.went, missing, body.words):
            return before
        if body.replaces != before.revision:
            raise Stale(
                "reflected-already",
                sv="Någon har redan skrivit hur det gick. Läs det först och ändra sedan.",
                en="Somebody has written how it went already. Read it first, then change it.",
                extra={"revision": before.revision},
            )
    return Reflection(
        revision=before.revision + 1 if before else 1,
        went=body.went,
        missing=missing,
        words=body.words,
        by=by,
        at=at,
    )
