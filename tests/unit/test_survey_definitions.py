"""Definitions and themes: what is accepted, and with which pointer the rest is refused."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.domain.survey.definition import definition_hash, parse_definition
from services.ingestion.domain.survey.issues import DefinitionRefused, unstorable
from services.ingestion.domain.survey.lint import lint
from services.ingestion.domain.survey.merging import merge_patch
from services.ingestion.domain.survey.published import questionnaire
from services.ingestion.domain.survey.texts import choose_language, direction, read
from services.ingestion.domain.survey.themes import contrast_ratio, parse_theme, stylesheet
from tests.ingestion.survey_definitions import DRINKS, options, text


def of(*questions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A definition of one page."""
    return {"languages": ["en"], "pages": [{"code": "p1", "questions": list(questions)}], **fields}


def question(code: str, kind: str = "nps", **fields: Any) -> dict[str, Any]:
    """A question with a text."""
    return {"code": code, "type": kind, "text": text(code), **fields}


def refusals(document: dict[str, Any]) -> dict[str, str]:
    """Pointer → detail of what parsing refuses."""
    with pytest.raises(DefinitionRefused) as refused:
        parse_definition(document)
    return {issue.pointer: issue.detail for issue in refused.value.issues}


def errors(document: dict[str, Any], previous: dict[str, Any] | None = None) -> dict[str, str]:
    """Pointer → detail of the linter's errors."""
    before = None if previous is None else parse_definition(previous)
    found = lint(parse_definition(document), [before] if before else [])
    return {issue.pointer: issue.detail for issue in found if issue.level == "error"}


EVERY_TYPE: list[dict[str, Any]] = [
    question("single_choice", "single_choice", options=options("a", "b"), display="dropdown"),
    question("multiple_choice", "multiple_choice", options=options("a", "b"), min=1, max=2),
    *(question(kind, kind) for kind in ("short_text", "long_text", "number", "slider", "date", "time")),
    *(question(kind, kind) for kind in ("email", "phone", "url", "rating", "likert", "nps", "csat", "ces")),
    question("constant_sum", "constant_sum", options=options("a", "b")),
    question("ranking", "ranking", options=options("a", "b")),
    question("signature", "signature"),
    question("file", "file", accept=["image", "video"]),
    question("maxdiff", "maxdiff", options=options(*"abcdefgh")),
    *(
        question(kind, kind, rows=[{"code": "r1", "text": text("R")}], columns=options("a", "b"))
        for kind in ("matrix_single", "matrix_multiple")
    ),
    *(
        question(kind, kind, rows=[{"code": "r1", "text": text("R")}])
        for kind in ("matrix_number", "matrix_text")
    ),
    question("consent", "consent"),
    question("statement", "statement"),
    question("address", "address"),
    {"code": "hidden", "type": "hidden"},
    {"code": "computed", "type": "computed", "expression": "nps * 2"},
]


def test_every_type_that_is_honoured_can_be_published() -> None:
    assert errors(of(*EVERY_TYPE)) == {}


def test_faults_of_shape_have_pointers_into_the_document() -> None:
    found = refusals(
        of(
            question("a", "telepathy"),
            {"code": "b", "text": text("b")},
            question("1c"),
            question("d", "single_choice", options=[]),
            question("e", "nps", requird=True),
            question("f", "matrix_single", rows=[{"code": "r", "text": text("r")}]),
        )
    )
    base = "/pages/0/questions"
    assert "no question type 'telepathy'" in found[f"{base}/0/type"]
    assert found[f"{base}/1/type"] == "a question needs a type"
    assert f"{base}/2/code" in found
    assert found[f"{base}/4/requird"] == "there is no such field here"


def test_a_question_without_anything_to_choose_is_named() -> None:
    found = refusals(
        of(
            question("d", "single_choice", options=[]),
            question("e", "ranking"),
            question("f", "matrix_single", rows=[{"code": "r", "text": text("r")}]),
            question("g", "matrix_text"),
        )
    )
    base = "/pages/0/questions"
    assert found[f"{base}/0/options"] == "give options, or `carry` them over from an earlier question"
    assert f"{base}/1/options" in found
    assert "needs columns" in found[f"{base}/2/columns"]
    assert found[f"{base}/3/rows"].startswith("give rows")


def test_codes_are_unique_without_regard_to_case() -> None:
    found = refusals(
        of(
            question("a"),
            question("A"),
            question("b", "single_choice", options=options("x", "x")),
            question("Not"),
        )
    )
    assert "used twice" in found["/pages/0/questions/1/code"]
    assert "option code 'x'" in found["/pages/0/questions/2/options/1/code"]
    assert "word of the expression language" in found["/pages/0/questions/3/code"]


def test_conditions_look_only_at_earlier_questions() -> None:
    found = errors(of(question("a", show_if="b > 3"), question("b", show_if="zz == 1")))
    assert found["/pages/0/questions/0/show_if"] == "'b' is asked only later (at character 1)"
    assert found["/pages/0/questions/1/show_if"] == "there is no question 'zz' (at character 1)"


def test_a_cycle_is_named() -> None:
    found = errors(
        of(question("a", show_if="c > 1"), question("b", show_if="a > 1"), question("c", show_if="b > 1"))
    )
    assert "depends on itself: c → b → a → c" in found["/pages/0/questions/0/show_if"]
    assert "a → a" in errors(of(question("a", show_if="a > 1")))["/pages/0/questions/0/show_if"]


def test_a_condition_names_the_position_of_its_fault() -> None:
    found = errors(of(question("a"), question("b", show_if="a >= 9 and"), question("c", required_if="a + 1")))
    assert "(at character 11)" in found["/pages/0/questions/1/show_if"]
    assert "true or false" in found["/pages/0/questions/2/required_if"]


def test_rows_and_options_in_conditions_must_exist() -> None:
    matrix = question("m", "matrix_single", rows=[{"code": "r1", "text": text("R")}], columns=options("a"))
    found = errors(of(matrix, question("b", show_if="m.r9 == 'a'"), question("c", show_if="m.r1 == 'z'")))
    assert found["/pages/0/questions/1/show_if"] == "'m' has no row 'r9' (at character 1)"
    assert "no option 'z'" in found["/pages/0/questions/2/show_if"]


def test_limits_that_no_answer_can_keep_are_refused() -> None:
    found = errors(
        of(
            question("a", "number", min=5, max=3),
            question("b", "multiple_choice", options=options("x"), min=2),
            question("c", "date", min="yesterday"),
            question("d", "nps", steps=5),
        )
    )
    assert set(found) == {f"/pages/0/questions/{i}/{n}" for i, n in enumerate(["min", "min", "min", "steps"])}


def test_an_empty_survey_and_a_question_without_text_are_refused() -> None:
    assert "/pages" in errors({"languages": ["en"], "pages": []})
    assert "/pages/0/questions/0/text" in errors(of({"code": "q", "type": "nps"}))


def test_a_missing_translation_is_a_warning() -> None:
    found = lint(parse_definition(of(question("a"), languages=["en", "de"])), [])
    assert [(i.pointer, i.level) for i in found] == [("/pages/0/questions/0/text", "warning")]


def test_a_published_code_keeps_its_type() -> None:
    found = errors(of(question("a", "number")), of(question("a", "long_text")))
    assert "published as long_text" in found["/pages/0/questions/0/type"]


def test_equal_content_has_an_equal_hash_whatever_the_order_of_keys() -> None:
    turned = {key: copy.deepcopy(DRINKS[key]) for key in reversed(DRINKS)}
    first = definition_hash(DRINKS, layout_style="FOCUS", theme={}, title="T")
    assert first == definition_hash(turned, layout_style="FOCUS", theme={}, title="T")
    assert first != definition_hash(turned, layout_style="CLASSIC", theme={}, title="T")


def test_texts_that_postgresql_cannot_hold_are_found() -> None:
    found = [issue.pointer for issue in unstorable({"a": ["fine", "b\x00d"], "c": {"d\ud800": 1}})]
    assert found == ["/a/1", "/c"]


# --- themes


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        # WebAIM's published examples
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#0000ff", "#ffffff", 8.59),
        ("#f00", "#fff", 4.0),
    ],
)
def test_contrast_is_wcags(first: str, second: str, ratio: float) -> None:
    assert contrast_ratio(first, second) == pytest.approx(ratio, abs=0.005)
    assert contrast_ratio(first, second) == contrast_ratio(second, first)


@given(*[st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")] * 2)
def test_contrast_is_between_1_and_21(first: str, second: str) -> None:
    assert 1 <= contrast_ratio(first, second) <= 21


def theme_refusals(theme: dict[str, Any]) -> dict[str, str]:
    """Pointer → detail of what a theme is refused for."""
    with pytest.raises(DefinitionRefused) as refused:
        parse_theme(theme)
    return {issue.pointer: issue.detail for issue in refused.value.issues}


def test_too_little_contrast_is_refused_with_the_ratio_found() -> None:
    found = theme_refusals({"colors": {"text": "#999999"}})
    assert "contrast 2.85:1" in found["/colors/text"]
    assert "4.5:1" in found["/colors/text"]


@pytest.mark.parametrize(
    "theme",
    [
        {"colors": {"text": "red"}},
        {"colors": {"text": "#000;} body{display:none"}},
        {"font": "url(evil)"},
        {"radius": 900},
        {"logo": "http://insecure.example/logo.png"},
        {"logo": 'https://x.example/a.png"); } *{'},
        {"background_image": "javascript:alert(1)"},
        {"colours": {}},
    ],
)
def test_a_theme_is_checked_before_it_can_reach_a_stylesheet(theme: dict[str, Any]) -> None:
    assert theme_refusals(theme)


def test_a_theme_becomes_custom_properties() -> None:
    theme = parse_theme(
        {"colors": {"primary": "#7A1FA2"}, "background_image": "https://cdn.example/a.png?x=1"}
    )
    assert "--primary: #7a1fa2;" in stylesheet(theme)
    assert '--background-image: url("https://cdn.example/a.png?x=1");' in stylesheet(theme)


def test_a_page_loads_images_from_where_theme_and_options_have_them_and_from_nowhere_else() -> None:
    pictured = [
        {**each, "image": f"https://img{n}.example/a.png"} for n, each in enumerate(options("a", "b"))
    ]
    one = {"code": "q", "type": "single_choice", "text": text("Which?"), "options": pictured}
    asked = questionnaire(
        "d" * 64,
        title="t",
        layout="CLASSIC",
        definition={"pages": [{"code": "p", "questions": [one]}]},
        theme={"logo": "https://cdn.example/logo.svg"},
    )
    assert asked.image_origins == ("https://cdn.example", "https://img0.example", "https://img1.example")
    for address in (
        "http://plain.example/a.png",
        "javascript:alert(1)",
        "https://x.example/a b",
        "data:image/png,x",
    ):
        with pytest.raises(DefinitionRefused) as refused:
            parse_definition(
                {
                    "pages": [
                        {"code": "p", "questions": [{**one, "options": [{**pictured[0], "image": address}]}]}
                    ]
                }
            )
        assert refused.value.issues[0].pointer == "/pages/0/questions/0/options/0/image"


# --- languages and patches


@pytest.mark.parametrize(
    ("wanted", "accepted", "chosen"),
    [
        (None, None, "en"),
        ("de", "en", "de"),
        (None, "fr, de-AT;q=0.9, en;q=0.8", "de"),
        ("xx", "de;q=0.1, en;q=0.9", "en"),
        (None, "de;q=0", "en"),
        (None, "*;q=0.5, ;q=x,,", "en"),
        ("DE", None, "de"),
    ],
)
def test_the_language_is_the_links_then_the_browsers_then_the_surveys(
    wanted: str | None, accepted: str | None, chosen: str
) -> None:
    assert choose_language(["en", "de"], wanted=wanted, accept_language=accepted) == chosen


def test_a_missing_text_falls_back_to_the_default_language() -> None:
    assert read({"en": "Yes", "de": "Ja"}, "de", "en") == "Ja"
    assert read({"en": "Yes"}, "de", "en") == "Yes"
    assert read({"fr": "Oui"}, "de", "en") == "Oui"
    assert read(None, "de", "en") == ""
    assert (direction("ar-EG"), direction("de")) == ("rtl", "ltr")


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [  # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_is_that_of_rfc_7396(target: Any, patch: Any, merged: Any) -> None:
    assert merge_patch(target, patch) == merged
