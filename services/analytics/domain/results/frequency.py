"""The table of a FREQUENCY: counts, percentages with Wilson intervals, cumulative percentages, missing kinds."""

from typing import Any

import numpy as np

from services.analytics.domain.inference.arrays import finite, ratio
from services.analytics.domain.inference.bases import base_flags, effective_base
from services.analytics.domain.inference.intervals import wilson
from services.analytics.domain.statistics import EMPTY, FrequencyStatistics


def frequency_table(statistics: FrequencyStatistics, *, confidence: float = 0.95) -> dict[str, Any]:
    """One table of `result_data.tables`; percentages and interval limits 0-100, null where the base is 0.

    The base of a multiple-response set is the respondents asked, not the mentions.
    """
    axis, base = statistics.axis, statistics.base
    tallies = [statistics.cells.get(code, EMPTY) for code in axis.codes]
    weighted = np.array([tally.w for tally in tallies], dtype=np.float64)
    proportions = ratio(weighted, base.w)
    effective = float(effective_base(base.w, base.w2))
    lower, upper = wilson(proportions, effective, confidence=confidence)
    table = {
        "variable": axis.variable.alias,
        "label": axis.variable.label,
        "codes": list(axis.codes),
        "labels": list(axis.labels),
        "multiple_response": axis.is_multiple,
        "count": [tally.n for tally in tallies],
        "weighted_count": weighted,
        "percent": 100 * proportions,
        "cumulative_percent": None if axis.is_multiple else 100 * np.cumsum(proportions),
        "base": base.n,
        "weighted_base": base.w,
        "effective_base": effective,
        "base_flag": base_flags(np.array([base.n]))[0],
        "ci": [[100 * low, 100 * high] for low, high in zip(lower, upper, strict=True)],
        "confidence": confidence,
        "missing": dict(statistics.missing),
        "base_of": "respondents asked" if axis.is_multiple else "respondents who answered",
    }
    result: dict[str, Any] = finite(table)
    return result
