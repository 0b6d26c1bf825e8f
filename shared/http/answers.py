"""Answers: a model straight to JSON bytes, a problem to problem+json (RFC 9457)."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import Scope

from shared.contracts.problems import FieldError, Language, Problem
from shared.http.language import language_of

PROBLEM_MEDIA_TYPE = "application/problem+json"


def reply(
    content: Any,
    status: int = 200,
    *,
    etag: str | None = None,
    location: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer with a pydantic model, or a dict or list that may hold models, as JSON.

    Serialised in one step, past FastAPI's encoder: a GET costs microseconds for it.
    """
    sent = dict(headers or {})
    if etag is not None:
        sent["ETag"] = etag
    if location is not None:
        sent["Location"] = location
    body = to_json(content, inf_nan_mode="null")
    return Response(body, status, headers=sent, media_type="application/json")


def problem_reply(problem: Problem, scope: Scope) -> Response:
    """The problem in the language of the request, with Retry-After where waiting helps."""
    language = language_of(scope)
    headers = {**problem.headers, "Content-Language": language, "Vary": "Accept-Language"}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(ceil(problem.retry_after))
    body = to_json(problem_body(problem, language))
    return Response(body, problem.status, headers=headers, media_type=PROBLEM_MEDIA_TYPE)


def problem_body(problem: Problem, language: Language) -> dict[str, Any]:
    """`type` is a path that stays the same on every installation; `code` is its last part."""
    body: dict[str, Any] = {
        **problem.extra,
        "type": problem_type(problem.code),
        "title": problem.title.in_language(language),
        "status": problem.status,
        "detail": problem.detail.in_language(language),
        "code": problem.code,
    }
    if problem.fields:
        body["errors"] = [_field_error(error, language) for error in problem.fields]
    return body


def problem_type(code: str) -> str:
    """The URI reference of a problem's kind."""
    return f"/problems/{code}"


def _field_error(error: FieldError, language: Language) -> dict[str, str]:
    return {
        "field": error.field,
        "code": error.code,
        "detail": error.detail.in_language(language),
    }
