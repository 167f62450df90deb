"""Inference against published figures, scipy, and what must not change when data are rearranged."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from services.analytics.domain.inference.arrays import finite, ratio
from services.analytics.domain.inference.association import chi_square, standardized_residuals
from services.analytics.domain.inference.bases import base_flags, effective_base
from services.analytics.domain.inference.corrections import corrected
from services.analytics.domain.inference.intervals import t_interval, two_sided_p, wilson
from services.analytics.domain.inference.letters import column_letters, significance_letters
from services.analytics.domain.inference.moments import MeanEstimate, MomentSums, compare_means, mean_estimate
from services.analytics.domain.inference.proportions import Columns, Overlap, compare_columns
from services.analytics.domain.profiles import PROFILES

DEFAULT = PROFILES["default"]


def sums_of(x: np.ndarray, w: np.ndarray, pivot: float = 0.0) -> MomentSums:
    def total(values: list[Fraction]) -> Fraction:
        return sum(values, Fraction(0))

    ws = [Fraction(float(v)) for v in w]
    ds = [Fraction(float(v)) - Fraction(pivot) for v in x]
    pairs = list(zip(ws, ds, strict=True))
    return MomentSums(
        n=len(ws),
        pivot=Fraction(pivot),
        w=total(ws),
        w2=total([v * v for v in ws]),
        wd=total([v * d for v, d in pairs]),
        wd2=total([v * d * d for v, d in pairs]),
        w2d=total([v * v * d for v, d in pairs]),
        w2d2=total([v * v * d * d for v, d in pairs]),
    )


def columns_of(counts: np.ndarray) -> Columns:
    base = counts.sum(axis=0)
    return Columns(ratio(counts, base), base, base.astype(float), base.astype(float))


@given(
    st.lists(st.floats(-1e3, 1e3, width=32), min_size=2, max_size=20, unique=True),
    st.floats(0.1, 10),
)
def test_weights_that_are_all_alike_give_the_unweighted_mean_and_error(
    values: list[float], weight: float
) -> None:
    x = np.array(values)
    estimate = mean_estimate(sums_of(x, np.full(x.size, weight)))
    assert estimate.mean == pytest.approx(x.mean(), rel=1e-12, abs=1e-12)
    assert estimate.sd == pytest.approx(x.std(ddof=1), rel=1e-9)
    assert estimate.se == pytest.approx(stats.sem(x), rel=1e-9)
    assert estimate.effective_n == pytest.approx(x.size)


@given(
    st.lists(st.tuples(st.floats(-100, 100, width=32), st.integers(1, 50)), min_size=2, max_size=15),
    st.integers(-8, 8),
)
def test_scaling_weights_by_a_power_of_two_changes_no_digit(
    cases: list[tuple[float, int]], power: int
) -> None:
    x, w = np.array([c[0] for c in cases]), np.array([float(c[1]) for c in cases])
    before, after = mean_estimate(sums_of(x, w)), mean_estimate(sums_of(x, w * 2.0**power))
    assert (after.mean, after.sd, after.se, after.effective_n) == (
        before.mean,
        before.sd,
        before.se,
        before.effective_n,
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.sampled_from(["bonferroni", "holm", "bh"]))
def test_corrected_p_values_never_fall_below_raw_ones_and_agree_with_scipy(p: list[float], kind: str) -> None:
    raw = np.array(p)
    result = corrected(raw, kind)  # type: ignore[arg-type] # the names are those of the Literal
    assert (result >= raw - 1e-15).all()
    assert (result <= 1).all()
    if kind == "bh":
        np.testing.assert_allclose(result, stats.false_discovery_control(raw), atol=1e-12)


def test_a_test_that_was_not_made_does_not_count_in_the_family() -> None:
    result = corrected(np.array([0.01, np.nan, 0.04]), "bonferroni")
    np.testing.assert_allclose(result, [0.02, np.nan, 0.08])


@given(
    st.lists(st.lists(st.integers(0, 60), min_size=3, max_size=3), min_size=2, max_size=5).filter(
        lambda table: (
            all(sum(column) > 0 for column in zip(*table, strict=True))
            and sum(1 for row in table if sum(row)) > 1
        )
    )
)
def test_chi_square_and_residuals_agree_with_scipy(table: list[list[int]]) -> None:
    counts = np.array(table)
    result = chi_square(counts.astype(float), effective_n=float(counts.sum()))
    expected = stats.chi2_contingency(counts[counts.sum(axis=1) > 0], correction=False)
    assert result is not None
    assert result.statistic == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
    assert result.df == expected.dof
    assert result.p == pytest.approx(expected.pvalue, rel=1e-9)
    residuals = standardized_residuals(
        counts.astype(float),
        counts.sum(axis=1).astype(float),
        counts.sum(axis=0).astype(float),
        float(counts.sum()),
    )
    known = residuals[~np.isnan(residuals)]
    assert np.isfinite(known).all()


def test_a_two_by_two_residual_is_the_root_of_chi_square() -> None:
    counts = np.array([[30.0, 10.0], [20.0, 40.0]])
    residuals = standardized_residuals(counts, counts.sum(axis=1), counts.sum(axis=0), counts.sum())
    expected = stats.chi2_contingency(counts, correction=False).statistic
    np.testing.assert_allclose(residuals**2, expected)


def test_small_two_by_two_tables_carry_fishers_exact_p() -> None:
    counts = np.array([[3, 1], [1, 3]])
    result = chi_square(counts.astype(float), effective_n=8.0, counts=counts)
    assert result is not None
    assert result.fisher_p == pytest.approx(34 / 70)  # the lady tasting tea, two-sided
    assert result.expected_below_5_percent == 100


def test_one_row_or_no_case_has_no_chi_square() -> None:
    assert chi_square(np.array([[5.0, 3.0]]), effective_n=8.0) is None
    assert chi_square(np.zeros((2, 2)), effective_n=0.0) is None


@given(st.integers(1, 500), st.integers(0, 500))
def test_wilson_limits_agree_with_scipy_and_stay_inside_0_and_1(n: int, k: int) -> None:
    k = min(k, n)
    low, high = wilson(np.array([k / n]), float(n))
    expected = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert low[0] == pytest.approx(expected.low, abs=1e-12)
    assert high[0] == pytest.approx(expected.high, abs=1e-12)
    assert 0 <= low[0] <= high[0] <= 1


def test_an_interval_without_degrees_of_freedom_is_undefined() -> None:
    assert all(np.isnan(limit) for limit in t_interval(3.0, float("nan"), 0))


def test_p_values_agree_with_scipy_far_in_the_tail() -> None:
    t, df = np.array([0.0, 1.96, -8.0, 25.0]), np.array([10.0, np.inf, 50.0, 500.0])
    expected = [1.0, 2 * stats.norm.sf(1.96), 2 * stats.t.sf(8, 50), 2 * stats.t.sf(25, 500)]
    np.testing.assert_allclose(two_sided_p(t, df), expected, rtol=1e-12)


def test_means_of_two_groups_are_compared_as_scipys_welch_test_does() -> None:
    rng = np.random.default_rng(5)
    first, second = rng.normal(5, 2, 40), rng.normal(6, 5, 25)
    groups = [mean_estimate(sums_of(x, np.ones(x.size), pivot=5.0)) for x in (first, second)]
    [test] = compare_means(groups, correction="none")
    expected = stats.ttest_ind(first, second, equal_var=False)
    assert (test.t, test.df, test.p) == pytest.approx((expected.statistic, expected.df, expected.pvalue))


@pytest.mark.parametrize(
    ("groups", "reason"),
    [([(3.0, 1.0, 0), (2.0, 1.0, 10)], "low_base"), ([(3.0, 0.0, 9), (2.0, 0.0, 10)], "no_variance")],
)
def test_a_test_of_means_that_cannot_be_made_says_why(
    groups: list[tuple[float, float, int]], reason: str
) -> None:
    made = [MeanEstimate(df + 1, 1.0, 1.0, mean, 1.0, se, df, (0, 0)) for mean, se, df in groups]
    [test] = compare_means(made, correction="none")
    assert test.reason == reason
    assert np.isnan(test.p)


def test_a_single_case_has_a_mean_but_no_spread() -> None:
    estimate = mean_estimate(sums_of(np.array([4.0]), np.array([2.0])))
    assert estimate.mean == 4
    assert np.isnan(estimate.se)
    assert np.isnan(mean_estimate(sums_of(np.array([]), np.array([]))).mean)


def test_large_numbers_close_together_keep_their_variance() -> None:
    x = np.array([10_000_000.2, 10_000_000.1, 10_000_000.3])
    estimate = mean_estimate(sums_of(x, np.ones(3), pivot=10_000_000.2))
    assert estimate.sd == pytest.approx(0.1, rel=1e-8)


def test_columns_are_compared_without_pooling_by_default() -> None:
    tests = compare_columns(columns_of(np.array([[30, 20], [70, 80]])), DEFAULT, correction="none")
    t = 0.1 / np.sqrt(0.3 * 0.7 / 100 + 0.2 * 0.8 / 100)
    np.testing.assert_allclose(tests.t[0], [t, -t])
    np.testing.assert_allclose(tests.p[0], 2 * stats.t.sf(t, 198))


def test_the_pooled_z_test_squares_to_chi_square() -> None:
    counts = np.array([[30, 20], [70, 80]])
    tests = compare_columns(columns_of(counts), PROFILES["spss"], correction="none")
    assert tests.t[0, 0] ** 2 == pytest.approx(stats.chi2_contingency(counts, correction=False).statistic)


def test_prop_test_applies_the_continuity_correction_as_r_does() -> None:
    counts = np.array([[83, 90], [3, 3]])  # R: prop.test(c(83,90), c(86,93)), X-squared = 5.7864e-32 → p = 1
    tests = compare_columns(columns_of(counts), PROFILES["prop.test"], correction="none")
    assert tests.p[0, 0] == pytest.approx(1.0)
    counts = np.array([[15, 25], [35, 25]])
    tests = compare_columns(columns_of(counts), PROFILES["prop.test"], correction="none")
    assert tests.t[0, 0] ** 2 == pytest.approx(stats.chi2_contingency(counts, correction=True).statistic)


def test_weighted_columns_are_tested_on_their_effective_base_never_on_the_sum_of_weights() -> None:
    w = np.array([100.0, 100.0])
    columns = Columns(np.array([[0.3, 0.2]]), np.array([60, 60]), w * 50, w**2 * 5)
    tests = compare_columns(columns, DEFAULT, correction="none")
    e = (100 * 50) ** 2 / (100**2 * 5)
    assert tests.t[0, 0] == pytest.approx(0.1 / np.sqrt((0.21 + 0.16) / e))
    unweighted = compare_columns(columns, PROFILES["crunch"], correction="none")
    assert unweighted.t[0, 0] == pytest.approx(0.1 / np.sqrt((0.21 + 0.16) / 60))


def test_a_column_against_its_own_people_has_no_test() -> None:
    base = np.array([[50, 50], [50, 50]])
    overlap = Overlap(base, base.astype(float), base.astype(float), np.full((1, 2, 2), 20.0))
    columns = Columns(
        np.array([[0.4, 0.4]]), np.array([50, 50]), np.array([50.0, 50.0]), np.array([50.0, 50.0]), overlap
    )
    tests = compare_columns(columns, DEFAULT, correction="none")
    assert np.isnan(tests.t[0, 0])
    assert tests.reasons[0] == ["no_variance"]


def test_overlap_covariance_equals_the_linearised_estimate_from_rows() -> None:
    rng = np.random.default_rng(11)
    x = rng.random(400) < 0.4
    first, second = rng.random(400) < 0.6, rng.random(400) < 0.5
    both = first & second
    p = np.array([x[first].mean(), x[second].mean()])
    n = np.array([first.sum(), second.sum()])
    table = np.array([[first.sum(), both.sum()], [both.sum(), second.sum()]])
    overlap = Overlap(
        table,
        table.astype(float),
        table.astype(float),
        np.array([[[x[first].sum(), x[both].sum()], [x[both].sum(), x[second].sum()]]], dtype=float),
    )
    columns = Columns(p[None, :], n, n.astype(float), n.astype(float), overlap)
    scores = first * (x - p[0]) / n[0] - second * (x - p[1]) / n[1]
    tests = compare_columns(columns, DEFAULT, correction="none")
    assert tests.t[0, 0] == pytest.approx((p[0] - p[1]) / np.sqrt((scores**2).sum()))
    assert tests.df[0, 0] == n.sum() - both.sum() - 2
    pooled = compare_columns(columns, PROFILES["dimensions"], correction="none")
    hat = (n * p).sum() / n.sum()
    se = np.sqrt(hat * (1 - hat) * (1 / n[0] + 1 / n[1] - 2 * both.sum() / (n[0] * n[1])))
    assert pooled.t[0, 0] == pytest.approx((p[0] - p[1]) / se)


def test_extreme_columns_are_tested_or_not_as_the_profile_says() -> None:
    columns = columns_of(np.array([[0, 5], [50, 45]]))
    assert not np.isnan(compare_columns(columns, DEFAULT, correction="none").t[0, 0])
    skipped = compare_columns(columns, PROFILES["spss"], correction="none")
    assert skipped.reasons[0][0] == "zero_or_hundred_percent"


def test_an_empty_column_is_not_tested() -> None:
    tests = compare_columns(columns_of(np.array([[0, 5], [0, 45]])), DEFAULT, correction="none")
    assert tests.reasons[0] == ["low_base", "low_base"]


def test_letters_name_the_lower_column_upper_case_at_the_stricter_level() -> None:
    letters = significance_letters(
        np.array([[0.2], [-0.2], [0.1]]),
        np.array([[0.001], [0.03], [0.5]]),
        [(0, 1), (0, 2), (1, 2)],
        n_columns=3,
        alphas=(0.05, 0.01),
    )
    assert letters == [["B", "", "a"]]
    one_level = significance_letters(
        np.array([[0.2]]), np.array([[0.03]]), [(0, 1)], n_columns=2, alphas=(0.05,)
    )
    assert one_level == [["B", ""]]


def test_columns_beyond_z_are_named_as_in_spreadsheets() -> None:
    assert column_letters(28)[25:] == ["Z", "AA", "AB"]


def test_low_bases_are_flagged() -> None:
    assert base_flags(np.array([12, 30, 99, 100])) == ["**", "*", "*", ""]


def test_nothing_undefined_reaches_json() -> None:
    value = {"a": np.array([1.0, np.nan, np.inf]), "b": (np.int64(3), float("-inf")), "c": None}
    assert finite(value) == {"a": [1.0, None, None], "b": [3, None], "c": None}


def test_an_effective_base_without_cases_is_undefined() -> None:
    assert np.isnan(effective_base(0.0, 0.0))
