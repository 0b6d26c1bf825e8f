"""Kill services, broker and database under load, and see that no promise is broken.

A system of its own (two copies of each service) is used through the gateway by some thirty people,
while its processes are killed with SIGKILL, or stopped with SIGSTOP, at moments that follow from the
seed. Afterwards the stores are compared with what was acknowledged. The last line counts what is
lost, doubled, astray and dead; the exit status is 0 when all of that is nothing.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Outcome, a_stage, report, under_blows
from tests.chaos.running import Running, a_system

EXAMPLES = "Examples: samverkan chaos --kills 5 --seed 1 · samverkan chaos --kills 50"


def main() -> int:
    """Run once; 0 when every promise held."""
    parser = argparse.ArgumentParser(
        prog="samverkan chaos",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--kills", type=int, default=5, metavar="N", help="how many (5)")
    parser.add_argument("--seed", type=int, metavar="S", help="which and when; random if left out")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(1_000_000)
    folder = Path(tempfile.mkdtemp(prefix="samverkan-chaos-"))
    print(f"seed {seed}: samverkan chaos --kills {options.kills} --seed {seed} is this run again")
    with a_system(folder, _say) as system:
        outcome = asyncio.run(_run(system, seed, options.kills))
    report(outcome, folder, _say)
    if outcome.verdict.held:
        shutil.rmtree(folder)
    return 0 if outcome.verdict.held else 1


async def _run(system: Running, seed: int, kills: int) -> Outcome:
    async with a_stage(system, _say) as stage:
        return await under_blows(stage, seed, kills, _say)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
