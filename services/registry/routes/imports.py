"""Imports: a file in, every row's verdict out; then the whole of it is made."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, TypeAdapter, ValidationError

from services.registry.domain.import_ import Import
from services.registry.domain.import_columns import ImportKind
from services.registry.permissions.imports import COMMIT_IMPORT, IMPORT_FILE, READ_IMPORT, Wanted
from services.registry.routes.here import here
from shared.caller import Caller
from shared.causes import by
from shared.contracts.texts import Body
from shared.database import Document
from shared.http import Listing, Position, Room, page_answer, reply, single_values
from shared.http.language import language_of
from shared.kind import Stored, derived_id
from shared.permissions import allow

router = Room(prefix="/imports", tags=["imports"])

CSV_PATHS = frozenset({"/api/registry/imports"})
ROWS = Listing("import-rows", sorts=("row",))
FIRST_ROWS = 200
EXAMPLE = "kod;namn;kommun;platser;antal\nA-1;Björknäs demo;2582;200;180\n"

Reader = Annotated[Caller, Depends(allow(READ_IMPORT))]


class FileBody(Body):
    """A CSV file inside JSON."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "accommodations",
                    "csv": EXAMPLE,
                }
            ]
        }
    )

    kind: ImportKind
    csv: str


_KIND = TypeAdapter(ImportKind)
_OPENAPI: dict[str, Any] = {
    "parameters": [
        {
            "name": "kind",
            "in": "query",
            "required": False,
            "description": "With text/csv: what the rows are.",
            "schema": {"enum": ["organisations", "accommodations"]},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": EXAMPLE,
            },
            "application/json": {"schema": FileBody.model_json_schema()},
        },
    },
}


@router.post("", status_code=201, openapi_extra=_OPENAPI)
async def check(
    request: Request, caller: Annotated[Caller, Depends(allow(IMPORT_FILE))]
) -> Response:
    """Read a file and judge every row; nothing is made yet."""
    kind, content = await _file(request)
    IMPORT_FILE.check(caller, Wanted(kind))
    command = await by(request, caller)
    stored = await here(request).imports.check(kind, content, caller, command)
    rows = await here(request).imports.rows(stored.state, 0, FIRST_ROWS)
    shown = {**_shown(stored), "items": [_row(request, row) for row in rows]}
    return reply(shown, 201, location=f"/api/registry/imports/{stored.id}")


@router.get("/{id}")
async def read(request: Request, id: str, caller: Reader) -> Response:
    """How far it has come."""
    return reply(_shown(READ_IMPORT.check(caller, await here(request).imports.load(id))))


@router.get("/{id}/rows", openapi_extra=ROWS.openapi)
async def rows(request: Request, id: str, caller: Reader) -> Response:
    """Every row with its verdict, in the file's order."""
    stored = READ_IMPORT.check(caller, await here(request).imports.load(id))
    page = ROWS.page(request)
    since = 0 if page.after is None else int(str(page.after.value)) + 1
    found = await here(request).imports.rows(stored.state, since, page.limit + 1)
    shown, cursor = page.cut(found, lambda row: Position(row["place"], row["_id"]))
    return reply(page_answer([_row(request, row) for row in shown], cursor))


@router.post("/{id}/commit", status_code=202)
async def commit(
    request: Request, id: str, caller: Annotated[Caller, Depends(allow(COMMIT_IMPORT))]
) -> Response:
    """Make what the file says: all of it, or nothing while a row is faulty."""
    COMMIT_IMPORT.check(caller, await here(request).imports.load(id))
    stored = await here(request).imports.commit(id, await by(request, caller))
    return reply(_shown(stored), 202)


async def _file(request: Request) -> tuple[ImportKind, bytes]:
    """The kind and the file, from text/csv with `?kind=`, or from JSON."""
    content = await request.body()
    is_csv = request.headers.get("content-type", "").lower().startswith("text/csv")
    try:
        if is_csv:
            return _KIND.validate_python(single_values(request, {"kind"}).get("kind")), content
        body = FileBody.model_validate_json(content)
        return body.kind, body.csv.encode()
    except ValidationError as error:
        within = ("query", "kind") if is_csv else ("body",)
        faults = [{**fault, "loc": (*within, *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from error


def _shown(stored: Stored[Import]) -> dict[str, Any]:
    state = stored.state.model_dump(
        mode="json", exclude={"importer", "batch", "correlation", "goes_on_at", "counties"}
    )
    return {"id": stored.id, "version": stored.version, **state}


def _row(request: Request, row: Document) -> dict[str, Any]:
    language = language_of(request.scope)
    faults = [
        {"field": one["field"], "code": one["code"], "detail": one[language]}
        for one in row["faults"]
    ]
    return {
        "row": row["row"],
        "verdict": row["verdict"],
        "made": derived_id(row["import"], row["row"]) if row["made"] else None,
        "errors": faults,
        "repairs": {name: {"from": old, "to": new} for name, (old, new) in row["repairs"].items()},
    }
