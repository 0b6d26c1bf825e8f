"""Which of our two languages an answer is written in."""

from functools import lru_cache

from starlette.types import Scope

from shared.contracts.problems import Language

_LONGEST_READ = 500


def language_of(scope: Scope) -> Language:
    """The language asked for by Accept-Language; Swedish unless English is wanted more."""
    for name, value in scope["headers"]:
        if name == b"accept-language":
            return negotiated(value[:_LONGEST_READ].decode("latin-1"))
    return "sv"


@lru_cache(maxsize=256)
def negotiated(accept_language: str) -> Language:
    """`sv` or `en`, whichever weighs more (Swedish when equal, unknown or unreadable)."""
    weights = {"sv": 0.0, "en": 0.0}
    others = 0.0
    named: set[str] = set()
    for part in accept_language.split(","):
        tag, _, options = part.partition(";")
        main = tag.strip().lower().partition("-")[0]
        if main in weights:
            weights[main] = max(weights[main], _weight(options))
            named.add(main)
        elif main == "*":
            others = _weight(options)
    for language in weights.keys() - named:
        weights[language] = others
    return "en" if weights["en"] > weights["sv"] else "sv"


def _weight(options: str) -> float:
    """The q value of a language range; 1 when absent, 0 when unreadable."""
    name, _, value = options.replace(" ", "").lower().partition("=")
    if name != "q":
        return 1.0 if not options.strip() else 0.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0
