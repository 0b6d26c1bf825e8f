"""`python -m tests.promises`: every promise P1-P26 is borne by at least one test that names it.

A promise that has nothing to hold on to yet stands in WAITING with the reason; the check fails when
one of those has got a test, so that the list only shrinks. `--table` prints which tests bear what.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PROMISES = tuple(f"P{number}" for number in range(1, 27))
WAITING: dict[str, str] = {}


def borne(folder: Path) -> dict[str, list[str]]:
    """Promise → names of the tests that bear it."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text())
        whole_file = [id for node in tree.body if _is_pytestmark(node) for id in _promises(node)]
        for test in _tests(tree):
            marks = [id for mark in test.decorator_list for id in _promises(mark)]
            for promise in (*whole_file, *marks):
                found.setdefault(promise, []).append(f"{path.name}::{test.name}")
    return found


def _tests(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
            "test"
        ):
            yield node


def _is_pytestmark(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
    )


def _promises(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "promise"
        ):
            yield from (
                arg.value
                for arg in call.args
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            )


def main() -> int:
    """Exit status 1 with a sentence for each promise that is not kept."""
    found = borne(Path(__file__).parent)
    faults = [f"{id} has no test" for id in PROMISES if id not in found and id not in WAITING]
    faults += [f"{id} has a test now: take it off WAITING" for id in WAITING if id in found]
    faults += [f"{id} is no promise: {found[id]}" for id in found if id not in PROMISES]
    if "--table" in sys.argv[1:]:
        for id in PROMISES:
            print(id, *found.get(id, [f"waits: {WAITING.get(id)}"]), sep="\n    ")
    kept = len(PROMISES) - len(WAITING)
    print("\n".join(faults) or f"{kept} promises are borne by tests, {len(WAITING)} wait.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
