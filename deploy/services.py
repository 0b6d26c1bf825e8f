"""The three services as apps that are never started: what they say of themselves, offline."""

from importlib import import_module

from fastapi import FastAPI

from shared.settings import Settings

SERVICES = ("registry", "activities", "notifications")
_NOWHERE = "127.0.0.1:1"


def unstarted() -> dict[str, FastAPI]:
    """Each service by name; nothing is connected, and none of them could serve."""
    return {name: _app(name) for name in SERVICES}


def _app(name: str) -> FastAPI:
    settings = Settings(
        mode="test",
        mongodb_url=f"mongodb://{_NOWHERE}/{name}",
        rabbitmq_url=f"amqp://{_NOWHERE}/none",
        oidc_issuer=f"http://{_NOWHERE}/issuer",
        secret_key="never-signs-anything-that-anyone-reads",  # noqa: S106
        public_url="http://samverkan.invalid",
    )
    app: FastAPI = import_module(f"services.{name}.app").create(settings)
    return app
