"""The issuer's keys over real HTTP: rotation, outage, nonsense and floods (P13; X16, X18)."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from shared.clock import Clock
from shared.contracts.problems import NotSignedIn
from shared.keys import COOLDOWN_SECONDS, KEEP_SECONDS, REFRESH_SECONDS, KeySet, SignInUnavailable
from shared.tokens import Token, TokenVerifier
from tests.issuer import AUDIENCE, CLIENT, Issuer, Mood, issuing, new_key

pytestmark = [pytest.mark.promise("P13"), pytest.mark.case("X18")]
MISBEHAVIOUR: list[Mood] = ["500", "hang", "{}", "no keys", "html", "redirect", "huge", "drip"]


class Seconds:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.passed = 1000.0

    def __call__(self) -> float:
        return self.passed


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing() as running:
        yield running


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def keys(issuer: Issuer, seconds: Seconds) -> AsyncIterator[KeySet]:
    keys = KeySet(issuer.url, monotonic=seconds)
    yield keys
    await keys.close()


@pytest.fixture
def verifier(issuer: Issuer, keys: KeySet) -> TokenVerifier:
    return TokenVerifier(keys, issuer.url, AUDIENCE, [CLIENT], Clock())


async def verified(verifier: TokenVerifier, token: str) -> Token:
    return await verifier.verify([f"Bearer {token}"])


async def until(seconds: float, keys: KeySet) -> bool:
    limit = time.monotonic() + seconds
    while not keys.loaded and time.monotonic() < limit:
        await asyncio.sleep(0.02)
    return keys.loaded


async def test_the_first_token_fetches_the_keys_by_discovery(
    issuer: Issuer, keys: KeySet, verifier: TokenVerifier
) -> None:
    assert not keys.loaded
    assert (await verified(verifier, issuer.token("vera"))).identity.subject == "vera"
    assert keys.loaded
    assert issuer.asked == ["/issuer/.well-known/openid-configuration", "/issuer/keys"]


async def test_a_hundred_first_tokens_at_once_make_one_fetch(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    await asyncio.gather(*(verified(verifier, issuer.token(f"p{n}")) for n in range(100)))
    assert issuer.fetches == 1


@pytest.mark.parametrize("mood", MISBEHAVIOUR)
async def test_whatever_the_issuer_answers_the_old_keys_are_kept(
    issuer: Issuer, keys: KeySet, verifier: TokenVerifier, mood: Mood
) -> None:
    await keys.refresh()
    issuer.mood = mood
    begun = time.monotonic()
    await keys.refresh()
    assert time.monotonic() - begun < 2.5
    assert await verified(verifier, issuer.token())
    assert "/issuer/elsewhere" not in issuer.asked


@pytest.mark.parametrize("mood", ["hang", "huge"])
async def test_valid_requests_are_as_fast_as_ever_while_the_issuer_misbehaves(
    issuer: Issuer, keys: KeySet, verifier: TokenVerifier, mood: Mood
) -> None:
    await keys.refresh()
    issuer.mood = mood
    fetching = asyncio.create_task(keys.refresh())
    took: list[float] = []
    while not fetching.done() and len(took) < 200:
        token = issuer.token()
        begun = time.perf_counter()
        await verified(verifier, token)
        took.append(time.perf_counter() - begun)
        await asyncio.sleep(0)
    await fetching
    assert sorted(took)[int(len(took) * 0.9)] < 0.01


async def test_known_keys_work_through_an_hour_of_outage_and_raise_an_alarm(
    issuer: Issuer, keys: KeySet, verifier: TokenVerifier, seconds: Seconds
) -> None:
    await keys.refresh()
    await issuer.stop()
    with capture_logs() as lines:
        await keys.refresh()
        seconds.passed += 3600
        await keys.refresh()
    assert await verified(verifier, issuer.token())
    assert [line["log_level"] for line in lines] == ["warning", "error"]


async def test_after_a_day_of_outage_nobody_is_recognised_until_the_issuer_is_back(
    issuer: Issuer, keys: KeySet, verifier: TokenVerifier, seconds: Seconds
) -> None:
    await keys.refresh()
    issuer.mood = "500"
    seconds.passed += KEEP_SECONDS
    with capture_logs(), pytest.raises(SignInUnavailable) as answer:
        await verified(verifier, issuer.token())
    assert (answer.value.status, answer.value.retry_after) == (503, 2)
    issuer.mood = "well"
    seconds.passed += COOLDOWN_SECONDS
    assert await verified(verifier, issuer.token())


@pytest.mark.parametrize("mood", ["well", "500"])
async def test_a_flood_of_unknown_keys_makes_one_fetch_per_30_seconds(
    issuer: Issuer, keys: KeySet, verifier: TokenVerifier, seconds: Seconds, mood: Mood
) -> None:
    await keys.refresh()
    issuer.mood = mood
    forged = [issuer.token(header={"kid": f"random-{n}"}) for n in range(1000)]
    for expected in (2, 3):
        seconds.passed += COOLDOWN_SECONDS
        answers = await asyncio.gather(
            *(verified(verifier, token) for token in forged), return_exceptions=True
        )
        assert {type(answer) for answer in answers} == {NotSignedIn}
        assert issuer.fetches == expected
    seconds.passed += COOLDOWN_SECONDS - 1
    assert await keys.key("random") is None
    assert issuer.fetches == 3


async def test_a_new_key_used_at_once_is_accepted_and_a_removed_one_refused_after_the_refresh(
    issuer: Issuer, keys: KeySet, verifier: TokenVerifier, seconds: Seconds
) -> None:
    old_token = issuer.token()
    assert await verified(verifier, old_token)
    issuer.rotate()
    new_token = issuer.token()
    with pytest.raises(NotSignedIn):
        await verified(verifier, new_token)
    assert await verified(verifier, old_token)
    seconds.passed += COOLDOWN_SECONDS
    assert await verified(verifier, new_token)
    with pytest.raises(NotSignedIn):
        await verified(verifier, old_token)


async def test_the_background_refresh_comes_every_five_minutes_with_jitter(
    keys: KeySet,
) -> None:
    await keys.refresh()
    pauses = {keys._pause_seconds() for _ in range(100)}
    assert len(pauses) > 50
    assert 0.9 * REFRESH_SECONDS <= min(pauses) <= max(pauses) <= 1.1 * REFRESH_SECONDS


async def test_started_without_an_issuer_it_heals_by_itself(issuer: Issuer) -> None:
    await issuer.stop()
    keys = KeySet(issuer.url)
    running = asyncio.create_task(keys.run())
    assert not await until(0.3, keys)
    await issuer.start()
    assert await until(5, keys)
    running.cancel()
    await keys.close()


@pytest.mark.case("X17")
async def test_the_discovery_document_of_another_issuer_is_not_used(seconds: Seconds) -> None:
    async with issuing() as issuer:
        keys = KeySet(issuer.url + "/", monotonic=seconds)
        await keys.refresh()
        assert not keys.loaded
        assert issuer.fetches == 0
        await keys.close()


@pytest.mark.case("X16")
async def test_a_key_address_in_the_token_is_never_asked(
    issuer: Issuer, verifier: TokenVerifier, seconds: Seconds
) -> None:
    await verified(verifier, issuer.token())
    asked = len(issuer.asked)
    seconds.passed += COOLDOWN_SECONDS
    async with issuing() as evil:
        for name, value in {"jku": f"{evil.url}/keys", "x5u": f"{evil.url}/chain"}.items():
            with pytest.raises(NotSignedIn):
                await verified(verifier, evil.token(iss=issuer.url, header={name: value}))
        assert evil.asked == []
    assert len(issuer.asked) == asked


async def test_no_token_and_no_key_is_ever_logged(
    issuer: Issuer, verifier: TokenVerifier, keys: KeySet, seconds: Seconds
) -> None:
    token = issuer.token(key=new_key("ES256"))
    with capture_logs() as lines:
        with pytest.raises(NotSignedIn):
            await verified(verifier, token)
        issuer.mood = "html"
        await keys.refresh()
    assert lines
    assert all(part not in str(lines) for part in token.split("."))
