"""Links in messages: ours alone, for one matter, one subject and one moment."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.links import BadLink, Link, Links

pytestmark = [pytest.mark.promise("P23")]

OURS = Links("a-secret-of-the-tests-and-only-of-them")
UNTIL = datetime(2026, 12, 15, 8, 0, 0, 123_000, tzinfo=UTC)
LINK = Link("registry.invitation", "1c8ad1a7-6a05-5bb1-a7c2-3a3f2f4f7c11", UNTIL)

moments = st.integers(0, 6_000_000_000_000).map(
    lambda milliseconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)
links = st.builds(
    Link, st.just("registry.invitation"), st.text(max_size=40), moments, st.text(max_size=40)
)


@given(links)
def test_what_is_signed_is_read_back(link: Link) -> None:
    assert OURS.read(OURS.token(link), link.purpose) == link


@given(links, links)
def test_two_links_have_one_token_only_if_they_are_the_same(one: Link, other: Link) -> None:
    assert (OURS.token(one) == OURS.token(other)) == (one == other)


@given(place=st.integers(0, 400), sign=st.sampled_from("AZaz09-_.=/ é"))
def test_a_token_with_another_letter_in_it_is_no_link(place: int, sign: str) -> None:
    token = OURS.token(LINK)
    changed = token[: place % len(token)] + sign + token[place % len(token) + 1 :]
    if changed != token:
        with pytest.raises(BadLink):
            OURS.read(changed, LINK.purpose)


@pytest.mark.parametrize("token", ["", ".", "r.", "r.A", "a.AAAA", "r." + "A" * 2000, "r.é"])
def test_anything_else_is_no_link(token: str) -> None:
    with pytest.raises(BadLink):
        OURS.read(token, "registry.invitation")


def test_a_link_holds_for_its_own_purpose_and_key_alone() -> None:
    with pytest.raises(BadLink):
        OURS.read(OURS.token(LINK), "registry.something")
    with pytest.raises(BadLink):
        Links("another-secret-of-the-tests-and-of-them").read(OURS.token(LINK), LINK.purpose)
    assert OURS.path(LINK).startswith("/l/r.")
    later = Link(LINK.purpose, LINK.subject, UNTIL + timedelta(milliseconds=1))
    assert OURS.token(later) != OURS.token(LINK)
