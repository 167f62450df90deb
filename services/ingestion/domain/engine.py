"""DuckDB for one file: on disk, within its limits, and unable to fetch anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from services.ingestion.domain.limited_child import Limits
from services.ingestion.domain.quoting import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@contextmanager
def engine_of(work: Path, limits: Limits, *, in_memory: bool = False) -> Iterator["DuckDBPyConnection"]:
    """Yield a connection whose database lies in the folder, or in memory for tables that fit there; times are in UTC.

    On disk columns are compressed and leave memory when they must, at twice the price of writing them. In memory they
    are compressed too, and what outgrows it goes to the folder.
    """
    import duckdb

    connection = duckdb.connect(
        ":memory:" if in_memory else str(work / "texts.duckdb"),
        config={
            "memory_limit": f"{limits.memory_bytes}B",
            "threads": limits.n_threads,
            "temp_directory": str(work / "spill"),
            # Nothing in a file may make the engine fetch or load anything.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    try:
        connection.execute(f"SET TimeZone = {literal('UTC')}")
        if in_memory:
            connection.execute("ATTACH ':memory:' AS texts (COMPRESS); USE texts")
        yield connection
    finally:
        connection.close()
