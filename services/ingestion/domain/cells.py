"""The cells of a column of the table of texts: counted once, and where few texts recur, told apart with their counts.

A column in which a sample shows few different texts is tallied: each text and how often it stands. All that is asked of its
cells afterwards is asked of the tally, which is exact and a thousand times smaller than the column. Of the other columns
the cells are counted in one pass.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.bytescan import BLANKS
from services.ingestion.domain.categories import MAX_DISTINCT
from services.ingestion.domain.delimited import RAW_TABLE, RawTable, column
from services.ingestion.domain.formats import MISSING_MARKERS
from services.ingestion.domain.quoting import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SAMPLE_ROWS = 2000
_SAMPLE_BLOCKS = 40
# A column with more texts than a category may have shows more of them in a sample of this size, save by a rare accident,
# and then its cells are counted like those of others.
_FEW_IN_SAMPLE = 1200
_FEW = int(MAX_DISTINCT * 1.2)
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
    sample: tuple[str, ...] = ()
    """Cells without blanks around, from all over the table."""
    tally: tuple[tuple[str, int], ...] | None = None
    """Each text with its number of cells, most frequent first; None where there are many."""

    @property
    def raw(self) -> str:
        """The cell as it stands in the file."""
        return column(self.index)

    @property
    def source(self) -> str:
        """The table in which the cells are looked through: their tally, where there is one."""
        return RAW_TABLE if self.tally is None else f"tally_{self.index}"

    @property
    def looked_at(self) -> str:
        """How SQL names a cell in the source."""
        return self.sql if self.tally is None else "cell"

    def count_sql(self, condition: str) -> str:
        """Return the SQL aggregate over the source of how many cells fulfil a condition."""
        counted = f"count(*) FILTER ({condition})"
        return counted if self.tally is None else f"coalesce(sum(n) FILTER ({condition}), 0)"

    def mean_sql(self, value: str) -> str:
        """Return the SQL aggregate over the source of the mean of a number."""
        if self.tally is None:
            return f"avg({value})"
        return f"sum(CAST({value} AS DOUBLE) * n) / sum(n) FILTER ({value} IS NOT NULL)"

    def is_marker(self, cell: str = "") -> str:
        """Return the SQL condition that a cell is a marker of a missing value, such as NA."""
        return f"lower({cell or self.sql}) IN {_MARKERS_SQL}"


def count_cells(connection: "DuckDBPyConnection", indices: Sequence[int], table: RawTable) -> list[Cells]:
    """Return the columns' cells, in the order given."""
    names = [column(i) for i in indices]
    filled = _row(connection, [f"count({name})" for name in names])
    samples = _samples(connection, names, table.n_rows)
    found: dict[int, Cells] = {}
    for index, n_filled, sample in zip(indices, filled, samples, strict=True):
        if n_filled and len(set(sample)) <= _FEW_IN_SAMPLE:
            tallied = _tallied(connection, index, sample, table.blanks)
            found |= {index: tallied} if tallied else {}
    many = [i for i, n_filled in zip(indices, filled, strict=True) if n_filled and i not in found]
    found |= _counted(connection, many, table, dict(zip(indices, samples, strict=True)))
    return [found.get(i) or Cells(i, column(i), 0, 0, distinct_is_exact=True) for i in indices]


def _row(connection: "DuckDBPyConnection", select: Sequence[str]) -> tuple[Any, ...]:
    row: tuple[Any, ...] = connection.execute(f"SELECT {', '.join(select)} FROM {RAW_TABLE}").fetchall()[0]
    return row


def _samples(connection: "DuckDBPyConnection", names: Sequence[str], n_rows: int) -> list[tuple[str, ...]]:
    """Filled cells of rows in blocks from all over the table, the same each time; DuckDB skips what lies between them."""
    period = max(1, n_rows // _SAMPLE_BLOCKS)
    block = SAMPLE_ROWS // _SAMPLE_BLOCKS
    rows = connection.execute(
        f"SELECT {', '.join(names)} FROM {RAW_TABLE} WHERE rowid % {period} < {block} LIMIT {SAMPLE_ROWS}"
    ).fetchall()
    stripped = ((row[i].strip(BLANKS) for row in rows if row[i] is not None) for i in range(len(names)))
    return [tuple(filter(None, cells)) for cells in stripped]


def _tallied(
    connection: "DuckDBPyConnection", index: int, sample: tuple[str, ...], blanks: str
) -> Cells | None:
    """The cells with their tally, which is a table of the connection too; None where there are many texts after all."""
    name, tally = column(index), f"tally_{index}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {tally} AS SELECT {name} AS cell, count(*) AS n FROM {RAW_TABLE} "
        f"WHERE {name} IS NOT NULL GROUP BY {name} LIMIT {_FEW + 1}"
    )
    counts: Counter[str] = Counter()
    found = connection.execute(f"SELECT cell, n FROM {tally}").fetchall()
    if len(found) > _FEW:
        connection.execute(f"DROP TABLE {tally}")
        return None
    for cell, n in found:
        counts[cell.strip(blanks)] += n
    counts.pop("", None)
    is_padded = len(counts) < len(found) or any(cell not in counts for cell, _ in found)
    sql = _trimmed_sql(name, blanks) if is_padded else name
    if is_padded:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {tally} AS SELECT {_trimmed_sql('cell', blanks)} AS cell, "
            f"CAST(sum(n) AS BIGINT) AS n FROM {tally} GROUP BY 1 HAVING {_trimmed_sql('any_value(cell)', blanks)} IS NOT NULL"
        )
    ordered = tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    seen = sample or tuple(counts)[:SAMPLE_ROWS]
    return Cells(index, sql, counts.total(), len(counts), distinct_is_exact=True, sample=seen, tally=ordered)


def _trimmed_sql(cell: str, blanks: str) -> str:
    return f"nullif(trim({cell}, {literal(blanks)}), '')"


def _counted(
    connection: "DuckDBPyConnection",
    indices: Sequence[int],
    table: RawTable,
    samples: dict[int, tuple[str, ...]],
) -> dict[int, Cells]:
    """The cells of columns with many texts."""
    if not indices:
        return {}
    exact = table.n_rows <= _EXACT_DISTINCT_ROWS
    distinct = "count(DISTINCT {0})" if exact else "approx_count_distinct({0})"
    padded = _row(
        connection, [f"count(*) FILTER ({_may_be_padded(column(i), table.blanks)})" for i in indices]
    )
    sqls = [
        _trimmed_sql(column(i), table.blanks) if n_padded else column(i)
        for i, n_padded in zip(indices, padded, strict=True)
    ]
    counts = _row(connection, [word for sql in sqls for word in (f"count({sql})", distinct.format(sql))])
    return {
        i: Cells(
            i,
            sql,
            counts[2 * n],
            # A sketch may count some texts that are not there; more than cells there cannot be.
            min(counts[2 * n + 1], counts[2 * n]),
            exact,
            samples[i] or _first_cells(connection, sql),
        )
        for n, (i, sql) in enumerate(zip(indices, sqls, strict=True))
    }


def _may_be_padded(name: str, blanks: str) -> str:
    # Ten times cheaper than trimming every cell; the first test catches all ASCII blanks and control characters.
    ends = [f"{name} < '!'"]
    ends += [f"starts_with({name}, {literal(blank)})" for blank in blanks if not blank.isascii()]
    ends += [f"suffix({name}, {literal(blank)})" for blank in blanks]
    return " OR ".join(ends)


def _first_cells(connection: "DuckDBPyConnection", cell: str) -> tuple[str, ...]:
    # A column with a few cells in a large table may be missed by the sample.
    query = f"SELECT {cell} FROM {RAW_TABLE} WHERE {cell} IS NOT NULL LIMIT {SAMPLE_ROWS}"
    return tuple(row[0] for row in connection.execute(query).fetchall())
