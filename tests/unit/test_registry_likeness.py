"""Likely duplicates: what two organisations have in common, and what is no sign of anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain.likeness import FIELDS, likenesses, sought, traces
from services.registry.domain.organisation_profile import Profile

BODEN, LULEA = "2582", "2580"
EVERYTHING = frozenset(FIELDS.values())
NAMES = st.sampled_from(
    ["Röda Korset Åre", "Rödakorset Åre", "Åre Röda Korset krets", "Majblomman", "Majblommman"]
)
PROFILES = st.builds(
    Profile,
    name=NAMES,
    kind=st.just("partner"),
    number=st.sampled_from([None, "8024000005"]),
    mail=st.sampled_from([None, "a@krets.example", "b@gmail.com"]),
    web=st.sampled_from([None, "www.krets.example", "https://annan.example"]),
    phone=st.sampled_from([None, "070-174 06 05"]),
    municipalities=st.sampled_from([(), (BODEN,), (BODEN, LULEA)]),
    counties=st.sampled_from([(), ("25",)]),
)


def profile(name: str, **more: Any) -> Profile:
    return Profile(**{"kind": "partner", "municipalities": (BODEN,), "name": name, **more})


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Röda Korset Boden", "Rödakorset  Boden", "name"),
        ("Röda Korset Boden", "RODA KORSET, BODEN", "name"),
        ("Ro\u0308da Korset", "Röda Korset", "name"),
        ("Röda Korset Boden", "Röda Korset", "near-name"),
        ("Boden Röda Korset krets", "Röda Korset Boden", "near-name"),
        ("Majblomman", "Majblommman", "near-name"),
        ("Röda Korset Sävast", "Röda Korset Harads", None),
        ("Rädda Barnen Boden", "Röda Korset Boden", None),
        ("Röda Korset", "Röda Korset Harads", None),
    ],
)
def test_names_of_one_place_are_alike_when_only_a_slip_parts_them(
    one: str, other: str, alike: str | None
) -> None:
    found = likenesses(profile(one), profile(other))
    assert list(found) == ([alike] if alike else [])
    assert all(60 < percent <= 100 for percent in found.values())


def test_a_near_name_elsewhere_is_another_organisation() -> None:
    assert not likenesses(profile("Majblomman"), profile("Majblommman", municipalities=(LULEA,)))


def test_a_domain_of_ones_own_tells_and_one_that_all_share_does_not() -> None:
    one = profile("A", mail="a@krets.example")
    assert list(likenesses(one, profile("B", web="www.krets.example"))) == ["web"]
    assert list(likenesses(one, profile("B", mail="b@KRETS.example"))) == ["mail"]
    free = profile("A", mail="a@gmail.com")
    assert not likenesses(free, profile("B", mail="b@gmail.com"))
    siblings = [
        profile(name, kind="branch", parent="R", mail=f"{name}@krets.example") for name in "AB"
    ]
    assert not likenesses(*siblings)


@given(PROFILES, PROFILES)
def test_whatever_speaks_for_two_being_one_is_found_by_the_index_both_ways(
    one: Profile, other: Profile
) -> None:
    alike = likenesses(one, other)
    assert (set(alike) & {"number", "name", "near-name", "phone"}) == (
        set(likenesses(other, one)) & {"number", "name", "near-name", "phone"}
    )
    for mine, theirs in ((one, other), (other, one)):
        exact, near = sought(mine, EVERYTHING)
        assert not alike or {*exact, *near} & set(traces(theirs))


@given(PROFILES)
def test_what_is_hidden_is_not_looked_for(one: Profile) -> None:
    exact, _ = sought(one, {"name", "number", "web"})
    assert not [trace for trace in exact if trace.startswith(("mail:", "phone:"))]
