"""Confidence intervals of proportions and means."""

import numpy as np
from scipy import special

from services.analytics.domain.inference.arrays import Floats, ratio


def wilson(proportions: Floats, bases: Floats | float, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """(lower, upper) score limits of each proportion (0-1) on its (effective) base; NaN where the base is 0.

    Wilson, E. B. (1927), JASA 22:209; recommended over the Wald interval by Brown, Cai and DasGupta (2001).
    """
    z = float(special.ndtri(0.5 + confidence / 2))
    n = np.asarray(bases, dtype=np.float64)
    centre = ratio(proportions + ratio(z * z, 2 * n), 1 + ratio(z * z, n))
    inner = ratio(proportions * (1 - proportions), n) + ratio(z * z, 4 * n * n)
    half = ratio(z * np.sqrt(inner), 1 + ratio(z * z, n))
    # Rounding may step outside by one unit in the last place where p is exactly 0 or 1.
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def t_interval(mean: float, se: float, df: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """The interval mean ∓ t(1-α/2; df)·se; (NaN, NaN) without degrees of freedom. Student (1908), Biometrika 6:1."""
    if not df > 0:
        return float("nan"), float("nan")
    half = float(special.stdtrit(df, 0.5 + confidence / 2)) * se
    return mean - half, mean + half


def two_sided_p(t: Floats, df: Floats | float) -> Floats:
    """P(|T| ≥ |t|) under Student's t; infinite df is the normal; NaN where t or df is undefined."""
    degrees = np.broadcast_to(np.asarray(df, dtype=np.float64), t.shape)
    limit = np.isinf(degrees)
    # ndtr and stdtr of the negative tail keep their digits where 1 - cdf would lose them.
    student = 2 * special.stdtr(np.where(limit | ~(degrees > 0), np.nan, degrees), -np.abs(t))
    return np.where(limit, 2 * special.ndtr(-np.abs(t)), student)
