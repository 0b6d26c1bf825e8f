"""One trace from the request to each effect, and on each line of the log (P26)."""

import asyncio
import json
import re
from typing import Any

import pytest

from shared import telemetry
from shared.contracts.base import Event
from tests.harness import eventually
from tests.plumbing import Place, running, settled

TRACE = "0af7651916cd43dd8448eb211c80319c"
HEADERS = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


@pytest.mark.promise("P26")
async def test_one_trace_goes_from_the_request_through_the_broker_to_each_effect(
    place: Place,
) -> None:
    async with running(place) as copy:
        heard: dict[str, telemetry.Chain | None] = {}

        async def note(event: Event) -> None:
            heard[event.type + event.subject] = telemetry.chain.get()

        copy.toy.also_tell = note
        id = (await copy.http.post("/counters", headers=HEADERS)).json()["id"]
        answer = await copy.http.post(f"/counters/{id}/add", json={}, headers=HEADERS)
        assert answer.is_success
        await settled(place)
        await eventually(lambda: len(heard) == 4)
    assert {one and one.traceparent[3:35] for one in heard.values()} == {TRACE}
    told = await place.rows("history", type="toy.counter.increased")
    assert len({row["correlation"] for row in told}) == 1
    assert [row["traceparent"][3:35] for row in told] == [TRACE] * len(told)


@pytest.mark.promise("P26")
async def test_what_an_event_sets_off_belongs_to_the_first_commands_chain(place: Place) -> None:
    """Its own reconcile makes the shadow when the command was killed before it could."""
    async with running(place) as copy:
        from shared.kind import By, Change
        from tests.toy import COUNTER, Begun, Counter, increase, shadow_id

        by = By(correlation="first", traceparent=HEADERS["traceparent"])
        await copy.store.create(COUNTER, "a", Change(Counter(), (Begun(),)), by)
        await settled(place)
        await copy.store.change(COUNTER, "a", lambda one: increase(one, 3), by)
        await settled(place)
    (cause,) = await place.rows("history", subject="a", type="toy.counter.increased")
    (effect,) = await place.rows("history", subject=shadow_id("a"), type="toy.counter.increased")
    assert (effect["correlation"], effect["cause"]) == ("first", cause["_id"])
    assert effect["traceparent"][3:35] == TRACE


@pytest.mark.promise("P26")
async def test_a_line_of_the_log_carries_the_trace_and_the_service(
    capsys: pytest.CaptureFixture[str],
) -> None:
    import structlog

    processors = structlog.get_config()
    telemetry.configure_logging("toy")
    try:
        with telemetry.tracing_request("GET", HEADERS["traceparent"]):
            structlog.get_logger().info("something", number=1)
    finally:
        structlog.configure(**processors)
    line: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["event"], line["service"], line["trace"]) == ("something", "toy", TRACE)
    await asyncio.sleep(0)


@pytest.mark.promise("P26")
@pytest.mark.parametrize("bad", ["", "00-x-y-01", f"00-{'0' * 32}-b7ad6b7169203331-01", "ff" * 30])
def test_a_malformed_trace_is_replaced_and_one_in_a_hundred_is_sampled(bad: str) -> None:
    made = [telemetry.new_traceparent(0.01, bad) for _ in range(20_000)]
    assert all(re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", one) for one in made)
    assert 100 < sum(one.endswith("01") for one in made) < 320
