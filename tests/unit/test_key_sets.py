"""Which published keys are taken for signing keys (P13; X16)."""

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from shared.keys import KeySetError, usable_keys
from tests.issuer import new_key

pytestmark = [pytest.mark.promise("P13")]
PUBLISHED = {**new_key("ES256").as_dict(private=False), "kid": "the good one"}


@settings(max_examples=300, deadline=None)
@given(
    jwk=st.dictionaries(
        st.sampled_from(["kty", "kid", "crv", "n", "e", "x", "y", "use", "alg", "key_ops", "d"]),
        st.none()
        | st.integers()
        | st.lists(st.text(max_size=3), max_size=2)
        | st.sampled_from(["RSA", "EC", "OKP", "oct", "P-256", "Ed25519", "AQAB", "sig", "A" * 43])
        | st.text(max_size=400),
    )
)
def test_no_published_key_however_odd_breaks_the_set(jwk: dict[str, Any]) -> None:
    assert "the good one" in usable_keys({"keys": [jwk, PUBLISHED]})


@pytest.mark.case("X16")
@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"alg": "RS256"},
        {"kid": None},
        {"kid": ""},
        {"kid": "k" * 257},
        {"crv": "P-384"},
        {"kty": "oct", "k": "AAAA"},
        {"d": "AAAA"},
        {"x": "AAAA"},
    ],
)
def test_only_public_signing_keys_of_our_kinds_are_taken(change: dict[str, Any]) -> None:
    with pytest.raises(KeySetError):
        usable_keys({"keys": [{**PUBLISHED, **change}]})


@pytest.mark.parametrize("bits", [1024, 16384])
def test_rsa_keys_too_weak_or_too_slow_are_not_taken(bits: int) -> None:
    modulus = base64.urlsafe_b64encode(((1 << bits) - 1).to_bytes(bits // 8, "big"))
    weak = {"kty": "RSA", "kid": "r", "e": "AQAB", "n": modulus.decode().rstrip("=")}
    with pytest.raises(KeySetError):
        usable_keys({"keys": [weak]})


def test_a_private_key_in_the_set_is_not_believed() -> None:
    leaked: Any = RSAKey.generate_key(2048, {"kid": "leaked"}).as_dict(private=True)
    with pytest.raises(KeySetError):
        usable_keys({"keys": [leaked]})
