"""The score: its formula on numbers worked out by hand, and what must hold for any site."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.seo.domain.catalogue import CHECKS
from services.seo.domain.checks import Category, Severity
from services.seo.domain.score import CATEGORY_WEIGHTS, SEVERITY_WEIGHTS, score_of

COUNTS = st.dictionaries(st.sampled_from(sorted(CHECKS)), st.integers(1, 50), max_size=20)


def test_the_weights_are_complete_and_add_up() -> None:
    assert set(CATEGORY_WEIGHTS) == set(Category)
    assert set(SEVERITY_WEIGHTS) == set(Severity)
    assert sum(CATEGORY_WEIGHTS.values()) == 100


def test_a_site_without_findings_scores_100() -> None:
    assert score_of({}, n_indexable=7, n_findings=0).value == 100


def test_a_site_without_indexable_pages_scores_0() -> None:
    assert score_of({}, n_indexable=0, n_findings=0).value == 0


def test_the_formula_is_what_the_documentation_says() -> None:
    # Of 4 pages 1 has no title (error, weight 1), and 2 have short ones (notice, 0.1): 100·(1−1/4)·(1−0.1·2/4) = 71.25.
    # The title category weighs 12 of 100: 88 + 0.12·71.25 = 96.55.
    affected = {CHECKS["title-missing"]: 1, CHECKS["title-short"]: 2}
    score = score_of(affected, n_indexable=4, n_findings=3)
    assert score.categories[Category.TITLE] == pytest.approx(71.25)
    assert score.categories[Category.LINKS] == 100
    assert score.value == 97


def test_a_single_small_finding_on_a_large_site_still_costs_the_full_mark() -> None:
    assert score_of({CHECKS["title-short"]: 1}, n_indexable=100_000, n_findings=1).value == 99


def test_a_finding_that_no_indexable_page_has_still_costs_the_full_mark() -> None:
    assert score_of({CHECKS["client-error"]: 0}, n_indexable=3, n_findings=1).value == 99


@given(COUNTS, st.integers(1, 50))
def test_every_score_lies_between_0_and_100_and_below_100_with_findings(
    counts: dict[str, int], n_pages: int
) -> None:
    affected = {CHECKS[code]: n for code, n in counts.items()}
    score = score_of(affected, n_indexable=n_pages, n_findings=sum(counts.values()))
    assert 0 <= score.value <= (99 if counts else 100)
    assert all(0 <= value <= 100 for value in score.categories.values())


@given(COUNTS, st.sampled_from(sorted(CHECKS)), st.integers(10, 50))
def test_repairing_a_finding_never_lowers_the_score(counts: dict[str, int], code: str, n_pages: int) -> None:
    affected = {CHECKS[c]: n for c, n in counts.items()}
    worse = {**affected, CHECKS[code]: affected.get(CHECKS[code], 0) + 1}
    before = score_of(worse, n_indexable=n_pages, n_findings=2).value
    assert score_of(affected, n_indexable=n_pages, n_findings=1).value >= before


@given(COUNTS, st.integers(1, 50), st.integers(2, 9))
def test_the_score_depends_on_shares_and_not_on_the_size_of_the_site(
    counts: dict[str, int], n_pages: int, k: int
) -> None:
    small = {CHECKS[code]: min(n, n_pages) for code, n in counts.items()}
    large = {check: n * k for check, n in small.items()}
    assert (
        score_of(small, n_indexable=n_pages, n_findings=1).value
        == score_of(large, n_indexable=n_pages * k, n_findings=1).value
    )
