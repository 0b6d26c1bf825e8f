"""A machine that commands one aggregate as the store would, for tests of what must always hold."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant

from services.registry.kinds import KINDS
from shared.clock import local_date
from shared.contracts.problems import Problem

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)


class Machine(RuleBasedStateMachine):
    """Commands on one aggregate as the store would apply them: at once, or not at all."""

    state: Any = None
    now = NOW

    @property
    def today(self) -> date:
        return local_date(self.now)

    def do(self, command: Any, *arguments: Any) -> None:
        with suppress(Problem):
            self.state, events = command(self.state, *arguments)
            assert len({event.type for event in events}) == len(events)

    def pass_time(self, step: timedelta, wake: Any, wakes_at: Any) -> None:
        """Time passes; whoever asked to be woken is, as often as they ask."""
        until = self.now + step
        while (at := wakes_at(self.state)) is not None and at <= until:
            self.now = max(self.now, at.astimezone(UTC))
            self.do(wake, self.now)
            assert wakes_at(self.state) != at, "a wake-up that changes nothing rings for ever"
        self.now = until

    @invariant()
    def what_is_stored_is_read_back(self) -> None:
        if self.state is not None:
            kind = next(one for one in KINDS if one.state is type(self.state))
            stored = self.state.model_dump(mode="json", by_alias=True)
            assert kind.read({"schema": kind.schema, "state": stored}) == self.state
            for name in kind.snapshots:
                assert kind.snapshot(name, self.state, 1)["version"] == 1
