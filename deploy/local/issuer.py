"""The development issuer: signs in ready-made people by a click. It refuses to run in production mode.

OpenID Connect discovery, authorization code with PKCE (S256), access tokens after RFC 9068. Its page has no password;
therefore it listens on loopback only. Keys live in the state folder, so tokens survive a restart.
"""

import base64
import dataclasses
import hashlib
import html
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from deploy.local.people import BY_SUBJECT, PEOPLE, DemoPerson
from deploy.local.process import secret_file

AUDIENCE = "samverkan-api"
CLIENTS = ("samverkan-web", "samverkan-cli")
TOKEN_SECONDS = 3600
CODE_SECONDS = 120
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclasses.dataclass(frozen=True)
class Grant:
    """What an authorization code stands for, once and for two minutes."""

    subject: str
    client: str
    redirect: str
    challenge: str
    nonce: str
    expires: float


class Issuer:
    """Signs tokens for demo people; `url` is the issuer claim, `admin_secret` opens `/admin/token`."""

    def __init__(self, url: str, folder: Path, admin_secret: str) -> None:
        self.url = url
        self.key = _key(folder / "issuer.pem")
        self._admin_secret = admin_secret
        self._grants: dict[str, Grant] = {}

    def app(self) -> Starlette:
        """The HTTP application."""
        routes = [
            Route("/.well-known/openid-configuration", self.discovery),
            Route("/jwks.json", self.jwks),
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
            Route("/admin/token", self.admin_token, methods=["POST"]),
        ]
        cors = Middleware(
            CORSMiddleware, allow_origin_regex=r"http://(127\.0\.0\.1|localhost)(:\d+)?"
        )
        return Starlette(routes=routes, middleware=[cors])

    def access_token(self, subject: str, client: str) -> str:
        """A bearer token of a demo person for one hour."""
        now = int(time.time())
        claims = {
            "aud": AUDIENCE,
            "client_id": client,
            "azp": client,
            "jti": secrets.token_hex(8),
            "scope": "openid",
        }
        return self._sign("at+jwt", subject, now, claims)

    def _sign(self, kind: str, subject: str, now: int, claims: Mapping[str, Any]) -> str:
        person = BY_SUBJECT[subject]
        standard = {"iss": self.url, "sub": subject, "iat": now, "exp": now + TOKEN_SECONDS}
        profile = {"name": person.name, "email": person.email, "email_verified": True}
        header = {"alg": "RS256", "typ": kind, "kid": self.key.kid}
        return jwt.encode(header, {**standard, **profile, **claims}, self.key)

    async def discovery(self, _: Request) -> Response:
        """OpenID provider metadata."""
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks.json",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "scopes_supported": ["openid", "profile", "email"],
            }
        )

    async def jwks(self, _: Request) -> Response:
        """The public key."""
        public = self.key.as_dict(private=False)
        return JSONResponse({"keys": [{**public, "use": "sig", "alg": "RS256"}]})

    async def authorize(self, request: Request) -> Response:
        """The page with one button per person; with `person` chosen, back to the client with a code."""
        query = request.query_params
        refusal = _refusal(query)
        if refusal:
            return HTMLResponse(
                f"<h1>Inloggningen kan inte börja</h1><p>{html.escape(refusal)}</p>", 400
            )
        if query.get("person") not in BY_SUBJECT:
            return HTMLResponse(_page(query))
        answer = {"code": self._grant(query), "state": query.get("state", ""), "iss": self.url}
        joint = "&" if "?" in query["redirect_uri"] else "?"
        return RedirectResponse(query["redirect_uri"] + joint + urlencode(answer), 303)

    def _grant(self, query: Mapping[str, str]) -> str:
        now = time.monotonic()
        self._grants = {code: grant for code, grant in self._grants.items() if grant.expires > now}
        code = secrets.token_urlsafe(24)
        self._grants[code] = Grant(
            query["person"],
            query["client_id"],
            query["redirect_uri"],
            query["code_challenge"],
            query.get("nonce", ""),
            now + CODE_SECONDS,
        )
        return code

    async def token(self, request: Request) -> Response:
        """Code and verifier against tokens; a code works once."""
        form = dict(parse_qsl((await request.body()).decode()))
        grant = self._grants.pop(form.get("code", ""), None)
        if (
            form.get("grant_type") != "authorization_code"
            or grant is None
            or not _fits(grant, form)
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(self._tokens(grant), headers={"Cache-Control": "no-store"})

    def _tokens(self, grant: Grant) -> dict[str, Any]:
        identity = {"aud": grant.client, "nonce": grant.nonce}
        return {
            "access_token": self.access_token(grant.subject, grant.client),
            "id_token": self._sign("JWT", grant.subject, int(time.time()), identity),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": "openid",
        }

    async def admin_token(self, request: Request) -> Response:
        """A token without a browser, for `samverkan token`; needs the secret from the state folder."""
        if not secrets.compare_digest(
            request.headers.get("x-admin-secret", ""), self._admin_secret
        ):
            return JSONResponse({"error": "access_denied"}, 403)
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("person") not in BY_SUBJECT:
            return JSONResponse({"error": "unknown_person", "known": list(BY_SUBJECT)}, 404)
        return JSONResponse({"access_token": self.access_token(form["person"], "samverkan-cli")})


def _refusal(query: Mapping[str, str]) -> str | None:
    if query.get("response_type") != "code":
        return "response_type must be code."
    if query.get("client_id") not in CLIENTS:
        return f"client_id must be one of {', '.join(CLIENTS)}."
    if urlsplit(query.get("redirect_uri", "")).hostname not in LOOPBACK:
        return "redirect_uri must be on this machine."
    if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
        return "code_challenge with the method S256 is needed (PKCE)."
    return None


def _fits(grant: Grant, form: Mapping[str, str]) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return (
        secrets.compare_digest(challenge, grant.challenge)
        and grant.expires > time.monotonic()
        and (grant.client, grant.redirect) == (form.get("client_id"), form.get("redirect_uri"))
    )


def _page(query: Mapping[str, str]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in query.items()
        if name != "person"
    )
    return (
        '<!doctype html><html lang="sv"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Logga in (demo)</title><style>body{font:1rem/1.5 system-ui;max-width:40rem;margin:2rem auto;"
        "padding:0 1rem}button{display:block;width:100%;margin:.4rem 0;padding:.7rem;font:inherit;text-align:left}"
        "</style><h1>Vem är du i dag?</h1><p>Påhittade personer för utveckling och demonstration.</p>"
        f'<form method="get">{hidden}{"".join(map(_button, PEOPLE))}</form></html>'
    )


def _button(person: DemoPerson) -> str:
    return f'<button name="person" value="{quote(person.subject)}"><b>{person.name}</b> · {person.home}</button>'


def _key(path: Path) -> RSAKey:
    if not path.exists():
        secret_file(path, RSAKey.generate_key(2048, private=True).as_pem(private=True).decode())
    key = RSAKey.import_key(path.read_text())
    key.ensure_kid()
    return key


def main() -> None:
    """Run on SAMVERKAN_HOST:SAMVERKAN_PORT. Exits when the mode is production."""
    if os.environ.get("SAMVERKAN_MODE") == "production":
        raise SystemExit(
            "The development issuer signs in anyone as anyone: it does not run in production mode."
        )
    host, port = os.environ["SAMVERKAN_HOST"], int(os.environ["SAMVERKAN_PORT"])
    if host not in LOOPBACK:
        raise SystemExit(
            "The development issuer listens on this machine only: set SAMVERKAN_HOST to 127.0.0.1."
        )
    folder = Path(os.environ["SAMVERKAN_FOLDER"])
    issuer = Issuer(f"http://{host}:{port}", folder, os.environ["SAMVERKAN_ADMIN_SECRET"])
    uvicorn.run(issuer.app(), host=host, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
