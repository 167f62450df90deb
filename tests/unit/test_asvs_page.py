"""The page of security requirements refuses what would make it say more than is shown."""

from pathlib import Path
from typing import Any

import pytest

from deploy.asvs_page import ROOT, UnclearError, marked, render

TESTS = {"1.1": [("tests/test_a.py", "test_it")]}


def listed(**requirement: Any) -> dict[str, Any]:
    return {
        "chapter": {"1": {"title": "One", "1.1": {"level": 1, "text": "It holds.", **requirement}}},
        "outside": {"2": "not ours"},
    }


def test_a_requirement_is_listed_with_the_tests_that_name_it() -> None:
    page = render(listed(), TESTS)
    assert "| 1.1 | 1 | It holds. | [test_it](../tests/test_a.py) |" in page
    assert "1 requirements, 0 of them not met." in page
    assert "**Not met.** Because." in render(listed(gap="Because."), {})


@pytest.mark.parametrize(
    ("requirement", "tests", "complaint"),
    [
        ({}, {}, "1.1 has neither a test nor"),
        ({"gap": "Because."}, TESTS, "1.1 has `gap` and a test"),
        ({"gap": "Because.", "shown_by": "words"}, {}, "1.1 has `gap` and shown_by"),
        ({}, TESTS | {"9.9": [("tests/test_b.py", "test_other")]}, "tests/test_b.py: test_other names 9.9"),
    ],
)
def test_what_does_not_fit_together_is_named(requirement: Any, tests: Any, complaint: str) -> None:
    with pytest.raises(UnclearError, match=complaint):
        render(listed(**requirement), tests)


def test_markers_are_found_without_running_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.asvs_page.ROOT", tmp_path)
    file = tmp_path / "test_x.py"
    file.write_text(
        '@pytest.mark.asvs("1.1", "1.2")\nasync def test_a(): ...\n\ndef test_b(): raise SystemExit\n'
    )
    assert marked([file]) == {"1.1": [("test_x.py", "test_a")], "1.2": [("test_x.py", "test_a")]}
    assert (ROOT / "docs" / "asvs.md").exists()
