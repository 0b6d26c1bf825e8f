"""Merging: the loser's state becomes merged, with one pointer to the winner; all else follows by itself.

Nobody is told: for people nothing has happened but that two entries were one all along.
"""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared.aliases import follow
from shared.contracts.problems import Refused


class Merger(BaseModel):
    """Into whom, since when, and in what state it was `before`, should this merger have to yield.

    It cannot yield any more once it is `settled`: all that was the loser's has been handed over.
    """

    model_config = ConfigDict(frozen=True)

    into: str
    at: datetime
    before: str
    settled: bool = False


def who_yields(id: str, mergers: Mapping[str, Merger]) -> str | None:
    """Whose merger yields where several of the same moment lead round to `id`: the latest, then by id.

    None where they lead to an end.
    """
    circle = [id]
    while (merger := mergers.get(circle[-1])) is not None and merger.into not in circle:
        circle.append(merger.into)
    if merger is None or merger.into != id:
        return None
    return max((mergers[one].at, one) for one in circle if not mergers[one].settled)[1]


def insist_on_another(loser: str, winner: str) -> None:
    """Nothing is merged into itself, by whatever name."""
    if loser == winner:
        raise Refused(
            "merged-into-itself",
            sv="Det är samma post. Välj den som ska finnas kvar.",
            en="These are one and the same. Choose the one that is to remain.",
        )


def refuse_merged(merger: Merger | None) -> None:
    """What is merged already stays where it is."""
    if merger is not None:
        raise Refused(
            "merged-already",
            sv="Den är redan sammanslagen med en annan. Läs om sidan.",
            en="It has been merged with another already. Reload the page.",
            extra={"merged_into": merger.into},
        )


def yielded() -> Refused:
    """Two mergers at once went opposite ways; the other one holds."""
    return Refused(
        "merge-yielded",
        sv="Någon slog samman dem åt andra hållet i samma ögonblick, och det gäller. Läs om sidan.",
        en="Somebody merged them the other way at the same moment, and that holds. Reload the page.",
    )


def winner_of(id: str, mergers: Mapping[str, Merger]) -> str:
    """Who it is now."""
    return follow(id, {one: merger.into for one, merger in mergers.items()})
