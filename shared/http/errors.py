"""Whatever goes wrong becomes a Problem, and every Problem an answer of the same shape (P17)."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.contracts.problems import (
    BadRequest,
    Gone,
    Invalid,
    MethodNotAllowed,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Problem,
    Refused,
    TooLarge,
    TooMany,
    Unavailable,
    UnknownField,
    WrongMediaType,
)
from shared.http.answers import problem_reply
from shared.http.limits import NOT_JSON
from shared.http.validation import field_errors

_BY_STATUS: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (
        BadRequest,
        NotSignedIn,
        NotAllowed,
        NotFound,
        MethodNotAllowed,
        Refused,
        Gone,
        TooLarge,
        WrongMediaType,
        Invalid,
        TooMany,
        Unavailable,
    )
}


def answer_problems(app: FastAPI) -> None:
    """Register the handlers; the framework's own answers never reach a caller."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_reply(error, request.scope)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_reply(problem_of(error), request.scope)


async def _http(request: Request, error: Exception) -> Response:
    """The framework's own refusals (no such path, wrong method); its words are not repeated."""
    assert isinstance(error, HTTPException)
    kind = _BY_STATUS.get(error.status_code, BadRequest if error.status_code < 500 else Problem)
    return problem_reply(kind(headers=error.headers), request.scope)


def problem_of(error: RequestValidationError) -> Problem:
    """Unreadable JSON or an unknown parameter is 400, a malformed id in the path 404, else 422."""
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return BadRequest("not-json", NOT_JSON)
    sources = {fault["loc"][0] for fault in faults}
    if sources == {"path"}:
        return NotFound()
    fields = field_errors(faults)
    if sources == {"query"} and all(fault["type"] == "extra_forbidden" for fault in faults):
        return UnknownField(fields=fields)
    return Invalid(fields=fields)
