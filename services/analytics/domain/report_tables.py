"""Results as tables for reading: headings and rows of text, for published reports and for people without the chart."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

Table = dict[str, Any]
_DASH: Final = "–"


def readable_tables(calculation_type: str, result: Mapping[str, Any]) -> list[Table]:
    """{"caption", "columns", "rows", "note"} per table; every cell is text, percentages with one digit."""
    return _TABLES[calculation_type](result)


def _number(value: float | None, digits: int) -> str:
    return _DASH if value is None else f"{value:,.{digits}f}"


def _percent(value: float | None) -> str:
    return _DASH if value is None else f"{value:.1f} %"


def _crosstab(result: Mapping[str, Any]) -> list[Table]:
    alphas = " / ".join(f"{alpha:g}" for alpha in sorted(result["alphas"], reverse=True))
    note = (
        "Column percentages. A letter marks a figure significantly higher than in the column of that letter "
        f"(p < {alphas}, upper case at the stricter level; profile {result['profile']}, "
        f"correction {result['correction']}). * base below 100, ** below 30."
    )
    return [_crosstab_table(table, note) for table in result["tables"]]


def _crosstab_table(table: Mapping[str, Any], note: str) -> Table:
    rows = [
        [label, *(_cell(percent, letters) for percent, letters in zip(percents, letter_row, strict=True))]
        for label, percents, letter_row in zip(
            table["row_labels"], table["column_percent"], table["letters"], strict=True
        )
    ]
    bases = [f"{base:,}{flag}" for base, flag in zip(table["base"], table["base_flags"], strict=True)]
    heads = [
        f"{letter}  {label}"
        for letter, label in zip(table["column_letters"], table["column_labels"], strict=True)
    ]
    return {
        "caption": f"{table['row_label']} by {table['column_label']}",
        "columns": ["", *heads],
        "rows": [*rows, ["Base", *bases]],
        "note": note,
    }


def _cell(percent: float | None, letters: str) -> str:
    return f"{_percent(percent)} {letters}".strip()


def _frequency(result: Mapping[str, Any]) -> list[Table]:
    return [
        {
            "caption": table["label"],
            "columns": ["", "n", "%", f"{100 * table['confidence']:g} % interval"],
            "rows": [*_frequency_rows(table), ["Base", f"{table['base']:,}", "", ""]],
            "note": f"Percent of {table['base_of']}; Wilson intervals.",
        }
        for table in result["tables"]
    ]


def _frequency_rows(table: Mapping[str, Any]) -> list[list[str]]:
    figures = zip(table["labels"], table["count"], table["percent"], table["ci"], strict=True)
    return [
        [label, f"{count:,}", _percent(percent), f"{_percent(low)} to {_percent(high)}"]
        for label, count, percent, (low, high) in figures
    ]


def _mean(result: Mapping[str, Any]) -> list[Table]:
    return [
        {
            "caption": f"Mean of {result['label']}",
            "columns": ["", "n", "Mean", "sd", "Interval", "Median", "Higher than"],
            "rows": [_mean_row(result, group) for group in result["groups"]],
            "note": f"{100 * result['confidence']:g} % intervals; Welch tests between groups.",
        }
    ]


def _mean_row(result: Mapping[str, Any], group: Mapping[str, Any]) -> Sequence[str]:
    name = ", ".join(group["labels"][name] for name in result["by"]) or "All"
    low, high = group["ci"]
    return [
        f"{group['letter']}  {name}",
        f"{group['n']:,}{group['base_flag']}",
        _number(group["mean"], 2),
        _number(group["sd"], 2),
        f"{_number(low, 2)} to {_number(high, 2)}",
        _number(group["median"], 2),
        group["letters"],
    ]


_TABLES: Final = {"CROSSTAB": _crosstab, "FREQUENCY": _frequency, "MEAN": _mean}
