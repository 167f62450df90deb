"""A crosstab as text: percentages with significance letters, bases below."""

from math import floor
from typing import Any

CELL = 13


def crosstab_lines(table: dict[str, Any], *, title: str) -> list[str]:
    """Return the lines of a readable table; each column has a letter, and a cell carries those it exceeds."""
    letters = [chr(ord("A") + i) for i in range(len(table["column_labels"]))]
    stub = max(len(label) for label in [*table["row_labels"], "unweighted base"]) + 2
    lines = [title, ""]
    lines += [
        " " * stub + "".join(part.rjust(CELL) for part in row) for row in _wrapped(table["column_labels"])
    ]
    lines += [" " * stub + "".join(f"({letter})".rjust(CELL) for letter in letters)]
    lines += [" " * stub + "─" * (CELL * len(letters))]
    for i, label in enumerate(table["row_labels"]):
        cells = zip(table["column_percent"][i], table["letters"][i], strict=True)
        lines.append(label.ljust(stub) + "".join(_cell(percent, marks) for percent, marks in cells))
    lines += ["unweighted base".ljust(stub) + "".join(f"{base:,}".rjust(CELL) for base in table["base"])]
    chi2 = table["chi2"]
    lines += [
        "",
        f"χ² = {chi2['statistic']:.1f}, df = {chi2['df']}, p = {chi2['p']:.2g}, Cramér's V = {chi2['cramers_v']:.2f}",
    ]
    return lines


def _cell(percent: float | None, marks: str) -> str:
    shown = "–" if percent is None else f"{floor(percent + 0.5)} %"
    return f"{shown} {marks.replace(' ', ''):<5}".rjust(CELL)


def _wrapped(labels: list[str]) -> list[list[str]]:
    """Return the header rows: each label broken at spaces and hyphens into lines of at most 12 characters."""
    broken = [_break(label) for label in labels]
    height = max(len(lines) for lines in broken)
    padded = [[""] * (height - len(lines)) + lines for lines in broken]
    return [list(row) for row in zip(*padded, strict=True)]


def _break(label: str) -> list[str]:
    lines = [""]
    for word in label.replace("-", "- ").split():
        joint = "" if not lines[-1] or lines[-1].endswith("-") else " "
        if len(lines[-1]) + len(joint) + len(word) < CELL:
            lines[-1] += joint + word
        else:
            lines.append(word)
    return lines
