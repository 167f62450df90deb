"""Tests between column proportions, with weights and with overlapping columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from services.analytics.domain.inference.arrays import Counts, Floats, ratio
from services.analytics.domain.inference.bases import effective_base
from services.analytics.domain.inference.corrections import corrected
from services.analytics.domain.inference.intervals import two_sided_p
from services.analytics.domain.profiles import Correction, TestProfile

LOW_BASE_REASON: Final = "low_base"
NO_VARIANCE: Final = "no_variance"
EXTREME: Final = "zero_or_hundred_percent"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Respondents shared by two columns of a multiple-response banner.

    `base_n`, `base_w`, `base_w2` are (columns × columns) n, Σw, Σw² of respondents in both columns; `w` is
    (rows × columns × columns) Σw of those of them who are in the row.
    """

    base_n: Counts
    base_w: Floats
    base_w2: Floats
    w: Floats


@dataclass(frozen=True, slots=True)
class Columns:
    """What a column test needs: (rows × columns) proportions 0-1, and per column n, Σw and Σw² of its base."""

    proportions: Floats
    base_n: Counts
    base_w: Floats
    base_w2: Floats
    overlap: Overlap | None = None


@dataclass(frozen=True, slots=True)
class ColumnTests:
    """Pairs of columns and (pairs × rows) difference, t, df, raw p, corrected p; NaN with a reason where not made."""

    pairs: list[tuple[int, int]]
    difference: Floats
    t: Floats
    df: Floats
    p: Floats
    p_corrected: Floats
    reasons: list[list[str | None]]


def compare_columns(columns: Columns, profile: TestProfile, *, correction: Correction) -> ColumnTests:
    """Every pair of columns compared in every row; O(columns² · rows). The correction's family is the row."""
    n_rows, n_columns = columns.proportions.shape
    pairs = list(combinations(range(n_columns), 2))
    parts = [_compare(columns, first, second, profile) for first, second in pairs]
    stacked = [np.array([part[k] for part in parts]).reshape(len(pairs), n_rows) for k in range(3)]
    difference, t, df = stacked
    p = two_sided_p(t, df)
    adjusted = np.full_like(p, np.nan)
    for row in range(n_rows):
        adjusted[:, row] = corrected(p[:, row], correction)
    return ColumnTests(pairs, difference, t, df, p, adjusted, [part[3] for part in parts])


def _compare(
    columns: Columns, a: int, b: int, profile: TestProfile
) -> tuple[Floats, Floats, Floats, list[str | None]]:
    """(difference, t, df, reasons) of one pair, each one value per row."""
    p_a, p_b = columns.proportions[:, a], columns.proportions[:, b]
    n_a, n_b = _test_base(columns, a, profile), _test_base(columns, b, profile)
    shared = columns.overlap if profile.overlap else None
    if profile.variance == "pooled":
        variance = _pooled_variance(p_a, p_b, n_a, n_b, _shared_base(shared, a, b, profile))
    else:
        variance = _unpooled_variance(p_a, p_b, n_a, n_b) - 2 * _covariance(columns, shared, a, b)
    difference = p_a - p_b
    # An exact zero is lost to rounding where two columns hold the same people: below this the variance is none.
    variance = np.where(variance > 1e-14 * _unpooled_variance(p_a, p_b, n_a, n_b), variance, 0.0)
    gap = difference
    if profile.continuity:
        gap = np.sign(difference) * np.maximum(np.abs(difference) - (1 / n_a + 1 / n_b) / 2, 0.0)
    t = ratio(gap, np.sqrt(variance))
    t, reasons = _without_unfit(t, columns, (a, b), (n_a, n_b), profile)
    df = n_a + n_b - _shared_base(shared, a, b, profile) - 2 if profile.distribution == "t" else float("inf")
    return difference, t, np.where(np.isnan(t), np.nan, df), reasons


def _test_base(columns: Columns, index: int, profile: TestProfile) -> float:
    """The n of one column in the test: effective base, or unweighted base; never Σw."""
    if profile.base == "unweighted":
        return float(columns.base_n[index])
    return float(effective_base(columns.base_w[index], columns.base_w2[index]))


def _shared_base(overlap: Overlap | None, a: int, b: int, profile: TestProfile) -> float:
    """The (effective) number of respondents in both columns; 0 where columns cannot overlap."""
    if overlap is None or overlap.base_n[a, b] == 0:
        return 0.0
    if profile.base == "unweighted":
        return float(overlap.base_n[a, b])
    return float(effective_base(overlap.base_w[a, b], overlap.base_w2[a, b]))


def _unpooled_variance(p_a: Floats, p_b: Floats, n_a: float, n_b: float) -> Floats:
    """p₁q₁/n₁ + p₂q₂/n₂ (Agresti 2013, eq. 3.1), with n effective: Kish (1965), 11.7."""
    return ratio(p_a * (1 - p_a), n_a) + ratio(p_b * (1 - p_b), n_b)


def _pooled_variance(p_a: Floats, p_b: Floats, n_a: float, n_b: float, shared: float) -> Floats:
    """p̂(1-p̂)(1/e₁ + 1/e₂ - 2·ov/(e₁e₂)), p̂ = (e₁p₁+e₂p₂)/(e₁+e₂): UNICOM Intelligence, column proportions test."""
    pooled = ratio(n_a * p_a + n_b * p_b, n_a + n_b)
    spread = ratio(1, n_a) + ratio(1, n_b) - ratio(2 * shared, n_a * n_b)
    return pooled * (1 - pooled) * spread


def _covariance(columns: Columns, overlap: Overlap | None, a: int, b: int) -> Floats | float:
    """Cov(p₁, p₂) from the respondents in both columns; 0 where columns cannot overlap.

    Linearised ratio estimators give Σ_shared w²(x-p₁)(x-p₂)/(W₁W₂); with Kish's assumption that weights are unrelated
    to the answer this is (Σ_shared w²/(W₁W₂))·[p_s(1-p₁-p₂) + p₁p₂], p_s the row's share among those shared. For a
    column with itself it is pq/e, so the variance of the difference vanishes. Särndal et al. (1992), eq. 5.5.10.
    """
    if overlap is None or overlap.base_n[a, b] == 0:
        return 0.0
    p_a, p_b = columns.proportions[:, a], columns.proportions[:, b]
    among_shared = ratio(overlap.w[:, a, b], overlap.base_w[a, b])
    scale = ratio(overlap.base_w2[a, b], columns.base_w[a] * columns.base_w[b])
    return scale * (among_shared * (1 - p_a - p_b) + p_a * p_b)


def _without_unfit(
    t: Floats, columns: Columns, pair: tuple[int, int], bases: Sequence[float], profile: TestProfile
) -> tuple[Floats, list[str | None]]:
    """The t values with NaN where the profile makes no test, and the reason per row (None where the test was made)."""
    low = not all(base >= profile.minimum_base for base in bases)
    p_a, p_b = (columns.proportions[:, index] for index in pair)
    extreme = (
        (np.isin(p_a, (0, 1)) | np.isin(p_b, (0, 1))) if profile.skips_extremes else np.zeros(t.shape, bool)
    )
    t = np.where(extreme | low, np.nan, t)
    reasons: list[str | None] = []
    for row in range(t.size):
        if low:
            reasons.append(LOW_BASE_REASON)
        elif extreme[row]:
            reasons.append(EXTREME)
        else:
            reasons.append(NO_VARIANCE if np.isnan(t[row]) else None)
    return t, reasons
