"""Which field whom is shown (P15): one table per aggregate, one function for every way out."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from shared.http import etag
from shared.kind import Stored

S = TypeVar("S", bound=BaseModel)


class FieldTable(Generic[S]):
    """For each field of a state the views that show it; a field that is not listed is never shown.

    A view is a name such as `network` or `own`; which one a caller gets is the service's choice.
    """

    def __init__(self, views: Sequence[str], fields: Mapping[str, Sequence[str]]) -> None:
        self.views = tuple(views)
        self.fields = {name: frozenset(shown_in) for name, shown_in in fields.items()}
        self._shown = {
            view: frozenset(name for name, shown_in in self.fields.items() if view in shown_in)
            for view in views
        }

    def seen_in(self, view: str) -> frozenset[str]:
        """The fields that a view shows; what may be filtered or sorted by is among them."""
        return self._shown[view]

    def show(self, stored: Stored[S], view: str) -> dict[str, Any]:
        """The aggregate as this view has it."""
        state = stored.state.model_dump(mode="json", by_alias=True, include=set(self._shown[view]))
        return {"id": stored.id, "version": stored.version, **state}

    def etag(self, stored: Stored[S], view: str) -> str:
        """Version and view: two people who see different fields must not share a cached answer."""
        return etag(stored.version, view)
