"""The health score of a site, 0–100, reproducible from the findings. `docs/audits.md` publishes the same formula.

Let N be the number of indexable HTML pages and, for each check c, a_c the number of those pages on which c was found
(for a finding on the whole site: all of them). With the weight w of the check's severity, a category k scores

    S_k = 100 · Π_{c in k} (1 − w_c · a_c / N)

and the site scores the mean of S_k weighted by the category's weight W_k. The product keeps every category between 0
and 100, and a second fault on a page never costs less than nothing. Assets, error pages and redirects are not in N,
so they never move the score by themselves; they do through the pages that link to them (`broken-internal-link`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from services.seo.domain.checks import Category, Check, Severity

FORMULA_VERSION = 1

SEVERITY_WEIGHTS: Mapping[Severity, float] = {
    Severity.ERROR: 1.0,
    Severity.WARNING: 0.4,
    Severity.NOTICE: 0.1,
}

CATEGORY_WEIGHTS: Mapping[Category, float] = {
    Category.STATUS: 10,
    Category.REDIRECTS: 6,
    Category.INDEXABILITY: 12,
    Category.CANONICAL: 6,
    Category.LINKS: 14,
    Category.TITLE: 12,
    Category.DESCRIPTION: 6,
    Category.HEADINGS: 5,
    Category.CONTENT: 8,
    Category.LANGUAGE: 3,
    Category.IMAGES: 4,
    Category.MOBILE: 5,
    Category.SOCIAL: 2,
    Category.SECURITY: 4,
    Category.PERFORMANCE: 3,
}
"""They add up to 100."""


@dataclass(frozen=True, slots=True)
class Score:
    """The rounded score and the unrounded ones of the categories, 0–100."""

    value: int
    categories: dict[Category, float]
    n_indexable: int


def score_of(affected: Mapping[Check, int], *, n_indexable: int, n_findings: int) -> Score:
    """Return the score from the number of indexable pages per check.

    A site without any indexable page scores 0: nothing of it can be found. Only a site without findings scores 100.
    """
    if n_indexable == 0:
        return Score(0, dict.fromkeys(CATEGORY_WEIGHTS, 0.0), 0)
    categories = {category: _category_score(category, affected, n_indexable) for category in CATEGORY_WEIGHTS}
    total = sum(CATEGORY_WEIGHTS[category] * score for category, score in categories.items())
    value = round(total / sum(CATEGORY_WEIGHTS.values()))
    return Score(min(value, 99) if n_findings else value, categories, n_indexable)


def _category_score(category: Category, affected: Mapping[Check, int], n_indexable: int) -> float:
    shares = [
        SEVERITY_WEIGHTS[check.severity] * min(n, n_indexable) / n_indexable
        for check, n in affected.items()
        if check.category is category
    ]
    return 100 * prod(1 - share for share in shares)
