"""What is merged: datasets as Parquet files with codebooks; and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.exports.request import MISSING_SUFFIX
from services.ingestion.domain.quoting import identifier, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """One of the datasets: its rows on this machine, its codebook, and the physical type of each column."""

    dataset_id: int
    name: str
    parquet: Path
    codebook: Mapping[str, Any]
    types: Mapping[str, str]

    @classmethod
    def opened(
        cls,
        connection: "DuckDBPyConnection",
        dataset_id: int,
        name: str,
        parquet: Path,
        codebook: Mapping[str, Any],
    ) -> "Source":
        """Return the source with the types that its file has."""
        described = connection.execute(
            f"DESCRIBE SELECT * FROM read_parquet({literal(str(parquet))})"
        ).fetchall()
        return cls(dataset_id, name, parquet, codebook, {row[0]: row[1] for row in described})

    @property
    def rows_sql(self) -> str:
        """The rows as SQL."""
        return f"read_parquet({literal(str(self.parquet))})"

    @property
    def entries(self) -> Sequence[Entry]:
        """The codebook's entries."""
        listed: Sequence[Entry] = self.codebook["variables"]
        return listed

    def find(self, alias: str) -> Entry | None:
        """Return the entry of an alias, without regard to case."""
        return next((e for e in self.entries if e["alias"].lower() == alias.lower()), None)

    def reason_of(self, alias: str) -> str | None:
        """Return the column that says why values of a variable are missing, None where nothing is known."""
        name = f"{alias}{MISSING_SUFFIX}"
        return name if name in self.types else None

    def is_set(self, alias: str) -> bool:
        """True for a multiple-response set."""
        return alias in self.codebook.get("multiple_response_sets", ())


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the merged table: its value and the reason of its absence as SQL, and what the codebook says."""

    entry: dict[str, Any]
    value_sql: str
    reason_sql: str | None = None
    is_set: bool = False


def finished_entries(
    connection: "DuckDBPyConnection", rows: str, columns: Sequence[Column]
) -> list[dict[str, Any]]:
    """Return the entries with the numbers of missing values, and why, as they are in the merged rows."""
    names = [identifier(column.entry["alias"]) for column in columns]
    counts = connection.execute(
        f"SELECT {', '.join(f'count(*) - count({name})' for name in names)} FROM {rows}"
    ).fetchall()[0]
    found = []
    for column, n_missing in zip(columns, counts, strict=True):
        missing: dict[str, int] = {"n": int(n_missing)}
        if column.reason_sql is not None:
            reason = identifier(f"{column.entry['alias']}{MISSING_SUFFIX}")
            query = f"SELECT {reason}, count(*) FROM {rows} WHERE {reason} IS NOT NULL GROUP BY 1 ORDER BY 1"
            missing |= dict(connection.execute(query).fetchall())
        found.append(column.entry | {"missing": missing})
    return found


def selected(columns: Sequence[Column]) -> str:
    """Return the columns as the select list of the merged table: values first, reasons behind them."""
    values = [f"{c.value_sql} AS {identifier(c.entry['alias'])}" for c in columns]
    reasons = [
        f"{c.reason_sql} AS {identifier(c.entry['alias'] + MISSING_SUFFIX)}"
        for c in columns
        if c.reason_sql is not None
    ]
    return ", ".join(values + reasons)
