"""What is killed when: worked out from the seed before the run, so that the same seed is the same run."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from deploy.local.runtime import SERVICES

How = Literal["kill", "pause"]

BETWEEN_SECONDS = (1.0, 4.0)
PAUSED_SECONDS = (1.0, 3.0)


@dataclass(frozen=True, slots=True)
class Blow:
    """One part is killed (SIGKILL), or stopped for some seconds (SIGSTOP), `after` seconds of waiting."""

    part: str
    how: How
    after: float
    seconds: float = 0.0

    def __str__(self) -> str:
        if self.how == "kill":
            return f"{self.part} killed"
        return f"{self.part} stopped for {self.seconds:.1f} s"


def schedule(seed: int, kills: int, copies: int = 2) -> list[Blow]:
    """So many blows; of any five in a row from the start each kind of part gets its share."""
    rng = Random(f"kills {seed}")
    blows: list[Blow] = []
    hand = 0
    while len(blows) < kills:
        dealt = list(_hand(rng, hand, copies))
        rng.shuffle(dealt)
        blows += [_blow(rng, part, how) for part, how in dealt]
        hand += 1
    return blows[:kills]


def _hand(rng: Random, number: int, copies: int) -> Iterator[tuple[str, How]]:
    yield "mongod", "kill"
    yield "rabbitmq", "kill"
    yield rng.choice(("mongod", "rabbitmq")), "pause"
    if number % 2 == 1:
        yield "gateway", "kill"
    # Services are what we write: they get most of it.
    for _ in range(2 if number == 0 else 5):
        yield f"{rng.choice(SERVICES)}-{rng.randint(1, copies)}", "kill"


def _blow(rng: Random, part: str, how: How) -> Blow:
    after = rng.uniform(*BETWEEN_SECONDS)
    return Blow(part, how, after, rng.uniform(*PAUSED_SECONDS) if how == "pause" else 0.0)
