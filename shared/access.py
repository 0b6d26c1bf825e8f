"""Who is calling, and until when (P14): from the Authorization header to a caller with roles.

A person is remembered for at most 0.5 s, so that a revoked role is dead within a second.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from shared.caller import Caller, KnownPerson
from shared.clock import Clock
from shared.contracts.problems import NotAllowed, Problem, Text, Unavailable
from shared.deadline import renew_deadline
from shared.tokens import Token, TokenVerifier

REMEMBERED_SECONDS = 0.5
REMEMBERED_ENTRIES = 10_000
WATCH_SECONDS = 0.5
TOGETHER_SECONDS = 0.05
WATCH_BATCH = 500
TRUSTED_SECONDS = 15 * 60

T = TypeVar("T")


class PersonNotKnown(NotAllowed):
    """403: a valid token of someone who has not registered, or not reached this service yet."""

    code = "not-yet-known"
    title = Text("Vi känner inte dig än", "We do not know you yet")
    detail = Text(
        "Du är inloggad men inte registrerad här än. Registrera dig, eller försök igen om en sekund.",
        "You are signed in but not registered here yet. Register, or try again in a second.",
    )
    retry_after = 1


class PersonSuspended(NotAllowed):
    """403: the account is paused."""

    code = "suspended"
    title = Text("Ditt konto är pausat", "Your account is paused")
    detail = Text(
        "Kontot är pausat. Under Mitt konto ser du varför och hur du kommer tillbaka.",
        "The account is paused. Under My account you see why and how to come back.",
    )


class ReplicaStale(Unavailable):
    """503: what we know of roles is too old to decide by."""

    code = "access-data-stale"
    detail = Text(
        "Vi kan inte avgöra vad du får göra just nu, för uppgifterna om roller är för gamla. "
        "Försök igen om en stund.",
        "We cannot tell what you may do right now: our data on roles is too old. "
        "Try again in a while.",
    )
    retry_after = 5


class People(Protocol):
    """What a service knows of people: its own documents in the registry, a replica elsewhere."""

    async def people_of(self, identity_keys: Collection[str]) -> Mapping[str, KnownPerson]:
        """The persons with these identity keys; whoever is not known, or is erased, is left out."""

    async def replica_age(self) -> float | None:
        """Seconds since the registry's last heartbeat, `inf` before the first; None for own data."""


class Access:
    """Turns Authorization headers into callers, and tells streams when theirs may no longer listen."""

    def __init__(
        self,
        verifier: TokenVerifier,
        people: People,
        clock: Clock,
        *,
        seen: Callable[[str], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seen` is told the id of whoever is let in; it must not wait."""
        self._verifier = verifier
        self._people = people
        self._clock = clock
        self._seen = seen
        self._persons = _Memory(_Together(people.people_of).get, monotonic)
        self._ages = _Memory(self._load_age, monotonic)
        self._watched: Counter[str] = Counter()
        self._stopping = False
        self._round: asyncio.Task[Mapping[str, KnownPerson | None]] | None = None

    async def identity_only(self, authorization: Sequence[str]) -> Token:
        """A valid token, whoever its bearer is: enough to register or to apply.

        Raises NotSignedIn (401) and SignInUnavailable (503).
        """
        return await self._verifier.verify(authorization)

    async def caller(self, authorization: Sequence[str]) -> Caller:
        """The caller behind a request's Authorization headers, judged now.

        Raises NotSignedIn (401), PersonNotKnown and PersonSuspended (403), ReplicaStale and
        SignInUnavailable (503).
        """
        token = await self._verifier.verify(authorization)
        await self._insist_on_fresh_data()
        key = token.identity.key
        person = await self._persons.get(key)
        if person is None:
            # Not remembered: who has just registered comes in at once.
            self._persons.forget(key)
        caller = self._judged(token, person)
        self._seen(caller.person_id)
        return caller

    async def until_revoked(self, token: Token, holds: Callable[[Caller], bool]) -> str:
        """Wait until the token's bearer may no longer have what `holds` asks for; return the reason.

        Looks every 0.5 s, once for all streams of the process. The reason is `expired`,
        `not-allowed`, `restarting`, or the code of the problem that a request would meet now. Run
        it beside the stream and end the stream when it returns.
        """
        key = token.identity.key
        self._watched[key] += 1
        try:
            while True:
                people = await self._next_round()
                if self._stopping:
                    return "restarting"
                if key in people and (reason := self._why_not(token, people[key], holds)):
                    return reason
        except Problem as problem:
            return problem.code
        finally:
            self._watched[key] -= 1
            if not self._watched[key]:
                del self._watched[key]

    def stop(self) -> None:
        """The process is about to end: streams are told so that their clients come back elsewhere."""
        self._stopping = True

    def _judged(self, token: Token, person: KnownPerson | None) -> Caller:
        if person is None:
            raise PersonNotKnown
        if person.suspended:
            raise PersonSuspended
        return Caller(person, token, self._clock.now())

    def _why_not(
        self, token: Token, person: KnownPerson | None, holds: Callable[[Caller], bool]
    ) -> str | None:
        if self._clock.now() >= token.expires_at:
            return "expired"
        return None if holds(self._judged(token, person)) else NotAllowed.code

    async def _insist_on_fresh_data(self) -> None:
        age = await self._ages.get("")
        if age is not None and age > TRUSTED_SECONDS:
            raise ReplicaStale

    async def _load_age(self, _key: str) -> float | None:
        return await self._people.replica_age()

    async def _next_round(self) -> Mapping[str, KnownPerson | None]:
        if self._round is None or self._round.done():
            # Its own context: the deadline of the request that opened the stream is long past.
            self._round = asyncio.create_task(self._look_at_all_watched(), context=Context())
            self._round.add_done_callback(_retrieve)
        return await asyncio.shield(self._round)

    async def _look_at_all_watched(self) -> Mapping[str, KnownPerson | None]:
        """Every watched person as known now, None for the unknown; who joined too late is left out."""
        await asyncio.sleep(WATCH_SECONDS)
        await self._insist_on_fresh_data()
        keys = list(self._watched)
        people: dict[str, KnownPerson | None] = dict.fromkeys(keys)
        for start in range(0, len(keys), WATCH_BATCH):
            people.update(await self._people.people_of(keys[start : start + WATCH_BATCH]))
        return people


class _Together(Generic[T]):
    """One look for all keys that are asked for while the look before is under way (at most 50 ms)."""

    def __init__(self, look: Callable[[Collection[str]], Awaitable[Mapping[str, T]]]) -> None:
        self._look = look
        self._wanted: set[str] = set()
        self._next: asyncio.Task[Mapping[str, T]] | None = None
        self._looking: asyncio.Task[Mapping[str, T]] | None = None

    async def get(self, key: str) -> T | None:
        """What a look that began after this call found for the key."""
        self._wanted.add(key)
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._looking))
            self._next.add_done_callback(_retrieve)
        return (await asyncio.shield(self._next)).get(key)

    async def _after(self, before: asyncio.Task[Mapping[str, T]] | None) -> Mapping[str, T]:
        if before is not None:
            await asyncio.wait([before], timeout=TOGETHER_SECONDS)
        keys, self._wanted = self._wanted, set()
        self._looking, self._next = self._next, None
        renew_deadline()
        return await self._look(keys)


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    started: float
    task: asyncio.Task[T]


class _Memory(Generic[T]):
    """What was loaded less than 0.5 s ago, by key; one load at a time for each key.

    The time counts from when a load began: what it saw may be that old. A load that is slower than
    that is not joined by late comers, for it may have read before what they have just been told.
    """

    def __init__(self, load: Callable[[str], Awaitable[T]], monotonic: Callable[[], float]) -> None:
        self._load = load
        self._monotonic = monotonic
        self._entries: dict[str, _Entry[T]] = {}

    async def get(self, key: str) -> T:
        entry = self._entries.get(key)
        if entry is None or self._monotonic() - entry.started >= REMEMBERED_SECONDS:
            entry = self._begin(key)
        if entry.task.done():
            return entry.task.result()
        return await asyncio.shield(entry.task)

    def forget(self, key: str) -> None:
        self._entries.pop(key, None)

    def _begin(self, key: str) -> _Entry[T]:
        entry = _Entry(self._monotonic(), asyncio.ensure_future(self._loaded(key)))
        entry.task.add_done_callback(lambda task: self._ended(key, task))
        self.forget(key)
        self._entries[key] = entry
        if len(self._entries) > REMEMBERED_ENTRIES:
            self.forget(next(iter(self._entries)))
        return entry

    async def _loaded(self, key: str) -> T:
        return await self._load(key)

    def _ended(self, key: str, task: asyncio.Task[T]) -> None:
        """A failed load is not remembered."""
        failed = task.cancelled() or task.exception() is not None
        if failed and (entry := self._entries.get(key)) is not None and entry.task is task:
            self.forget(key)


def _retrieve(task: "asyncio.Task[Any]") -> None:
    """Nobody may be left to hear of a failure; that is no error of its own."""
    if not task.cancelled():
        task.exception()
