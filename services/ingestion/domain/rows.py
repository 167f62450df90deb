"""Pages of a dataset's rows: filtered, in the order of the file, as JSON."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import ibis
from ibis.backends.sql.datatypes import DuckDBType

from contracts.datasets.codebook import read_codebook
from contracts.datasets.filters import read_filter
from contracts.datasets.predicates import condition
from services.ingestion.domain.quoting import identifier, literal

_PLACE = "file_row_number"
_ENGINE_SHARE = 0.6


class RowReader:
    """An engine that stays open between requests; each request opens its own file."""

    def __init__(self, spill: Path, memory_bytes: int, n_threads: int) -> None:
        self._connection = duckdb.connect(
            config={
                "memory_limit": f"{int(memory_bytes * _ENGINE_SHARE)}B",
                "threads": n_threads,
                "temp_directory": str(spill),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        self._connection.execute(f"SET TimeZone = {literal('UTC')}")

    def read(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return `rows`, their `positions` from 1, and `n_rows` that the filter selects.

        `request`: `parquet` path, `codebook`, `filter` tree or null, `variables` in order, `answers` codes or labels, `after` the
        position that the page before ended with, `limit`.
        """
        entries = {entry["alias"]: entry for entry in request["codebook"]["variables"]}
        wanted = [entries[alias] for alias in request["variables"]]
        rows = self._rows_sql(request["parquet"], list(entries))
        where = self._where(rows, request)
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW dataset AS SELECT * FROM {rows}")
        select = ", ".join([f"{_PLACE} + 1", *map(_json_sql, wanted)])
        found = self._connection.execute(
            f"SELECT {select} FROM dataset WHERE {_PLACE} >= {int(request['after'])} AND {where} "
            f"ORDER BY {_PLACE} LIMIT {int(request['limit'])}"
        ).fetchall()
        labels = [_labels(entry, request["answers"]) for entry in wanted]
        counted = self._connection.execute(f"SELECT count(*) FROM dataset WHERE {where}").fetchall()
        return {
            "positions": [row[0] for row in found],
            "rows": [
                [_shown(value, names) for value, names in zip(row[1:], labels, strict=True)] for row in found
            ],
            "n_rows": int(counted[0][0]),
        }

    def _rows_sql(self, parquet: str, aliases: Sequence[str]) -> str:
        if _PLACE in {alias.lower() for alias in aliases}:
            raise ValueError(f"a variable cannot be called {_PLACE} here")
        return f"read_parquet({literal(parquet)}, file_row_number = true)"

    def _where(self, rows: str, request: Mapping[str, Any]) -> str:
        if request["filter"] is None:
            return "true"
        node = read_filter(request["filter"], read_codebook(request["codebook"]))
        described = self._connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
        table = ibis.table(
            {name: DuckDBType.from_string(kind) for name, kind, *_ in described}, name="dataset"
        )
        places = table.filter(condition(node, table)).select(_PLACE)
        sql = str(ibis.to_sql(places, dialect="duckdb", pretty=False))
        return f"{_PLACE} IN ({sql})"


def _json_sql(entry: Mapping[str, Any]) -> str:
    """The value as JSON knows it: days and times as ISO 8601."""
    name, kind = identifier(entry["alias"]), entry["kind"]
    if kind == "datetime":
        return f"strftime({name} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    if kind in {"date", "time"}:
        return f"CAST({name} AS VARCHAR)"
    return name


def _labels(entry: Mapping[str, Any], answers: str) -> Mapping[str, str]:
    return {code["code"]: code["label"] for code in entry.get("codes", ())} if answers == "labels" else {}


def _shown(value: Any, labels: Mapping[str, str]) -> Any:
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    if not labels:
        return value
    return [labels.get(one, one) for one in value] if isinstance(value, list) else labels.get(value, value)
