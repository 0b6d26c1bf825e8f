"""How many came. Zero is not unknown; never who."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.bands import GROUPS, Group, band
from shared.contracts.base import PersonId
from shared.contracts.problems import Invalid, Refused, Stale
from shared.contracts.texts import Body, Moment
from shared.contracts.unnamed import UnnamedLine

Tap = Literal["0", "1-5", "6-10", "11-20", "21-40", "more"]
MIDDLE_OF_TAP: Mapping[Tap, int] = {
    "0": 0, "1-5": 3, "6-10": 8, "11-20": 15, "21-40": 30, "more": 50,
}  # fmt: skip
People = Annotated[int, Field(ge=0, le=10_000)]


class CountBody(Body):
    """One tap on a range, a total, or numbers by group; `replaces` is the revision it corrects.

    `confirm` repeats a number that seemed too large. A correction says why. `started` and `ended`
    say when it really began and ended, where that was not as planned.
    """

    about: Tap | None = None
    total: People | None = None
    groups: Annotated[dict[Group, People], Field(max_length=len(GROUPS))] | None = None
    replaces: Annotated[int, Field(ge=0)] = 0
    reason: UnnamedLine | None = None
    confirm: bool = False
    started: Moment | None = None
    ended: Moment | None = None


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
    started: datetime | None = None
    ended: datetime | None = None

    def same_as(self, other: "Count") -> bool:
        """Whether both say the same, whoever says it and when."""
        return self.model_dump(include=_SAID) == other.model_dump(include=_SAID)


_SAID = {"total", "groups", "about", "started", "ended"}


def counted(
    before: Count | None, body: CountBody, by: PersonId, at: datetime, expected: int
) -> Count:
    """The new count, or the old one when the same was sent again.

    `expected` is how many would be no surprise. Raises Stale (412) when it replaces another
    revision than the present one, with both figures; Refused for a number far above `expected`,
    unless it is confirmed; Invalid.
    """
    total, groups = _figures(body)
    revision = before.revision if before else 0
    new = Count(
        revision=revision + 1,
        total=total,
        groups=groups,
        about=body.about is not None,
        by=by,
        at=at,
        reason=body.reason,
        started=body.started or (before and before.started),
        ended=body.ended or (before and before.ended),
    )
    if before is not None and body.replaces <= revision and before.same_as(new):
        return before
    _insist_on_newest(before, body, total)
    if not body.confirm and total > expected:
        raise Refused(
            "please-confirm",
            sv=f"{total} är många fler än väntat. Stämmer det? Skicka om med confirm: true.",
            en=f"{total} is many more than expected. Is it right? Send it again with confirm: true.",
            extra={"total": total},
        )
    return new


def no_surprise(residents: int | None, places: int) -> int:
    """How many may come before we ask whether it is right.

    Compared with the band of those who live there, not the figure: trying numbers must not find out
    how many they are. Where that is not known, by how many are welcome.
    """
    return max(50, 5 * places if residents is None else 2 * band(residents).highest)


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


def _insist_on_newest(before: Count | None, body: CountBody, total: int) -> None:
    revision, present = (before.revision, before.total) if before else (0, None)
    if body.replaces != revision:
        extra = {"revision": revision, "total": present, "yours": total}
        if before is None:
            raise Stale(
                "not-counted-yet",
                sv=f"Här är inget räknat än, så det finns inget att rätta. Du skrev {total}.",
                en=f"Nothing has been counted here yet to be corrected. You wrote {total}.",
                extra=extra,
            )
        raise Stale(
            "counted-already",
            sv=f"Det är redan räknat till {present}. Du skrev {total}. Vilket gäller?",
            en=f"It has been counted already: {present}. You wrote {total}. Which is right?",
            extra={**extra, "groups": before.groups, "about": before.about},
        )
    if before is not None and body.reason is None:
        raise Invalid(
            "say-why",
            sv="Skriv varför siffran ändras.",
            en="Write why the figure is changed.",
        )
