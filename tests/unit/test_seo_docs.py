"""The documentation of checks and score is what the code does."""

from pathlib import Path

from services.seo.domain.catalogue import CHECKS
from services.seo.domain.score import CATEGORY_WEIGHTS, SEVERITY_WEIGHTS

TEXT = (Path(__file__).parents[2] / "docs" / "audits.md").read_text()


def test_every_check_is_documented_with_its_severity() -> None:
    listed = [line for line in TEXT.splitlines() if line.startswith("| `") and line.count("|") == 4]
    expected = {f"| `{check.code}` | {check.severity} | {check.title} |" for check in CHECKS.values()}
    assert set(listed) == expected


def test_every_weight_is_documented() -> None:
    for category, weight in CATEGORY_WEIGHTS.items():
        assert f"### {category.value.capitalize()} (weight {weight:g})" in TEXT
    assert "| *w* | " + " | ".join(str(weight) for weight in SEVERITY_WEIGHTS.values()) + " |" in TEXT
