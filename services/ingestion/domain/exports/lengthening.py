"""A dataset with one line per value instead of one per row, for programs that want it so: a table of texts like any other dataset.

The lines of a row follow each other, in the order of the variables; a multiple response has a line for each answer. A value that is
missing has a line, too, with the reason where that is known, so that bases can be counted.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.exports.request import (
    CATEGORIES,
    NUMBERS,
    Answers,
    Source,
    label_sql,
    text_sql,
)
from services.ingestion.domain.quoting import identifier, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_RESPONSE = "response_id"
"""Of a survey's dataset: which interview a row is."""
_COLUMNS = {
    "row": ("integer", "Row of the dataset, from 1"),
    _RESPONSE: ("id", "Interview"),
    "variable": ("text", "Variable"),
    "variable_label": ("text", "What the variable is"),
    "value": ("text", "Value; its code where the variable has codes"),
    "value_label": ("text", "Label of the code"),
    "number": ("decimal", "Value of a number, or of an ordered scale"),
    "missing": ("text", "Why there is no value"),
}


def lengthened(connection: "DuckDBPyConnection", source: Source, work: Path) -> Source:
    """Return the dataset's values as lines; their number is rows × variables and more."""
    target = work / "long.parquet"
    with_response = any(entry["alias"] == _RESPONSE for entry in source.codebook["variables"])
    rows = f'(SELECT *, row_number() OVER () AS "row number" FROM {source.table_sql})'
    kept = f", CAST({identifier(_RESPONSE)} AS VARCHAR) AS {identifier(_RESPONSE)}" if with_response else ""
    parts = [
        f'SELECT "row number" AS "row"{kept}, {place} AS place, {values} FROM {rows}{each}'
        for place, entry in enumerate(source.entries)
        for values, each in (_values_sql(entry, source.missing_column(entry)),)
    ]
    connection.execute(
        f'COPY (SELECT * EXCLUDE (place) FROM ({" UNION ALL ".join(parts)}) ORDER BY "row", place) '
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
    columns = [name for name in _COLUMNS if with_response or name != _RESPONSE]
    counted = ", ".join(f"count(*) - count({identifier(name)})" for name in columns)
    missing = connection.execute(f"SELECT {counted} FROM read_parquet({literal(str(target))})").fetchall()[0]
    entries = [_entry(name, n) for name, n in zip(columns, missing, strict=True)]
    codebook = {"variables": entries, "multiple_response_sets": [], "grids": []}
    return replace(source, parquet=target, codebook=codebook, columns=frozenset(columns), variables=None)


def _values_sql(entry: Mapping[str, Any], missing: str | None) -> tuple[str, str]:
    """The columns of a variable's lines, and what its rows are joined with."""
    name, kind = identifier(entry["alias"]), entry["kind"]
    why = identifier(missing) if missing else "NULL"
    if kind == "multiple":
        text, each = (
            "answer",
            f", unnest(CASE WHEN len({name}) > 0 THEN {name} ELSE [NULL] END) AS answers (answer)",
        )
        label = label_sql(entry, "answer")
    else:
        text, each = text_sql(entry, Answers.CODES), ""
        label = label_sql(entry, name) if kind in CATEGORIES else "NULL"
    values = (
        f"{literal(entry['alias'])} AS variable, {literal(entry['label'])} AS variable_label, {text} AS value, "
        f"CAST({label} AS VARCHAR) AS value_label, {_number_sql(entry)} AS number, CAST({why} AS VARCHAR) AS missing"
    )
    return values, each


def _number_sql(entry: Mapping[str, Any]) -> str:
    name = identifier(entry["alias"])
    if entry["kind"] in NUMBERS:
        return f"CAST({name} AS DOUBLE)"
    valued = {
        code["code"]: code.get("value") for code in entry.get("codes", ()) if code.get("value") is not None
    }
    if entry["kind"] != "ordered" or not valued:
        return "CAST(NULL AS DOUBLE)"
    whens = " ".join(f"WHEN {literal(code)} THEN {float(value)!r}" for code, value in valued.items())
    return f"CAST(CASE {name} {whens} END AS DOUBLE)"


def _entry(name: str, n_missing: int) -> dict[str, Any]:
    kind, label = _COLUMNS[name]
    return {
        "alias": name,
        "name": name,
        "label": label,
        "kind": kind,
        "codes": [],
        "unit": None,
        "missing": {"n": n_missing, "kinds": []},
        "source": {},
    }
