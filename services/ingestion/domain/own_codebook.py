"""The codebook inside a Parquet file that we exported: with it the file is the same dataset again.

A file may come from anywhere, so the codebook counts only where it fits the columns; else the file is read like any other.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.delimited import column
from services.ingestion.domain.imported import Imported
from services.ingestion.domain.quoting import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CODEBOOK_KEY = "plugzero.codebook"
MISSING_SUFFIX = "__missing"
_ZONED = "TIMESTAMP WITH TIME ZONE"
_STORED = {
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    "datetime": _ZONED,
    "multiple": "VARCHAR[]",
    **dict.fromkeys(("decimal", "currency", "percentage", "duration"), "DOUBLE"),
    **dict.fromkeys(("category", "ordered", "text", "id", "email", "phone", "url", "geo"), "VARCHAR"),
}


def find_codebook(connection: "DuckDBPyConnection", path: str) -> list[Mapping[str, Any]] | None:
    """Return the entries of the codebook in a Parquet file, None where there is none that can be read."""
    found = connection.execute(
        f"SELECT decode(value) FROM parquet_kv_metadata({literal(path)}) WHERE decode(key) = {literal(CODEBOOK_KEY)}"
    ).fetchone()
    if found is None:
        return None
    try:
        entries = json.loads(found[0])["variables"]
    except (ValueError, KeyError, TypeError):
        return None
    return entries if isinstance(entries, list) and all(map(_is_entry, entries)) else None


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and all(isinstance(entry.get(name), str) for name in ("alias", "name", "label", "kind"))
        and entry["kind"] in _STORED
        and isinstance(entry.get("source"), dict)
        and isinstance(entry.get("missing"), dict)
        and all(_is_code(code) for code in entry.get("codes", ()))
    )


def _is_code(code: Any) -> bool:
    return (
        isinstance(code, dict)
        and isinstance(code.get("code"), str)
        and isinstance(code.get("label"), str)
        and isinstance(code.get("value"), int | float | None)
    )


def variables_of_codebook(
    entries: Sequence[Mapping[str, Any]], columns: Sequence[tuple[str, str]]
) -> list[Imported] | None:
    """Return the variables that a codebook describes, None where it does not fit the (name, SQL type) of the columns."""
    places = {name: place for place, (name, _) in enumerate(columns)}
    described = {entry["alias"] for entry in entries}
    strays = places.keys() - described - {f"{alias}{MISSING_SUFFIX}" for alias in described}
    if strays or len(described) != len(entries):
        return None
    variables = []
    for entry in entries:
        place, stored = places.get(entry["alias"]), _STORED[entry["kind"]]
        if place is None or columns[place][1] != stored:
            return None
        missing = places.get(f"{entry['alias']}{MISSING_SUFFIX}")
        variables.append(
            Imported(
                alias=entry["alias"],
                kind=entry["kind"],
                value_sql=column(place),
                sql_type="TIMESTAMP" if stored == _ZONED else stored,
                entry=dict(entry),
                described=_described(entry),
                missing_sql=None if missing is None else column(missing),
            )
        )
    return variables


def _described(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: entry[name] for name in ("name", "alias", "label", "kind")},
        "confidence": 1.0,
        "reason": "the file holds the codebook of a dataset",
        "missing": entry["missing"].get("n", 0),
    }
