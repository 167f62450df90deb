"""How numbers and days are spread: quantiles and a histogram of each such variable, for `columns_metadata`.

Of all rows where there are few; of large tables from rows taken evenly from the whole table, in blocks, since exact
quantiles sort every value. The same rows are taken each time.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.codebook import json_value
from services.ingestion.domain.delimited import RAW_TABLE
from services.ingestion.domain.imported import Imported

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
N_BARS = 12
EXACT_ROWS = 100_000
_SAMPLED_ROWS = 50_000
# DuckDB stores this many rows as one vector and skips whole ones.
_BLOCK_ROWS = 2048
_COLUMNS_PER_QUERY = 50
_NUMBERS = frozenset({"integer", "decimal", "percentage", "currency", "duration"})
_DAYS = frozenset({"date", "datetime"})
_COUNTS = 3


def with_distributions(
    connection: "DuckDBPyConnection", variables: Sequence[Imported], n_rows: int
) -> list[Imported]:
    """Return the variables; those of numbers, days and times of days with `quantiles` and `histogram`."""
    spread = [v for v in variables if v.kind in _NUMBERS | _DAYS]
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(spread), _COLUMNS_PER_QUERY):
        found |= _distributions(connection, spread[start : start + _COLUMNS_PER_QUERY], n_rows)
    return [
        replace(v, described={**v.described, **found[v.alias]}) if v.alias in found else v for v in variables
    ]


def _distributions(
    connection: "DuckDBPyConnection", variables: Sequence[Imported], n_rows: int
) -> dict[str, dict[str, Any]]:
    is_exact = n_rows <= EXACT_ROWS
    period = _BLOCK_ROWS * math.ceil(n_rows / _SAMPLED_ROWS)
    rows = "" if is_exact else f" WHERE rowid % {period} < {_BLOCK_ROWS}"
    values = ", ".join(f"{_plain_sql(v)} AS v{i}" for i, v in enumerate(variables))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE spread AS SELECT {values} FROM {RAW_TABLE}{rows}")
    levels = list(QUANTILES.values())
    select = [
        f"quantile_{'disc' if v.kind in _DAYS else 'cont'}(v{i}, {levels}), min(v{i}), max(v{i})"
        for i, v in enumerate(variables)
    ]
    row = connection.execute(f"SELECT {', '.join(select)} FROM spread").fetchall()[0]
    bars = _bars(connection, variables)
    connection.execute("DROP TABLE spread")
    found = {}
    for i, variable in enumerate(variables):
        quantiles, low, high = row[_COUNTS * i : _COUNTS * (i + 1)]
        if quantiles is None:
            continue
        found[variable.alias] = {
            "quantiles": dict(zip(QUANTILES, map(_told, quantiles), strict=True)),
            "quantiles_are_exact": is_exact,
            "histogram": {"from": _told(low), "to": _told(high), "n": bars[i]},
        }
    return found


def _plain_sql(variable: Imported) -> str:
    # Times with zone would need another library in Python; all are stored in UTC.
    is_zoned = variable.sql_type == "TIMESTAMP"
    return f"({variable.value_sql}) AT TIME ZONE 'UTC'" if is_zoned else variable.value_sql


def _told(value: Any) -> object:
    return json_value(round(value, 6) if isinstance(value, float) and abs(value) < 1e9 else value)  # noqa: PLR2004 - more digits than that say enough


def _bars(connection: "DuckDBPyConnection", variables: Sequence[Imported]) -> list[list[int]]:
    """Counts of each variable's values in bars of equal width between its least and its greatest."""
    numbers = [
        f"epoch(v{i})" if v.kind in _DAYS else f"CAST(v{i} AS DOUBLE)" for i, v in enumerate(variables)
    ]
    inner = ", ".join(f"{number} AS x{i}" for i, number in enumerate(numbers))
    ends = ", ".join(f"min(x{i}) AS a{i}, max(x{i}) AS b{i}" for i in range(len(variables)))
    select = ", ".join(
        f"histogram(CASE WHEN x{i} IS NULL THEN NULL WHEN b{i} > a{i} "
        f"THEN least({N_BARS - 1}, CAST(floor((x{i} - a{i}) / (b{i} - a{i}) * {N_BARS}) AS INTEGER)) ELSE 0 END)"
        for i in range(len(variables))
    )
    row = connection.execute(
        f"WITH x AS (SELECT {inner} FROM spread), ends AS (SELECT {ends} FROM x) SELECT {select} FROM x, ends"
    ).fetchall()[0]
    return [[int((counts or {}).get(bar, 0)) for bar in range(N_BARS)] for counts in row]
