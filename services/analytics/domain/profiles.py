"""Test profiles as data: which variance, which n, which degrees of freedom a comparison of columns uses.

The same table differs from engine to engine because these choices differ; a named profile makes them explicit, and a
result always says which one it used.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Variance = Literal["unpooled", "pooled"]
BaseKind = Literal["unweighted", "effective"]
Correction = Literal["none", "bonferroni", "holm", "bh"]


@dataclass(frozen=True, slots=True)
class TestProfile:
    """How two column proportions are compared; `distribution` z means the normal limit of t."""

    name: str
    title: str
    source: str
    variance: Variance = "unpooled"
    base: BaseKind = "effective"
    distribution: Literal["t", "z"] = "t"
    overlap: bool = True
    continuity: bool = False
    skips_extremes: bool = False
    correction: Correction = "none"
    alphas: tuple[float, ...] = (0.05, 0.01)
    minimum_base: float = 2

    def described(self) -> dict[str, Any]:
        """The profile as JSON for `GET /api/calculations` and for a result's lineage."""
        return asdict(self)


PROFILES: Final[Mapping[str, TestProfile]] = {
    profile.name: profile
    for profile in (
        TestProfile(
            "default",
            "Unpooled t test on effective bases",
            "Kish (1965) Survey Sampling, 11.7 (effective n); unpooled variance as Agresti (2013) Categorical Data "
            "Analysis, 3rd ed., eq. 3.1",
        ),
        TestProfile(
            "spss",
            "Pooled z test; 0 % and 100 % are not tested; Bonferroni",
            "IBM SPSS Statistics Algorithms, CTABLES: comparisons of column proportions (with an effective base weight)",
            variance="pooled",
            distribution="z",
            overlap=False,
            skips_extremes=True,
            correction="bonferroni",
            alphas=(0.05,),
        ),
        TestProfile(
            "crunch",
            "Unpooled t test on unweighted bases",
            "Crunch cr.cube, measure pairwise_t_stats (weighted proportions, unweighted n, df n1+n2-2)",
            base="unweighted",
            alphas=(0.05,),
        ),
        TestProfile(
            "dimensions",
            "Pooled t test on effective bases with overlap",
            "UNICOM Intelligence (Dimensions, Quantum) statistical tests: column proportions test",
            variance="pooled",
            alphas=(0.05, 0.01),
        ),
        TestProfile(
            "prop.test",
            "Two-sample test for equality of proportions with continuity correction",
            "R stats::prop.test; Newcombe (1998) Statistics in Medicine 17:873-890",
            variance="pooled",
            distribution="z",
            overlap=False,
            continuity=True,
            alphas=(0.05,),
        ),
    )
}
