"""The bodies that several routes share."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from services.activities.domain.description import Id
from shared.contracts.activities import CancelReason, SessionRole
from shared.contracts.problems import Text
from shared.contracts.texts import Body, Line, wrong

_SAY_WHY = Text(
    "Skriv med egna ord varför det ställs in.", "Write in your own words why it is cancelled."
)


class Reason(Body):
    """Why something is cancelled; `other` says it in words."""

    reason: Annotated[CancelReason, Field(examples=["illness"])]
    words: Line | None = None

    @model_validator(mode="after")
    def _other_has_words(self) -> Self:
        if self.reason == "other" and self.words is None:
            raise wrong("say-why", _SAY_WHY)
        return self


class SignUpBody(Body):
    """Which of the roles one takes."""

    role: Annotated[SessionRole, Field(examples=["helper"])] = "helper"


class PersonBody(Body):
    """Somebody who is on the session."""

    person: Annotated[Id, Field(examples=["8c3f5a3e-5b8e-4c55-9f1b-2f8b7e2d9c11"])]


class StandInBody(PersonBody):
    """Somebody who stepped in, and as what."""

    role: Annotated[SessionRole, Field(examples=["helper"])] = "helper"
