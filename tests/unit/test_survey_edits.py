"""What an edit of a published survey does to trends, kind by kind."""

from typing import Any

import pytest

from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.edits import edits_between, overridden
from tests.ingestion.survey_definitions import options, text

YES_NO = options("yes", "no")
AGREE = options("no", "partly", "yes")


def q(code: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"code": code, "type": kind, "text": {"en": f"Text of {code}", "de": "Frage"}, **fields}


def of(*questions: dict[str, Any], **fields: Any) -> Any:
    page = {"code": "p", "questions": list(questions)} | fields.pop("page", {})
    return parse_definition({"languages": ["en", "de"], "pages": [page], **fields})


def valued(*values: float) -> list[dict[str, Any]]:
    return [option | {"value": value} for option, value in zip(AGREE, values, strict=True)]


CHOICE, SCALE = q("a", "single_choice", options=YES_NO), q("a", "likert", options=AGREE)
ROWS = options("r1", "r2")
GRID = q("a", "matrix_single", rows=ROWS, columns=YES_NO)
ENDS = {"low": {"en": "Bad"}, "high": {"en": "Good"}}
CASES: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    ("wording", CHOICE, CHOICE | {"text": {"en": "Other words", "de": "Frage"}}, "/text", "breaks"),
    ("translation", CHOICE, CHOICE | {"text": {"en": "Text of a", "de": "Andere"}}, "/text", "joins"),
    ("translation", CHOICE, CHOICE | {"text": {"en": "TEXT  of a.", "de": "Frage"}}, "/text", "joins"),
    ("option_added", CHOICE, CHOICE | {"options": options("yes", "no", "maybe")}, "/options/2", "breaks"),
    ("option_removed", SCALE, SCALE | {"options": AGREE[:2]}, "/options", "breaks"),
    ("order", CHOICE, CHOICE | {"options": YES_NO[::-1]}, "/options", "joins"),
    ("order", CHOICE, CHOICE | {"order": "random"}, "/order", "joins"),
    ("scale_reversed", SCALE, SCALE | {"options": AGREE[::-1]}, "/options", "breaks"),
    (
        "scale_reversed",
        SCALE | {"options": valued(1, 2, 3)},
        SCALE | {"options": valued(3, 2, 1)},
        "/options",
        "breaks",
    ),
    (
        "scale_reversed",
        q("a", "nps", **ENDS),
        q("a", "nps", low=ENDS["high"], high=ENDS["low"]),
        "/low",
        "breaks",
    ),
    (
        "recode",
        SCALE | {"options": valued(1, 2, 3)},
        SCALE | {"options": valued(0, 50, 100)},
        "/options",
        "breaks",
    ),
    ("scale", q("a", "rating"), q("a", "rating", steps=7), "/steps", "breaks"),
    ("base", CHOICE, CHOICE | {"then": [{"when": "a == 'no'", "to": "@complete"}]}, "/then", "breaks"),
    ("nonresponse", CHOICE, CHOICE | {"required": True}, "/required", "joins"),
    ("nonresponse", CHOICE, CHOICE | {"missing": [{"code": "refused"}]}, "/missing", "joins"),
    ("row_added", GRID, GRID | {"rows": options("r1", "r2", "r3")}, "/rows/2", "joins"),
    ("row_removed", GRID, GRID | {"rows": ROWS[:1]}, "/rows", "breaks"),
    (
        "wording",
        GRID,
        GRID | {"columns": [YES_NO[0] | {"text": text("Yep")}, YES_NO[1]]},
        "/columns/0/text",
        "breaks",
    ),
]


@pytest.mark.parametrize(("kind", "old", "new", "where", "trend"), CASES)
def test_each_change_of_a_question_is_one_edit_of_its_kind(
    kind: str, old: dict[str, Any], new: dict[str, Any], where: str, trend: str
) -> None:
    [edit] = edits_between(of(old), of(new))
    assert (edit.kind, edit.pointer, edit.question, edit.trend) == (
        kind,
        f"/pages/0/questions/0{where}",
        "a",
        trend,
    )
    assert edit.old != edit.new
    assert edits_between(of(new), of(new)) == []


def test_questions_come_go_and_change_places() -> None:
    a, b, c = (q(code, "nps") for code in "abc")
    edits = edits_between(of(a, b), of(b, a, c))
    assert [(one.kind, one.question) for one in edits] == [("question_added", "c"), ("order", "b")]
    [gone] = edits_between(of(a, b), of(a))
    assert (gone.kind, gone.pointer, gone.trend) == ("question_removed", "/pages/0/questions/1", "breaks")


def test_pages_and_quotas_change_the_base() -> None:
    a, b = q("a", "nps"), q("b", "nps")
    before = parse_definition(
        {
            "languages": ["en", "de"],
            "pages": [{"code": "x", "questions": [a]}, {"code": "y", "questions": [b]}],
        }
    )
    after = parse_definition(
        {
            "languages": ["en", "de"],
            "pages": [{"code": "x", "questions": [a]}, {"code": "y", "show_if": "a > 5", "questions": [b]}],
            "quotas": [{"code": "all", "when": "true", "target": 5}],
        }
    )
    found = [(one.kind, one.pointer, one.new) for one in edits_between(before, after)]
    assert found[0] == ("base", "/pages/1/show_if", "a > 5")
    assert found[1][:2] == ("base", "/quotas")


def test_a_researcher_who_knows_better_says_so_with_a_reason() -> None:
    edits = edits_between(of(CHOICE), of(CHOICE | {"text": {"en": "Corrected typo", "de": "Frage"}}))
    [judged] = overridden(edits, [("/pages/0/questions/0/text", "joins", "A typing error was corrected.")])
    assert (judged.trend, judged.reason, judged.overridden) == (
        "joins",
        "A typing error was corrected.",
        True,
    )
