"""What stands around the services in compose: the gateway, the sign-in and the image."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.gateway import TEMPLATE, binary
from deploy.local.runtime import SERVICES, Runtime
from deploy.local.state import ROOT, State
from tests.compose import FILE, PARTS, made

__all__ = ["made"]


def test_the_gateway_has_the_routes_of_the_local_runtime(tmp_path: Path) -> None:
    assert ROOT / FILE["configs"]["gateway"]["file"] == TEMPLATE
    given = PARTS["gateway"]["environment"]
    wanted = set(re.findall(r"\$\{([A-Z_]+)\}", TEMPLATE.read_text())) - {"NAME"}
    local = Runtime(State(tmp_path, usual_ports=False), environ={}).gateway
    assert wanted == set(local._values)
    assert wanted <= {name for name in given if re.match(given["NGINX_ENVSUBST_FILTER"], name)}
    for service in SERVICES:
        assert f"server {service}:8000 resolve" in given[f"{service.upper()}_SERVERS"]


def test_nginx_understands_what_the_gateway_is_given(made: Path, tmp_path: Path) -> None:
    """The older nginx of Debian knows no `resolve`; addresses stand for the names it would ask Docker for."""
    given = PARTS["gateway"]["environment"]
    for source in ("gateway", "sign-in"):
        text = (ROOT / FILE["configs"][source]["file"]).read_text()
        text = re.sub(r"\$\{([A-Z_]+)\}", lambda found: given.get(found[1], found[0]), text)
        text = re.sub(r"server \w+:(\d+) resolve", r"server 127.0.0.1:\1", text)
        name = "samverkan.conf" if source == "gateway" else "sign-in.conf"
        (tmp_path / name).write_text(text)
    text = (ROOT / FILE["configs"]["nginx"]["file"]).read_text().replace("/tmp/", f"{tmp_path}/")
    for target in ("tls_certificate", "tls_key"):
        text = text.replace(f"/run/secrets/{target};", f"{made / target}.pem;")
    (tmp_path / "nginx.conf").write_text(text)
    command = [
        binary(),
        "-t",
        "-p",
        str(tmp_path),
        "-c",
        str(tmp_path / "nginx.conf"),
        "-e",
        "stderr",
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.promise("P13")
def test_the_realm_gives_the_tokens_that_the_services_accept() -> None:
    realm = json.loads((ROOT / FILE["configs"]["realm"]["file"]).read_text())
    told = PARTS["registry"]["environment"]
    assert told["SAMVERKAN_OIDC_ISSUER"].endswith(f"/realms/{realm['realm']}")
    assert PARTS["keycloak"]["environment"]["KC_HOSTNAME"] in told["SAMVERKAN_OIDC_ISSUER"]
    assert PARTS["gateway"]["networks"]["http"]["aliases"][1] == "auth.samverkan.localhost"
    assert "users" not in realm
    assert (realm["accessTokenLifespan"], realm["bruteForceProtected"]) == (600, True)
    clients = {client["clientId"]: client for client in realm["clients"]}
    assert set(clients) == set(told["SAMVERKAN_OIDC_CLIENTS"].split(","))
    for client in clients.values():
        assert client["publicClient"]
        assert not client["directAccessGrantsEnabled"]
        audiences = [mapper["config"] for mapper in client["protocolMappers"]]
        assert audiences[0]["included.custom.audience"] == told["SAMVERKAN_OIDC_AUDIENCE"]
        assert "basic" in client["defaultClientScopes"], "without it a token has no sub"
    assert clients["samverkan-web"]["attributes"]["pkce.code.challenge.method"] == "S256"


def test_the_image_holds_what_its_commands_need_and_nothing_secret(tmp_path: Path) -> None:
    steps = [line.split() for line in (ROOT / "deploy/images/Dockerfile").read_text().splitlines()]
    bases = {step[1] for step in steps if step and step[0] == "FROM"}
    assert bases == {"python:3.12-slim-bookworm"}
    assert ["USER", "10001:10001"] in steps
    assert not [step for step in steps if step and step[0] in ("ADD", "ARG")]
    copied = [
        step[1:] for step in steps if step and step[0] == "COPY" and "--from=build" not in step
    ]
    for *sources, target in copied[1:]:
        for path in (found for source in sources for found in ROOT.glob(source)):
            place = tmp_path / target / ("" if path.is_dir() else path.name)
            (shutil.copytree if path.is_dir() else shutil.copy)(path, _parent(place))
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    assert not [line for line in ignored if line.startswith("!") and "samverkan" in line]
    modules = [PARTS[part]["command"][2] for part in (*SERVICES, "setup")]
    lines = [f"assert find_spec('{module}')" for module in modules] + ["admin.plan()"]
    code = "\n".join(["from importlib.util import find_spec", "from deploy import admin", *lines])
    env = {**os.environ, "PYTHONPATH": ""}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, check=True)


def _parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
