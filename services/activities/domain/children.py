"""Where children take part: two adults are needed."""

from typing import Protocol

from shared.contracts.activities import ActivityKind, TargetGroup
from shared.contracts.problems import Refused

ADULTS = 2
OF_AGE = 18
KINDS: frozenset[ActivityKind] = frozenset(
    {"children_play", "parent_and_child", "homework_help", "youth", "girls_group"}
)
GROUPS: frozenset[TargetGroup] = frozenset({"girls", "boys", "unaccompanied_minors"})


class Ages(Protocol):
    """From which age on, and up to which; None is no limit."""

    @property
    def youngest(self) -> int | None: ...
    @property
    def oldest(self) -> int | None: ...


class ForSomebody(Protocol):
    """What says for whom it is: an activity, a session, a wish."""

    @property
    def kind(self) -> ActivityKind: ...
    @property
    def target_groups(self) -> tuple[TargetGroup, ...]: ...
    @property
    def childcare(self) -> bool: ...
    @property
    def ages(self) -> Ages | None: ...


def with_children(one: ForSomebody) -> bool:
    """Whether children take part: by kind, target group or ages, or as long as they are looked after."""
    young = one.ages is not None and (
        (one.ages.youngest is not None and one.ages.youngest < OF_AGE)
        or (one.ages.oldest is not None and one.ages.oldest < OF_AGE)
    )
    return young or one.childcare or one.kind in KINDS or bool(GROUPS & set(one.target_groups))


def insist_on_two_adults(one: ForSomebody, seats: int) -> None:
    """Raise Refused where children take part and fewer than two could have a seat."""
    if with_children(one) and seats < ADULTS:
        raise Refused(
            "needs-two-adults",
            sv="Det kommer barn, så ni behöver vara två vuxna. Lägg till en plats.",
            en="Children are coming, so two adults are needed. Add a seat.",
        )
