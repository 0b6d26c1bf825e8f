"""What other systems know a record by: an id per source system, one of the keys imports match by."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from shared.contracts.texts import clean_line

LONGEST_EXTERNAL_ID = 80

SourceSystem = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
ExternalId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_EXTERNAL_ID),
    BeforeValidator(clean_line),
]
ExternalIds = Annotated[dict[SourceSystem, ExternalId], Field(max_length=10)]


def external_key(source: str, id: str) -> str:
    """What a record is found by in another system's words."""
    return f"{source}:{id.casefold()}"


def external_keys(ids: Mapping[str, str]) -> list[str]:
    """All that a record is found by in other systems' words."""
    return [external_key(*pair) for pair in sorted(ids.items())]
