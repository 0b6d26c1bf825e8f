"""docker-compose.yml: a valid file that tells the services what the local runtime does, and opens nothing else.

No engine runs here; what the file says is all that these tests can judge.
"""

import json
import os
import re
from pathlib import Path

import jsonschema
import pytest

from deploy import admin
from deploy.local.runtime import SERVICES, Runtime
from deploy.local.state import ROOT, State
from shared import settings
from tests.compose import EXAMPLE, FILE, PARTS, TEXT, VARIABLE, environment, made, names, networks

__all__ = ["made"]
STORES = {name: f"{name}-mongodb" for name in SERVICES}
ONLY_LOCAL = {"SAMVERKAN_FOLDER"}


def test_the_file_follows_the_compose_specification() -> None:
    schema = json.loads((ROOT / "tests/data/compose-spec.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    assert [error.message for error in validator.iter_errors(FILE)] == []
    misspelt = {**FILE, "services": {**PARTS, "registry": {**PARTS["registry"], "memlimit": "1g"}}}
    assert not validator.is_valid(misspelt)


def test_every_variable_must_be_given() -> None:
    assert {rest[:2] for _, rest in VARIABLE.findall(TEXT)} == {":?"}
    assert {name for name, _ in VARIABLE.findall(TEXT)} == set(EXAMPLE)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_the_same_as_by_the_local_runtime(service: str, tmp_path: Path) -> None:
    runtime = Runtime(State(tmp_path, usual_ports=False), environ={})
    local = {
        name
        for name in runtime.parts[f"{service}-1"].env
        if name.startswith(settings.PREFIX) and name not in ONLY_LOCAL
    }
    ours = {name.removesuffix("_FILE") for name in PARTS[service]["environment"]}
    assert ours == local
    assert {name.removeprefix(settings.PREFIX).lower() for name in ours} <= set(
        settings.Settings.model_fields
    )


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.case("X24")
def test_production_accepts_what_the_secrets_script_makes(
    service: str, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(settings.PREFIX)
    }
    monkeypatch.setattr(os, "environ", clean | environment(service, made))
    told = settings.load()
    assert told.mode == "production"
    assert f"@{STORES[service]}:27017/samverkan_{service}?" in told.mongodb_url.get_secret_value()
    assert told.oidc_issuer == f"https://auth.{EXAMPLE['SAMVERKAN_AUTHORITY']}/realms/samverkan"


def test_the_setup_job_finds_every_server_and_password(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment("setup", made).items():
        monkeypatch.setenv(name, value)
    found = admin.settings(SERVICES)
    for database in found.databases:
        assert f"@{STORES[database.service]}:27017/admin?" in database.admin_url
        assert f":{database.password}@" in (made / f"{database.service}_mongodb_url").read_text()
    for service, password in found.broker_passwords.items():
        url = f"amqp://{service}:{password}@rabbitmq:5672/{found.vhost}"
        assert (made / f"{service}_rabbitmq_url").read_text() == url


@pytest.mark.promise("P10")
def test_setup_is_done_before_a_service_starts() -> None:
    for service in SERVICES:
        assert PARTS[service]["depends_on"] == {
            "setup": {"condition": "service_completed_successfully"}
        }
        assert PARTS[service]["command"] == ["python", "-m", f"services.{service}"]
    assert PARTS["setup"]["command"] == ["python", "-m", "deploy.admin"]
    assert PARTS["setup"]["restart"] == "no"
    assert set(PARTS["setup"]["depends_on"]) == {*STORES.values(), "rabbitmq"}


@pytest.mark.case("X24")
def test_a_store_is_reached_by_its_service_and_the_setup_job_alone() -> None:
    for service, store in STORES.items():
        (network,) = networks(store)
        assert FILE["networks"][network] == {"internal": True}
        assert {part for part in PARTS if network in networks(part)} == {service, store, "setup"}
    assert {part for part in PARTS if "broker" in networks(part)} == {
        *SERVICES,
        "rabbitmq",
        "setup",
    }
    assert networks("rabbitmq") == {"broker"}
    assert networks("keycloak") == {"sign-in"}
    used = {source for part in PARTS for source in names(part, "secrets")}
    assert used == set(FILE["secrets"])
    for service in SERVICES:
        others = set(SERVICES) - {service}
        assert not [name for name in names(service, "secrets") if name.split("_")[0] in others]


@pytest.mark.case("X24")
@pytest.mark.promise("P26")
def test_only_the_gateway_is_open_to_the_world() -> None:
    port = EXAMPLE["SAMVERKAN_HTTPS_PORT"]
    published = {part: told["ports"] for part, told in PARTS.items() if "ports" in told}
    assert published.pop("gateway") == [f"{port}:{port}"]
    assert all(each.startswith("127.0.0.1:") for ports in published.values() for each in ports)
    outward = {name for name, told in FILE["networks"].items() if not told.get("internal")}
    assert {part for part in PARTS if outward & networks(part)} == {
        "gateway", "notifications", "mailpit"
    }  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.case("X24")
def test_a_part_has_no_rights_it_does_not_need(part: str) -> None:
    told = PARTS[part]
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert told["read_only"] or part == "keycloak"
    assert {"mem_limit", "cpus", "pids_limit"} <= told.keys()
    assert re.search(r":v?\d[\w.-]*$|:local$", told["image"]), "a tag that does not move on its own"
    assert part == "setup" or (told["restart"] == "unless-stopped" and "healthcheck" in told)
    assert "privileged" not in told
    assert re.match("[1-9]", told.get("user", "10001")), "root"


def test_no_secret_stands_in_a_file_under_version_control() -> None:
    for source in FILE["secrets"].values():
        assert source["file"].startswith(".samverkan/compose/")
    told = [pair for part in PARTS.values() for pair in part.get("environment", {}).items()]
    for name, value in told:
        assert not re.search("PASSWORD|SECRET|_URL$", name) or re.match(
            "/run/secrets/|https://", value
        )
