"""A small service on the whole plumbing, to be killed, cut off and flooded: counters.

A counter tells of each change to named recipients (*telling*: one row per event and recipient, the
id derived), keeps a shadow that holds its value (*doing*: reconciled at once and after its own
event), rings when its time has come, and makes the counters it was asked for in pieces, as an
import does. It listens to its own events, so that one process is owner and replica.

`python -m tests.toy` runs one copy, told by SAMVERKAN_* variables like any service.
"""

import contextlib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, ClassVar

from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel

from deploy.topology import Topology, topology
from shared import failpoints
from shared.access import People
from shared.bus import Reaction, Subscription
from shared.caller import KnownPerson
from shared.causes import by_event, following
from shared.clock import Clock
from shared.contracts.base import Event, Facts, Snapshot
from shared.contracts.problems import NotFound
from shared.database import Document, Taken
from shared.http import Room, repeat_key
from shared.kind import By, Change, Kind, Stored, derived_id, new_id
from shared.operate import operator_routes
from shared.permissions import public
from shared.replica import Replica
from shared.service import Plumbing, Service, application
from shared.settings import Settings
from shared.store import Store
from shared.telemetry import chain

NAME = "toy"
PASSWORD = "one-for-every-toy"
PIECE = 5
# Whoever has this name cannot be told of anything until there is a row in `luck`.
UNLUCKY = "unlucky"


def plan() -> Topology:
    """The broker as the toy needs it."""
    return topology({NAME: ("counter",)}, {NAME: ("toy.counter",)})


# Without the class keyword a contract stays out of the tables of the public language.
class CounterSnapshot(Snapshot):
    """What everyone may know of a counter."""

    aggregate: ClassVar[str] = "toy.counter"
    value: int
    text: str


class Increased(Facts):
    """It counts higher, and these are to hear of it."""

    type: ClassVar[str] = "toy.counter.increased"
    amount: int
    concerned: tuple[str, ...] = ()


class Begun(Facts):
    """It is there."""

    type: ClassVar[str] = "toy.counter.begun"
    concerned: tuple[str, ...] = ("registrar",)


class Slept(Facts):
    """It asked to be woken."""

    type: ClassVar[str] = "toy.counter.slept"


class Made(Facts):
    """A piece of what was wanted of it is there."""

    type: ClassVar[str] = "toy.counter.made"


class Rung(Facts):
    """Its time had come."""

    type: ClassVar[str] = "toy.counter.rung"


class Asked(Facts):
    """So many further counters are wanted of it."""

    type: ClassVar[str] = "toy.counter.asked"


class Erased(Facts):
    """It is gone."""

    type: ClassVar[str] = "toy.counter.erased"


class Counter(BaseModel):
    """The state of a counter; `shadow_of` names the one it follows, `wanted` the imports to make.

    A shadow has `seen` a version of its counter and believes no older one.
    """

    value: int = 0
    seen: int = 0
    text: str = ""
    shadow_of: str | None = None
    wakes_at: datetime | None = None
    rung: int = 0
    wanted: int = 0
    made: int = 0
    erased: bool = False


COUNTER = Kind(
    name="toy.counter",
    state=Counter,
    snapshots={"toy.counter": lambda one: CounterSnapshot(value=one.value, text=one.text)},
    wakes_at=lambda one: one.wakes_at,
    erased=lambda one: one.erased,
)


def increase(one: Counter, amount: int, concerned: Collection[str] = ()) -> Change[Counter]:
    """Count higher; the result is the new value."""
    state = one.model_copy(update={"value": one.value + amount})
    told = Increased(amount=amount, concerned=tuple(concerned))
    return Change(state, (told,), {"value": state.value})


def sleep_until(one: Counter, moment: datetime | None) -> Change[Counter]:
    """Ask to be woken, or not."""
    return Change(one.model_copy(update={"wakes_at": moment}), (Slept(),))


def ask(one: Counter, wanted: int, now: datetime) -> Change[Counter]:
    """Want further counters, made from now on."""
    return Change(one.model_copy(update={"wanted": wanted, "wakes_at": now}), (Asked(),))


def ring(one: Counter, now: datetime) -> Change[Counter]:
    """Ring once, if it is time."""
    if one.wakes_at is None or one.wakes_at > now or one.wanted:
        return Change(one)
    return Change(one.model_copy(update={"wakes_at": None, "rung": one.rung + 1}), (Rung(),))


def have_made(one: Counter, number: int, now: datetime) -> Change[Counter]:
    """Note how many there are; the next piece is due at once, until all are made."""
    done = number >= one.wanted
    update = {
        "made": number,
        "wakes_at": None if done else now,
        "wanted": 0 if done else one.wanted,
    }
    return Change(one.model_copy(update=update), (Made(),))


def erase(one: Counter) -> Change[Counter]:
    """End it for ever."""
    return Change(Counter(erased=True), (Erased(),))


def shadow_id(id: str) -> str:
    """The id of a counter's shadow."""
    return derived_id(id, "shadow")


class Counters:
    """Use cases of the counter."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def add(self, id: str, amount: int, concerned: Collection[str], by: By) -> int:
        """Increase it and let its shadow follow, so that the caller sees it."""
        stored = await self.store.change(
            COUNTER, id, lambda one: increase(one, amount, concerned), by
        )
        failpoints.reach(failpoints.BETWEEN_CHECKS)
        await self.reconcile(id, following(by))
        value: int = stored.result["value"]
        return value

    async def reconcile(self, id: str, by: By) -> None:
        """Let the shadow have the value of its counter; no shadow has a shadow."""
        try:
            one = await self.store.load(COUNTER, id)
        except NotFound:
            return
        if one.state.shadow_of is not None or one.state.erased:
            return
        try:
            await self._follow(one, by)
        except NotFound:
            shadow = Change(Counter(shadow_of=id), (Begun(),))
            with contextlib.suppress(Taken):
                await self.store.create(COUNTER, shadow_id(id), shadow, by)
            await self._follow(one, by)

    async def _follow(self, one: Stored[Counter], by: By) -> None:
        await self.store.change(COUNTER, shadow_id(one.id), lambda it: _follow(it, one), by)

    async def wake(self, id: str, by: By) -> None:
        """Ring, or make the next piece of what is wanted."""
        now = self.store.clock.now()
        one = (await self.store.load(COUNTER, id)).state
        if not one.wanted:
            await self.store.change(COUNTER, id, lambda it: ring(it, now), by)
            return
        upto = min(one.made + PIECE, one.wanted)
        for number in range(one.made, upto):
            await self._make(id, number, by)
            failpoints.reach(failpoints.WITHIN_IMPORT)
        await self.store.change(COUNTER, id, lambda it: have_made(it, upto, now), by)

    async def _make(self, id: str, number: int, by: By) -> None:
        row = increase(Counter(shadow_of=id), number, ["import"])
        try:
            await self.store.create(COUNTER, derived_id(id, number), row, by)
        except Taken:
            return


def _follow(shadow: Counter, one: Stored[Counter]) -> Change[Counter]:
    if shadow.seen >= one.version or shadow.value == one.state.value:
        return Change(shadow)
    change = increase(shadow, one.state.value - shadow.value)
    return Change(change.state.model_copy(update={"seen": one.version}), change.events)


class Toy:
    """What the toy is made of; a test may also have `also_tell` hear each event first."""

    def __init__(self, plumbing: Plumbing) -> None:
        self.plumbing = plumbing
        self.counters = Counters(plumbing.store)
        self.replica = Replica(plumbing.database, CounterSnapshot)
        self.told = plumbing.database.collection("told")
        self.luck = plumbing.database.collection("luck")
        self.also_tell: Reaction | None = None

    async def tell(self, event: Event) -> None:
        """One row for each recipient named in the facts."""
        if self.also_tell is not None:
            await self.also_tell(event)
        if UNLUCKY in event.data.facts.get("concerned", ()) and not await self.luck.count({}, 1):
            raise RuntimeError("no luck yet")
        rows = [
            {
                "_id": derived_id(event.id, person),
                "event": event.id,
                "subject": event.subject,
                "amount": event.data.facts.get("amount", 0),
            }
            for person in event.data.facts.get("concerned", ())
        ]
        await self.told.insert_new(rows)

    async def reconcile(self, event: Event) -> None:
        """Mend what the command has left undone."""
        await self.counters.reconcile(event.subject, by_event())

    async def wake(self, kind: Kind[Any], id: str) -> None:
        """Its time has come."""
        await self.counters.wake(id, by_event())


class Nobody:
    """The toy knows no people."""

    async def people_of(self, identity_keys: Collection[str]) -> Mapping[str, KnownPerson]:
        """None of them."""
        return {}

    async def replica_age(self) -> float | None:
        """Its own knowledge is never old."""
        return None


class Addition(BaseModel):
    """How much more, and who is to hear of it."""

    amount: int = 1
    concerned: tuple[str, ...] = ()


def create(settings: Settings, clock: Clock | None = None, people: People | None = None) -> FastAPI:
    """The toy's app, whose operator is among the `people`."""
    plumbing = Plumbing(NAME, settings, clock)
    toy = Toy(plumbing)
    app = application(
        Service(
            plumbing=plumbing,
            people=people or Nobody(),
            kinds=(COUNTER,),
            routers=(_routes(toy), operator_routes(plumbing, (COUNTER,), (toy.replica,))),
            subscriptions=(
                Subscription(
                    "toy.counter", replica=toy.replica, tell=toy.tell, reconcile=toy.reconcile
                ),
            ),
            wake=toy.wake,
            replicas=(toy.replica,),
        )
    )
    app.state.toy = toy
    return app


def _routes(toy: Toy) -> Room:
    router = Room(prefix="/counters", dependencies=[Depends(public)])
    store = toy.plumbing.store

    @router.post("", status_code=201)
    async def begin(request: Request) -> Document:
        by = await _by(request)
        stored = await store.create(COUNTER, new_id(by), Change(Counter(), (Begun(),)), by)
        return {"id": stored.id}

    @router.get("/{id}")
    async def read(id: str) -> Document:
        stored = await store.load(COUNTER, id)
        return {"id": id, "version": stored.version, **stored.state.model_dump(mode="json")}

    @router.post("/{id}/add")
    async def add(request: Request, id: str, body: Addition) -> Document:
        by = await _by(request)
        return {"value": await toy.counters.add(id, body.amount, body.concerned, by)}

    @router.post("/{id}/swap/{other}")
    async def swap(request: Request, id: str, other: str) -> Document:
        """Move one from the one to the other, which changes both or none."""
        move: Callable[[int], Any] = lambda n: lambda it: increase(it, n, ["swap"])  # noqa: E731
        await store.change_many(
            [(COUNTER, id, move(-1)), (COUNTER, other, move(1))], await _by(request)
        )
        return {}

    @router.post("/{id}/sleep")
    async def sleep(request: Request, id: str, until: datetime) -> Document:
        await store.change(COUNTER, id, lambda one: sleep_until(one, until), await _by(request))
        return {}

    @router.post("/{id}/ask")
    async def wanted(request: Request, id: str, number: int) -> Document:
        now = store.clock.now()
        await store.change(COUNTER, id, lambda one: ask(one, number, now), await _by(request))
        return {}

    return router


async def _by(request: Request) -> By:
    current = chain.get()
    return By(
        traceparent=current.traceparent if current else "",
        repeat=await repeat_key(request, "somebody"),
    )


if __name__ == "__main__":
    from shared.serve import serve

    serve(NAME, create)
