"""Counts over all rows of the table of texts, column by column: what `kinds` decides on.

Three passes: filled cells and distinct texts; the formats that a sample proposes, verified on every row; the
frequencies of columns with few distinct texts. Each pass reads the table once for many columns; memory is bounded by
DuckDB's limit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.categories import MAX_DISTINCT
from services.ingestion.domain.delimited import RAW_TABLE, RawTable, column
from services.ingestion.domain.formats import MISSING_MARKERS, ValueFormat
from services.ingestion.domain.kinds import ColumnFacts, FormatFacts, propose
from services.ingestion.domain.quoting import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Blanks that people put around cells; DuckDB's own trim knows only the space.
BLANKS = " \t\r\n\v\f\u00a0\u2007\u202f\u3000\ufeff"
_SAMPLE_ROWS = 2000
_COLUMNS_PER_QUERY = 50
# Exact distinct counts hold every text in memory; beyond this many rows a sketch (HyperLogLog) has to do.
_EXACT_DISTINCT_ROWS = 200_000
_MARKERS_SQL = "(" + ", ".join(map(literal, sorted(MISSING_MARKERS))) + ")"


@dataclass(frozen=True, slots=True)
class Cells:
    """A column of the table of texts: how SQL names its cells without blanks around, NULL where nothing is left."""

    index: int
    sql: str
    n_filled: int
    n_distinct: int
    distinct_is_exact: bool

    @property
    def raw(self) -> str:
        """The cell as it stands in the file."""
        return column(self.index)

    def is_marker(self) -> str:
        """Return the SQL condition that a cell is a marker of a missing value, such as NA."""
        return f"lower({self.sql}) IN {_MARKERS_SQL}"


def profile(connection: "DuckDBPyConnection", table: RawTable) -> Iterator[tuple[Cells, ColumnFacts]]:
    """Yield each column's cells and facts, in the order of the file."""
    for start in range(0, table.header.n_columns, _COLUMNS_PER_QUERY):
        indices = range(start, min(start + _COLUMNS_PER_QUERY, table.header.n_columns))
        cells = _count_cells(connection, indices, table.n_rows)
        samples = _samples(connection, cells)
        formats = _verify(connection, cells, samples)
        for i, cell in enumerate(cells):
            n_markers, verified = formats.get(cell.index, (0, ()))
            yield cell, _facts(connection, table, cell, samples[i], n_markers, verified)


def _facts(  # noqa: PLR0917 - one private assembly of what the passes found
    connection: "DuckDBPyConnection",
    table: RawTable,
    cell: Cells,
    sample: tuple[str, ...],
    n_markers: int,
    verified: tuple[FormatFacts, ...],
) -> ColumnFacts:
    return ColumnFacts(
        name=table.header.names[cell.index],
        alias=table.header.aliases[cell.index],
        n_rows=table.n_rows,
        n_filled=cell.n_filled,
        n_distinct=cell.n_distinct,
        n_markers=n_markers,
        distinct_is_exact=cell.distinct_is_exact,
        sample=sample,
        formats=verified,
        frequencies=_frequencies(connection, cell),
        decimal_comma_is_likely=table.delimiter == ";",
    )


def _row(connection: "DuckDBPyConnection", select: Sequence[str]) -> tuple[Any, ...]:
    row: tuple[Any, ...] = connection.execute(f"SELECT {', '.join(select)} FROM {RAW_TABLE}").fetchall()[0]
    return row


def _count_cells(connection: "DuckDBPyConnection", indices: Sequence[int], n_rows: int) -> list[Cells]:
    blanks = literal(BLANKS)
    exact = n_rows <= _EXACT_DISTINCT_ROWS
    distinct = "count(DISTINCT {0})" if exact else "approx_count_distinct({0})"
    select: list[str] = []
    for name in map(column, indices):
        select += [
            f"count({name})",
            f"count(*) FILTER ({name} <> trim({name}, {blanks}))",
            distinct.format(name),
        ]
    counts = _row(connection, select)
    cells = [_cells(i, *counts[3 * n : 3 * n + 3], exact=exact) for n, i in enumerate(indices)]
    return _recount_trimmed(connection, cells, distinct)


def _cells(index: int, n_filled: int, n_padded: int, n_distinct: int, *, exact: bool) -> Cells:
    name = column(index)
    sql = f"nullif(trim({name}, {literal(BLANKS)}), '')" if n_padded else name
    return Cells(index, sql, n_filled, n_distinct, exact)


def _recount_trimmed(connection: "DuckDBPyConnection", cells: list[Cells], distinct: str) -> list[Cells]:
    padded = [cell for cell in cells if cell.sql != cell.raw]
    if not padded:
        return cells
    counts = _row(connection, [s for c in padded for s in (f"count({c.sql})", distinct.format(c.sql))])
    recounted = {
        cell.index: Cells(cell.index, cell.sql, counts[2 * n], counts[2 * n + 1], cell.distinct_is_exact)
        for n, cell in enumerate(padded)
    }
    return [recounted.get(cell.index, cell) for cell in cells]


def _samples(connection: "DuckDBPyConnection", cells: list[Cells]) -> list[tuple[str, ...]]:
    select = ", ".join(cell.sql for cell in cells)
    rows = connection.execute(
        f"SELECT {select} FROM (SELECT * FROM {RAW_TABLE} USING SAMPLE reservoir({_SAMPLE_ROWS} ROWS) REPEATABLE (1))"
    ).fetchall()
    samples = [tuple(row[i] for row in rows if row[i] is not None) for i in range(len(cells))]
    # A column with a few cells in a large table may be missed by the sample.
    return [sample or _first_cells(connection, cell) for sample, cell in zip(samples, cells, strict=True)]


def _first_cells(connection: "DuckDBPyConnection", cell: Cells) -> tuple[str, ...]:
    if cell.n_filled == 0:
        return ()
    query = f"SELECT {cell.sql} FROM {RAW_TABLE} WHERE {cell.sql} IS NOT NULL LIMIT {_SAMPLE_ROWS}"
    return tuple(row[0] for row in connection.execute(query).fetchall())


def _verify(
    connection: "DuckDBPyConnection", cells: list[Cells], samples: list[tuple[str, ...]]
) -> dict[int, tuple[int, tuple[FormatFacts, ...]]]:
    """Return, by column, the number of markers and the facts of each proposed format, counted on all rows."""
    proposed = [(cell, form) for cell, sample in zip(cells, samples, strict=True) for form in propose(sample)]
    if not proposed:
        return {}
    select = [expression for cell, form in proposed for expression in _format_sql(cell, form, proposed)]
    counts = _row(connection, select)
    facts = [
        (cell, FormatFacts(form, *counts[7 * n + 1 : 7 * n + 7]), counts[7 * n])
        for n, (cell, form) in enumerate(proposed)
    ]
    by_column = groupby(facts, key=lambda item: item[0].index)
    return {index: _gathered(list(group)) for index, group in by_column}


def _gathered(group: list[tuple[Cells, FormatFacts, int]]) -> tuple[int, tuple[FormatFacts, ...]]:
    return group[0][2], tuple(fact for _, fact, _ in group)


def _format_sql(cell: Cells, form: ValueFormat, proposed: list[tuple[Cells, ValueFormat]]) -> list[str]:
    value = form.value_sql(cell.sql)
    family = [
        f for c, f in proposed if c is cell and f.family and f.family == form.family and f.kind == form.kind
    ]
    any_of_family = " OR ".join(f"({f.value_sql(cell.sql)}) IS NOT NULL" for f in family)
    mean = f"avg({value})" if form.sql_type in {"BIGINT", "DOUBLE"} else "NULL"
    return [
        f"count(*) FILTER ({cell.is_marker()})",
        f"count({value})",
        f"count(*) FILTER ({form.veto_sql(cell.sql)})",
        f"count(*) FILTER ({any_of_family})" if family else "0",
        f"min({value})",
        f"max({value})",
        mean,
    ]


def _frequencies(connection: "DuckDBPyConnection", cell: Cells) -> tuple[tuple[str, int], ...] | None:
    # The sketch errs by a few percent; the margin keeps columns near the limit.
    if cell.n_filled == 0 or cell.n_distinct > MAX_DISTINCT * 1.2:
        return None
    rows = connection.execute(
        f"SELECT {cell.sql} AS cell, count(*) FROM {RAW_TABLE} WHERE {cell.sql} IS NOT NULL "
        f"GROUP BY cell ORDER BY 2 DESC, 1 LIMIT {MAX_DISTINCT + 1}"
    ).fetchall()
    return tuple(rows) if len(rows) <= MAX_DISTINCT else None
