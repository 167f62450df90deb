"""A file as the reader understands it, for tests of any format."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from services.ingestion.domain.importing import ImportedTable, import_table
from services.ingestion.domain.limited_child import Limits

LIMITS = Limits(memory_bytes=256 << 20, n_threads=1)


def silent(phase: str, done: int, total: int) -> None:
    """Progress that nobody follows."""


class Imported:
    """A file that was read: the table and its rows as Parquet holds them."""

    def __init__(self, content: bytes) -> None:
        with TemporaryDirectory() as folder:
            source = Path(folder) / "source"
            source.write_bytes(content)
            self.table: ImportedTable = import_table(source, Path(folder), LIMITS, silent)
            with duckdb.connect() as connection:
                connection.execute("SET TimeZone = 'UTC'")
                found = connection.execute(f"SELECT * FROM read_parquet('{self.table.parquet}')")
                self.names = [column[0] for column in found.description]
                self.types = {column[0]: str(column[1]) for column in found.description}
                # Times with zone would need another library in Python; their text is as good here.
                select = ", ".join(
                    f'CAST("{n}" AS VARCHAR)' if "TIME ZONE" in t else '"' + n.replace('"', '""') + '"'
                    for n, t in self.types.items()
                )
                self.rows = connection.execute(
                    f"SELECT {select} FROM read_parquet('{self.table.parquet}')"
                ).fetchall()

    def column(self, name: str) -> list[Any]:
        return [row[self.names.index(name)] for row in self.rows]

    @property
    def described(self) -> dict[str, dict[str, Any]]:
        return {c["name"]: c for c in self.table.columns_metadata["columns"]}

    @property
    def kinds(self) -> dict[str, str]:
        return {name: c["kind"] for name, c in self.described.items()}

    def variable(self, alias: str) -> dict[str, Any]:
        [found] = [v for v in self.table.codebook["variables"] if v["alias"] == alias]
        return dict(found)

    @property
    def variables(self) -> dict[str, dict[str, Any]]:
        """The codebook's entries by alias."""
        return {entry["alias"]: entry for entry in self.table.codebook["variables"]}
