"""Counts over all rows of the table of texts, column by column: what `kinds` decides on.

Three passes: filled cells and distinct texts; the formats that a sample proposes, verified on every row; the
frequencies of columns with few distinct texts. Each pass reads the table once for many columns; memory is bounded by
DuckDB's limit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.categories import MAX_DISTINCT
from services.ingestion.domain.delimited import RAW_TABLE, RawTable, column
from services.ingestion.domain.formats import GROUPED_BY_POINTS, MISSING_MARKERS, ValueFormat
from services.ingestion.domain.kinds import ColumnFacts, FormatFacts, propose
from services.ingestion.domain.quoting import literal
from services.ingestion.domain.told import formats_of_kind, in_order

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

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
    for start in range(0, len(table.text_indices), _COLUMNS_PER_QUERY):
        indices = table.text_indices[start : start + _COLUMNS_PER_QUERY]
        cells = _count_cells(connection, indices, table)
        samples = _samples(connection, cells)
        formats = _verify(connection, table, cells, samples)
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
        decimal_comma_is_likely=_decimal_comma_is_likely(table),
    )


def _row(connection: "DuckDBPyConnection", select: Sequence[str]) -> tuple[Any, ...]:
    row: tuple[Any, ...] = connection.execute(f"SELECT {', '.join(select)} FROM {RAW_TABLE}").fetchall()[0]
    return row


def _count_cells(connection: "DuckDBPyConnection", indices: Sequence[int], table: RawTable) -> list[Cells]:
    exact = table.n_rows <= _EXACT_DISTINCT_ROWS
    distinct = "count(DISTINCT {0})" if exact else "approx_count_distinct({0})"
    select: list[str] = []
    for name in map(column, indices):
        select += [
            f"count({name})",
            f"count(*) FILTER ({_may_be_padded(name, table.blanks)})",
            distinct.format(name),
        ]
    counts = _row(connection, select)
    cells = [_cells(i, counts[3 * n : 3 * n + 3], table.blanks, exact=exact) for n, i in enumerate(indices)]
    return _recount_trimmed(connection, cells, distinct)


def _may_be_padded(name: str, blanks: str) -> str:
    # Ten times cheaper than trimming every cell; the first test catches all ASCII blanks and control characters.
    ends = [f"{name} < '!'"]
    ends += [f"starts_with({name}, {literal(blank)})" for blank in blanks if not blank.isascii()]
    ends += [f"suffix({name}, {literal(blank)})" for blank in blanks]
    return " OR ".join(ends)


def _cells(index: int, counts: Sequence[int], blanks: str, *, exact: bool) -> Cells:
    n_filled, n_padded, n_distinct = counts
    name = column(index)
    sql = f"nullif(trim({name}, {literal(blanks)}), '')" if n_padded else name
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


Claim = tuple[Cells, ValueFormat]
_COUNTS = 7
_CLAIMS_PER_QUERY = 25
_MAX_UNREAD_CELLS = 2000


def _verify(
    connection: "DuckDBPyConnection", table: RawTable, cells: list[Cells], samples: list[tuple[str, ...]]
) -> dict[int, tuple[int, tuple[FormatFacts, ...]]]:
    """Return, by column, the number of markers and the facts of the formats that matter, counted on all rows."""
    proposed = {cell: _proposed(table, cell, sample) for cell, sample in zip(cells, samples, strict=True)}
    told = {cell for cell in cells if _told_kind(table, cell)}
    likeliest = [
        (cell, f)
        for cell, forms in proposed.items()
        for f in (forms if cell in told else _first(forms, table))
    ]
    counted = _count_claims(connection, likeliest)
    # Types come from all rows: where the likeliest plain format leaves cells unread, those rivals are counted too that
    # read some of these cells, but for rivals that the same cells veto.
    further = [
        (cell, form)
        for cell, (n_markers, facts) in counted.items()
        if facts[0].n_matching < cell.n_filled - n_markers
        for form in _readers(proposed[cell], _unread_cells(connection, cell, facts[0].format))
        if (cell, form) not in likeliest and not (facts[0].n_vetoed and form.veto == facts[0].format.veto)
    ]
    for cell, (_, facts) in _count_claims(connection, further).items():
        counted[cell] = (counted[cell][0], counted[cell][1] + facts)
    return {cell.index: found for cell, found in counted.items()}


def _told_kind(table: RawTable, cell: Cells) -> str | None:
    return table.options.kinds.get(table.header.aliases[cell.index])


def _proposed(table: RawTable, cell: Cells, sample: tuple[str, ...]) -> tuple[ValueFormat, ...]:
    """The formats worth counting; of a column whose kind a person has told, those of that kind."""
    kind = _told_kind(table, cell)
    return in_order(formats_of_kind(kind, sample) if kind else propose(sample), table.options.date_order)


def _unread_cells(connection: "DuckDBPyConnection", cell: Cells, form: ValueFormat) -> list[str]:
    query = (
        f"SELECT DISTINCT {cell.sql} FROM {RAW_TABLE} WHERE {cell.sql} IS NOT NULL AND NOT {cell.is_marker()} "
        f"AND ({form.value_sql(cell.sql)}) IS NULL LIMIT {_MAX_UNREAD_CELLS}"
    )
    return [row[0] for row in connection.execute(query).fetchall()]


def _readers(forms: tuple[ValueFormat, ...], cells: list[str]) -> list[ValueFormat]:
    return [form for form in forms if any(map(form.matches, cells))]


def _first(forms: tuple[ValueFormat, ...], table: RawTable) -> tuple[ValueFormat, ...]:
    if not forms or not forms[0].plain:
        return forms
    # Between semicolons "1.234" is hardly a number with three decimals: there the point is not plain.
    rivals = (f for f in forms[1:] if f is GROUPED_BY_POINTS and forms[0].kind == "decimal")
    return (forms[0], *(rivals if _decimal_comma_is_likely(table) else ()))


def _decimal_comma_is_likely(table: RawTable) -> bool:
    told = table.options.decimal
    return told == "comma" if told else table.delimiter == ";"


def _count_claims(
    connection: "DuckDBPyConnection", claims: list[Claim]
) -> dict[Cells, tuple[int, tuple[FormatFacts, ...]]]:
    found: dict[Cells, tuple[int, tuple[FormatFacts, ...]]] = {}
    # All rivals of a column stay in one query, which compares them; many columns at once would take much memory.
    batch: list[Claim] = []
    for claim, following in zip_longest(claims, claims[1:]):
        batch.append(claim)
        if following is None or (len(batch) >= _CLAIMS_PER_QUERY and following[0] is not claim[0]):
            found |= _count_batch(connection, batch)
            batch = []
    return found


def _count_batch(
    connection: "DuckDBPyConnection", claims: list[Claim]
) -> dict[Cells, tuple[int, tuple[FormatFacts, ...]]]:
    values = ", ".join(f"{form.value_sql(cell.sql)} AS v{n}" for n, (cell, form) in enumerate(claims))
    select = [word for n, claim in enumerate(claims) for word in _claim_sql(n, claim, claims)]
    counts = connection.execute(
        f"SELECT {', '.join(select)} FROM (SELECT *, {values} FROM {RAW_TABLE})"
    ).fetchall()[0]
    found: dict[Cells, tuple[int, tuple[FormatFacts, ...]]] = {}
    for n, (cell, form) in enumerate(claims):
        n_markers, *rest = counts[_COUNTS * n : _COUNTS * (n + 1)]
        found[cell] = (n_markers, (*found.get(cell, (0, ()))[1], FormatFacts(form, *rest)))
    return found


def _claim_sql(n: int, claim: Claim, claims: list[Claim]) -> list[str]:
    """Return the aggregates of one column read in one format; `v<n>` is its value, NULL where it is not read."""
    cell, form = claim
    rivals = [
        f"v{i} IS NOT NULL"
        for i, (c, f) in enumerate(claims)
        if c is cell and f.family == form.family and f.kind == form.kind
    ]
    # A cell that was read is no marker and no veto: CASE looks at the others only, AND would look at all.
    unread = f"CASE WHEN v{n} IS NULL AND {cell.sql} IS NOT NULL THEN"
    return [
        f"count(*) FILTER ({unread} {cell.is_marker()} ELSE false END)",
        f"count(v{n})",
        f"count(*) FILTER ({unread} {form.veto_sql(cell.sql)} ELSE false END)",
        f"count(*) FILTER ({' OR '.join(rivals)})" if form.family else "0",
        f"min(v{n})",
        f"max(v{n})",
        f"avg(v{n})" if form.sql_type in {"BIGINT", "DOUBLE"} else "NULL",
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
