"""Many asking at once share one run, and each gets one that began after it asked."""

import asyncio

from services.activities.coalesce import Coalesced


async def test_a_burst_shares_runs_and_nobody_gets_an_older_one() -> None:
    written, runs = 0, 0

    async def read(_: str) -> int:
        nonlocal runs
        runs += 1
        seen = written
        await asyncio.sleep(0.001)
        return seen

    shared = Coalesced(read)

    async def write_and_read() -> None:
        nonlocal written
        written += 1
        mine = written
        assert await shared.run("one") >= mine

    for _ in range(20):
        await asyncio.gather(*(write_and_read() for _ in range(50)))
        await asyncio.sleep(0)
    assert runs <= 60


async def test_a_fault_reaches_who_shared_the_run_and_the_next_is_new() -> None:
    faults = [True, False]

    async def work(_: str) -> str:
        await asyncio.sleep(0)
        if faults.pop(0):
            raise RuntimeError("once")
        return "done"

    shared = Coalesced(work)
    outcomes = await asyncio.gather(*(shared.run("one") for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in outcomes] == [RuntimeError] * 3
    assert await shared.run("one") == "done"


async def test_different_subjects_do_not_wait_for_each_other() -> None:
    released = asyncio.Event()

    async def work(id: str) -> str:
        if id == "slow":
            await released.wait()
        return id

    shared = Coalesced(work)
    slow = asyncio.create_task(shared.run("slow"))
    async with asyncio.timeout(1):
        assert await shared.run("quick") == "quick"
    released.set()
    assert await slow == "slow"


async def test_a_caller_who_gives_up_takes_nobody_with_them() -> None:
    async def work(id: str) -> str:
        await asyncio.sleep(0.01)
        return id

    shared = Coalesced(work)
    first, second = (asyncio.create_task(shared.run("one")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "one"
