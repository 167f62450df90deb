"""Means with their precision, and tests between groups, from weighted moments about a pivot."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import inf, nan, sqrt

import numpy as np

from services.analytics.domain.inference.corrections import corrected
from services.analytics.domain.inference.intervals import t_interval, two_sided_p
from services.analytics.domain.profiles import Correction


@dataclass(frozen=True, slots=True)
class MomentSums:
    """Exact sums over the n cases of a group, d = x - pivot: Σw, Σw², Σwd, Σwd², Σw²d, Σw²d².

    The pivot lies inside the data, so squares do not swamp the variance; the sums are exact integers of a fixed grid
    (held as fractions), so neither the order of rows nor the number of threads can change a digit.
    """

    n: int
    pivot: Fraction
    w: Fraction
    w2: Fraction
    wd: Fraction
    wd2: Fraction
    w2d: Fraction
    w2d2: Fraction


@dataclass(frozen=True, slots=True)
class MeanEstimate:
    """A group's mean with sd, linearised se and design degrees of freedom; NaN where undefined."""

    n: int
    weighted_n: float
    effective_n: float
    mean: float
    sd: float
    se: float
    df: int
    ci: tuple[float, float]


def mean_estimate(sums: MomentSums, *, confidence: float = 0.95) -> MeanEstimate:
    """The weighted mean of a group; NaN figures where it has no (or for spread: one) case.

    Mean Σwx/Σw. sd √(n/(n-1)·Σw(x-x̄)²/Σw). se of the ratio mean by Taylor linearisation, cases as primary units:
    √(n/(n-1)·Σw²(x-x̄)²)/Σw (Särndal, Swensson and Wretman 1992, section 5.7; R `survey::svymean`). With equal weights
    sd and sd/√n. The interval is Student's with n-1 design degrees of freedom (Korn and Graubard 1999, section 2.2).
    """
    if sums.n == 0 or sums.w == 0:
        return MeanEstimate(sums.n, float(sums.w), nan, nan, nan, nan, 0, (nan, nan))
    shift = sums.wd / sums.w
    mean = float(sums.pivot + shift)
    effective = float(sums.w * sums.w / sums.w2)
    if sums.n == 1:
        return MeanEstimate(1, float(sums.w), effective, mean, nan, nan, 0, (nan, nan))
    small = Fraction(sums.n, sums.n - 1)
    variance = small * (sums.wd2 / sums.w - shift * shift)
    linearised = small * (sums.w2d2 - 2 * shift * sums.w2d + shift * shift * sums.w2) / (sums.w * sums.w)
    se = sqrt(max(linearised, Fraction(0)))
    ci = t_interval(mean, se, sums.n - 1, confidence=confidence)
    return MeanEstimate(
        sums.n, float(sums.w), effective, mean, sqrt(max(variance, Fraction(0))), se, sums.n - 1, ci
    )


@dataclass(frozen=True, slots=True)
class MeanTest:
    """Two groups compared: first minus second; t, df and p are NaN where the reason says so."""

    first: int
    second: int
    difference: float
    t: float
    df: float
    p: float
    p_corrected: float
    reason: str | None


def compare_means(groups: Sequence[MeanEstimate], *, correction: Correction) -> list[MeanTest]:
    """Welch's t for every pair of groups; the correction's family is all pairs. O(groups²).

    Welch (1947), Biometrika 34:28: t = (x̄₁-x̄₂)/√(se₁²+se₂²); df by Satterthwaite (1946) from the design degrees of
    freedom of both groups. With equal weights this is the unweighted Welch test.
    """
    pairs = list(combinations(range(len(groups)), 2))
    tests = [_welch(groups[a], groups[b]) for a, b in pairs]
    p = two_sided_p(np.array([t for _, t, _, _ in tests]), np.array([df for _, _, df, _ in tests]))
    adjusted = corrected(p, correction)
    return [
        MeanTest(a, b, *tests[i][:3], float(p[i]), float(adjusted[i]), tests[i][3])
        for i, (a, b) in enumerate(pairs)
    ]


def _welch(first: MeanEstimate, second: MeanEstimate) -> tuple[float, float, float, str | None]:
    difference = first.mean - second.mean
    if first.df < 1 or second.df < 1:
        return difference, nan, nan, "low_base"
    variance = first.se**2 + second.se**2
    if not variance > 0:
        return difference, nan, nan, "no_variance"
    spread = first.se**4 / first.df + second.se**4 / second.df
    df = variance**2 / spread if spread > 0 else inf
    return difference, difference / sqrt(variance), df, None
