"""Association in a table: Pearson's χ², Cramér's V, Fisher's exact test, standardised residuals."""

from dataclasses import dataclass
from math import comb
from typing import Final

import numpy as np
from scipy import special

from services.analytics.domain.inference.arrays import Counts, Floats, ratio

SMALL_EXPECTED: Final = 5
"""Cochran (1954), Biometrics 10:417: expected counts below 5 make the approximation doubtful."""
LARGEST_EXACT: Final = 1_000
"""Cases up to which Fisher's exact test is made; χ² serves beyond."""
_TWO: Final = 2


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """χ² of independence with what is needed to judge it; `fisher_p` only for unweighted 2×2 tables."""

    statistic: float
    df: int
    p: float
    cramers_v: float
    n: float
    expected_below_5_percent: float
    fisher_p: float | None = None


def chi_square(weighted: Floats, *, effective_n: float, counts: Counts | None = None) -> ChiSquare | None:
    """Pearson's χ² of a (rows × columns) table of Σw, rescaled to the effective base; None below 2×2 or without cases.

    Pearson (1900). Empty rows and columns are left out. The rescaling to (Σw)²/Σw² keeps the statistic free of the
    weights' scale and divides it by Kish's design effect, a first-order correction in the sense of Rao and Scott (1981),
    Biometrika/JASA 76:221. Cramér (1946), section 21.9: V = √(χ²/(n·min(r-1, c-1))).
    """
    total = float(weighted.sum())
    kept = weighted[weighted.sum(axis=1) > 0][:, weighted.sum(axis=0) > 0]
    if min(kept.shape, default=0) < _TWO or not total > 0:
        return None
    observed = kept * (effective_n / total)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / effective_n
    statistic = float(((observed - expected) ** 2 / expected).sum())
    n_rows, n_columns = kept.shape
    df = (n_rows - 1) * (n_columns - 1)
    v = float(np.sqrt(statistic / (effective_n * (min(kept.shape) - 1))))
    low = 100 * float((expected < SMALL_EXPECTED).mean())
    exact = _fisher(counts) if counts is not None else None
    return ChiSquare(
        statistic, df, float(special.chdtrc(df, statistic)), min(v, 1.0), effective_n, low, exact
    )


def _fisher(counts: Counts) -> float | None:
    """Two-sided exact p of a 2×2 table of at most `LARGEST_EXACT` cases: all tables as likely or less. Fisher (1935).

    In integers throughout, so no tolerance decides which tables are as likely. JRSS 98:39.
    """
    kept = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    n = int(kept.sum())
    if kept.shape != (_TWO, _TWO) or n > LARGEST_EXACT:
        return None
    row, column = int(kept[0].sum()), int(kept[:, 0].sum())
    ways = [
        comb(row, k) * comb(n - row, column - k)
        for k in range(max(0, row + column - n), min(row, column) + 1)
    ]
    seen = comb(row, int(kept[0, 0])) * comb(n - row, column - int(kept[0, 0]))
    return sum(way for way in ways if way <= seen) / comb(n, column)


def standardized_residuals(cells: Floats, rows: Floats, columns: Floats, total: float) -> Floats:
    """(rows × columns) z = (n - rc/N) / √(rc(N-r)(N-c)/N³); NaN where a margin is 0 or everything.

    Haberman (1973), Biometrics 29:205. All arguments are on the scale of the effective base. For a multiple-response
    variable each row (column) is its own selected/not-selected table, for which the same formula holds with the
    respondents asked as N.
    """
    r, c = rows[:, None], columns[None, :]
    expected = ratio(r * c, total)
    variance = ratio(r * c * (total - r) * (total - c), total**3)
    return ratio(cells - expected, np.sqrt(np.where(variance > 0, variance, np.nan)))
