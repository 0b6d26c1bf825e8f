"""Starts parts side by side, looks after them, and stops them."""

import dataclasses
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from deploy.local.process import PartError, Process

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
TICK_SECONDS = 0.1
Tell = Callable[[str], None]


@dataclasses.dataclass
class Watched:
    """One part and how patient we are with it."""

    part: Process
    longest_pause: float = LONGEST_PAUSE_SECONDS
    pause: float = FIRST_PAUSE_SECONDS
    since: float = dataclasses.field(default_factory=time.monotonic)
    due: float | None = None

    def look(self, now: float, tell: Tell) -> None:
        """Let a living part be; start a dead one again once its pause is over."""
        if self.part.alive:
            self._trust(now)
        elif self.due is None:
            tell(
                f"{self.part.name} stopped and starts again in {self.pause:g} s. Its log: {self.part.log}"
            )
            self.due = now + self.pause
            self.pause = min(self.pause * 2, self.longest_pause)
        elif now >= self.due:
            self._restart(now, tell)

    def _trust(self, now: float) -> None:
        if now - self.since > STEADY_SECONDS:
            self.pause, self.since = FIRST_PAUSE_SECONDS, now
            self.part.trim_log()

    def _restart(self, now: float, tell: Tell) -> None:
        self.due, self.since = None, now
        try:
            self.part.spawn()
        except (OSError, PartError) as error:
            tell(f"{self.part.name} could not be started: {error}")


class Supervisor:
    """Owns the parts it has started, stage by stage.

    The pauses before a part is started again grow to `longest_pause` seconds.
    """

    def __init__(self, tell: Tell, longest_pause: float = LONGEST_PAUSE_SECONDS) -> None:
        self._tell = tell
        self._longest_pause = longest_pause
        self._stages: list[list[Watched]] = []
        self._ending = threading.Event()

    def start(self, parts: Sequence[Process]) -> None:
        """Start a stage: parts side by side, until all are ready. Raises PartError of the first that is not."""
        self._stages.append([Watched(part, self._longest_pause) for part in parts])
        pool = ThreadPoolExecutor(max(1, len(parts)))
        try:
            for result in [pool.submit(self._start, part) for part in parts]:
                result.result()
        finally:
            pool.shutdown(wait=False)

    def _start(self, part: Process) -> None:
        began = time.monotonic()
        part.start()
        self._tell(f"{part.name} is ready ({time.monotonic() - began:.1f} s)")

    def watch(self) -> None:
        """Restart what dies, until `end` is called from another thread or a signal interrupts."""
        while not self._ending.wait(TICK_SECONDS):
            for watched in [watched for stage in self._stages for watched in stage]:
                watched.look(time.monotonic(), self._tell)

    def end(self) -> None:
        """Let `watch` return."""
        self._ending.set()

    def stop(self) -> None:
        """Stop the stages, the newest first, the parts of a stage side by side."""
        for stage in reversed(self._stages):
            with ThreadPoolExecutor(max(1, len(stage))) as pool:
                list(pool.map(lambda watched: watched.part.stop(), stage))
