"""Why an analysis that was accepted could not be computed: facts about the rows that no codebook shows."""

from typing import Any, Final


class UncomputableError(Exception):
    """The rows do not allow the calculation; becomes the result's `error` and an `analysis-failed` event."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail

    def as_problem(self) -> dict[str, Any]:
        """The stored `error`: an RFC 9457 problem without a request."""
        return {
            "type": f"/problems/{self.slug}",
            "title": TITLES.get(self.slug, "The analysis failed"),
            "status": 422,
            "detail": self.detail,
        }


TITLES: Final = {
    "negative-weight": "A weight is negative",
    "no-weighted-cases": "No case has a weight",
    "too-many-categories": "Too many categories for a table",
    "missing-column": "The dataset lacks a column of its codebook",
    "analysis-crashed": "The analysis failed unexpectedly",
}
