"""Changes that are stored together are as good as one after the other (P1, P18)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.problems import KeyReused, Problem, Refused, Stale
from shared.http import RepeatKey
from shared.kind import By, Change
from shared.round import Found, Round, Wish
from tests.toy import COUNTER, Counter, Increased

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)


def add(amount: int) -> Any:
    """A rule that counts higher; nothing for nothing, and thirteen is refused."""

    def rule(one: Counter) -> Change[Counter]:
        if amount == 13:
            raise Refused("no", sv="Nej.", en="No.")
        events = (Increased(amount=amount),) if amount else ()
        return Change(Counter(value=one.value + amount), events, {"value": one.value + amount})

    return rule


def wish(amount: int, key: str = "", body: str = "", expected: int | None = None) -> Wish[Counter]:
    """Somebody's change, with an Idempotency-Key and a version seen when given."""
    repeat = RepeatKey(key, body) if key else None
    return Wish(add(amount), By(repeat=repeat, expected=expected))


def told(one: Wish[Counter]) -> Any:
    """What the caller hears."""
    try:
        stored = one.result()
    except Problem as problem:
        return problem.code
    return stored.version, stored.state.value, dict(stored.result), stored.repeated


WISHES = st.lists(
    st.builds(
        lambda *parts: parts,
        st.sampled_from([0, 1, 2, 13]),
        st.sampled_from(["", "k1", "k2"]),
        st.sampled_from(["b1", "b2"]),
        st.sampled_from([None, 1, 2, 3]),
    ),
    max_size=12,
)


@pytest.mark.promise("P1")
@pytest.mark.promise("P18")
@given(WISHES)
def test_together_is_as_one_after_the_other(parts: list[Any]) -> None:
    together = [wish(*part) for part in parts]
    one_round = Round(COUNTER, "a", Found(1, Counter(), None), together, NOW)

    found, apart, pending, kept = Found(1, Counter(), None), [], [], {}
    for part in parts:
        alone = wish(*part)
        done = Round(COUNTER, "a", found, [alone], NOW)
        pending += done.pending
        update = done.update() or {}
        kept |= {
            one["key"]: one for one in update.get("$push", {}).get("recent", {}).get("$each", [])
        }
        found = Found(done.version, done.state, None, kept)
        apart.append(alone)

    assert [told(one) for one in together] == [told(one) for one in apart]
    assert (one_round.version, one_round.state) == (found.version, found.state)
    assert [one["id"] for one in one_round.pending] == [one["id"] for one in pending]
    assert len({one["id"] for one in pending}) == len(pending)


@pytest.mark.promise("P18")
def test_the_same_request_twice_in_one_round_has_one_effect() -> None:
    first, again, other = wish(2, "k", "b"), wish(2, "k", "b"), wish(5, "k", "other body")
    one_round = Round(COUNTER, "a", Found(1, Counter(), None), [first, again, other], NOW)
    assert one_round.state.value == 2
    assert told(again) == (2, 2, {"value": 2}, True)
    assert told(other) == KeyReused.code


@pytest.mark.promise("P19")
def test_whoever_has_not_seen_the_change_before_them_is_stale() -> None:
    first, second = wish(1, expected=1), wish(1, expected=1)
    Round(COUNTER, "a", Found(1, Counter(), None), [first, second], NOW)
    assert told(second) == Stale.code


@pytest.mark.promise("P1")
def test_what_is_not_fresh_is_proven_by_the_write_alone() -> None:
    refused = wish(13, "k", "b")
    stale = Round(COUNTER, "a", Found(1, Counter(), None, fresh=False), [refused], NOW)
    assert stale.update() is None
    both = Round(COUNTER, "a", Found(1, Counter(), None, fresh=False), [refused, wish(1)], NOW)
    assert both.update() is not None
    # Had the refused one been done before, its key would stand there: then all is asked anew.
    assert both.query() == {"_id": "a", "version": 1, "recent.key": {"$nin": ["k"]}}
