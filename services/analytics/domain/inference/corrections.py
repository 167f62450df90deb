"""Corrections of p values for many comparisons; a family is the comparisons within one row of one banner."""

import numpy as np

from services.analytics.domain.inference.arrays import Floats
from services.analytics.domain.profiles import Correction


def corrected(p_values: Floats, correction: Correction) -> Floats:
    """(family,) float64 corrected p values, at most 1; NaN (a test not made) stays NaN and does not count.

    bonferroni: m·p (Dunn 1961, JASA 56:52). holm: Holm (1979), Scand. J. Statist. 6:65.
    bh: Benjamini and Hochberg (1995), JRSS B 57:289, step-up adjusted values.
    """
    made = ~np.isnan(p_values)
    result = np.full(p_values.shape, np.nan)
    result[made] = _ADJUST[correction](p_values[made])
    return result


def _unchanged(p: Floats) -> Floats:
    return p


def _bonferroni(p: Floats) -> Floats:
    return np.minimum(1.0, p * p.size)


def _holm(p: Floats) -> Floats:
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    result = np.empty_like(p)
    result[order] = np.minimum(1.0, stepped)
    return result


def _benjamini_hochberg(p: Floats) -> Floats:
    order = np.argsort(p, kind="stable")[::-1]
    stepped = np.minimum.accumulate(p[order] * p.size / np.arange(p.size, 0, -1))
    result = np.empty_like(p)
    result[order] = np.minimum(1.0, stepped)
    return result


_ADJUST = {"none": _unchanged, "bonferroni": _bonferroni, "holm": _holm, "bh": _benjamini_hochberg}
