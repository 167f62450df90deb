"""Pictures of results as Vega-Lite specifications: plain JSON, titled, with base and note, readable in grey.

The same specification is served to clients that draw themselves and rendered to SVG and PNG by the worker.
"""

from collections.abc import Mapping
from typing import Any, Final

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
_WIDTH: Final = 560
_BAR: Final = 18
_MOST_ROWS: Final = 40
_MOST_COLUMNS: Final = 9
"""Beyond this a picture cannot be read; the table has everything."""
# Distinct in hue and in lightness, so that a printout in grey keeps the order (after ColorBrewer and Okabe-Ito).
_COLOURS: Final = (
    "#1b3a5c",
    "#e09f3e",
    "#3d8f8b",
    "#b5473c",
    "#8e6bbf",
    "#7a8c3f",
    "#5fa8d3",
    "#c77da0",
    "#6b6b6b",
)


def chart_spec(calculation_type: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """The specification of a result's picture: of its first table, where it has several."""
    return _SPECS[calculation_type](result)


def chart_description(calculation_type: str, result: Mapping[str, Any]) -> str:
    """One sentence that says what the picture shows, for people who cannot see it."""
    spec = chart_spec(calculation_type, result)
    return f"{' '.join(_lines(spec['title']['text']))}. {' '.join(_lines(spec['title']['subtitle']))}"


def _lines(text: str | list[str]) -> list[str]:
    return text if isinstance(text, list) else [text]


def _frame(title: str, subtitle: list[str], values: list[dict[str, Any]], **view: Any) -> dict[str, Any]:
    return {
        "$schema": SCHEMA,
        "title": {"text": _wrapped(title), "subtitle": subtitle, "anchor": "start", "offset": 12},
        "data": {"values": values},
        "width": _WIDTH,
        # Room for browsers whose font runs wider than the one the renderer measured with.
        "padding": {"left": 28, "right": 28, "top": 5, "bottom": 5},
        "config": {
            "font": "Arial, Liberation Sans, Helvetica, sans-serif",
            "view": {"stroke": None},
            "axis": {"labelLimit": 260, "titleFontWeight": "normal", "labelFontSize": 12},
            "title": {"fontSize": 16, "subtitleFontSize": 12, "subtitleColor": "#555"},
            "range": {"category": list(_COLOURS)},
        },
        **(view if values else _NO_CASES),
    }


# Vega draws layers without rows over an endless height, which no renderer can turn into a picture.
_NO_CASES: Final = {
    "height": 3 * _BAR,
    "data": {"values": [{"text": "No cases to show"}]},
    "mark": {"type": "text", "fontSize": 14, "color": "#555"},
    "encoding": {"text": {"field": "text"}},
}


def _wrapped(text: str, width: int = 72) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


def _crosstab(result: Mapping[str, Any]) -> dict[str, Any]:
    table = result["tables"][0]
    values = [
        {
            "row": row_label,
            "column": _column_name(table, j),
            "percent": table["column_percent"][i][j],
            "letters": table["letters"][i][j],
        }
        for i, row_label in enumerate(table["row_labels"][:_MOST_ROWS])
        for j in range(len(table["column_labels"][:_MOST_COLUMNS]))
        if table["column_percent"][i][j] is not None
    ]
    alphas = " and ".join(f"{100 * alpha:g} %" for alpha in result["alphas"])
    subtitle = [
        f"Column percentages, n = {table['total_base']}{_cut(table)}",
        f"Letters: higher than the column of that letter (p below {alphas}; upper case: the stricter level)",
    ]
    order = [_column_name(table, j) for j in range(len(table["column_labels"][:_MOST_COLUMNS]))]
    y = {"field": "row", "type": "nominal", "sort": table["row_labels"], "title": None}
    offset = {"field": "column", "type": "nominal", "sort": order}
    label = {"calculate": "format(datum.percent, '.0f') + ' %  ' + datum.letters", "as": "label"}
    shared = {"y": y, "yOffset": offset}
    return _frame(
        f"{table['row_label']} by {table['column_label']}",
        subtitle,
        values,
        height={"step": _BAR},
        transform=[label],
        layer=[
            {"mark": "bar", "encoding": {**shared, "x": _percent_axis(), "color": _legend(order)}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 11},
                "encoding": {**shared, "x": _percent_axis(), "text": {"field": "label"}},
            },
        ],
    )


def _cut(table: Mapping[str, Any]) -> str:
    n_rows, n_columns = len(table["row_labels"]), len(table["column_labels"])
    if n_rows <= _MOST_ROWS and n_columns <= _MOST_COLUMNS:
        return ""
    return f"; first {min(n_rows, _MOST_ROWS)} of {n_rows} rows, {min(n_columns, _MOST_COLUMNS)} of {n_columns} columns"


def _column_name(table: Mapping[str, Any], j: int) -> str:
    return f"{table['column_letters'][j]}  {table['column_labels'][j]} (n = {table['base'][j]})"


def _percent_axis() -> dict[str, Any]:
    return {"field": "percent", "type": "quantitative", "title": "%", "axis": {"grid": True, "tickCount": 5}}


def _legend(order: list[str]) -> dict[str, Any]:
    # One entry a line: two side by side overlap where the reader's font is wider than the one the picture was measured with.
    legend = {"orient": "bottom", "columns": 1, "title": None, "labelLimit": 400}
    return {"field": "column", "type": "nominal", "sort": order, "legend": legend}


def _frequency(result: Mapping[str, Any]) -> dict[str, Any]:
    table = result["tables"][0]
    values = [
        {"label": label, "percent": percent, "low": low, "high": high}
        for label, percent, (low, high) in zip(table["labels"], table["percent"], table["ci"], strict=True)
        if percent is not None
    ][:_MOST_ROWS]
    y = {"field": "label", "type": "nominal", "sort": table["labels"], "title": None}
    limits = {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}}
    return _frame(
        table["label"],
        [
            f"Percent of {table['base_of']}, n = {table['base']}, with {100 * table['confidence']:g} % intervals"
        ],
        values,
        height={"step": _BAR + 8},
        layer=[
            {"mark": {"type": "bar", "color": _COLOURS[0]}, "encoding": {"y": y, "x": _percent_axis()}},
            {"mark": {"type": "rule", "color": _COLOURS[1], "size": 2}, "encoding": {"y": y, **limits}},
        ],
    )


def _mean(result: Mapping[str, Any]) -> dict[str, Any]:
    names = [_group_name(result, group) for group in result["groups"]]
    values = [
        {"label": name, "mean": group["mean"], "low": group["ci"][0], "high": group["ci"][1]}
        for name, group in zip(names, result["groups"], strict=True)
        if group["mean"] is not None
    ][:_MOST_ROWS]
    y = {"field": "label", "type": "nominal", "sort": names, "title": None}
    axis = {"type": "quantitative", "title": "mean", "scale": {"zero": False}, "axis": {"tickCount": 6}}
    limits = {"x": {"field": "low", **axis}, "x2": {"field": "high"}}
    n_cases = sum(group["n"] for group in result["groups"])
    return _frame(
        result["label"],
        [f"Means with {100 * result['confidence']:g} % intervals, n = {n_cases}"],
        values,
        height={"step": _BAR + 8},
        layer=[
            {"mark": {"type": "rule", "color": _COLOURS[1], "size": 2}, "encoding": {"y": y, **limits}},
            {
                "mark": {"type": "point", "filled": True, "size": 90, "color": _COLOURS[0]},
                "encoding": {"y": y, "x": {"field": "mean", **axis}},
            },
        ],
    )


def _group_name(result: Mapping[str, Any], group: Mapping[str, Any]) -> str:
    labels = ", ".join(group["labels"][name] for name in result["by"]) or "All"
    return f"{group['letter']}  {labels} (n = {group['n']})"


_SPECS: Final = {"CROSSTAB": _crosstab, "FREQUENCY": _frequency, "MEAN": _mean}
