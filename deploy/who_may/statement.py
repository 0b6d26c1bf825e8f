"""What is stated of a permission, and what a request must be answered by it.

A statement is about roles and how one stands to an object: a coordinator to the own organisation, a
national organisation's to its branches. It is written by hand and knows nothing of the code that
judges, so that a test that compares the two says something.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """Who asks. A person with several roles may what any of them may."""

    NOBODY = "nobody"
    STRANGER = "stranger"
    REGISTERED = "registered"
    VOLUNTEER = "volunteer"
    COORDINATOR = "coordinator"
    NATIONAL = "national"
    OFFICER = "officer"
    READER = "reader"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"


Relations = frozenset[str]
ALL: Relations = frozenset({"*"})
EVERYONE = tuple(role for role in Role if role not in (Role.NOBODY, Role.STRANGER))
WITH_A_ROLE = tuple(role for role in EVERYONE if role is not Role.REGISTERED)


PUBLIC: Relations = frozenset({"own", "child", "parent", "sibling", "other"})
"""How one can stand to what hides from nobody."""


class Answer(StrEnum):
    """How a request is met."""

    IN = "let in"
    NOT_SIGNED_IN = "401"
    NOT_ALLOWED = "403"
    NOT_FOUND = "404"


def some(words: str) -> Relations:
    """`some("own child")`: the ways to stand to an object, by name."""
    return frozenset(words.split())


@dataclass(frozen=True)
class May:
    """Who may, on which objects; `door`: who is asked about the object at all, others get 403.

    `subject` names the kind of object, None where there is none; whoever does not see an object gets
    404. `sees` adds to what the subject's own table says.
    """

    lets: Mapping[Role, Relations]
    subject: str | None = None
    door: tuple[Role, ...] = EVERYONE
    sees: Mapping[Role, Relations] = field(default_factory=dict)
    strangers: bool = False
    """Open to whoever has signed in, known here or not."""
    everyone: bool = False
    """Nobody is asked who they are."""


Sees = Mapping[str, Mapping[Role, Relations]]


def holds(relations: Relations, relation: str) -> bool:
    """True when standing so is among these."""
    return relations == ALL or relation in relations


def expected(may: May, sees: Sees, role: Role, relation: str | None) -> Answer:
    """The answer to somebody with this role who stands so to the object; None: there is no object."""
    if may.everyone:
        return Answer.IN
    if role is Role.NOBODY:
        return Answer.NOT_SIGNED_IN
    if may.strangers:
        return Answer.IN
    if role not in may.door:
        return Answer.NOT_ALLOWED
    if relation is None:
        return Answer.IN
    table = sees.get(may.subject or "")
    if table is not None and not _sees(may, table, role, relation):
        return Answer.NOT_FOUND
    allowed = holds(may.lets.get(role, frozenset()), relation)
    return Answer.IN if allowed else Answer.NOT_ALLOWED


def _sees(may: May, table: Mapping[Role, Relations], role: Role, relation: str) -> bool:
    known = (table.get(role, frozenset()), may.sees.get(role, frozenset()))
    return any(holds(relations, relation) for relations in known)
