"""HTTP as the three services speak it: errors, limits, versions, repeats, lists (P17-P21)."""

from collections.abc import Collection

from fastapi import FastAPI

from shared.http.answers import problem_reply, reply
from shared.http.cursors import Position, derived_key
from shared.http.describe import MERGED, also, describe
from shared.http.errors import answer_problems
from shared.http.gate import Gate, route_template
from shared.http.lists import Listing, Page, page_answer, single_values
from shared.http.repeats import RepeatKey, repeat_key
from shared.http.room import Room
from shared.http.versions import etag, expected_version, not_modified

__all__ = [
    "MERGED",
    "Gate",
    "Listing",
    "Page",
    "Position",
    "RepeatKey",
    "Room",
    "also",
    "derived_key",
    "describe",
    "etag",
    "expected_version",
    "install",
    "not_modified",
    "page_answer",
    "problem_reply",
    "repeat_key",
    "reply",
    "route_template",
    "single_values",
]


def install(app: FastAPI, *, secret_key: str, file_paths: Collection[str] = frozenset()) -> None:
    """Make an app answer as all of ours do; only the paths in `file_paths` also take files.

    `secret_key` is the one the three services share; a key derived from it signs cursors.
    """
    app.router.redirect_slashes = False
    app.state.cursor_key = derived_key(secret_key, "cursor")
    answer_problems(app)
    app.add_middleware(Gate, file_paths=frozenset(file_paths))
