"""ETag, If-Match and If-None-Match (P19).

Plain functions, because a route calls them after its permission check.
"""

import re

from starlette.requests import Request
from starlette.responses import Response

from shared.contracts.problems import PreconditionRequired, Stale, Text

_TAG = re.compile(r'\s*(?:W/)?"([1-9][0-9]{0,15})\.([A-Za-z0-9_-]{1,64})"\s*')
_ANY_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_MALFORMED = Text(
    "If-Match innehåller ingen ETag från oss. Läs om och skicka den ETag du fick.",
    "If-Match holds no ETag of ours. Read it again and send the ETag you were given.",
)


def etag(version: int, view: str) -> str:
    """`"7.coordinator"`: the version, and the view it was shown in (two roles see two texts)."""
    return f'"{version}.{view}"'


def expected_version(request: Request) -> int:
    """The version that the caller's change is based on.

    Of a list the newest counts: the caller has seen that one. 428 without If-Match or with `*`,
    which names no version; 412 when it is no ETag of ours. `W/` (from compression) is accepted.
    """
    given = ",".join(request.headers.getlist("if-match")).strip()
    if not given or given == "*":
        raise PreconditionRequired()
    tags = [_TAG.fullmatch(part) for part in given.split(",")[:20]]
    versions = [int(tag.group(1)) for tag in tags if tag]
    if not versions or len(versions) != len(tags):
        raise Stale("malformed-if-match", _MALFORMED)
    return max(versions)


def not_modified(request: Request, tag: str) -> Response | None:
    """The 304 to answer with when the caller already has this version in this view, else None."""
    given = ",".join(request.headers.getlist("if-none-match")).strip()
    if given == "*" or tag in _ANY_TAG.findall(given):
        return Response(status_code=304, headers={"ETag": tag})
    return None
