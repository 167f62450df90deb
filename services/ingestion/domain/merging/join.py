"""Columns side by side: each row of the left dataset gets the values of the one row of the right that has its key."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.datasets.codebook import NUMERIC
from services.ingestion.domain.grids import grids_of
from services.ingestion.domain.merging.sources import Column, Entry, Source, finished_entries, selected
from services.ingestion.domain.quoting import identifier, literal
from services.ingestion.domain.refusals import NOT_MERGEABLE, FileRefused

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_N_EXAMPLES = 5
_KEYLESS = frozenset({"multiple"})
HOW = {"left": "LEFT", "inner": "INNER", "full": "FULL"}
"""Which rows stay: all of the left dataset, those found in both, or all of both."""


@dataclass(frozen=True, slots=True)
class Key:
    """A pair of variables whose values must be equal."""

    left: str
    right: str


def join(
    connection: "DuckDBPyConnection",
    left: Source,
    right: Source,
    target: Path,
    *,
    keys: Sequence[Key],
    how: str,
    suffix: str,
) -> dict[str, Any]:
    """Write the joined rows, the left ones first and in their order, and return the codebook, its report under `merge`.

    Raises FileRefused where a key of the right dataset stands in several rows: a row of the left would be doubled.
    """
    _tables(connection, left, right, keys)
    _refuse_repeated(connection, right, keys)
    columns = [*_left(left, keys, how), *_right(right, left, keys, suffix)]
    connection.execute(
        f"COPY (SELECT {selected(columns)} FROM l {HOW[how]} JOIN r ON l.key = r.key ORDER BY l.place NULLS LAST, r.place) "
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
    rows = f"read_parquet({literal(str(target))})"
    n_rows = int(connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])
    variables = finished_entries(connection, rows, columns)
    return {
        "variables": variables,
        "n_rows": n_rows,
        "multiple_response_sets": [column.entry["alias"] for column in columns if column.is_set],
        "grids": grids_of(variables),
        "merge": {"how": f"{how} join", **_report(connection, left, right)},
    }


def _tables(connection: "DuckDBPyConnection", left: Source, right: Source, keys: Sequence[Key]) -> None:
    """Views `l` and `r`: all columns, the row's place, and its key as one value that is NULL where a part is missing."""
    for name, source, side in (("l", left, "left"), ("r", right, "right")):
        parts = [_key_sql(left, right, key, side) for key in keys]
        whole = parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"
        there = " AND ".join(f"{part} IS NOT NULL" for part in parts)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name}_keys AS SELECT row_number() OVER () AS place, "
            f"CASE WHEN {there} THEN {whole} END AS key FROM {source.rows_sql}"
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {source.rows_sql} POSITIONAL JOIN {name}_keys"
        )


def _key_sql(left: Source, right: Source, key: Key, side: str) -> str:
    entries = (_required(left, key.left), _required(right, key.right))
    own = identifier(entries[0 if side == "left" else 1]["alias"])
    if all(entry["kind"] in NUMERIC for entry in entries):
        return f"CAST({own} AS DOUBLE)" if len({e["kind"] for e in entries}) > 1 else own
    if len({entry["kind"] for entry in entries}) == 1:
        return own
    # An id read as text in one file and as a number in the other is the same id.
    return f"trim(CAST({own} AS VARCHAR))"


def _required(source: Source, alias: str) -> Entry:
    entry = source.find(alias)
    if entry is None or entry["kind"] in _KEYLESS:
        raise FileRefused(
            NOT_MERGEABLE,
            f"'{alias}' of {source.name} cannot be a key.",
            "Choose a variable with one value per row, such as an id.",
        )
    return entry


def _refuse_repeated(connection: "DuckDBPyConnection", right: Source, keys: Sequence[Key]) -> None:
    repeated = connection.execute(
        f"SELECT CAST(key AS VARCHAR), count(*), count(*) OVER () FROM r_keys WHERE key IS NOT NULL GROUP BY key "
        f"HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT {_N_EXAMPLES}"
    ).fetchall()
    if repeated:
        names = " and ".join(key.right for key in keys)
        examples = ", ".join(f"{value} ({n} rows)" for value, n, _ in repeated)
        raise FileRefused(
            NOT_MERGEABLE,
            f"{repeated[0][2]} values of {names} stand in several rows of {right.name}: {examples}.",
            "Exchange left and right, add a second key, or remove the repeated rows.",
        )


def _left(left: Source, keys: Sequence[Key], how: str) -> list[Column]:
    matched = {key.left.lower(): key.right for key in keys}
    columns = []
    for entry in left.entries:
        value = f"l.{identifier(entry['alias'])}"
        if how == "full" and entry["alias"].lower() in matched:
            other = f"r.{identifier(matched[entry['alias'].lower()])}"
            value = f"coalesce({value}, CAST({other} AS {left.types[entry['alias']]}))"
        columns.append(_column(left, entry, entry["alias"], "l", value))
    return columns


def _right(right: Source, left: Source, keys: Sequence[Key], suffix: str) -> list[Column]:
    taken = {entry["alias"].lower() for entry in left.entries}
    columns = []
    for entry in right.entries:
        if entry["alias"].lower() in {key.right.lower() for key in keys}:
            continue
        alias = entry["alias"]
        while alias.lower() in taken:
            alias += suffix
        taken.add(alias.lower())
        columns.append(_column(right, entry, alias, "r", f"r.{identifier(entry['alias'])}"))
    return columns


def _column(source: Source, entry: Entry, alias: str, side: str, value: str) -> Column:
    reason = source.reason_of(entry["alias"])
    origin = {"dataset": source.dataset_id, "variable": entry["alias"]}
    found = {**entry, "alias": alias, "source": origin}
    question = entry.get("question") or {}
    if question.get("of"):
        # Both sides may have a grid of one name: its rows are renamed, and so is it.
        found["question"] = {**question, "of": question["of"] + alias.removeprefix(entry["alias"])}
    return Column(
        found, value, f"{side}.{identifier(reason)}" if reason else None, source.is_set(entry["alias"])
    )


def _report(connection: "DuckDBPyConnection", left: Source, right: Source) -> dict[str, Any]:
    """How many rows found each other, and examples of keys that did not."""
    counts = connection.execute(
        "SELECT (SELECT count(*) FROM l_keys), (SELECT count(*) FROM r_keys), "
        "(SELECT count(*) FROM l_keys WHERE key IS NULL), (SELECT count(*) FROM r_keys WHERE key IS NULL), "
        "(SELECT count(*) FROM l_keys SEMI JOIN r_keys USING (key)), (SELECT count(*) FROM r_keys SEMI JOIN l_keys USING (key))"
    ).fetchall()[0]
    n_left, n_right, no_key_left, no_key_right, matched_left, matched_right = map(int, counts)
    return {
        "left": {
            "dataset_id": left.dataset_id,
            "n": n_left,
            "matched": matched_left,
            "without_key": no_key_left,
            "unmatched_examples": _unmatched(connection, "l", "r"),
        },
        "right": {
            "dataset_id": right.dataset_id,
            "n": n_right,
            "matched": matched_right,
            "without_key": no_key_right,
            "unmatched_examples": _unmatched(connection, "r", "l"),
        },
    }


def _unmatched(connection: "DuckDBPyConnection", one: str, other: str) -> list[str]:
    rows = connection.execute(
        f"SELECT CAST(key AS VARCHAR) FROM {one}_keys ANTI JOIN {other}_keys USING (key) WHERE key IS NOT NULL "
        f"ORDER BY place LIMIT {_N_EXAMPLES}"
    ).fetchall()
    return [row[0] for row in rows]
