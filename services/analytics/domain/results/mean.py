"""The groups and tests of a MEAN as the API shows them."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from services.analytics.domain.inference.arrays import finite
from services.analytics.domain.inference.bases import base_flags
from services.analytics.domain.inference.letters import column_letters, significance_letters
from services.analytics.domain.inference.moments import (
    MeanEstimate,
    MeanTest,
    MomentSums,
    compare_means,
    mean_estimate,
)
from services.analytics.domain.profiles import Correction
from services.analytics.domain.statistics import GroupMoments, MeanStatistics

MAX_TESTED_GROUPS: Final = 52
QUANTILES: Final = (0.25, 0.5, 0.75)


def mean_result(
    statistics: MeanStatistics, *, correction: Correction, alphas: Sequence[float], confidence: float = 0.95
) -> dict[str, Any]:
    """`result_data` of a MEAN: one entry per group in codebook order, and Welch tests of every pair of groups."""
    estimates = [_estimate(group, confidence) for group in statistics.groups]
    tested = len(estimates) <= MAX_TESTED_GROUPS
    tests = compare_means(estimates, correction=correction) if tested else []
    letters = _letters(tests, len(estimates), alphas)
    groups = [
        {**_group(statistics, group, estimate), "letter": name, "letters": higher}
        for group, estimate, name, higher in zip(
            statistics.groups, estimates, column_letters(len(estimates)), letters, strict=True
        )
    ]
    result: dict[str, Any] = finite(
        {
            "variable": statistics.variable.alias,
            "label": statistics.variable.label,
            "by": [axis.variable.alias for axis in statistics.by],
            "groups": groups,
            "tests": [_test(test) for test in tests],
            "tests_reason": None if tested else f"no tests beyond {MAX_TESTED_GROUPS} groups",
            "confidence": confidence,
            "missing": statistics.n_missing,
            "without_value": statistics.n_unscored,
        }
    )
    return result


def _estimate(group: GroupMoments, confidence: float) -> MeanEstimate:
    return mean_estimate(MomentSums(group.n, group.pivot, *group.moments), confidence=confidence)


def _group(statistics: MeanStatistics, group: GroupMoments, estimate: MeanEstimate) -> dict[str, Any]:
    labels = {
        axis.variable.alias: axis.labels[axis.codes.index(code)]
        for axis, code in zip(statistics.by, group.codes, strict=True)
    }
    quantiles = dict(zip(("p25", "p50", "p75"), group.quantiles, strict=False))
    return {
        "by": {axis.variable.alias: code for axis, code in zip(statistics.by, group.codes, strict=True)},
        "labels": labels,
        "n": estimate.n,
        "weighted_n": estimate.weighted_n,
        "effective_n": estimate.effective_n,
        "base_flag": base_flags(np.array([estimate.n]))[0],
        "mean": estimate.mean,
        "sd": estimate.sd,
        "se": estimate.se,
        "ci": list(estimate.ci),
        "median": quantiles.get("p50"),
        "mode": group.mode,
        "min": group.minimum,
        "max": group.maximum,
        "quantiles": quantiles,
    }


def _test(test: MeanTest) -> dict[str, Any]:
    names = column_letters(max(test.first, test.second) + 1)
    return {
        "test": "welch_t",
        "groups": [test.first, test.second],
        "letters": f"{names[test.first]}-{names[test.second]}",
        "difference": test.difference,
        "t": test.t,
        "df": test.df,
        "p": test.p,
        "p_corrected": test.p_corrected,
        "reason": test.reason,
    }


def _letters(tests: Sequence[MeanTest], n_groups: int, alphas: Sequence[float]) -> list[str]:
    """Per group the letters of the groups whose mean it exceeds."""
    if not tests:
        return [""] * n_groups
    difference = np.array([[test.difference] for test in tests])
    p_values = np.array([[test.p_corrected] for test in tests])
    pairs = [(test.first, test.second) for test in tests]
    return significance_letters(difference, p_values, pairs, n_columns=n_groups, alphas=alphas)[0]
