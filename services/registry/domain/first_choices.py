"""The three choices that stand before every report of an incident; nothing of them is stored."""

from dataclasses import dataclass
from typing import Literal

from shared.contracts.problems import Text

Choice = Literal["danger_now", "worry_about_a_child", "other"]


@dataclass(frozen=True)
class Way:
    """One choice: what it is called, what to do, whom to ring, and where it leads on our own site."""

    choice: Choice
    title: Text
    words: Text
    phone: str | None = None
    path: str | None = None


NO_NAMES = Text(
    "Skriv inga namn, varken på boende, volontärer eller personal.",
    "Write no names, neither of residents, volunteers nor staff.",
)

_DANGER = Way(
    "danger_now",
    Text("Fara just nu", "Danger right now"),
    Text(
        "Ring 112. Gör det först, skriv sedan.",
        "Ring 112. Do that first, write afterwards.",
    ),
    phone="112",
)
_OTHER = Way(
    "other",
    Text("Något annat har hänt", "Something else has happened"),
    Text(
        "Berätta vad som hände. Handläggare för området och nätverkets administratörer läser det. "
        f"{NO_NAMES.sv}",
        "Tell what happened. Officers of the area and network administrators read it. "
        f"{NO_NAMES.en}",
    ),
    path="/api/registry/incidents",
)
_CHILD = Text("Oro för ett barn", "Worry about a child")
_TO_MUNICIPALITY = Text(
    "Ring socialtjänsten i {municipality} kommun och säg att du vill göra en orosanmälan. "
    "På kvällar och helger: socialjouren, eller 112 om det är bråttom. "
    "Berätta det för dem, inte här: vi sparar ingenting om barn.",
    "Ring the social services of the municipality of {municipality} and say that you are worried "
    "about a child (orosanmälan). Evenings and weekends: their emergency line (socialjouren), or "
    "112 when it cannot wait. Tell them, not us: we store nothing about children.",
)
_TO_OWN = Text(
    "Ring socialtjänsten i den kommun där barnet bor och säg att du vill göra en orosanmälan. "
    "På kvällar och helger: socialjouren, eller 112 om det är bråttom. "
    "Berätta det för dem, inte här: vi sparar ingenting om barn.",
    "Ring the social services of the municipality where the child lives and say that you are "
    "worried about a child (orosanmälan). Evenings and weekends: their emergency line "
    "(socialjouren), or 112 when it cannot wait. Tell them, not us: we store nothing about children.",
)


def first_choices(municipality: str | None) -> tuple[Way, Way, Way]:
    """The three, with the name of the municipality where it may be told."""
    words = _TO_OWN if municipality is None else _TO_MUNICIPALITY.filled(municipality=municipality)
    return _DANGER, Way("worry_about_a_child", _CHILD, words), _OTHER
