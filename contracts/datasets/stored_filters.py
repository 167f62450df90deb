"""Filters kept under a name, used in other filters: `{"op": "stored", "name": "Women"}` stands for the kept tree.

The tree is put in place when a request is taken, so that what is computed never depends on a filter that changes later.
"""

from collections.abc import Mapping
from typing import Any

from contracts.datasets.filters import MAX_DEPTH, FilterError

STORED = "stored"


def names_in(tree: object, *, depth: int = 0) -> set[str]:
    """Return the names of the stored filters that a tree uses."""
    if depth > MAX_DEPTH or not isinstance(tree, Mapping):
        return set()
    if tree.get("op") == STORED and isinstance(tree.get("name"), str):
        return {tree["name"]}
    return set().union(*(names_in(part, depth=depth + 1) for part in _parts(tree)))


def inlined(tree: Any, stored: Mapping[str, Any], *, pointer: str = "/filter") -> Any:
    """Return the tree with the kept trees in place; raises FilterError where there is no filter of a name."""
    return _inlined(tree, stored, pointer, depth=0)


def _inlined(tree: Any, stored: Mapping[str, Any], pointer: str, *, depth: int) -> Any:
    if depth > MAX_DEPTH or not isinstance(tree, Mapping):
        return tree  # read_filter says what is wrong with it
    if tree.get("op") == STORED:
        name = tree.get("name")
        if not isinstance(name, str) or name not in stored:
            known = ", ".join(repr(each) for each in sorted(stored)[:8]) or "none"
            raise FilterError([(f"{pointer}/name", f"the dataset keeps no filter {name!r}; it has {known}")])
        return stored[name]
    found = dict(tree)
    if isinstance(found.get("args"), list):
        found["args"] = [
            _inlined(part, stored, f"{pointer}/args/{i}", depth=depth + 1)
            for i, part in enumerate(found["args"])
        ]
    if "arg" in found:
        found["arg"] = _inlined(found["arg"], stored, f"{pointer}/arg", depth=depth + 1)
    return found


def _parts(tree: Mapping[str, Any]) -> list[Any]:
    args = tree.get("args")
    return [*(args if isinstance(args, list) else []), tree.get("arg")]
