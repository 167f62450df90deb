"""The table of a CROSSTAB: counts, percentages, bases, letters, residuals and χ² as the API shows them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from services.analytics.domain.inference.arrays import Counts, Floats, finite, ratio
from services.analytics.domain.inference.association import ChiSquare, chi_square, standardized_residuals
from services.analytics.domain.inference.bases import base_flags, effective_base
from services.analytics.domain.inference.letters import column_letters, significance_letters
from services.analytics.domain.inference.proportions import Columns, ColumnTests, Overlap, compare_columns
from services.analytics.domain.profiles import Correction, TestProfile
from services.analytics.domain.statistics import EMPTY, CrosstabStatistics, Tally

MAX_TESTED_COLUMNS: Final = 52
"""Beyond two alphabets of columns letters help nobody and pairs grow with the square."""


@dataclass(frozen=True, slots=True)
class Testing:
    """How columns are compared: the profile with the request's own correction, levels and confidence applied."""

    profile: TestProfile
    correction: Correction
    alphas: tuple[float, ...]
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class _Matrix:
    """(rows × columns) n, Σw, Σw² of cells; per column and per row those of their bases; of all respondents."""

    n: Counts
    w: Floats
    column_n: Counts
    column_w: Floats
    column_w2: Floats
    row_w: Floats
    row_n: Counts
    total: Tally


def crosstab_table(statistics: CrosstabStatistics, testing: Testing) -> dict[str, Any]:
    """One table of `result_data.tables`; null where a figure is undefined, percentages 0-100."""
    matrix = _matrix(statistics)
    proportions = ratio(matrix.w, matrix.column_w)
    table = {
        **_headings(statistics),
        **_figures(matrix, proportions),
        **_tests(statistics, matrix, proportions, testing),
        **_association(statistics, matrix),
    }
    result: dict[str, Any] = finite(table)
    return result


def _headings(statistics: CrosstabStatistics) -> dict[str, Any]:
    row, column = statistics.row, statistics.column
    return {
        "row": row.variable.alias,
        "column": column.variable.alias,
        "row_label": row.variable.label,
        "column_label": column.variable.label,
        "row_codes": list(row.codes),
        "row_labels": list(row.labels),
        "column_codes": list(column.codes),
        "column_labels": list(column.labels),
        "column_letters": column_letters(len(column.codes)),
        "multiple_response": {"row": row.is_multiple, "column": column.is_multiple},
        "base_of": "respondents who answered both questions",
    }


def _figures(matrix: _Matrix, proportions: Floats) -> dict[str, Any]:
    effective = effective_base(matrix.column_w, matrix.column_w2)
    return {
        "count": matrix.n,
        "weighted_count": matrix.w,
        "column_percent": 100 * proportions,
        "row_percent": 100 * ratio(matrix.w, matrix.row_w[:, None]),
        "table_percent": 100 * ratio(matrix.w, matrix.total.w),
        "base": matrix.column_n,
        "weighted_base": matrix.column_w,
        "effective_base": effective,
        "base_flags": base_flags(matrix.column_n),
        "row_base": matrix.row_n,
        "row_weighted_base": matrix.row_w,
        "total_base": matrix.total.n,
        "total_weighted_base": matrix.total.w,
        "total_effective_base": effective_base(matrix.total.w, matrix.total.w2),
        "total_percent": 100 * ratio(matrix.row_w, matrix.total.w),
    }


def _tests(
    statistics: CrosstabStatistics, matrix: _Matrix, proportions: Floats, testing: Testing
) -> dict[str, Any]:
    n_rows, n_columns = proportions.shape
    if n_columns > MAX_TESTED_COLUMNS:
        empty = [[""] * n_columns for _ in range(n_rows)]
        reason = f"no column tests beyond {MAX_TESTED_COLUMNS} columns"
        return {"letters": empty, "t": {}, "p": {}, "p_corrected": {}, "df": {}, "not_tested": {"*": reason}}
    overlap = _overlap(statistics) if statistics.shared else None
    columns = Columns(proportions, matrix.column_n, matrix.column_w, matrix.column_w2, overlap)
    tests = compare_columns(columns, testing.profile, correction=testing.correction)
    return _rendered(tests, testing, n_columns)


def _rendered(tests: ColumnTests, testing: Testing, n_columns: int) -> dict[str, Any]:
    names = column_letters(n_columns)
    keys = [f"{names[a]}-{names[b]}" for a, b in tests.pairs]
    letters = significance_letters(
        tests.difference, tests.p_corrected, tests.pairs, n_columns=n_columns, alphas=testing.alphas
    )
    return {
        "letters": letters,
        "t": dict(zip(keys, tests.t, strict=True)),
        "df": dict(zip(keys, tests.df, strict=True)),
        "p": dict(zip(keys, tests.p, strict=True)),
        "p_corrected": dict(zip(keys, tests.p_corrected, strict=True)),
        "not_tested": {key: why for key, why in zip(keys, tests.reasons, strict=True) if any(why)},
    }


def _association(statistics: CrosstabStatistics, matrix: _Matrix) -> dict[str, Any]:
    total = matrix.total
    if not total.w > 0:
        return {"residual": np.full(matrix.w.shape, np.nan), "chi2": None, "chi2_reason": "no_cases"}
    effective_n = float(effective_base(total.w, total.w2))
    scale = effective_n / total.w
    residual = standardized_residuals(
        matrix.w * scale, matrix.row_w * scale, matrix.column_w * scale, effective_n
    )
    if statistics.row.is_multiple or statistics.column.is_multiple:
        return {"residual": residual, "chi2": None, "chi2_reason": "multiple_response"}
    counts = matrix.n if effective_n == total.n else None
    test = chi_square(matrix.w, effective_n=effective_n, counts=counts)
    reason = None if test else "fewer_than_two_rows_or_columns"
    return {"residual": residual, "chi2": _chi2(test), "chi2_reason": reason}


def _chi2(test: ChiSquare | None) -> dict[str, Any] | None:
    if test is None:
        return None
    return {
        "statistic": test.statistic,
        "df": test.df,
        "p": test.p,
        "cramers_v": test.cramers_v,
        "n": test.n,
        "expected_below_5_percent": test.expected_below_5_percent,
        "fisher_p": test.fisher_p,
    }


def _matrix(statistics: CrosstabStatistics) -> _Matrix:
    rows, columns = statistics.row.codes, statistics.column.codes
    cells = [[statistics.cells.get((r, c), EMPTY) for c in columns] for r in rows]
    column_bases = [statistics.column_bases.get(c, EMPTY) for c in columns]
    row_bases = [statistics.row_bases.get(r, EMPTY) for r in rows]
    shape = (len(rows), len(columns))
    return _Matrix(
        n=np.array([[t.n for t in row] for row in cells], dtype=np.int64).reshape(shape),
        w=np.array([[t.w for t in row] for row in cells], dtype=np.float64).reshape(shape),
        column_n=np.array([t.n for t in column_bases], dtype=np.int64),
        column_w=np.array([t.w for t in column_bases], dtype=np.float64),
        column_w2=np.array([t.w2 for t in column_bases], dtype=np.float64),
        row_w=np.array([t.w for t in row_bases], dtype=np.float64),
        row_n=np.array([t.n for t in row_bases], dtype=np.int64),
        total=statistics.total,
    )


def _overlap(statistics: CrosstabStatistics) -> Overlap | None:
    shared = statistics.shared
    if shared is None:
        return None
    rows, columns = statistics.row.codes, statistics.column.codes
    n_rows, n_columns = len(rows), len(columns)

    def bases(figure: Callable[[Tally], float]) -> Floats:
        values = [[figure(shared.bases.get((a, b), EMPTY)) for b in columns] for a in columns]
        return np.array(values, dtype=np.float64).reshape(n_columns, n_columns)

    cells = [[[_weight(shared.cells, (r, a, b)) for b in columns] for a in columns] for r in rows]
    return Overlap(
        base_n=bases(lambda tally: tally.n).astype(np.int64),
        base_w=bases(lambda tally: tally.w),
        base_w2=bases(lambda tally: tally.w2),
        w=np.array(cells, dtype=np.float64).reshape(n_rows, n_columns, n_columns),
    )


def _weight(cells: Mapping[tuple[str, str, str], Tally], key: tuple[str, str, str]) -> float:
    return cells.get(key, EMPTY).w
