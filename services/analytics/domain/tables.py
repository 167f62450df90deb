"""Results as CSV, as people open them in a spreadsheet."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
Row = Sequence[object]


def csv_table(calculation_type: str, result: Mapping[str, Any]) -> bytes:
    """UTF-8 with byte order mark; one block per table, blocks separated by an empty line, percentages 0-100."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for row in _BLOCKS[calculation_type](result):
        writer.writerow([_safe(cell) for cell in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _safe(cell: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe (OWASP, CSV injection)."""
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return "" if cell is None else cell


def _crosstab(result: Mapping[str, Any]) -> Iterator[Row]:
    for table in result["tables"]:
        yield [f"{table['row_label']} × {table['column_label']}"]
        yield ["", "", *table["column_labels"]]
        yield ["", "", *table["column_letters"]]
        yield ["Base (unweighted)", "", *table["base"]]
        yield ["Base (weighted)", "", *table["weighted_base"]]
        yield ["Effective base", "", *table["effective_base"]]
        for i, label in enumerate(table["row_labels"]):
            yield [label, "count", *table["count"][i]]
            yield [label, "column %", *table["column_percent"][i]]
            yield [label, "significance", *table["letters"][i]]
        yield []


def _frequency(result: Mapping[str, Any]) -> Iterator[Row]:
    for table in result["tables"]:
        yield [table["label"]]
        yield ["code", "label", "count", "weighted count", "%", "lower", "upper"]
        for i, code in enumerate(table["codes"]):
            figures = [table[name][i] for name in ("count", "weighted_count", "percent")]
            yield [code, table["labels"][i], *figures, *table["ci"][i]]
        yield ["", "Base", table["base"], table["weighted_base"]]
        yield []


def _mean(result: Mapping[str, Any]) -> Iterator[Row]:
    figures = ("n", "weighted_n", "effective_n", "mean", "sd", "se")
    yield [result["label"]]
    yield [
        *result["by"],
        *figures,
        "lower",
        "upper",
        "median",
        "mode",
        "min",
        "max",
        "letter",
        "significance",
    ]
    for group in result["groups"]:
        names = [group["labels"][name] for name in result["by"]]
        order = [group[name] for name in ("median", "mode", "min", "max", "letter", "letters")]
        yield [*names, *(group[name] for name in figures), *group["ci"], *order]


_BLOCKS: Final = {"CROSSTAB": _crosstab, "FREQUENCY": _frequency, "MEAN": _mean}
