"""When two organisations may be one: what is looked up, and what speaks for it.

`traces` are exact strings that an index finds it by; `likenesses` then judges each pair.
"""

from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from services.registry.domain.organisation_profile import Profile
from shared.contracts.places import MUNICIPALITIES
from shared.words import fold

Reason = Literal["number", "name", "near-name", "web", "mail", "phone"]
FIELDS: Mapping[Reason, str] = {
    "number": "number",
    "name": "name",
    "near-name": "name",
    "web": "web",
    "mail": "mail",
    "phone": "phone",
}
"""The other's field that a reason tells of: who may not see it is not told."""

CLOSE = 0.8
"""From here on what differs in two names of one place is taken for a slip of the pen."""
PREFIX, MOST_WORDS, MOST_PLACES = 4, 8, 20
_SHARED_BY_ALL = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "hotmail.com",
        "hotmail.se",
        "live.com",
        "live.se",
        "outlook.com",
        "msn.com",
        "yahoo.com",
        "yahoo.se",
        "icloud.com",
        "me.com",
        "telia.com",
        "bredband.net",
        "spray.se",
        "proton.me",
        "protonmail.com",
        "facebook.com",
        "instagram.com",
    ]
)
_GENERIC = frozenset(
    [
        "i",
        "och",
        "for",
        "av",
        "pa",
        "krets",
        "kretsen",
        "forening",
        "foreningen",
        "lokalforening",
        "lokalforeningen",
        "ideell",
        "forsamling",
        "forsamlingen",
        "avdelning",
        "lokalavdelning",
        "kommun",
    ]
)


def traces(one: Profile) -> tuple[str, ...]:
    """What others find it by, each under the field that it tells of."""
    exact = {
        "name": _squeezed(one.name),
        "number": one.number,
        "web": _web_domain(one),
        "mail": _mail_domain(one),
        "phone": one.phone,
    }
    return (*(f"{field}:{text}" for field, text in exact.items() if text), *_near(one))


def sought(one: Profile, seen: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The traces of others to look for, exact ones and near ones; only of fields in `seen`.

    A web address and a mail address of one domain find each other.
    """
    own = [trace for trace in traces(one) if not trace.startswith("near:")]
    crossed = [f"{field}:{name}" for field in ("web", "mail") for name in _domains(one)]
    exact = {trace for trace in (*own, *crossed) if trace.partition(":")[0] in seen}
    return tuple(sorted(exact)), _near(one)


def likenesses(one: Profile, other: Profile) -> Mapping[Reason, int]:
    """What speaks for the two being one, each in percent; empty when nothing does."""
    alike: dict[Reason, int] = {}
    if one.number and one.number == other.number:
        alike["number"] = 100
    if _squeezed(one.name) == _squeezed(other.name):
        alike["name"] = 100
    elif _places_shared(one, other) and _differ_by_a_slip(one, other):
        alike["near-name"] = round(100 * _ratio(_squeezed(one.name), _squeezed(other.name)))
    if one.phone and one.phone == other.phone:
        alike["phone"] = 100
    if not _are_related(one, other):
        own = set(_domains(one))
        alike |= {"web": 100} if _web_domain(other) in own else {}
        alike |= {"mail": 100} if _mail_domain(other) in own else {}
    return alike


@lru_cache(maxsize=10_000)
def words_of(name: str) -> tuple[str, ...]:
    """The folded words of a name that tell it from others."""
    letters = "".join(sign if sign.isalnum() else " " for sign in fold(name))
    return tuple(word for word in letters.split() if word not in _GENERIC)


def _near(one: Profile) -> tuple[str, ...]:
    """How the words of its name begin, each with a place."""
    starts = sorted({word[:PREFIX] for word in words_of(one.name)})[:MOST_WORDS]
    return tuple(f"near:{place}:{start}" for place in _places(one) for start in starts)


def _differ_by_a_slip(one: Profile, other: Profile) -> bool:
    """Whether what is left of the names without common words, and the place's own name, is alike."""
    towns = {word for code in _places_shared(one, other) for word in _town(code)}
    mine, theirs = words_of(one.name), words_of(other.name)
    left = "".join(word for word in mine if word not in theirs and word not in towns)
    right = "".join(word for word in theirs if word not in mine and word not in towns)
    if not left and not right:
        return True
    return bool(left and right) and _ratio(left, right) >= CLOSE


def _places(one: Profile) -> Sequence[str]:
    """Where a near name counts: the same national organisation, or the same place."""
    centre = one.around.municipality if one.around else None
    named = [*one.municipalities, *([centre] if centre else [])]
    return [*([one.parent] if one.parent else []), *(named or one.counties)][:MOST_PLACES]


def _places_shared(one: Profile, other: Profile) -> set[str]:
    return set(_places(one)) & set(_places(other))


def _town(code: str) -> Sequence[str]:
    return words_of(MUNICIPALITIES[code].name) if code in MUNICIPALITIES else ()


def _are_related(one: Profile, other: Profile) -> bool:
    """Branches share a domain with each other and with their national organisation."""
    return one.parent is not None and one.parent == other.parent


def _domains(one: Profile) -> Sequence[str]:
    found = {_mail_domain(one), _web_domain(one)} - {""}
    return sorted(found)


def _mail_domain(one: Profile) -> str:
    return _own_domain((one.mail or "").rpartition("@")[2])


def _web_domain(one: Profile) -> str:
    return _own_domain(urlsplit(one.web or "").hostname or "")


def _own_domain(host: str) -> str:
    domain = host.casefold().removeprefix("www.")
    return "" if domain in _SHARED_BY_ALL else domain


def _squeezed(name: str) -> str:
    return "".join(words_of(name)) or fold(name)


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
