"""Counts over all rows of the table of texts, column by column: what `kinds` decides on.

Cells and distinct texts (`cells`), then the formats that a sample proposes, verified on every row. Each pass reads the table
once for many columns, or the tally of a column that has one; memory is bounded by DuckDB's limit.
"""

from collections.abc import Iterator
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from services.ingestion.domain.categories import MAX_DISTINCT
from services.ingestion.domain.cells import Cells, count_cells
from services.ingestion.domain.delimited import RawTable
from services.ingestion.domain.formats import GROUPED_BY_POINTS, ValueFormat
from services.ingestion.domain.kinds import ColumnFacts, FormatFacts, propose
from services.ingestion.domain.told import formats_of_kind, in_order

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_COLUMNS_PER_QUERY = 50
_COUNTS = 7
_CLAIMS_PER_QUERY = 25
_MAX_UNREAD_CELLS = 2000

Claim = tuple[Cells, ValueFormat]
Verified = tuple[int, tuple[FormatFacts, ...]]
"""The number of markers in a column, and how its cells fare with each format."""


def profile(connection: "DuckDBPyConnection", table: RawTable) -> Iterator[tuple[Cells, ColumnFacts]]:
    """Yield each column's cells and facts, in the order of the file."""
    for start in range(0, len(table.text_indices), _COLUMNS_PER_QUERY):
        cells = count_cells(connection, table.text_indices[start : start + _COLUMNS_PER_QUERY], table)
        formats = _verify(connection, table, cells)
        for cell in cells:
            yield cell, _facts(table, cell, formats.get(cell.index, (0, ())))


def _facts(table: RawTable, cell: Cells, verified: Verified) -> ColumnFacts:
    n_markers, formats = verified
    is_short = cell.tally is not None and len(cell.tally) <= MAX_DISTINCT
    return ColumnFacts(
        name=table.header.names[cell.index],
        alias=table.header.aliases[cell.index],
        n_rows=table.n_rows,
        n_filled=cell.n_filled,
        n_distinct=cell.n_distinct,
        n_markers=n_markers,
        distinct_is_exact=cell.distinct_is_exact,
        sample=cell.sample,
        formats=formats,
        frequencies=cell.tally if is_short else None,
        decimal_comma_is_likely=_decimal_comma_is_likely(table),
    )


def _verify(connection: "DuckDBPyConnection", table: RawTable, cells: list[Cells]) -> dict[int, Verified]:
    """Return, by column, the number of markers and the facts of the formats that matter, counted on all rows."""
    proposed = {cell.index: _proposed(table, cell) for cell in cells}
    likeliest = [
        (cell, form)
        for cell in cells
        for form in (proposed[cell.index] if _told_kind(table, cell) else _first(proposed[cell.index], table))
    ]
    counted = _count_claims(connection, likeliest)
    # Types come from all rows: where the likeliest plain format leaves cells unread, those rivals are counted too that
    # read some of these cells, but for rivals that the same cells veto.
    further = [
        (cell, form)
        for cell, (n_markers, facts) in (
            (cell, counted[cell.index]) for cell in cells if cell.index in counted
        )
        if facts[0].n_matching < cell.n_filled - n_markers
        for form in _readers(proposed[cell.index], _unread_cells(connection, cell, facts[0].format))
        if (cell, form) not in likeliest and not (facts[0].n_vetoed and form.veto == facts[0].format.veto)
    ]
    for index, (_, facts) in _count_claims(connection, further).items():
        counted[index] = (counted[index][0], counted[index][1] + facts)
    return counted


def _told_kind(table: RawTable, cell: Cells) -> str | None:
    return table.options.kinds.get(table.header.aliases[cell.index])


def _proposed(table: RawTable, cell: Cells) -> tuple[ValueFormat, ...]:
    """The formats worth counting; of a column whose kind a person has told, those of that kind."""
    kind = _told_kind(table, cell)
    forms = formats_of_kind(kind, cell.sample) if kind else propose(cell.sample)
    return in_order(forms, table.options.date_order)


def _unread_cells(connection: "DuckDBPyConnection", cell: Cells, form: ValueFormat) -> list[str]:
    name = cell.looked_at
    query = (
        f"SELECT DISTINCT {name} FROM {cell.source} WHERE {name} IS NOT NULL AND NOT {cell.is_marker(name)} "
        f"AND ({form.value_sql(name)}) IS NULL LIMIT {_MAX_UNREAD_CELLS}"
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


def _count_claims(connection: "DuckDBPyConnection", claims: list[Claim]) -> dict[int, Verified]:
    """Count each claim in the table of its cells; claims of one table share a query."""
    found: dict[int, Verified] = {}
    by_source = sorted(claims, key=lambda claim: claim[0].source)
    for _, of_source in groupby(by_source, key=lambda claim: claim[0].source):
        for batch in _batches(list(of_source)):
            found |= _count_batch(connection, batch)
    return found


def _batches(claims: list[Claim]) -> Iterator[list[Claim]]:
    # All rivals of a column stay in one query, which compares them; many columns at once would take much memory.
    batch: list[Claim] = []
    for claim, following in zip_longest(claims, claims[1:]):
        batch.append(claim)
        if following is None or (len(batch) >= _CLAIMS_PER_QUERY and following[0] is not claim[0]):
            yield batch
            batch = []


def _count_batch(connection: "DuckDBPyConnection", claims: list[Claim]) -> dict[int, Verified]:
    values = ", ".join(f"{form.value_sql(cell.looked_at)} AS v{n}" for n, (cell, form) in enumerate(claims))
    select = [word for n, claim in enumerate(claims) for word in _claim_sql(n, claim, claims)]
    counts = connection.execute(
        f"SELECT {', '.join(select)} FROM (SELECT *, {values} FROM {claims[0][0].source})"
    ).fetchall()[0]
    found: dict[int, Verified] = {}
    for n, (cell, form) in enumerate(claims):
        n_markers, *rest = counts[_COUNTS * n : _COUNTS * (n + 1)]
        found[cell.index] = (n_markers, (*found.get(cell.index, (0, ()))[1], FormatFacts(form, *rest)))
    return found


def _claim_sql(n: int, claim: Claim, claims: list[Claim]) -> list[str]:
    """Return the aggregates of one column read in one format; `v<n>` is its value, NULL where it is not read."""
    cell, form = claim
    name = cell.looked_at
    rivals = [
        f"v{i} IS NOT NULL"
        for i, (c, f) in enumerate(claims)
        if c is cell and f.family == form.family and f.kind == form.kind
    ]
    # A cell that was read is no marker and no veto: CASE looks at the others only, AND would look at all.
    unread = f"CASE WHEN v{n} IS NULL AND {name} IS NOT NULL THEN"
    return [
        cell.count_sql(f"{unread} {cell.is_marker(name)} ELSE false END"),
        cell.count_sql(f"v{n} IS NOT NULL"),
        cell.count_sql(f"{unread} {form.veto_sql(name)} ELSE false END"),
        cell.count_sql(" OR ".join(rivals)) if form.family else "0",
        f"min(v{n})",
        f"max(v{n})",
        cell.mean_sql(f"v{n}") if form.sql_type in {"BIGINT", "DOUBLE"} else "NULL",
    ]
