"""The OpenAPI document with our own errors, and a plain page that shows it."""

from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from shared.http.answers import PROBLEM_MEDIA_TYPE
from shared.http.docs import METHODS, POLICY, page
from shared.permissions import PUBLIC, stated_permissions

_EDITS = ("put", "patch", "delete")
_MEANINGS = {
    "400": "The request cannot be read, or names an unknown field.",
    "401": "Not signed in.",
    "403": "Visible to you, but not yours to do.",
    "404": "Does not exist, or is not visible to you.",
    "408": "The body did not arrive in time.",
    "409": "A rule refuses it; the code says which.",
    "410": "It was there; it is over, used or replaced.",
    "412": "Someone else has changed it since you read it.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
    "422": "Fields need correcting; each is named.",
    "428": "If-Match is missing.",
    "429": "Too many requests; see Retry-After.",
    "503": "Briefly unavailable; see Retry-After.",
}
_IF_MATCH = (
    "If-Match",
    "The ETag of what you have read; 428 without where something is there already, 412 when stale.",
)
_IDEMPOTENCY_KEY = ("Idempotency-Key", "The same key again has one effect and the first answer.")
_IF_NONE_MATCH = ("If-None-Match", "The ETag of what you have; a 304 says that it is still so.")
_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `title` and `detail` come in Swedish or English by Accept-Language.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
    },
    "examples": [
        {
            "type": "/problems/not-found",
            "code": "not-found",
            "title": "Not found",
            "status": 404,
            "detail": "What you look for is not here, or is not visible to you. Check the link.",
        }
    ],
}
_FIELD_ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "FieldError",
    "required": ["field", "code", "detail"],
    "properties": {
        "field": {"type": "string", "description": "Dotted path: `groups.0.count`."},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}


MERGED: dict[int | str, dict[str, Any]] = {
    308: {"description": "It was made one with another; Location says which."}
}


def also(*statuses: int) -> dict[str, Any]:
    """For `openapi_extra` of a route: refusals that do not follow from its method and path."""
    return {"responses": {str(status): _problem(str(status)) for status in statuses}}


def describe(app: FastAPI, docs_path: str | None = None) -> None:
    """Give the app an OpenAPI document with problem responses, and a page at `docs_path`.

    The page loads nothing from anywhere. A route's permission stands there as `x-permission`.
    """
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        if "Problem" not in document.setdefault("components", {}).get("schemas", {}):
            _with_permissions(document, app)
            _with_problems(document)
        return document

    async def docs(request: Request) -> Response:
        return HTMLResponse(page(app.openapi()), headers={"Content-Security-Policy": POLICY})

    app.openapi = openapi  # type: ignore[method-assign]
    if docs_path:
        app.add_route(docs_path, docs, include_in_schema=False)


def _with_permissions(document: dict[str, Any], app: FastAPI) -> None:
    """On every operation the permission that it needs, by the name in docs/who-may-what.md."""
    for route, permission in stated_permissions(app):
        methods, path = route.split()
        operations = document.get("paths", {}).get(path, {})
        for method in methods.lower().split("|"):
            if permission is not None and method in operations:
                operations[method]["x-permission"] = permission.name


def _with_problems(document: dict[str, Any]) -> None:
    """Replace the framework's validation error by ours, on every operation what it can answer."""
    schemas = document["components"].setdefault("schemas", {})
    for foreign in ("HTTPValidationError", "ValidationError"):
        schemas.pop(foreign, None)
    schemas |= {"Problem": _PROBLEM_SCHEMA, "FieldError": _FIELD_ERROR_SCHEMA}
    document["components"]["responses"] = {
        f"Problem{status}": _response(meaning) for status, meaning in _MEANINGS.items()
    }
    for path, operations in document.get("paths", {}).items():
        for method in operations.keys() & set(METHODS):
            _add_responses(operations[method], method, path)
            _add_headers(operations[method], method, path)


def _add_responses(operation: dict[str, Any], method: str, path: str) -> None:
    responses = operation.setdefault("responses", {})
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    for status in _answers(operation, method, path):
        responses.setdefault(status, _problem(status))
    if _is_one(method, path):
        responses.setdefault("304", {"description": "Still as you have it."})


def _answers(operation: dict[str, Any], method: str, path: str) -> list[str]:
    """The refusals an operation can give."""
    answers = ["400", "429", "503"]
    if operation.get("x-permission") != PUBLIC.name:
        answers += ["401", "403"]
    if "{" in path:
        answers.append("404")
    if method != "get":
        answers.append("409")
    if method in _EDITS:
        answers += ["412", "428"]
    if "requestBody" in operation:
        answers += ["408", "413", "415"]
    if "requestBody" in operation or operation.get("parameters"):
        answers.append("422")
    return sorted(answers)


def _add_headers(operation: dict[str, Any], method: str, path: str) -> None:
    """The headers that say which version is meant, or which request is the same."""
    if method == "post" and operation.get("x-permission") != PUBLIC.name:
        _add_header(operation, _IDEMPOTENCY_KEY)
    if method in _EDITS:
        _add_header(operation, _IF_MATCH)
    if _is_one(method, path):
        _add_header(operation, _IF_NONE_MATCH)


def _add_header(operation: dict[str, Any], header: tuple[str, str]) -> None:
    name, words = header
    schema = {"type": "string", "pattern": "^[!-~]{1,255}$"}
    described = {"name": name, "in": "header", "required": False, "schema": schema}
    operation.setdefault("parameters", []).append({**described, "description": words})


def _is_one(method: str, path: str) -> bool:
    """Reading one thing by its id."""
    return method == "get" and path.endswith("}")


def _problem(status: str) -> dict[str, str]:
    return {"$ref": f"#/components/responses/Problem{status}"}


def _response(meaning: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": meaning, "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}}}
