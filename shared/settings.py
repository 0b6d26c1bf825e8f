"""What a process is told from outside: SAMVERKAN_* variables, or NAME_FILE with a path to the value."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared import failpoints

PREFIX = "SAMVERKAN_"
EXAMPLE_SECRETS = ("guest", "example", "change-me", "password")


class Settings(BaseSettings):
    """Everything a service may be told; a missing or unsafe value stops the start with its name."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    mode: Literal["local", "production", "test"] = "production"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    mongodb_url: SecretStr
    rabbitmq_url: SecretStr
    oidc_issuer: str
    oidc_audience: str = "samverkan-api"
    oidc_clients: Annotated[tuple[str, ...], NoDecode] = ("samverkan-web",)
    secret_key: SecretStr = Field(min_length=32)
    public_url: str
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = ""
    mail_hold_seconds: float = Field(30.0, ge=0)
    account_warned_months: int = Field(5, ge=1, le=120)
    account_suspended_months: int = Field(6, ge=1, le=120)
    officer_warned_months: int = Field(2, ge=1, le=120)
    officer_suspended_months: int = Field(3, ge=1, le=120)
    account_erased_months: int = Field(24, ge=1, le=240)
    otlp_endpoint: str = ""
    trace_share: float = Field(0.01, ge=0, le=1)
    failpoint: str = ""

    @field_validator("oidc_clients", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.split(",")) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _accounts_are_warned_first(self) -> "Settings":
        account = (
            self.account_warned_months,
            self.account_suspended_months,
            self.account_erased_months,
        )
        officer = (
            self.officer_warned_months,
            self.officer_suspended_months,
            self.account_erased_months,
        )
        if not all(months[0] < months[1] < months[2] for months in (account, officer)):
            raise ValueError(
                "SAMVERKAN_ACCOUNT_WARNED_MONTHS, ..._SUSPENDED_MONTHS and ..._ERASED_MONTHS "
                "must come in this order, and OFFICER_... likewise"
            )
        return self

    @model_validator(mode="after")
    def _production_is_safe(self) -> "Settings":
        if self.failpoint and self.mode != "test":
            raise ValueError("SAMVERKAN_FAILPOINT is for SAMVERKAN_MODE=test only")
        if self.mode == "production":
            self._refuse_unsafe()
        failpoints.arm(self.failpoint)
        return self

    def _refuse_unsafe(self) -> None:
        for name in ("oidc_issuer", "public_url"):
            if urlsplit(getattr(self, name)).scheme != "https":
                raise ValueError(f"SAMVERKAN_{name.upper()} must be https in production")
        for name in ("mongodb_url", "rabbitmq_url"):
            password = urlsplit(getattr(self, name).get_secret_value()).password
            if not password or password in EXAMPLE_SECRETS:
                raise ValueError(f"SAMVERKAN_{name.upper()} needs a password of its own")
        if self.smtp_url.get_secret_value() and not self.mail_from:
            raise ValueError("SAMVERKAN_MAIL_FROM is needed where SAMVERKAN_SMTP_URL is set")
        if any(word in self.secret_key.get_secret_value() for word in EXAMPLE_SECRETS):
            raise ValueError("SAMVERKAN_SECRET_KEY is an example; make one of your own")


def load() -> Settings:
    """Read the settings from the environment and from the files it names."""
    files = [key for key in os.environ if key.startswith(PREFIX) and key.endswith("_FILE")]
    # Not by way of the environment, which every child process and crash report would see.
    read: dict[str, Any] = {
        name.removeprefix(PREFIX).removesuffix("_FILE").lower(): Path(os.environ[name])
        .read_text()
        .strip()
        for name in files
        if name.removesuffix("_FILE") not in os.environ
    }
    return Settings(**read)
