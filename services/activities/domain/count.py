"""How many came. Zero is not unknown; never who."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.bands import GROUPS, Group, band
from shared.contracts.base import PersonId
from shared.contracts.problems import Invalid, Refused, Stale
from shared.contracts.texts import Body, Line

Tap = Literal["0", "1-5", "6-10", "11-20", "21-40", "more"]
MIDDLE_OF_TAP: Mapping[Tap, int] = {
    "0": 0, "1-5": 3, "6-10": 8, "11-20": 15, "21-40": 30, "more": 50,
}  # fmt: skip
People = Annotated[int, Field(ge=0, le=10_000)]


class CountBody(Body):
    """One tap on a range, a total, or numbers by group; `replaces` is the revision it corrects.

    `sure` repeats a number that seemed too large. A correction says why.
    """

    about: Tap | None = None
    total: People | None = None
    groups: Annotated[dict[Group, People], Field(max_length=len(GROUPS))] | None = None
    replaces: Annotated[int, Field(ge=0)] = 0
    reason: Line | None = None
    sure: bool = False


class Count(BaseModel):
    """The count of a session, with its own revision."""

    model_config = ConfigDict(frozen=True)

    revision: int
    total: int
    groups: dict[Group, int] = {}
    about: bool = False
    by: PersonId | None
    at: datetime
    reason: str | None = None


def counted(
    before: Count | None, body: CountBody, by: PersonId, at: datetime, residents: int | None
) -> Count:
    """The new count, or the old one when the same was sent again.

    Raises Stale (412) when it replaces another revision than the present one, with both figures;
    Refused for a number far above how many live there, unless `sure`; Invalid.
    """
    total, groups = _figures(body)
    about = body.about is not None
    if before is not None:
        if (before.total, before.groups, before.about) == (total, groups, about):
            return before
        _insist_on_newest(before, body, total)
    if not body.sure and _far_above(total, residents):
        raise Refused(
            "unlikely-count",
            sv="Det är många fler än som bor där. Stämmer det? Skicka om med sure: true.",
            en="That is many more than live there. Is it right? Send it again with sure: true.",
        )
    revision = before.revision + 1 if before else 1
    return Count(
        revision=revision, total=total, groups=groups, about=about, by=by, at=at, reason=body.reason
    )


def _figures(body: CountBody) -> tuple[int, dict[Group, int]]:
    given = [one for one in (body.about, body.total, body.groups) if one is not None]
    groups = dict(body.groups or {})
    if not given or (body.about is not None and len(given) > 1):
        raise Invalid(
            "say-how-many",
            sv="Ange ett intervall, ett antal eller antal per grupp.",
            en="Give a range, a number, or numbers by group.",
        )
    if body.about is not None:
        return MIDDLE_OF_TAP[body.about], {}
    known = sum(groups.values())
    if body.total is not None and body.total < known:
        raise Invalid(
            "groups-do-not-add-up",
            sv="Grupperna blir fler än antalet du skrev. Ändra en siffra.",
            en="The groups add up to more than the number you wrote. Change a figure.",
        )
    return (known if body.total is None else body.total), groups


def _insist_on_newest(before: Count, body: CountBody, total: int) -> None:
    if body.replaces != before.revision:
        raise Stale(
            "counted-already",
            sv=f"Det är redan räknat till {before.total}. Du skrev {total}. Vilket gäller?",
            en=f"It has been counted already: {before.total}. You wrote {total}. Which is right?",
            extra={"revision": before.revision, "total": before.total, "yours": total},
        )
    if body.reason is None:
        raise Invalid(
            "say-why",
            sv="Skriv varför siffran ändras.",
            en="Write why the figure is changed.",
        )


def _far_above(total: int, residents: int | None) -> bool:
    # Compared with the band, not the figure: trying numbers must not find out how many live there.
    return residents is not None and total > max(50, 2 * band(residents).highest)
