"""What a process may not be told: production refuses what is unsafe, and says which variable it was."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared import failpoints, settings
from shared.settings import Settings

SAFE = {
    "SAMVERKAN_MODE": "production",
    "SAMVERKAN_MONGODB_URL": "mongodb://registry:s3cret-of-ours@db/samverkan_registry",
    "SAMVERKAN_RABBITMQ_URL": "amqp://registry:s3cret-of-ours@mq/samverkan",
    "SAMVERKAN_OIDC_ISSUER": "https://id.example.org/issuer",
    "SAMVERKAN_SECRET_KEY": "k" * 40,
    "SAMVERKAN_PUBLIC_URL": "https://samverkan.example.org",
}
UNSAFE = {
    "SAMVERKAN_OIDC_ISSUER": "http://id.example.org/issuer",
    "SAMVERKAN_PUBLIC_URL": "http://samverkan.example.org",
    "SAMVERKAN_MONGODB_URL": "mongodb://db/samverkan_registry",
    "SAMVERKAN_RABBITMQ_URL": "amqp://guest:guest@mq/samverkan",
    "SAMVERKAN_SECRET_KEY": "change-me-change-me-change-me-change-me",
    "SAMVERKAN_FAILPOINT": failpoints.AFTER_COMMIT,
}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in SAFE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_production_takes_what_is_safe(given: pytest.MonkeyPatch) -> None:
    assert settings.load().mode == "production"


@pytest.mark.parametrize("name", UNSAFE)
def test_production_refuses_what_is_unsafe(given: pytest.MonkeyPatch, name: str) -> None:
    given.setenv(name, UNSAFE[name])
    with pytest.raises(ValidationError) as refusal:
        settings.load()
    assert name in str(refusal.value)
    assert UNSAFE[name] not in str(refusal.value.errors(include_input=False))


@pytest.mark.parametrize("name", ["SAMVERKAN_MONGODB_URL", "SAMVERKAN_SECRET_KEY"])
def test_what_is_missing_stops_the_start(given: pytest.MonkeyPatch, name: str) -> None:
    given.delenv(name)
    with pytest.raises(ValidationError):
        settings.load()


def test_a_short_secret_is_refused_everywhere(given: pytest.MonkeyPatch) -> None:
    given.setenv("SAMVERKAN_MODE", "local")
    given.setenv("SAMVERKAN_SECRET_KEY", "short")
    with pytest.raises(ValidationError):
        settings.load()


def test_a_value_may_stand_in_a_file(given: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("f" * 40 + "\n")
    given.delenv("SAMVERKAN_SECRET_KEY")
    given.setenv("SAMVERKAN_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert settings.load().secret_key.get_secret_value() == "f" * 40


def test_the_environment_is_left_as_it_was(given: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("f" * 40)
    given.delenv("SAMVERKAN_SECRET_KEY")
    given.setenv("SAMVERKAN_SECRET_KEY_FILE", str(tmp_path / "key"))
    settings.load()
    (tmp_path / "key").write_text("g" * 40)
    assert settings.load().secret_key.get_secret_value() == "g" * 40


def test_a_failpoint_nobody_knows_is_refused(given: pytest.MonkeyPatch) -> None:
    given.setenv("SAMVERKAN_MODE", "test")
    given.setenv("SAMVERKAN_FAILPOINT", "no-such-place")
    with pytest.raises(ValidationError):
        settings.load()


def test_secrets_do_not_show_when_settings_are_printed(given: pytest.MonkeyPatch) -> None:
    assert isinstance(settings.load(), Settings)
    assert "s3cret" not in repr(settings.load())
