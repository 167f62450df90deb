"""Sufficient statistics of one stub × banner table."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final, TypeVar

import ibis

from contracts.datasets.codebook import Variable
from services.analytics.consumers.engine.axes import answered, axis_of, code_of, with_membership
from services.analytics.consumers.engine.rows import Cases, require_column
from services.analytics.domain.statistics import Axis, CrosstabStatistics, SharedTallies, Tally

_ROW: Final = "_row"
_COLUMN: Final = "_column"
_OTHER: Final = "_other"
Key = TypeVar("Key", bound=Hashable)
Sums = tuple[int, ...]


def crosstab_statistics(cases: Cases, row: Variable, column: Variable) -> CrosstabStatistics:
    """Tallies of cells and bases. One query for two single-choice variables; a multiple-response set adds its bases.

    The base of a column is the respondents in it who answered the stub: for a set the respondents asked, not mentions.
    """
    for variable in (row, column):
        require_column(cases.table, variable)
    base = answered(cases.table, row, column)
    in_column = with_membership(base, column, _COLUMN)
    cells = _grouped(cases, with_membership(in_column, row, _ROW), _ROW, _COLUMN)
    column_sums = (
        _grouped(cases, in_column, _COLUMN)
        if row.kind == "multiple"
        else _rolled_up(cells, lambda key: key[1:])
    )
    row_sums = (
        _grouped(cases, with_membership(base, row, _ROW), _ROW)
        if column.kind == "multiple"
        else _rolled_up(cells, lambda key: key[:1])
    )
    total = _total(cases, base, row_sums, either_multiple="multiple" in (row.kind, column.kind))
    row_axis = axis_of(row, [key[0] for key in row_sums] + [key[0] for key in cells])
    column_axis = axis_of(column, [key[0] for key in column_sums])
    return CrosstabStatistics(
        row=row_axis,
        column=column_axis,
        cells=_tallies(cases, cells, lambda key: (code_of(key[0]), code_of(key[1]))),
        column_bases=_tallies(cases, column_sums, lambda key: code_of(key[0])),
        row_bases=_tallies(cases, row_sums, lambda key: code_of(key[0])),
        total=total,
        shared=_shared(cases, base, row, column_axis) if column.kind == "multiple" else None,
    )


def _grouped(cases: Cases, table: ibis.Table, *keys: str) -> dict[tuple[Any, ...], Sums]:
    """Exact sums per combination of the key columns."""
    expression = table.group_by(*keys).aggregate(**cases.sums(table))
    return {row[: len(keys)]: row[len(keys) :] for row in cases.engine.rows(expression)}


def _rolled_up(
    cells: Mapping[tuple[Any, ...], Sums], part: Callable[[tuple[Any, ...]], tuple[Any, ...]]
) -> dict[tuple[Any, ...], Sums]:
    """The cells' sums added over everything but the kept part of the key; exact, since sums are integers."""
    grouped: defaultdict[tuple[Any, ...], list[Sums]] = defaultdict(list)
    for key, sums in cells.items():
        grouped[part(key)].append(sums)
    return {key: _added(parts) for key, parts in grouped.items()}


def _added(parts: Iterable[Sums]) -> Sums:
    return tuple(sum(column) for column in zip(*parts, strict=True))


def _total(
    cases: Cases, base: ibis.Table, row_sums: Mapping[tuple[Any, ...], Sums], *, either_multiple: bool
) -> Tally:
    if either_multiple:
        return cases.tally(cases.engine.rows(base.aggregate(**cases.sums(base)))[0])
    return cases.tally(_added(row_sums.values())) if row_sums else Tally()


def _tallies(
    cases: Cases, sums: Mapping[tuple[Any, ...], Sums], code: Callable[[tuple[Any, ...]], Key]
) -> dict[Key, Tally]:
    return {code(key): cases.tally(values) for key, values in sums.items()}


def _shared(cases: Cases, base: ibis.Table, row: Variable, column: Axis) -> SharedTallies:
    """Tallies of respondents in two columns at once, for the covariance of overlapping columns."""
    first = with_membership(base, column.variable, _COLUMN)
    both = with_membership(first, column.variable, _OTHER)
    bases = _grouped(cases, both, _COLUMN, _OTHER)
    cells = _grouped(cases, with_membership(both, row, _ROW), _ROW, _COLUMN, _OTHER)
    return SharedTallies(
        _tallies(cases, bases, lambda key: (str(key[0]), str(key[1]))),
        _tallies(cases, cells, lambda key: (code_of(key[0]), str(key[1]), str(key[2]))),
    )
