"""Running Ibis expressions on one Parquet file with embedded DuckDB.

Expressions are compiled and executed as SQL text: Ibis' own execution costs 3-7 ms a query, the compiled text about 1.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb
import ibis
from ibis.backends.sql.datatypes import DuckDBType

TABLE: Final = "dataset"


def double(value: float) -> Any:
    """The number as a DOUBLE expression: a literal with a point would be a DECIMAL to DuckDB, with other arithmetic."""
    return ibis.literal(repr(float(value))).cast("float64")


class Engine(Protocol):
    """Runs an expression over the open dataset; DuckDB today, any Ibis dialect with the same expressions."""

    @property
    def table(self) -> ibis.Table:
        """The dataset as an unbound table: one column per variable alias."""

    def rows(self, expression: ibis.Expr) -> list[tuple[Any, ...]]:
        """The expression's rows; sums of integers arrive as exact Python integers of any size."""


class DuckDbEngine:
    """One dataset opened in DuckDB; not shared between threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: ibis.Table) -> None:
        self._connection = connection
        self._table = table

    @property
    def table(self) -> ibis.Table:
        """The dataset as an unbound Ibis table."""
        return self._table

    def rows(self, expression: ibis.Expr) -> list[tuple[Any, ...]]:
        """The expression's rows, computed by its compiled SQL."""
        sql = str(ibis.to_sql(expression, dialect="duckdb", pretty=False))
        rows: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
        return rows


class DuckDb:
    """The process's embedded DuckDB: one instance, one cursor per computation, memory and threads bounded.

    What does not fit into memory is spilled to `spill_folder`, by default below the working folder.
    """

    def __init__(self, *, threads: int, memory_limit: str, spill_folder: Path | None = None) -> None:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": str(threads),
            "memory_limit": memory_limit,
            "autoinstall_known_extensions": "false",
            "preserve_insertion_order": "false",
        }
        if spill_folder is not None:
            config["temp_directory"] = str(spill_folder)
        self._database = duckdb.connect(":memory:", config=config)
        self._lock = threading.Lock()

    @contextmanager
    def open(self, path: Path) -> Iterator[DuckDbEngine]:
        """The Parquet file as an engine, in its own connection that is closed at the end."""
        with self._lock:
            cursor = self._database.cursor()
        try:
            location = str(path).replace("'", "''")
            cursor.execute(f"CREATE TEMP VIEW {TABLE} AS SELECT * FROM read_parquet('{location}')")
            described = cursor.execute(f"DESCRIBE {TABLE}").fetchall()
            schema = {name: DuckDBType.from_string(kind) for name, kind, *_ in described}
            yield DuckDbEngine(cursor, ibis.table(schema, name=TABLE))
        finally:
            cursor.close()

    def close(self) -> None:
        """End the embedded database."""
        self._database.close()
