"""Surveys of SurveyJS as surveys of ours: questions, texts, conditions, and a note on whatever is left behind."""

from typing import Any

import pytest

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.foreign.condition_trees import UntranslatableError
from services.ingestion.domain.survey.foreign.conditions import Sort, Target
from services.ingestion.domain.survey.foreign.surveyjs import from_surveyjs
from services.ingestion.domain.survey.foreign.surveyjs_conditions import SURVEYJS
from services.ingestion.domain.survey.foreign.taking import ForeignSurveyError, Taken, option_codes
from services.ingestion.domain.survey.lint import lint

# Written for this test in the notation of surveyjs.io's documentation.
PRODUCT: dict[str, Any] = {
    "title": {"default": "Product feedback", "de": "Produktumfrage"},
    "completedHtml": "<h3>Thank you!</h3>",
    "pages": [
        {"name": "page 1", "elements": [
            {"type": "radiogroup", "name": "used?", "title": "Have you used it?", "isRequired": True, "choices": ["yes", "no"]},
            {"type": "checkbox", "name": "features", "visibleIf": "{used?} = 'yes'", "choicesOrder": "random", "showOtherItem": True,
             "showNoneItem": True, "choices": [{"value": 1, "text": {"default": "Search", "de": "Suche"}}, {"value": "x y", "text": "Export"}]},
            {"type": "panel", "name": "more", "visibleIf": "{features} notempty", "elements": [
                {"type": "rating", "name": "score", "rateMin": 0, "rateMax": 10, "minRateDescription": "never"},
                {"type": "comment", "name": "why low", "visibleIf": "{score} <= 6", "isRequired": True}]}]},
        {"name": "page2", "visibleIf": "{features} contains 1 or {used?} != 'yes'", "elements": [
            {"type": "matrix", "name": "grid", "isAllRowRequired": True, "columns": ["good", "bad"], "rows": [{"value": "price", "text": "Price"}, "service"]},
            {"type": "boolean", "name": "again", "labelTrue": "Sure", "visibleIf": "{grid.price} = 'good'"},
            {"type": "text", "name": "age", "inputType": "number", "min": 18, "max": 99,
             "validators": [{"type": "expression", "expression": "{age} > 17", "text": "Too young"}, {"type": "numeric"}]},
            {"type": "text", "name": "mail", "inputType": "email", "requiredIf": "{again} = true"},
            {"type": "html", "name": "note", "html": "<p>Almost &amp; done</p>"},
            {"type": "paneldynamic", "name": "people"},
            {"type": "expression", "name": "sum", "expression": "iif({age} > 3, 1, 2)"},
            {"type": "dropdown", "name": "land", "choices": ["DE", "AT"], "visibleIf": "{people[0].x} = 1"}]},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def taken() -> Taken:
    return from_surveyjs(PRODUCT)


def questions(taken: Taken) -> dict[str, Any]:
    return {
        question["code"]: question for page in taken.definition["pages"] for question in page["questions"]
    }


def test_it_can_be_published_and_answered(taken: Taken) -> None:
    definition = parse_definition(taken.definition)
    assert [issue for issue in lint(definition) if issue.level == "error"] == []
    asked = expanded(definition)
    given = {
        "used": "yes",
        "features": ["1", "other"],
        "features_other": "Sync",
        "score": 3,
        "why_low": "slow",
    }
    applied = engine.apply(asked, {}, given | {"grid": {"price": "good", "service": "bad"}, "again": "true"})
    assert applied.faults == {}
    assert "mail" in applied.state.required
    refused = engine.apply(asked, applied.state.answers, {"age": 17})
    assert refused.faults["age"]


def test_types_texts_and_orders(taken: Taken) -> None:
    found = questions(taken)
    assert (taken.title, taken.definition["languages"]) == ("Product feedback", ["en", "de"])
    assert {code: question["type"] for code, question in found.items()} == {
        "used": "single_choice", "features": "multiple_choice", "score": "nps", "why_low": "long_text", "grid": "matrix_single",
        "again": "single_choice", "age": "number", "mail": "email", "note": "statement", "land": "single_choice",
    }  # fmt: skip
    assert found["features"]["options"][0] == {"code": "1", "text": {"en": "Search", "de": "Suche"}}
    assert [option["code"] for option in found["features"]["options"]] == ["1", "x_y", "other", "none"]
    assert found["features"]["order"] == "random"
    assert found["note"]["text"] == {"en": "Almost & done"}
    assert taken.definition["completion"] == {"en": "Thank you!"}
    assert (found["age"]["min"], found["age"]["max"]) == (18, 99)


def test_conditions_are_ours(taken: Taken) -> None:
    found = questions(taken)
    assert found["features"]["show_if"] == "used == 'yes'"
    assert found["score"]["show_if"] == "not empty(features)"
    assert found["why_low"]["show_if"] == "(not empty(features)) and (score <= 6)"
    assert taken.definition["pages"][1]["show_if"] == "features contains '1' or used != 'yes'"
    assert found["again"]["show_if"] == "grid.price == 'good'"
    assert found["mail"]["required_if"] == "again == 'true'"
    assert found["age"]["checks"] == [{"condition": "age > 17", "message": {"en": "Too young"}}]


def test_whatever_is_left_behind_is_noted(taken: Taken) -> None:
    notes = {note.where: note.detail for note in taken.notes}
    assert notes["people"] == "questions of type `paneldynamic` are not taken over"
    assert "iif" in notes["sum"] or "expression" in notes["sum"]
    assert notes["age"].startswith("the validator `numeric` is left out")
    assert "is no question that was taken over" in notes["land"]
    assert "show_if" not in questions(taken)["land"]


CHOICES = {
    "a": Target("a", Sort.CHOICE, {"x": "x", "y z": "y_z"}),
    "m": Target("m", Sort.SEVERAL, {"1": "1", "2": "2"}),
    "n": Target("n", Sort.NUMBER),
    "t": Target("t"),
    "c": Target("c", Sort.CHOICE, {"1": "1", "2": "2", "9": "9"}),
}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("{a} = 'y z'", "a == 'y_z'"),
        ("{a} anyof ['x', 'y z']", "a in ['x', 'y_z']"),
        ("{m} anyof [1, 2] and {n} < 3", "(m contains '1' or m contains '2') and n < 3"),
        ("{m} allof [1, 2] and !({n} > -3.5)", "m contains '1' and m contains '2' and not n > -3.5"),
        ("{m} noneof [1, 2]", "not (m contains '1' or m contains '2')"),
        ("{m} = 1", "m contains '1' and count(m) == 1"),
        ("{c} > 1", "c in ['2', '9']"),
        ("5 < {n}", "n > 5"),
        ("{n} * ({n} + 1) - -2 >= 2", "n * (n + 1) - -2 >= 2"),
        ("{m} notcontains 1", "not m contains '1'"),
        ("{n} >= 3 && {n} < 5 || {a} empty", "n >= 3 and n < 5 or empty(a)"),
        ('{t} == "it\'s"', 't == "it\'s"'),
        ("{t} = 'a\\b'", "t == 'a\\\\b'"),
        ("{t} != ''", "not empty(t)"),
    ],
)
def test_each_way_to_say_it(theirs: str, ours: str) -> None:
    assert SURVEYJS.translated(theirs, CHOICES) == ours


@pytest.mark.parametrize(
    "theirs",
    [
        "{b} = 1",
        "{a} = 'nope'",
        "age({n}) > 3",
        "{n} =",
        "({n} > 1",
        "{n} > 1 {n}",
        "{m[0]} = 1",
        "{n} ~ 1",
        "{n} = 'many'",
        "{a} > 'x'",
        "(" * 50 + "{n} = 1" + ")" * 50,
        "{n} = 1 or " * 200 + "{n} = 2",
        "{n} = " + "1" * 20_000,
    ],
)
def test_what_we_cannot_say_is_refused_and_never_guessed(theirs: str) -> None:
    with pytest.raises(UntranslatableError):
        SURVEYJS.translated(theirs, CHOICES)


@pytest.mark.parametrize("document", [{}, {"pages": "x"}, {"pages": [1]}])
def test_what_is_no_survey_is_refused(document: Any) -> None:
    with pytest.raises(ForeignSurveyError):
        from_surveyjs(document)


def test_many_names_that_become_one_code_are_told_apart_and_so_many_languages_are_refused() -> None:
    codes = option_codes("a" + f"{place:b}".translate({48: "!", 49: "?"}) for place in range(20_000))
    assert len(set(codes.values())) == 20_000
    texts = {f"x{place}": "word" for place in range(200)}
    with pytest.raises(ForeignSurveyError, match="languages"):
        from_surveyjs({"title": texts, "elements": [{"type": "comment", "name": "a"}]})


def test_pictures_files_and_signatures_are_taken_over() -> None:
    picked = {"value": "lion", "imageLink": "https://pictures.example/lion.png"}
    elements = [
        {
            "type": "imagepicker",
            "name": "animal",
            "choices": [picked, {"value": "cat", "imageLink": "data:x"}],
        },
        {"type": "file", "name": "papers", "acceptedTypes": "image/*,application/pdf", "allowMultiple": True},
        {"type": "file", "name": "tape", "acceptedTypes": ".zip"},
        {"type": "signaturepad", "name": "sign"},
    ]
    taken = from_surveyjs({"pages": [{"name": "p", "elements": elements}]})
    found = questions(taken)
    assert [option.get("image") for option in found["animal"]["options"]] == [picked["imageLink"], None]
    assert (found["papers"]["accept"], found["papers"]["max_files"]) == (["image", "pdf"], 10)
    assert "accept" not in found["tape"]
    assert found["sign"]["type"] == "signature"
    assert [note.where for note in taken.notes] == ["tape"]
    assert [issue for issue in lint(parse_definition(taken.definition)) if issue.level == "error"] == []
