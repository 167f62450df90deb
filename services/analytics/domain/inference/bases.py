"""Bases: how many interviews a figure rests on, and when that is few."""

from typing import Final

from services.analytics.domain.inference.arrays import Counts, Floats, ratio

LOW_BASE: Final = 100
VERY_LOW_BASE: Final = 30


def effective_base(weighted: Floats | float, squared: Floats | float) -> Floats:
    """(Σw)² / Σw²: the size of an unweighted simple random sample of the same precision; NaN where there is no case.

    Kish, L. (1965), Survey Sampling, section 11.7; never above the unweighted base (Cauchy-Schwarz).
    """
    return ratio(weighted * weighted, squared)


def base_flags(bases: Counts) -> list[str]:
    """One flag per unweighted base: `**` below 30, `*` below 100, empty otherwise."""
    return ["**" if base < VERY_LOW_BASE else "*" if base < LOW_BASE else "" for base in bases.tolist()]
