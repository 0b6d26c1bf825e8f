"""Requests made of an OpenAPI document by schemathesis: what it allows, and what it does not."""

from collections.abc import Iterator, Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

NEVER_ENDS = "/stream"


def cases(
    document: Mapping[str, Any], examples: int, seeded: int = 1
) -> Iterator[schemathesis.Case]:
    """For each operation so many that the document allows, and so many that it does not."""
    schema = schemathesis.openapi.from_dict(dict(document))
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.endswith(NEVER_ENDS):
            continue
        for mode in GenerationMode:
            yield from _made(operation, mode, examples, seeded)


def _made(operation: Any, mode: GenerationMode, examples: int, seeded: int) -> list[Any]:
    made: list[Any] = []

    @seed(seeded)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def note(case: Any) -> None:
        made.append(case)

    try:
        note()
    except Unsatisfiable:
        return made  # Nothing can be wrong with a request that has nothing to fill in.
    return made
