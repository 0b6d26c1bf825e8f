"""Which tokens are believed, and that every other one gets the same answer (P13; X16, X17)."""

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey

from shared.clock import FixedClock
from shared.contracts.problems import NotSignedIn
from shared.tokens import REMEMBERED_TOKENS, Identity, Token, TokenVerifier
from tests.issuer import AUDIENCE, CLIENT, Algorithm, Issuer, PublishedKeys, new_key, sign

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
pytestmark = [pytest.mark.promise("P13")]

ISSUER = Issuer(port=1, seconds=NOW.timestamp())
OTHER_ISSUER = Issuer(port=2, seconds=NOW.timestamp())


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def verifier(clock: FixedClock) -> TokenVerifier:
    return TokenVerifier(
        PublishedKeys(ISSUER), ISSUER.url, AUDIENCE, [CLIENT, "samverkan-cli"], clock
    )


async def verified(verifier: TokenVerifier, token: str) -> Token:
    return await verifier.verify([f"Bearer {token}"])


async def refused(verifier: TokenVerifier, token: str) -> bool:
    with pytest.raises(NotSignedIn) as answer:
        await verified(verifier, token)
    same = NotSignedIn()
    seen = answer.value
    return (seen.code, seen.detail, seen.headers, seen.extra) == (
        same.code,
        same.detail,
        same.headers,
        same.extra,
    )


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_token_of_each_algorithm_says_who_you_are_and_until_when(
    verifier: TokenVerifier, algorithm: Algorithm
) -> None:
    token = await verified(verifier, ISSUER.token("vera", algorithm=algorithm))
    assert token.identity == Identity(ISSUER.url, "vera")
    assert token.expires_at == NOW + timedelta(seconds=330)


async def test_an_identity_is_issuer_and_subject_and_nothing_else(verifier: TokenVerifier) -> None:
    claims: dict[str, Any] = {"email": "admin@example.org", "roles": ["administrator"]}
    token = await verified(verifier, ISSUER.token("vera", **claims))
    assert token.identity.key == Identity(ISSUER.url, "vera").key
    assert Identity(OTHER_ISSUER.url, "vera").key != token.identity.key


@pytest.mark.parametrize(
    "header", [{"typ": "at+jwt"}, {"typ": "application/at+jwt"}, {"typ": "jwt"}, {"x5t": "abc"}]
)
async def test_headers_of_ordinary_issuers_are_accepted(
    verifier: TokenVerifier, header: dict[str, Any]
) -> None:
    assert await verified(verifier, ISSUER.token(header=header))


def unsigned(algorithm: str) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    header = {"alg": algorithm, "typ": "JWT", "kid": ISSUER.keys["RS256"].kid}
    return f"{part(header)}.{part(ISSUER.claims())}."


def with_secret(secret: bytes, algorithm: str = "HS256") -> str:
    key = OctKey(secret, secret)
    header = {"typ": "JWT", "kid": ISSUER.keys["RS256"].kid}
    return sign(ISSUER.claims(), key, algorithm, header)


def raw_claims(text: str) -> str:
    """A token rightly signed over exactly this JSON text."""
    key = ISSUER.keys["ES256"]
    return sign(text.encode(), key, "ES256", {"typ": "JWT", "kid": key.kid})


def claims_with(extra: str) -> str:
    return raw_claims(json.dumps(ISSUER.claims())[:-1] + f", {extra}}}")


def without_exp(extra: str) -> str:
    return raw_claims(json.dumps(ISSUER.claims(exp=None))[:-1] + f", {extra}}}")


RSA: Any = ISSUER.keys["RS256"]
FORGED: dict[str, Callable[[], str]] = {
    "none": lambda: unsigned("none"),
    "NONE": lambda: unsigned("NONE"),
    "HS256 with the PEM": lambda: with_secret(RSA.as_pem(private=False)),
    "HS256 with the DER": lambda: with_secret(RSA.as_der(private=False)),
    "HS256 with the JWK": lambda: with_secret(json.dumps(RSA.as_dict(private=False)).encode()),
    "HS512 with the PEM": lambda: with_secret(RSA.as_pem(private=False), "HS512"),
    "HS256 with an empty-ish key": lambda: with_secret(b"\0"),
    "jku": lambda: ISSUER.token(header={"jku": "http://127.0.0.1:9/keys"}),
    "x5u": lambda: ISSUER.token(header={"x5u": "http://127.0.0.1:9/chain"}),
    "jwk": lambda: ISSUER.token(header={"jwk": new_key("ES256").as_dict(private=False)}),
    "own key in jwk": lambda: own_key_in_header(),
    "x5c": lambda: ISSUER.token(header={"x5c": ["MII"]}),
    "crit": lambda: ISSUER.token(header={"crit": ["x"], "x": 1}),
    "crit alone": lambda: ISSUER.token(header={"crit": ["x"]}),
    "crit b64": lambda: ISSUER.token(header={"crit": ["b64"], "b64": True}),
    "b64 false": lambda: ISSUER.token(header={"b64": False}),
    "zip": lambda: ISSUER.token(header={"zip": "DEF"}),
    "kid with a path": lambda: ISSUER.token(header={"kid": "../x"}),
    "kid with a quote": lambda: ISSUER.token(header={"kid": "' or 1"}),
    "kid of 100 kB": lambda: ISSUER.token(header={"kid": "k" * 100_000}),
    "kid missing": lambda: ISSUER.token(header={"kid": None}),
    "kid a list": lambda: ISSUER.token(header={"kid": [ISSUER.keys["ES256"].kid]}),
    "kid a number": lambda: ISSUER.token(header={"kid": 1}),
    "typ missing": lambda: ISSUER.token(header={"typ": None}),
    "typ of a logout token": lambda: ISSUER.token(header={"typ": "logout+jwt"}),
    "typ a list": lambda: ISSUER.token(header={"typ": ["JWT"]}),
    "another's key under our kid": lambda: ISSUER.token(
        key=new_key("ES256"), header={"kid": ISSUER.keys["ES256"].kid}
    ),
    "RSA kid with ES256": lambda: ISSUER.token(header={"kid": RSA.kid}),
    "PS256 with the RSA key": lambda: sign(
        ISSUER.claims(), RSA, "PS256", {"typ": "JWT", "kid": RSA.kid}
    ),
    "RS512 with the RSA key": lambda: sign(
        ISSUER.claims(), RSA, "RS512", {"typ": "JWT", "kid": RSA.kid}
    ),
    "duplicate sub": lambda: claims_with('"sub": "admin"'),
    "duplicate in depth": lambda: claims_with('"act": {"a": 1, "a": 2}'),
    "NaN somewhere": lambda: claims_with('"x": NaN'),
    "1e400 somewhere": lambda: claims_with('"x": 1e400'),
    "5,000 digits": lambda: claims_with('"x": ' + "9" * 5000),
    "nested 3,000 deep": lambda: claims_with('"x": ' + "[" * 3000 + "]" * 3000),
    "exp missing": lambda: ISSUER.token(exp=None),
    "exp a string": lambda: ISSUER.token(exp="9999999999"),
    "exp true": lambda: ISSUER.token(exp=True),
    "exp a list": lambda: ISSUER.token(exp=[9999999999]),
    "exp 1e400": lambda: without_exp('"exp": 1e400'),
    "exp NaN": lambda: without_exp('"exp": NaN'),
    "exp Infinity": lambda: without_exp('"exp": Infinity'),
    "exp in the year 2286": lambda: ISSUER.token(exp=9999999999),
    "exp of 300 digits": lambda: ISSUER.token(exp=10**300),
    "claims a list": lambda: raw_claims("[]"),
    "claims not JSON": lambda: raw_claims("hello"),
    "claims not UTF-8": lambda: sign(
        b"\xff\xfe{}", ISSUER.keys["ES256"], "ES256", {"typ": "JWT", "kid": "k"}
    ),
    "truncated": lambda: ISSUER.token()[:-10],
    "empty parts": lambda: "..",
    "two parts": lambda: "a.b",
    "five parts": lambda: "a.b.c.d.e",
    "header a list": lambda: "W10.W10.W10",
    "nothing": lambda: "",
}


def own_key_in_header() -> str:
    mine = new_key("ES256")
    header = {"kid": mine.kid, "jwk": mine.as_dict(private=False)}
    return ISSUER.token(key=mine, header=header)


@pytest.mark.case("X16")
@pytest.mark.parametrize("trick", FORGED)
async def test_signature_tricks_all_get_the_same_answer(
    verifier: TokenVerifier, trick: str
) -> None:
    assert await refused(verifier, FORGED[trick]())


@pytest.mark.case("X16")
async def test_an_encryption_key_of_the_set_signs_nothing(clock: FixedClock) -> None:
    key = ECKey.generate_key("P-256", {"kid": "enc", "use": "enc"})
    issuer = Issuer(port=1, seconds=NOW.timestamp(), extra_jwks=[key.as_dict(private=False)])
    verifier = TokenVerifier(PublishedKeys(issuer), issuer.url, AUDIENCE, [CLIENT], clock)
    mine = ECKey.import_key({**key.as_dict(private=True), "use": "sig"})
    assert await refused(verifier, issuer.token(key=mine))
    assert await verified(verifier, issuer.token())


@pytest.mark.case("X16")
@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["Basic dmVyYTpwYXNz"],
        ["Bearer"],
        ["Bearer {token} x"],
        ["Bearer {token}, Bearer {token}"],
        ["{token}"],
        ["Bearer {token}", "Bearer {token}"],
        ["Bearer {token}\n"],
        ["Bearer {token}å"],
    ],
)
async def test_only_one_bearer_header_counts(verifier: TokenVerifier, headers: list[str]) -> None:
    token = ISSUER.token()
    with pytest.raises(NotSignedIn):
        await verifier.verify([header.format(token=token) for header in headers])


@pytest.mark.case("X16")
async def test_a_header_of_8_mb_is_refused_in_under_5_ms(verifier: TokenVerifier) -> None:
    header = "Bearer " + "a.b.c" * 1_700_000
    took: list[float] = []
    for _ in range(5):
        begun = time.perf_counter()
        with pytest.raises(NotSignedIn):
            await verifier.verify([header])
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.005


def other_issuers_key(**claims: Any) -> str:
    return OTHER_ISSUER.token(**claims)


WRONG: dict[str, Callable[[], str]] = {
    "Keycloak's default audience": lambda: ISSUER.token(aud="account"),
    "no audience": lambda: ISSUER.token(aud=None),
    "an empty audience": lambda: ISSUER.token(aud=[]),
    "an audience that is an object": lambda: ISSUER.token(aud={AUDIENCE: 1}),
    "an audience that begins like ours": lambda: ISSUER.token(aud=AUDIENCE + "-test"),
    "an audience inside a list inside a list": lambda: ISSUER.token(aud=[[AUDIENCE]]),
    "our audience among others, foreign client": lambda: ISSUER.token(
        aud=["account", AUDIENCE], azp="other"
    ),
    "our audience among others, client_id alone": lambda: ISSUER.token(
        aud=["account", AUDIENCE], azp=None, client_id=CLIENT
    ),
    "a foreign client": lambda: ISSUER.token(azp="other"),
    "no client": lambda: ISSUER.token(azp=None),
    "a client that is a list": lambda: ISSUER.token(azp=[CLIENT]),
    "a foreign client_id beside a good azp": lambda: ISSUER.token(client_id="other"),
    "an ID token": lambda: ISSUER.token(typ="ID"),
    "an ID token without typ": lambda: ISSUER.token(typ=None, at_hash="abc"),
    "a refresh token": lambda: ISSUER.token(typ="Refresh"),
    "an offline token": lambda: ISSUER.token(typ="Offline"),
    "a token bound to a key": lambda: ISSUER.token(cnf={"jkt": "abc"}),
    "a logout token": lambda: ISSUER.token(events={}),
    "iss with a slash more": lambda: ISSUER.token(iss=ISSUER.url + "/"),
    "iss in other case": lambda: ISSUER.token(iss=ISSUER.url.upper()),
    "no iss": lambda: ISSUER.token(iss=None),
    "iss a list": lambda: ISSUER.token(iss=[ISSUER.url]),
    "another issuer's token": lambda: other_issuers_key(),
    "another issuer's key in our name": lambda: other_issuers_key(iss=ISSUER.url),
    "no sub": lambda: ISSUER.token(sub=None),
    "an empty sub": lambda: ISSUER.token(sub=""),
    "a sub that is a number": lambda: ISSUER.token(sub=17),
    "an endless sub": lambda: ISSUER.token(sub="s" * 256),
    "no iat": lambda: ISSUER.token(iat=None),
    "iat a string": lambda: ISSUER.token(iat="0"),
    "iat 5 min ahead": lambda: ISSUER.token(iat=NOW.timestamp() + 300),
    "nbf 5 min ahead": lambda: ISSUER.token(nbf=NOW.timestamp() + 300),
    "nbf a string": lambda: ISSUER.token(nbf="0"),
    "expired": lambda: ISSUER.token(exp=NOW.timestamp() - 30),
}


@pytest.mark.case("X17")
@pytest.mark.parametrize("what", WRONG)
async def test_the_right_signature_on_the_wrong_token_is_refused(
    verifier: TokenVerifier, what: str
) -> None:
    assert await refused(verifier, WRONG[what]())


@pytest.mark.case("X17")
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [AUDIENCE]},
        {"aud": ["account", AUDIENCE]},
        {"azp": None, "client_id": "samverkan-cli"},
        {"exp": NOW.timestamp() - 29},
        {"iat": NOW.timestamp() + 30, "nbf": NOW.timestamp() + 30},
        {"exp": NOW.timestamp() + 0.5},
        {"typ": None},
    ],
)
async def test_what_ordinary_issuers_do_is_accepted(
    verifier: TokenVerifier, claims: dict[str, Any]
) -> None:
    assert await verified(verifier, ISSUER.token(**claims))


async def test_a_remembered_token_is_refused_from_the_moment_it_ends(
    verifier: TokenVerifier, clock: FixedClock
) -> None:
    token = ISSUER.token(exp=NOW.timestamp() + 10)
    for seconds in (0, 20, 19.9):
        clock.advance(timedelta(seconds=seconds))
        assert await verified(verifier, token)
    clock.advance(timedelta(seconds=0.1))
    assert await refused(verifier, token)


async def test_a_remembered_token_is_checked_again_after_a_minute_or_when_the_keys_change(
    clock: FixedClock,
) -> None:
    keys = PublishedKeys(ISSUER)
    verifier = TokenVerifier(keys, ISSUER.url, AUDIENCE, [CLIENT], clock)
    token, kept = ISSUER.token(), dict(keys.published)
    assert await verified(verifier, token)
    keys.published.clear()
    assert await verified(verifier, token)
    clock.advance(timedelta(seconds=60))
    assert await refused(verifier, token)
    keys.published.update(kept)
    assert await verified(verifier, token)
    keys.published.clear()
    keys.generation += 1
    assert await refused(verifier, token)


async def test_the_memory_of_tokens_is_bounded(
    verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert REMEMBERED_TOKENS == 10_000
    monkeypatch.setattr("shared.tokens.REMEMBERED_TOKENS", 10)
    for _ in range(25):
        await verified(verifier, ISSUER.token())
    assert len(verifier._memory._tokens) == 10


async def test_the_signature_of_a_known_token_is_not_checked_again(
    verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = [f"Bearer {ISSUER.token(algorithm='RS256')}"]
    first = await verifier.verify(header)
    monkeypatch.delattr(TokenVerifier, "_signed_claims")
    assert await verifier.verify(header) == first


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_a_token_with_any_byte_changed_is_refused_and_nothing_worse(
    verifier: TokenVerifier, data: st.DataObject
) -> None:
    token = GOOD[data.draw(st.sampled_from(sorted(GOOD)))]
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.text("AZaz09-_.", min_size=0, max_size=3).filter(lambda s: s != token[at]))
    assert await refused(verifier, token[:at] + other + token[at + 1 :])


GOOD: dict[Algorithm, str] = {name: ISSUER.token(algorithm=name) for name in ISSUER.keys}
