"""What becomes of accounts that nobody uses, and of those whose person comes back."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date
from functools import partial

from services.registry.commands.people import People
from services.registry.domain import account as rules
from services.registry.domain.account import Account, Limits, Standing
from services.registry.domain.person import Person
from services.registry.kinds import ACCOUNT, PERSON
from shared.clock import local_date
from shared.contracts.problems import NotFound, Problem, Refused
from shared.database import Taken
from shared.due import in_parallel
from shared.kind import By, Change, Stored
from shared.store import Store

WRITE_EVERY_SECONDS = 1.0
REMEMBERED_PEOPLE = 100_000


class Accounts:
    """Use cases of accounts, and who has been seen today by this process.

    `has_a_seat` says of a person whether a session to come counts on them.
    """

    def __init__(
        self,
        store: Store,
        people: People,
        has_a_seat: Callable[[str], Awaitable[bool]],
        limits: Limits,
    ) -> None:
        self._store = store
        self._people = people
        self._has_a_seat = has_a_seat
        self.limits = limits
        self._seen: dict[str, date] = {}
        self._unwritten: dict[str, date] = {}

    def seen(self, person: str) -> None:
        """Somebody's request was let in; written down later, once a day, in nobody's way."""
        today = self._today
        if self._seen.get(person) != today:
            if len(self._seen) >= REMEMBERED_PEOPLE:
                self._seen.clear()
            self._seen[person] = self._unwritten[person] = today

    async def run(self) -> None:
        """Write down who was seen, until cancelled; what fails is written the next time."""
        while True:
            await asyncio.sleep(WRITE_EVERY_SECONDS)
            batch, self._unwritten = self._unwritten, {}
            with suppress(Problem):
                await in_parallel([partial(self._write, *one) for one in batch.items()])

    async def load(self, person: Stored[Person]) -> Account:
        """A person's account; of who has just registered it may not be stored yet."""
        try:
            return (await self._store.load(ACCOUNT, person.id)).state
        except NotFound:
            return rules.begin(self._today, self._is_officer(person.state), self.limits)

    async def use(self, person: str, by: By) -> None:
        """Its person is here today."""
        await self._use(person, self._today, by)

    async def come_back(self, person: Stored[Person], by: By) -> Stored[Person]:
        """Its person opens it again; Refused where an administrator has to."""
        opened = await self._people.come_back(person.id, by)
        await self.use(person.id, by)
        return opened

    async def reconcile(self, id: str, by: By) -> None:
        """See that the account agrees with its person: officer or not, opened again, gone."""
        person = await self._living(id)
        if person is None:
            await self._store.of(ACCOUNT).delete_many({"_id": id})
            return
        today, officer = self._today, self._is_officer(person)

        def rule(account: Account) -> Account:
            account = rules.concern(account, officer, today, self.limits)
            late = today >= rules.suspended_on(account, self.limits)
            # Open although its time was out: somebody has opened it.
            reopened = late and account.warned_on is not None and person.status == "active"
            return rules.use(account, today, self.limits) if reopened else account

        await self._change(id, rule, by)

    async def wake(self, id: str, by: By) -> None:
        """Warn, suspend or erase when the time has come."""
        account, person = (await self._store.load(ACCOUNT, id)).state, await self._living(id)
        if person is None:
            await self._store.of(ACCOUNT).delete_many({"_id": id})
            return
        today = self._today
        after, step = rules.look(account, await self._standing(id, person), today, self.limits)
        try:
            await self._do(step, id, rules.suspended_on(after, self.limits), by)
        except Refused:
            after = rules.hold_back(account, today)
        # Who has come back meanwhile has begun anew.
        await self._change(id, lambda one: after if one == account else one, by)

    async def _do(self, step: rules.Step | None, id: str, of: date, by: By) -> None:
        if step == "warn":
            await self._people.warn(id, of, by)
        elif step == "suspend":
            await self._people.suspend(id, "unused", by)
        elif step == "erase":
            await self._people.erase(id, by)

    async def _standing(self, id: str, person: Person) -> Standing:
        now = self._store.clock.now()
        held = any(one.until is None or now < one.until for one in person.roles)
        return Standing(
            open=person.status == "active",
            officer=self._is_officer(person),
            bound=held or await self._has_a_seat(id),
        )

    async def _write(self, person: str, day: date) -> None:
        try:
            await self._use(person, day, By())
        except BaseException:
            # The next round, unless they have been seen on a later day meanwhile.
            self._unwritten.setdefault(person, day)
            raise

    async def _use(self, person: str, day: date, by: By) -> None:
        await self._change(person, lambda one: rules.use(one, day, self.limits), by)

    async def _change(self, id: str, rule: Callable[[Account], Account], by: By) -> None:
        try:
            await self._store.change(ACCOUNT, id, lambda one: Change(rule(one)), by)
        except NotFound:
            await self._begin(id, by)

    async def _begin(self, id: str, by: By) -> None:
        person = await self._living(id)
        if person is None:
            return
        account = rules.begin(self._today, self._is_officer(person), self.limits)
        try:
            await self._store.create(ACCOUNT, id, Change(account), by)
        except Taken:
            return

    async def _living(self, id: str) -> Person | None:
        """None for whoever is erased, or goes on by another account."""
        found = await self._store.find(PERSON, {"_id": id}, limit=1)
        living = found and found[0].state.status in ("active", "suspended")
        return found[0].state if living else None

    def _is_officer(self, person: Person) -> bool:
        now = self._store.clock.now()
        return any(
            held.role == "officer" and (held.until is None or now < held.until)
            for held in person.roles
        )

    @property
    def _today(self) -> date:
        return local_date(self._store.clock.now())
