"""The typed Parquet file of a dataset: one column per variable, named by its alias, rows in the order of the file.

Physical types by kind (the dataset contract): whole numbers bigint; other numbers double; dates date32; date-times
timestamp(us, UTC), where the file names no zone its times are taken as UTC; categories their code as a string;
multiple responses list<string>, NULL where the cell is empty; everything else a string. NULL is missing; where the file
says why, the kind stands in `<alias>__missing`, behind all variables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.bytescan import BLANKS
from services.ingestion.domain.categories import GLUE
from services.ingestion.domain.cells import Cells
from services.ingestion.domain.delimited import RAW_TABLE
from services.ingestion.domain.imported import Imported
from services.ingestion.domain.kinds import ColumnFacts, Understanding
from services.ingestion.domain.quoting import identifier, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_VERBATIM = frozenset({"text"})
_MAX_COERCED_EXAMPLES = 5
PREVIEW_ROWS = 50


@dataclass(frozen=True, slots=True)
class Variable:
    """A column of the file, understood: its cells, the counts over them, and what they mean."""

    cells: Cells
    facts: ColumnFacts
    meaning: Understanding

    @property
    def n_valid(self) -> int:
        """Rows that have a value."""
        return self.meaning.facts.n_matching if self.meaning.facts else self.facts.n_filled

    @property
    def n_coerced(self) -> int:
        """Filled cells that are no marker and yet become missing, since they are not written like the others."""
        return self.facts.n_claimed - self.meaning.facts.n_matching if self.meaning.facts else 0

    @property
    def value_sql(self) -> str:
        """The SQL expression of the typed value."""
        cell = self.cells.sql
        if self.meaning.facts is not None:
            return _typed_sql(self.meaning, cell, all_fit=self.n_valid == self.facts.n_filled)
        if self.meaning.kind == "multiple":
            return _list_sql(cell, self.meaning.separator or ";", self.meaning.whole)
        if self.meaning.kind in _VERBATIM and cell != self.cells.raw:
            return f"CASE WHEN {cell} IS NOT NULL THEN {self.cells.raw} END"
        return cell


def _typed_sql(meaning: Understanding, cell: str, *, all_fit: bool) -> str:
    if meaning.facts is None:
        return cell
    form = meaning.facts.format
    value = form.sql.replace("{cell}", cell) if all_fit else form.value_sql(cell)
    return f"({value}) AT TIME ZONE 'UTC'" if form.sql_type == "TIMESTAMP" else value


def _list_sql(cell: str, separator: str, whole: Sequence[str]) -> str:
    glued, piece = cell, f"trim(piece, {literal(BLANKS)})"
    for answer in whole:
        glued = f"replace({glued}, {literal(answer)}, {literal(answer.replace(separator, GLUE))})"
        piece = f"replace(trim(piece, {literal(BLANKS)}), {literal(GLUE)}, {literal(separator)})"
    pieces = f"list_transform(string_split({glued}, {literal(separator)}), lambda piece: {piece})"
    return f"CASE WHEN {cell} IS NOT NULL THEN list_filter({pieces}, lambda piece: piece <> '') END"


def write_parquet(connection: "DuckDBPyConnection", variables: Sequence[Imported], target: Path) -> None:
    """Write the dataset's file; the rows keep the order of the source."""
    select = [f"{v.value_sql} AS {identifier(v.alias)}" for v in variables]
    select += [f"{v.missing_sql} AS {identifier(f'{v.alias}__missing')}" for v in variables if v.missing_sql]
    connection.execute(
        f"COPY (SELECT {', '.join(select)} FROM {RAW_TABLE}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )


def preview(connection: "DuckDBPyConnection", target: Path, variables: Sequence[Imported]) -> dict[str, Any]:
    """Return the first rows of the dataset as JSON: times as RFC 3339, lists as lists, missing as null."""
    select = ", ".join(_json_sql(v) for v in variables)
    rows = connection.execute(
        f"SELECT {select} FROM read_parquet({literal(str(target))}) LIMIT {PREVIEW_ROWS}"
    ).fetchall()
    return {
        "columns": [{"alias": v.alias, "kind": v.kind} for v in variables],
        "rows": [list(row) for row in rows],
    }


def count_missing(connection: "DuckDBPyConnection", target: Path, alias: str) -> int:
    """Return in how many rows of the dataset a variable has no value."""
    query = f"SELECT count(*) - count({identifier(alias)}) FROM read_parquet({literal(str(target))})"
    return int(connection.execute(query).fetchall()[0][0])


def _json_sql(variable: Imported) -> str:
    name, kind = identifier(variable.alias), variable.sql_type
    if kind == "TIMESTAMP":
        return f"strftime({name} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    return f"CAST({name} AS VARCHAR)" if kind in {"DATE", "TIME"} else name


def coerced_examples(connection: "DuckDBPyConnection", variable: Variable) -> list[dict[str, Any]]:
    """Return the first cells that became missing, each with the number of its data row (from 1)."""
    rows = connection.execute(
        f"SELECT position, cell FROM (SELECT row_number() OVER () AS position, {variable.cells.sql} AS cell, "
        f"{variable.value_sql} AS value, {variable.cells.is_marker()} AS marker FROM {RAW_TABLE}) "
        f"WHERE cell IS NOT NULL AND value IS NULL AND NOT marker ORDER BY position LIMIT {_MAX_COERCED_EXAMPLES}"
    ).fetchall()
    return [{"row": position, "text": cell[:200]} for position, cell in rows]
