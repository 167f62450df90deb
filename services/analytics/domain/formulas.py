"""The catalogue of formulas behind each calculation, each with its source: what `GET /api/calculations` shows.

A result's lineage names the ids; docs/statistics.md explains them at length.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as a reader can check it."""

    id: str
    text: str
    source: str


FORMULAS: Final[Mapping[str, Formula]] = {
    formula.id: formula
    for formula in (
        Formula("effective-base", "n_eff = (Σw)² / Σw²", "Kish (1965), Survey Sampling, section 11.7"),
        Formula(
            "column-percent", "100 · Σw(cell) / Σw(column base)", "Base: respondents who answered the stub"
        ),
        Formula(
            "column-test-unpooled",
            "t = (p₁-p₂) / √(p₁q₁/n₁ + p₂q₂/n₂ - 2·cov), df n₁+n₂-ov-2; n by profile, cov 0 without overlap",
            "Agresti (2013), Categorical Data Analysis, eq. 3.1; Kish (1965), 11.7",
        ),
        Formula(
            "column-test-pooled",
            "t = (p₁-p₂) / √(p̂(1-p̂)(1/e₁+1/e₂-2·ov/(e₁e₂))), p̂ = (e₁p₁+e₂p₂)/(e₁+e₂), df e₁+e₂-ov-2",
            "UNICOM Intelligence (Dimensions), column proportions test",
        ),
        Formula(
            "overlap-covariance",
            "cov = Σ_s w²/(W₁W₂) · [p_s(1-p₁-p₂) + p₁p₂], s = respondents in both columns",
            "Särndal, Swensson and Wretman (1992), eq. 5.5.10, with Kish's assumption",
        ),
        Formula("bonferroni", "p* = min(1, m·p)", "Dunn (1961), JASA 56:52"),
        Formula("holm", "p*₍ᵢ₎ = max_{j≤i} min(1, (m-j+1)·p₍ⱼ₎)", "Holm (1979), Scand. J. Statist. 6:65"),
        Formula("bh", "p*₍ᵢ₎ = min_{j≥i} min(1, m·p₍ⱼ₎/j)", "Benjamini and Hochberg (1995), JRSS B 57:289"),
        Formula(
            "chi-square",
            "χ² = Σ(o-e)²/e on Σw rescaled to n_eff; V = √(χ²/(n·min(r-1,c-1)))",
            "Pearson (1900); Rao and Scott (1981); Cramér (1946), 21.9",
        ),
        Formula("fisher-exact", "two-sided p of an unweighted 2×2 table", "Fisher (1935), JRSS 98:39"),
        Formula(
            "standardized-residual",
            "z = (n - rc/N) / √(rc(N-r)(N-c)/N³) on the scale of n_eff",
            "Haberman (1973), Biometrics 29:205",
        ),
        Formula("wilson-interval", "score interval on n_eff", "Wilson (1927), JASA 22:209"),
        Formula(
            "mean-linearised",
            "x̄ = Σwx/Σw; se = √(n/(n-1)·Σw²(x-x̄)²)/Σw; sd = √(n/(n-1)·Σw(x-x̄)²/Σw)",
            "Särndal, Swensson and Wretman (1992), 5.7; R survey::svymean",
        ),
        Formula("t-interval", "x̄ ∓ t(1-α/2; n-1)·se", "Student (1908); Korn and Graubard (1999), 2.2"),
        Formula(
            "welch",
            "t = (x̄₁-x̄₂)/√(se₁²+se₂²), df by Satterthwaite",
            "Welch (1947), Biometrika 34:28; Satterthwaite (1946)",
        ),
        Formula(
            "quantile",
            "inverse of the weighted distribution function, averaged where flat",
            "Hyndman and Fan (1996), definition 2",
        ),
    )
}

FORMULAS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "CROSSTAB": (
        "effective-base",
        "column-percent",
        "column-test-unpooled",
        "column-test-pooled",
        "overlap-covariance",
        "bonferroni",
        "holm",
        "bh",
        "chi-square",
        "fisher-exact",
        "standardized-residual",
    ),
    "MEAN": (
        "effective-base",
        "mean-linearised",
        "t-interval",
        "welch",
        "quantile",
        "bonferroni",
        "holm",
        "bh",
    ),
    "FREQUENCY": ("effective-base", "wilson-interval"),
}
