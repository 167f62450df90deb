"""Published figures of corrections and weighted means.

Sources: the p values and their corrections are the worked example of R's p.adjust (methods bonferroni, holm, BH). The
weighted mean is the deff test of R's `survey` package (tests/deff.R): y = expenditures, w = weights of ten institutions.
"""

from fractions import Fraction

import numpy as np
import pytest

from services.analytics.domain.inference.corrections import corrected
from services.analytics.domain.inference.moments import MomentSums, mean_estimate
from services.analytics.domain.profiles import Correction

P = np.array([0.0728, 0.0023, 0.3829, 0.0041, 0.0101, 0.4557])
CORRECTED: dict[Correction, list[float]] = {
    "none": [0.0728, 0.0023, 0.3829, 0.0041, 0.0101, 0.4557],
    "bonferroni": [0.4368, 0.0138, 1, 0.0246, 0.0606, 1],
    "holm": [0.2184, 0.0138, 0.7658, 0.0205, 0.0404, 0.7658],
    "bh": [0.1092, 0.0123, 0.4557, 0.0123, 0.0202, 0.4557],
}
Y = [15, 143, 21, 51, 337, 50, 274, 145, 15, 86]
W = [20, 200, 11, 25, 550, 30, 250, 100, 10, 55]


def sums(weights: list[int]) -> MomentSums:
    pairs = list(zip([Fraction(w) for w in weights], [Fraction(y) for y in Y], strict=True))
    return MomentSums(
        n=len(pairs),
        pivot=Fraction(0),
        w=sum((w for w, _ in pairs), Fraction(0)),
        w2=sum((w * w for w, _ in pairs), Fraction(0)),
        wd=sum((w * y for w, y in pairs), Fraction(0)),
        wd2=sum((w * y * y for w, y in pairs), Fraction(0)),
        w2d=sum((w * w * y for w, y in pairs), Fraction(0)),
        w2d2=sum((w * w * y * y for w, y in pairs), Fraction(0)),
    )


@pytest.mark.parametrize("correction", list(CORRECTED))
def test_corrections_reproduce_the_published_values(correction: Correction) -> None:
    np.testing.assert_allclose(corrected(P, correction), CORRECTED[correction], atol=5e-5)


def test_the_weighted_mean_and_its_linearised_error_are_those_of_r_survey() -> None:
    estimate = mean_estimate(sums(W))
    assert estimate.mean == pytest.approx(243.914, abs=5e-4)
    assert estimate.se == pytest.approx(48.752, abs=5e-4)
    assert estimate.effective_n == pytest.approx(3.7247, abs=5e-5)


def test_the_same_with_equal_weights() -> None:
    estimate = mean_estimate(sums([1] * len(Y)))
    assert estimate.mean == pytest.approx(113.700, abs=5e-4)
    assert estimate.se == pytest.approx(35.626, abs=5e-4)
    assert estimate.effective_n == pytest.approx(10)
