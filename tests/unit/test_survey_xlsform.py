"""XLSForms as surveys of ours: question types, groups, repeats, conditions, languages, and a note on whatever is left behind."""

from typing import Any

import pytest

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.foreign.condition_trees import UntranslatableError
from services.ingestion.domain.survey.foreign.conditions import Sort, Target
from services.ingestion.domain.survey.foreign.settling import settled
from services.ingestion.domain.survey.foreign.taking import ForeignSurveyError, Taken
from services.ingestion.domain.survey.foreign.xlsform import from_xlsform
from services.ingestion.domain.survey.foreign.xlsform_conditions import XPATH
from services.ingestion.domain.survey.lint import lint
from tests.xlsforms import CHOICES, SETTINGS, SURVEY, sheets


@pytest.fixture(scope="module")
def taken() -> Taken:
    return settled(from_xlsform(sheets(SURVEY, CHOICES, SETTINGS)))


def questions(taken: Taken) -> dict[str, Any]:
    return {
        question["code"]: question for page in taken.definition["pages"] for question in page["questions"]
    }


def form(*rows: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The questions of a form with these rows, by code, and its notes by place; it can be published."""
    made = settled(
        from_xlsform(sheets([{"type": "text", "name": "first", "label": "First"}, *rows], CHOICES))
    )
    definition = parse_definition(made.definition)
    assert [issue for issue in lint(definition) if issue.level == "error"] == []
    found = questions(made)
    del found["first"]
    return found, {note.where: note.detail for note in made.notes}


def test_it_can_be_published_and_answered(taken: Taken) -> None:
    definition = parse_definition(taken.definition)
    assert [issue for issue in lint(definition) if issue.level == "error"] == []
    asked = expanded(definition)
    given = {
        "owns": "y",
        "brands": ["a", "other"],
        "brands_other": "mice",
        "age": 40,
        "kg": 4.5,
        "grid": {"price": "n", "taste": "y"},
    }
    applied = engine.apply(asked, {}, given | {"like_a": "3", "like_other": "1", "ok": True})
    assert applied.faults == {}
    assert applied.state.effective["twice"] == 81
    assert {"like_b", "bye"} & {question.code for question in applied.state.visible} == {"bye"}
    assert set(engine.apply(asked, applied.state.answers, {"age": 17}).faults) == {"age"}
    without = engine.apply(asked, {}, {"owns": "n"}).state
    assert {"brands", "kg", "grid"} <= set(without.not_asked)


def test_types_texts_and_pages(taken: Taken) -> None:
    found = questions(taken)
    assert (taken.title, taken.definition["languages"]) == ("Cats", ["en", "fr"])
    assert {code: question["type"] for code, question in found.items()} == {
        "owns": "single_choice", "brands": "multiple_choice", "age": "number", "kg": "number", "grid": "matrix_single",
        "like": "likert", "why": "long_text", "twice": "computed", "ok": "consent", "bye": "statement",
    }  # fmt: skip
    pages = [
        (page["code"], [question["code"] for question in page["questions"]])
        for page in taken.definition["pages"]
    ]
    assert pages == [
        ("you", ["owns", "brands"]),
        ("page2", ["age", "kg", "grid"]),
        ("each", ["like"]),
        ("page4", ["why", "twice", "ok", "bye"]),
    ]
    assert taken.definition["pages"][0]["title"] == {"en": "About you", "fr": "Vous"}
    assert taken.definition["pages"][2]["loop"] == {"over": "brands"}
    assert found["owns"] == {
        "code": "owns", "type": "single_choice", "display": "dropdown", "required": True,
        "text": {"en": "Do you own a cat?", "fr": "Avez-vous un chat ?"}, "help": {"en": "Any cat"},
        "options": [{"code": "y", "text": {"en": "Yes", "fr": "Oui"}}, {"code": "n", "text": {"en": "No", "fr": "Non"}}],
    }  # fmt: skip
    assert found["like"]["text"] == {"en": "I like {{ loop }}"}
    assert found["age"]["text"] == {"en": "Your age, {{ owns }}?"}
    assert [row["code"] for row in found["grid"]["rows"]] == ["price", "taste"]
    assert found["grid"]["required"] is True
    assert [option["code"] for option in found["brands"]["options"]] == ["a", "b", "other"]


def test_rules_are_ours(taken: Taken) -> None:
    found = questions(taken)
    assert (found["brands"]["show_if"], found["brands"]["order"]) == ("owns == 'y'", "random")
    assert found["brands"]["checks"] == [
        {"condition": "count(brands) <= 2", "message": {"en": "Two at most."}}
    ]
    assert found["age"]["checks"][0]["condition"] == "age >= 18 and age <= 120"
    assert found["age"]["required_if"] == "owns == 'y'"
    assert found["kg"]["show_if"] == "brands contains 'a' or age / 2 > 20"
    assert found["grid"]["show_if"] == "owns != 'n'"
    assert found["bye"]["show_if"] == "ok == true"
    assert found["twice"]["expression"] == "age * 2 + 1"


def test_whatever_is_left_behind_is_noted(taken: Taken) -> None:
    assert {note.where: note.detail.partition(":")[0] for note in taken.notes} == {
        "start": "`start` is left out",
        "where": "questions of type `geopoint` are not taken over",
        "why": "the relevant `${price} = 'n' and string-length(${other}) > 3` is left out",
    }


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {"type": "range", "parameters": "start=0 end=10 step=2"},
            {"type": "slider", "min": 0, "max": 10, "step": 2},
        ),
        ({"type": "rank yn"}, {"type": "ranking"}),
        ({"type": "date"}, {"type": "date"}),
        ({"type": "time"}, {"type": "time"}),
        ({"type": "dateTime"}, {"type": "date"}),
        ({"type": "hidden", "default": "web"}, {"type": "hidden", "default": "web"}),
        ({"type": "image"}, {"type": "file", "accept": ["image"]}),
        ({"type": "image", "appearance": "signature"}, {"type": "signature"}),
        ({"type": "audio"}, {"type": "file", "accept": ["audio"]}),
        ({"type": "select one from yn"}, {"type": "single_choice"}),
        ({"type": "select1 yn"}, {"type": "single_choice"}),
    ],
)
def test_each_question_type_has_a_counterpart(row: dict[str, str], expected: dict[str, Any]) -> None:
    found, _ = form(row | {"name": "q", "label": "Q"})
    assert found["q"] | expected == found["q"]


@pytest.mark.parametrize(
    ("row", "note"),
    [
        ({"type": "barcode"}, "questions of type `barcode` are not taken over"),
        ({"type": "dateTime"}, "it asked for a day and a time"),
        ({"type": "select_one nowhere"}, "there is no list of choices `nowhere`"),
        ({"type": "text", "default": "x"}, "the default answer `x` is left out"),
        ({"type": "hidden", "default": "${first}"}, "the default answer `${first}` is left out"),
        ({"type": "text", "choice_filter": "a = 1"}, "`choice_filter` is left out"),
        ({"type": "text", "media::image::English (en)": "a.png"}, "its image is left out"),
        ({"type": "text", "label": "See ${nobody}"}, "${nobody} in a text stays"),
        ({"type": "text", "relevant": "${later} = 1"}, "`later` is no question that was taken over"),
        ({"type": "text", "constraint": "regex(., 'a')"}, "the function `regex` has no counterpart"),
        ({"type": "calculate", "calculation": "if(1, 2, 3)"}, "the calculation `if(1, 2, 3)` is left out"),
        ({"type": "begin_repeat"}, "here it is asked once"),
        ({"type": ""}, "a row without a type is left out"),
    ],
)
def test_what_has_no_counterpart_is_named(row: dict[str, str], note: str) -> None:
    _, notes = form({"name": "q", "label": "Q"} | row)
    assert note in notes["q"]


def test_groups_within_groups_add_their_conditions_and_names_may_be_used_twice() -> None:
    yn = {"type": "select_one yn", "label": "?"}
    found, _ = form(
        {"type": "begin group", "name": "outer", "relevant": "${first} != ''"},
        yn | {"name": "a"},
        {"type": "begin group", "name": "inner", "label": "Inside", "relevant": "${a} = 'y'"},
        yn | {"name": "b", "relevant": "${first} = 'x' or ${a} = 'n'"},
        {"type": "end group"},
        {"type": "begin repeat", "name": "again", "repeat_count": "3"},
        yn | {"name": "a"},
        {"type": "end repeat"},
        {"type": "end group"},
        {"type": "end group"},
    )
    assert list(found) == ["a", "inner_about", "b", "again_a"]
    assert found["inner_about"]["show_if"] == "a == 'y'"
    assert found["b"]["show_if"] == "(a == 'y') and (first == 'x' or a == 'n')"


def test_languages_are_known_by_tag_or_name_else_for_private_use() -> None:
    row = {
        "type": "text",
        "name": "q",
        "label::Deutsch": "Was?",
        "label::English": "What?",
        "label::Klingon": "nuq?",
        "label::pt-BR (pt-br)": "Que?",
    }
    made = from_xlsform(sheets([row]))
    assert made.definition["pages"][0]["questions"][0]["text"] == {
        "de": "Was?",
        "en": "What?",
        "qaa": "nuq?",
        "pt-br": "Que?",
    }
    assert made.definition["languages"] == ["de", "en", "qaa", "pt-br"]
    assert [note.detail.partition(" and")[0] for note in made.notes] == [
        "the language 'klingon' has no tag known here"
    ]


NAMES = {
    "q": Target("q", Sort.CHOICE, {"1": "1", "2": "2", "a b": "a_b"}),
    "m": Target("m", Sort.SEVERAL, {"a": "a", "b": "b"}),
    "n": Target("n", Sort.NUMBER),
    "t": Target("t"),
    "d": Target("d", Sort.DATE),
    ".": Target("own", Sort.NUMBER),
}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("${q} = 1", "q == '1'"),
        ("${q} >= 2", "q in ['2']"),
        ("selected(${q}, 'a b')", "q == 'a_b'"),
        ("not(selected(${m}, 'a')) and selected(${m},'b')", "not m contains 'a' and m contains 'b'"),
        ("count-selected(${m}) > 1", "count(m) > 1"),
        ("${m} = 'a'", "m contains 'a' and count(m) == 1"),
        (". > 0.5 and . mod 2 = 0", "own > 0.5 and own % 2 == 0"),
        ("${t} != '' or contains(${t}, 'x')", "not empty(t) or t contains 'x'"),
        ("${d} > date('2020-01-01')", "d > '2020-01-01'"),
        ("(${n} + 1) * -2 < number(${n}) - 3", "(n + 1) * -2 < n - 3"),
        ("true() or false()", "true or false"),
    ],
)
def test_each_way_to_say_it(theirs: str, ours: str) -> None:
    assert XPATH.translated(theirs, NAMES) == ours


@pytest.mark.parametrize(
    "theirs",
    [
        "today() > ${d}",
        "${q} = 'nope'",
        "regex(${t}, 'a')",
        "../q = 1",
        "${n} = 'x'",
        "selected(${m})",
        "${m}/x = 1",
    ],
)
def test_what_we_cannot_say_is_refused(theirs: str) -> None:
    with pytest.raises(UntranslatableError):
        XPATH.translated(theirs, NAMES)


@pytest.mark.parametrize(
    "found",
    [{}, {"survey": []}, {"survey": [["name", "label"], ["a", "b"]]}, {"sheet 1": [["type"], ["text"]]}],
)
def test_what_is_no_form_is_refused(found: dict[str, list[list[str]]]) -> None:
    with pytest.raises(ForeignSurveyError):
        from_xlsform(found)


@pytest.mark.parametrize(
    ("survey", "choices", "reason"),
    [
        ([{"type": "text", "name": "q"}] * 4001, [], "4,001 rows"),
        ([{"type": "begin group", "name": "g"}] * 31, [], "31 groups within each other"),
        ([{"type": "text", "name": "q"}], [{"list_name": "a", "name": "b"}] * 501, "501 choices in one list"),
    ],
)
def test_what_is_larger_than_a_survey_can_be_is_refused_at_once(
    survey: Any, choices: Any, reason: str
) -> None:
    with pytest.raises(ForeignSurveyError, match=reason):
        from_xlsform(sheets(survey, choices))
