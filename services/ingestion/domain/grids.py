"""The grids of a dataset, read off its variables: each row of a grid says which one it belongs to."""

from collections.abc import Iterable, Mapping
from typing import Any


def grids_of(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the grids among a codebook's variables: alias, label, items with aliases, and their codes.

    Variables that have come to have other codes than the first of their grid are no rows of it any more; `codes` is
    empty where the rows hold numbers.
    """
    grids: dict[str, dict[str, Any]] = {}
    for entry in entries:
        question = entry.get("question") or {}
        if question.get("part") != "row":
            continue
        codes = entry.get("codes", [])
        empty = {"alias": question["of"], "label": question["text"], "items": [], "codes": codes}
        grid = grids.setdefault(question["of"], empty)
        if grid["codes"] == codes:
            grid["items"].append({"alias": entry["alias"], "label": question["item"]})
    return [grid for grid in grids.values() if len(grid["items"]) > 1]
