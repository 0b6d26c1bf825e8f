"""The development sign-in and the mail sink."""

import base64
import hashlib
import os
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.local.people import PEOPLE
from deploy.local.runtime import Runtime
from deploy.local.state import ROOT, State
from tests.system.local import samverkan


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """A runtime nobody has started."""
    state = State(tmp_path_factory.mktemp("state"), usual_ports=False)
    return Runtime(state, environ={"PATH": os.environ["PATH"]})


@pytest.fixture(scope="module")
def issuer(runtime: Runtime) -> Iterator[str]:
    """The development issuer's URL."""
    assert runtime.issuer is not None
    runtime.issuer.start()
    yield runtime.issuer_url
    runtime.issuer.stop()


def test_a_demo_person_signs_in_with_a_code_and_pkce(issuer: str) -> None:
    metadata = httpx.get(f"{issuer}/.well-known/openid-configuration").json()
    query = _authorization("a-long-verifier")
    assert all(
        person.name in httpx.get(metadata["authorization_endpoint"], params=query).text
        for person in PEOPLE
    )
    back = httpx.get(
        metadata["authorization_endpoint"], params={**query, "person": PEOPLE[0].subject}
    )
    answer = parse_qs(urlsplit(back.headers["location"]).query)
    assert answer["state"] == ["s1"]
    form = _exchange(answer["code"][0], "a-long-verifier")
    token = httpx.post(metadata["token_endpoint"], data=form).json()["access_token"]
    keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
    signed = jwt.decode(token, keys, algorithms=["RS256"])
    assert signed.header["typ"] == "at+jwt"
    claims = {name: signed.claims[name] for name in ("iss", "sub", "aud", "azp", "client_id")}
    client = "samverkan-web"
    assert claims == {
        "iss": issuer,
        "sub": PEOPLE[0].subject,
        "aud": "samverkan-api",
        "azp": client,
        "client_id": client,
    }
    assert signed.claims["exp"] - signed.claims["iat"] == 3600
    assert httpx.post(metadata["token_endpoint"], data=form).status_code == 400


def test_a_stolen_code_is_worth_nothing_without_its_verifier(issuer: str) -> None:
    query = {**_authorization("right"), "person": PEOPLE[0].subject}
    code = parse_qs(
        urlsplit(httpx.get(f"{issuer}/authorize", params=query).headers["location"]).query
    )["code"][0]
    assert httpx.post(f"{issuer}/token", data=_exchange(code, "wrong")).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://evil.example/"},
        {"code_challenge_method": "plain"},
    ],
)
def test_the_issuer_sends_nobody_elsewhere(issuer: str, wrong: dict[str, str]) -> None:
    answer = httpx.get(
        f"{issuer}/authorize", params={**_authorization("x"), **wrong, "person": PEOPLE[0].subject}
    )
    assert answer.status_code == 400


def _authorization(verifier: str) -> dict[str, str]:
    challenge = (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )
    return {
        "response_type": "code",
        "client_id": "samverkan-web",
        "redirect_uri": "http://127.0.0.1:8080/back",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "state": "s1",
    }


def _exchange(code: str, verifier: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "client_id": "samverkan-web",
        "redirect_uri": "http://127.0.0.1:8080/back",
    }


def test_the_command_line_prints_a_token_of_a_demo_person(issuer: str, runtime: Runtime) -> None:
    printed = samverkan(runtime.state, "token", "vera")
    assert printed.returncode == 0, printed.stderr
    keys = KeySet.import_key_set(httpx.get(f"{issuer}/jwks.json").json())
    assert jwt.decode(printed.stdout.strip(), keys).claims["sub"] == "vera-volontar-demo"
    assert (
        httpx.post(f"{issuer}/admin/token", data={"person": "vera-volontar-demo"}).status_code
        == 403
    )
    assert "siv-samordnare-demo" in samverkan(runtime.state, "token", "nobody").stderr


def test_the_development_issuer_refuses_to_run_in_production() -> None:
    env = {"SAMVERKAN_MODE": "production", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local.issuer"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "production" in done.stderr


def test_the_sink_keeps_each_mail_and_shows_it(runtime: Runtime) -> None:
    assert runtime.mail is not None
    runtime.mail.start()
    try:
        _send_mail(runtime, "vera@demo.example", "Du har fått en plats: språkcafé på torsdag")
        _send_mail(runtime, "nils@demo.example", "<script>alert(1)</script>")
        listed = httpx.get(
            f"{runtime.mail_url}/mails.json", params={"to": "vera@demo.example"}
        ).json()
        assert [mail["subject"] for mail in listed] == [
            "Du har fått en plats: språkcafé på torsdag"
        ]
        assert "åäö" in httpx.get(f"{runtime.mail_url}/{listed[0]['id']}").text
        assert "Subject:" in httpx.get(f"{runtime.mail_url}/{listed[0]['id']}/raw").text
        assert "<script>" not in httpx.get(runtime.mail_url).text
        assert httpx.get(f"{runtime.mail_url}/..%2f..%2fsecrets").status_code == 404
        runtime.mail.kill()
        runtime.mail.start()
        assert len(httpx.get(f"{runtime.mail_url}/mails.json").json()) == 2
    finally:
        runtime.mail.stop()


def _send_mail(runtime: Runtime, to: str, subject: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "no-reply@demo.example", to, subject
    message.set_content("Räksmörgås åäö")
    with smtplib.SMTP("127.0.0.1", runtime.state.port("smtp")) as server:
        server.send_message(message)
