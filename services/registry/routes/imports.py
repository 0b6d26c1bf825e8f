"""Imports: a file in, every row's verdict out; then the whole of it is made, and undone if need be."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.registry.commands.imports import Upload
from services.registry.domain.external import SourceSystem
from services.registry.domain.import_columns import ImportKind
from services.registry.permissions.imports import (
    CHANGE_IMPORT,
    IMPORT_FILE,
    READ_IMPORT,
    Wanted,
    area_of,
)
from services.registry.queries.imports import IMPORTS, imports_of
from services.registry.reading.parent import Wish
from services.registry.routes.here import here
from services.registry.views.import_errors import errors_file
from services.registry.views.imports import import_tag, shown_import, shown_row
from shared.caller import Caller
from shared.causes import by
from shared.contracts.texts import Body, Line
from shared.http import (
    Listing,
    Position,
    Room,
    expected_version,
    not_modified,
    page_answer,
    reply,
    single_values,
)
from shared.http.bodies import FILES
from shared.http.language import language_of
from shared.kind import Stored
from shared.permissions import allow

router = Room(prefix="/imports", tags=["imports"])

FILE_PATHS = frozenset({"/api/registry/imports"})
RowVerdict = Literal["new", "changed", "unchanged", "faulty", "failed"]
ROWS = Listing("import-rows", sorts=("row",), filters={"verdict": RowVerdict})
FIRST_ROWS = 200
EXAMPLE = "kod;namn;kommun;platser;antal\nA-1;Björknäs demo;2582;200;180\n"

Reader = Annotated[Caller, Depends(allow(READ_IMPORT))]
Changer = Annotated[Caller, Depends(allow(CHANGE_IMPORT))]


class Asked(BaseModel):
    """What is said of a file: what its rows are, whose ids it has, and how it is to be read."""

    kind: ImportKind
    source: SourceSystem = "file"
    sheet: Line | None = None
    separator: Literal[";", ",", "\t", "|"] | None = None


class FileBody(Asked, Body):
    """A CSV file inside JSON."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "accommodations", "csv": EXAMPLE}]}
    )

    csv: str


class MappingBody(Body):
    """A field for each column in the file's order; null leaves a column out."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"columns": ["code", "name", "municipality", None]}]}
    )

    columns: Annotated[
        tuple[Annotated[str, Field(max_length=60)] | None, ...], Field(max_length=100)
    ]


class CommitBody(Body):
    """Whether those concerned are to be told of each record; else only the importer is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"notify": False}]})

    notify: bool = False


_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}
_STILL_JUDGED: dict[int | str, dict[str, Any]] = {
    202: {"description": "Its rows are still judged."}
}
_OPENAPI: dict[str, Any] = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": words,
            "schema": Asked.model_json_schema()["properties"][name],
        }
        for name, words in (
            ("kind", "With a file: what its rows are."),
            ("source", "With a file: the system whose ids stand in its column of external ids."),
            ("sheet", "With a file: which sheet, where several fit."),
            ("separator", "With a file: what stands between the columns, unless it is found."),
        )
    ],
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": EXAMPLE},
            "application/json": {"schema": FileBody.model_json_schema()},
            **{
                kind.decode(): {"schema": {"type": "string", "format": "binary"}}
                for kind in sorted(FILES - {b"text/csv"})
            },
        },
    },
}


@router.post("", status_code=201, responses=_STILL_JUDGED, openapi_extra=_OPENAPI)
async def check(
    request: Request, caller: Annotated[Caller, Depends(allow(IMPORT_FILE))]
) -> Response:
    """Read a file and judge every row; nothing is made yet. 202 while a long one is still judged."""
    asked, content = await _file(request)
    IMPORT_FILE.check(caller, Wanted(asked.kind))
    upload = Upload(
        kind=asked.kind,
        content=content,
        importer=caller.person_id,
        area=area_of(caller) if asked.kind == "accommodations" else None,
        source=asked.source,
        wish=Wish(asked.sheet, asked.separator),
    )
    stored = await here(request).imports.check(upload, await by(request, caller))
    return await _with_rows(request, stored, 201)


@router.get("", openapi_extra=IMPORTS.openapi)
async def listed(request: Request, caller: Reader) -> Response:
    """One's own imports, the newest first."""
    page = IMPORTS.page(request)
    found, cursor = await imports_of(here(request).store, page, caller.person_id)
    return reply(page_answer([shown_import(one) for one in found], cursor))


@router.get("/{id}")
async def read(request: Request, id: str, caller: Reader) -> Response:
    """How far it has come."""
    stored = READ_IMPORT.check(caller, await here(request).imports.load(id))
    tag = import_tag(stored)
    return not_modified(request, tag) or reply(shown_import(stored), etag=tag)


@router.get("/{id}/rows", openapi_extra=ROWS.openapi)
async def rows(request: Request, id: str, caller: Reader) -> Response:
    """Every row with its verdict, in the file's order; with `verdict` only those."""
    stored = READ_IMPORT.check(caller, await here(request).imports.load(id))
    page = ROWS.page(request)
    since = 0 if page.after is None else int(str(page.after.value)) + 1
    verdicts = [str(page.filters["verdict"])] if "verdict" in page.filters else []
    found = await here(request).imports.rows(stored.state, since, page.limit + 1, verdicts)
    shown, cursor = page.cut(found, lambda row: Position(row["place"], row["_id"]))
    return reply(page_answer([_row(request, stored, row) for row in shown], cursor))


@router.get("/{id}/errors", response_class=Response, responses=_CSV)
async def errors(request: Request, id: str, caller: Reader) -> Response:
    """The faulty rows as a file: the same columns, and what is wrong with each."""
    stored = READ_IMPORT.check(caller, await here(request).imports.load(id))
    single_values(request, set())
    return errors_file(here(request).imports, stored, language_of(request.scope))


@router.put("/{id}/mapping")
async def remap(request: Request, id: str, body: MappingBody, caller: Changer) -> Response:
    """Give its columns other fields (If-Match); every row is judged anew."""
    CHANGE_IMPORT.check(caller, await here(request).imports.load(id))
    command = await by(request, caller, expected_version(request))
    stored = await here(request).imports.remap(id, body.columns, command)
    return await _with_rows(request, stored, 200)


@router.post("/{id}/commit", status_code=202)
async def commit(
    request: Request, id: str, caller: Changer, body: CommitBody | None = None
) -> Response:
    """Make what the file says: all of it, or nothing while a row is faulty."""
    CHANGE_IMPORT.check(caller, await here(request).imports.load(id))
    notify = body is not None and body.notify
    stored = await here(request).imports.commit(id, notify, await by(request, caller))
    return reply(shown_import(stored), 202, etag=import_tag(stored))


@router.post("/{id}/undo", status_code=202)
async def undo(request: Request, id: str, caller: Changer) -> Response:
    """Undo it within a week: what nobody has worked with since is ended or restored."""
    CHANGE_IMPORT.check(caller, await here(request).imports.load(id))
    stored = await here(request).imports.undo(id, await by(request, caller))
    return reply(shown_import(stored), 202, etag=import_tag(stored))


@router.get("/{id}/timeline")
async def timeline(request: Request, id: str, caller: Reader) -> Response:
    """What was done with it, and when."""
    stored = READ_IMPORT.check(caller, await here(request).imports.load(id))
    return reply({"items": await here(request).imports.timeline(stored.id)})


async def _with_rows(request: Request, stored: Stored[Any], status: int) -> Response:
    if stored.state.status == "checking":
        found: list[Any] = []
        status = 202
    else:
        found = await here(request).imports.rows(stored.state, 0, FIRST_ROWS)
    shown = {**shown_import(stored), "items": [_row(request, stored, row) for row in found]}
    location = f"/api/registry/imports/{stored.id}"
    return reply(shown, status, etag=import_tag(stored), location=location)


async def _file(request: Request) -> tuple[Asked, bytes]:
    """What is said of the file, and the file: its bytes with `?kind=`, or CSV inside JSON."""
    content = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_file = kind.encode() in FILES
    try:
        if is_file:
            return Asked.model_validate(single_values(request, set(Asked.model_fields))), content
        body = FileBody.model_validate_json(content)
        return body, body.csv.encode()
    except ValidationError as error:
        within = ("query",) if is_file else ("body",)
        faults = [{**fault, "loc": (*within, *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from error


def _row(request: Request, stored: Stored[Any], row: dict[str, Any]) -> dict[str, Any]:
    return shown_row(stored, row, language_of(request.scope))
