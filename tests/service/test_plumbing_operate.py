"""What the operator does over HTTP: find drift, resync, see, replay and drop failed messages (P7, P8)."""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from shared.caller import KnownPerson
from shared.kind import By, Change
from tests.callers import a_grant
from tests.harness import MovableClock, eventually
from tests.issuer import AUDIENCE, CLIENT, Issuer
from tests.plumbing import Copy, Place, running, settled
from tests.toy import COUNTER, UNLUCKY, Begun, Counter

OPERATOR, VOLUNTEER = "otto", "vera"
HTTP = "http://toy/api/toy/operator"


class Crew:
    """Otto operates, whoever else comes is a volunteer."""

    async def people_of(self, identity_keys: Collection[str]) -> Mapping[str, KnownPerson]:
        """Everyone is somebody."""
        return {
            key: KnownPerson(key, False, False, _roles(key), frozenset()) for key in identity_keys
        }

    async def replica_age(self) -> float | None:
        """Never old."""
        return None


def _roles(key: str) -> tuple[Any, ...]:
    return (a_grant("operator"),) if _IDENTITIES.get(key) == OPERATOR else ()


_IDENTITIES: dict[str, str] = {}


@dataclass
class Desk:
    """Somebody at a running toy."""

    copy: Copy
    issuer: Issuer
    clock: MovableClock
    who: str = OPERATOR

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """One request; the answer's body, which must be a success."""
        answer = await self.copy.http.request(
            method, f"{HTTP}/{path}", headers=self.authorization(self.who), **more
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def authorization(self, who: str) -> dict[str, str]:
        """A token of the test's issuer."""
        now = int(self.clock.now().timestamp())
        return self.issuer.authorization(who, iat=now, exp=now + 3600)

    async def fingerprints(self) -> dict[str, dict[str, Any]]:
        """All of them, page by page."""
        found, after = {}, {}
        while True:
            page = await self.ask("GET", "fingerprints/toy.counter", params={"limit": 7, **after})
            found |= {one["id"]: one for one in page["items"]}
            if not page.get("next"):
                return found
            after = {"cursor": page["next"]}


@pytest.fixture
async def desk(place: Place) -> AsyncIterator[Desk]:
    from shared.tokens import Identity

    issuer, clock = Issuer(), MovableClock()
    await issuer.start()
    for who in (OPERATOR, VOLUNTEER):
        _IDENTITIES[Identity(issuer.url, who).key] = who
    given = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "oidc_clients": (CLIENT,)}
    async with running(place, clock, Crew(), **given) as copy:
        await eventually(lambda: copy.toy.plumbing.keys.loaded)
        yield Desk(copy, issuer, clock)
    await issuer.stop()


async def _counters(desk: Desk, place: Place, number: int) -> None:
    for n in range(number):
        await desk.copy.store.create(COUNTER, f"n{n:02}", Change(Counter(), (Begun(),)), By())
    await settled(place)


@pytest.mark.promise("P8")
async def test_a_resync_asked_for_over_http_reaches_every_replica(desk: Desk, place: Place) -> None:
    await _counters(desk, place, 20)
    replica = place.database["replica_toy_counter"]
    await replica.delete_many({})
    asked = await desk.ask("POST", "resync/counter")
    desk.copy.process.due.hurry()
    await settled(place)
    assert asked == {"asked": await place.database["counter"].count_documents({})}


@pytest.mark.promise("P8")
async def test_fingerprints_tell_owner_and_replica_apart_where_they_differ(
    desk: Desk, place: Place
) -> None:
    await _counters(desk, place, 9)
    fingerprints = await desk.fingerprints()
    assert fingerprints.keys() == {row["_id"] for row in await place.rows("counter")}
    from shared.operate import _fingerprint

    rows = {row["_id"]: _fingerprint(row) for row in await place.rows("replica_toy_counter")}
    assert rows == fingerprints
    await place.database["replica_toy_counter"].update_one(
        {"_id": "n03"}, {"$set": {"state.text": "damaged"}}
    )
    rows = {row["_id"]: _fingerprint(row) for row in await place.rows("replica_toy_counter")}
    assert [id for id in rows if rows[id] != fingerprints[id]] == ["n03"]


@pytest.mark.promise("P7")
async def test_an_operator_sees_replays_and_drops_what_failed(desk: Desk, place: Place) -> None:
    await _counters(desk, place, 1)
    for _ in range(2):
        await desk.copy.add("n00", 1, "vera", UNLUCKY)
    await eventually(lambda: _has_failed(place, 2))
    page = await desk.ask("GET", "failed")
    first, second = [one["id"] for one in page["items"]]
    shown = await desk.ask("GET", f"failed/{first}")
    assert (shown["what"], shown["people_waiting"]) == ("toy.counter.increased", 2)
    await place.database["luck"].insert_one({})
    await desk.ask("POST", f"failed/{first}/replay")
    await eventually(lambda: place.rows("told", amount=1))
    await desk.ask("POST", f"failed/{second}/drop", json={"reason": "nobody needs it"})
    assert await place.rows("failed") == []


@pytest.mark.promise("P7")
async def test_rows_that_failed_in_the_same_moment_are_all_listed(desk: Desk, place: Place) -> None:
    now = desk.clock.now()
    row = {"subscriber": "s", "event": None, "type": "", "error": "", "tries": 0, "first_at": now}
    await place.database["failed"].insert_many(
        [{**row, "_id": f"s:{n}", "dead": True, "due": None} for n in range(11)]
    )
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await desk.ask("GET", "failed", params={"limit": 4, **after})
        found += [one["id"] for one in page["items"]]
        if not page["next"]:
            break
        after = {"cursor": page["next"]}
    assert sorted(found) == sorted(f"s:{n}" for n in range(11))


async def _has_failed(place: Place, number: int) -> bool:
    return len(await place.rows("failed")) == number


@pytest.mark.promise("P14")
@pytest.mark.parametrize("path", ["failed", "fingerprints/toy.counter"])
async def test_nobody_but_an_operator_is_let_in(desk: Desk, path: str) -> None:
    url = f"{HTTP}/{path}"
    headers = desk.authorization(VOLUNTEER)
    assert (await desk.copy.http.get(url)).status_code == 401
    assert (await desk.copy.http.get(url, headers=headers)).status_code == 403
    desk.clock.advance(timedelta(hours=2))
    assert (await desk.copy.http.get(url, headers=headers)).status_code == 401
