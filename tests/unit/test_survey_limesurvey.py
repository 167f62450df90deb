"""Surveys of LimeSurvey (`.lss`) as surveys of ours: each question type, conditions, validations, languages, quotas, and notes."""

from typing import Any

import pytest

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.foreign.condition_trees import UntranslatableError
from services.ingestion.domain.survey.foreign.conditions import Sort, Target
from services.ingestion.domain.survey.foreign.limesurvey import from_limesurvey
from services.ingestion.domain.survey.foreign.limesurvey_conditions import EXPRESSION_SCRIPT
from services.ingestion.domain.survey.foreign.settling import settled
from services.ingestion.domain.survey.foreign.taking import ForeignSurveyError, Taken
from services.ingestion.domain.survey.lint import lint
from tests.limesurvey_files import Row, Survey, lss, old_row

YES_NO = {"A1": "Yes|Ja", "A2": "No|Nein"}
BRANDS = {"SQ001": "Acorn", "SQ002": "Birch", "SQ003": "None of them"}


def coffee() -> Survey:
    survey = Survey("en", "de", format="S", autoredirect="Y")
    survey.add(
        "surveys_languagesettings",
        surveyls_language="en",
        surveyls_title="Coffee &amp; tea",
        surveyls_description="About mornings.",
        surveyls_welcometext="<p>Welcome!</p><script>alert(1)</script>",
        surveyls_endtext="Thanks<br />a lot",
        surveyls_url="https://panel.example/done",
    )
    survey.add(
        "surveys_languagesettings", surveyls_language="de", surveyls_title="Kaffee", surveyls_endtext="Danke"
    )
    first = survey.group("Start", "Anfang", description="<b>First</b> things")
    survey.question(
        first,
        "L",
        "drinks",
        "<p>Do you drink <em>it</em>?</p>",
        "Trinken Sie?",
        answers=YES_NO,
        values=(1, 2),
        mandatory="Y",
        other="Y",
    )
    survey.question(
        first, "M", "brands", rows=BRANDS, other="Y", relevance='((drinks.NAOK == "A1"))',
        attributes={"min_answers": 1, "max_answers": 2, "exclude_all_others": "SQ003", "random_order": 1, "hidden": 0, "cssclass": "x"},
    )  # fmt: skip
    second = survey.group(
        "Details", "Details", grelevance='brands_SQ001.NAOK == "Y" or !is_empty(drinks_other.NAOK)'
    )
    survey.question(
        second,
        "F",
        "rate",
        rows={"R1": "Price", "R2": "Taste"},
        answers={"1": "bad", "2": "fair", "3": "good"},
        attributes={"random_order": 1},
    )
    survey.question(
        second,
        "T",
        "why",
        "Why {drinks}? {if(1, 2, 3)}",
        relevance='rate_R1.NAOK >= "2" && rate_R2.NAOK != ""',
    )
    survey.question(
        second, "N", "age", mandatory="Y",
        attributes={"min_num_value_n": 16, "max_num_value_n": 99, "num_value_int_only": 1, "suffix": "years", "em_validation_q": "this >= 18"},
    )  # fmt: skip
    survey.question(second, "*", "double", "{age.NAOK * 2 + 1}")
    survey.add("quota", id=1, sid=1, name="Drinkers", qlimit=50, action=1, active=1)
    survey.add("quota_members", id=1, sid=1, qid=survey.tables["questions"][0]["qid"], quota_id=1, code="A1")
    return survey


@pytest.fixture(scope="module")
def taken() -> Taken:
    return settled(from_limesurvey(str(coffee())))


def questions(taken: Taken) -> dict[str, Any]:
    return {
        question["code"]: question for page in taken.definition["pages"] for question in page["questions"]
    }


def one(kind: str, code: str = "q", **parts: Any) -> tuple[dict[str, Any], list[str]]:
    """The questions that one becomes, by code, and what the notes say."""
    survey = Survey()
    survey.question(survey.group("g"), kind, code, **parts)
    made = settled(from_limesurvey(str(survey)))
    definition = parse_definition(made.definition)
    assert [issue for issue in lint(definition) if issue.level == "error" and made.definition["pages"]] == []
    return questions(made), [note.detail for note in made.notes]


def test_it_can_be_published_and_answered(taken: Taken) -> None:
    definition = parse_definition(taken.definition)
    assert [issue for issue in lint(definition) if issue.level == "error"] == []
    asked = expanded(definition)
    given = {
        "drinks": "A1",
        "brands": ["SQ001", "other"],
        "brands_other": "Cedar",
        "rate": {"R1": "2", "R2": "1"},
        "why": "so",
        "age": 20,
    }
    applied = engine.apply(asked, {}, given)
    assert applied.faults == {}
    assert applied.state.effective["double"] == 41
    assert set(engine.apply(asked, {}, {"drinks": "A1", "brands": ["SQ001", "SQ003"]}).faults) == {"brands"}
    assert set(engine.apply(asked, applied.state.answers, {"age": 17}).faults) == {"age"}
    assert "why" in engine.apply(asked, {}, given | {"rate": {"R1": "1", "R2": "1"}}).state.not_asked
    assert "rate" in engine.apply(asked, {}, given | {"brands": ["SQ002"]}).state.not_asked
    assert applied.state.cells == ("Drinkers",)


def test_texts_come_in_every_language_without_tags(taken: Taken) -> None:
    found = questions(taken)
    assert (taken.title, taken.layout_style, taken.definition["languages"]) == (
        "Coffee & tea",
        "FOCUS",
        ["en", "de"],
    )
    assert taken.definition["welcome"] == {"en": "About mornings.\n\nWelcome!"}
    assert taken.definition["completion"] == {"en": "Thanks\na lot", "de": "Danke"}
    assert taken.definition["endings"] == [{"code": "complete", "redirect": "https://panel.example/done"}]
    assert found["drinks"]["text"] == {"en": "Do you drink it?", "de": "Trinken Sie?"}
    assert found["drinks"]["options"][0] == {"code": "A1", "text": {"en": "Yes", "de": "Ja"}, "value": 1}
    assert found["drinks"]["options"][-1]["text"] == {"en": "Other", "de": "Sonstiges"}
    assert found["Start_about"] == {
        "code": "Start_about",
        "type": "statement",
        "text": {"en": "First things", "de": "First things"},
    }
    assert found["why"]["text"] == {"en": "Why {{ drinks }}? {if(1, 2, 3)}"}


def test_rules_are_ours(taken: Taken) -> None:
    found = questions(taken)
    assert found["brands"]["show_if"] == "drinks == 'A1'"
    assert (found["brands"]["min"], found["brands"]["max"], found["brands"]["order"]) == (1, 2, "random")
    assert [option["code"] for option in found["brands"]["options"] if option.get("exclusive")] == ["SQ003"]
    assert taken.definition["pages"][1]["show_if"] == "brands contains 'SQ001' or not empty(drinks_other)"
    assert found["why"]["show_if"] == "rate.R1 in ['2', '3'] and not empty(rate.R2)"
    assert found["age"]["checks"][0]["condition"] == "age >= 18"
    assert (found["age"]["min"], found["age"]["max"], found["age"]["decimals"], found["age"]["unit"]) == (
        16,
        99,
        0,
        {"en": "years"},
    )
    assert taken.definition["quotas"][0] | {"label": 0} == {
        "code": "Drinkers",
        "label": 0,
        "when": "drinks == 'A1'",
        "target": 50,
    }
    assert [(note.where, note.detail) for note in taken.notes] == [
        ("why", "{if(1, 2, 3)} in a text stays as it is written")
    ]


SCALE = {"A1": "one", "A2": "two"}
ROWS = {"S1": "first", "S2": "second"}


@pytest.mark.parametrize(
    ("kind", "parts", "expected"),
    [
        ("!", {"answers": SCALE}, {"q": "single_choice"}),
        ("O", {"answers": SCALE}, {"q": "single_choice", "q_comment": "long_text"}),
        ("5", {}, {"q": "likert"}),
        ("5", {"attributes": {"slider_rating": 1}}, {"q": "rating"}),
        ("G", {}, {"q": "single_choice"}),
        ("Y", {}, {"q": "single_choice"}),
        ("P", {"rows": ROWS}, {"q": "multiple_choice"}),
        ("R", {"answers": SCALE}, {"q": "ranking"}),
        ("H", {"rows": ROWS, "answers": SCALE}, {"q": "matrix_single"}),
        ("1", {"rows": ROWS, "answers": SCALE, "more_answers": SCALE}, {"q_1": "matrix_single", "q_2": "matrix_single"}),
        ("A", {"rows": ROWS}, {"q": "matrix_single"}),
        ("B", {"rows": ROWS}, {"q": "matrix_single"}),
        ("C", {"rows": ROWS}, {"q": "matrix_single"}),
        ("E", {"rows": ROWS}, {"q": "matrix_single"}),
        (";", {"rows": ROWS, "columns": {"X": "x", "Y": "y"}}, {"q_X": "matrix_text", "q_Y": "matrix_text"}),
        (":", {"rows": ROWS, "columns": {"X": "x"}}, {"q_X": "matrix_number"}),
        (":", {"rows": ROWS, "columns": {"X": "x"}, "attributes": {"multiflexible_checkbox": 1}}, {"q": "matrix_multiple"}),
        ("K", {"rows": ROWS}, {"q": "matrix_number"}),
        ("K", {"rows": ROWS, "attributes": {"equals_num_value": 100}}, {"q": "constant_sum"}),
        ("Q", {"rows": ROWS}, {"q": "matrix_text"}),
        ("S", {}, {"q": "short_text"}),
        ("S", {"attributes": {"numbers_only": 1}}, {"q": "number"}),
        ("U", {}, {"q": "long_text"}),
        ("D", {"attributes": {"date_min": "2020-01-01"}}, {"q": "date"}),
        ("X", {}, {"q": "statement"}),
        ("L", {"answers": SCALE, "attributes": {"hidden": 1}}, {"q": "hidden"}),
    ],
)  # fmt: skip
def test_each_question_type_has_a_counterpart(
    kind: str, parts: dict[str, Any], expected: dict[str, str]
) -> None:
    found, _ = one(kind, **parts)
    assert {code: question["type"] for code, question in found.items()} == expected


@pytest.mark.parametrize(
    ("kind", "parts", "note"),
    [
        ("I", {}, "questions for the language are not taken over"),
        ("|", {"attributes": {"allowed_filetypes": "exe, pdf"}}, "files of these types are not taken: exe"),
        ("|", {"attributes": {"allowed_filetypes": "exe"}}, "or none that can be taken over"),
        ("Z", {}, "questions of type `Z` are not taken over"),
        ("L", {}, "it has no subquestions or answers"),
        ("S", {"preg": "/^a/"}, "the validation by `/^a/` is left out"),
        ("S", {"mandatory": "S"}, "it asked once"),
        ("S", {"relevance": "Q9.shown"}, "the condition `Q9.shown` is left out"),
        ("S", {"attributes": {"time_limit": 5}}, "left out: `time_limit`"),
        (
            "S",
            {"attributes": {"em_validation_q": "regexMatch('/a/', this)"}},
            "the function `regexMatch` has no counterpart",
        ),
        ("M", {"rows": ROWS, "attributes": {"array_filter": "nope"}}, "`array_filter` by `nope` is left out"),
        ("M", {"rows": ROWS, "attributes": {"min_answers": "{x}"}}, "`min_answers` is `{x}`"),
        ("P", {"rows": ROWS}, "the comments beside its options are not taken over"),
        ("D", {"attributes": {"date_format": "dd-mm-yyyy HH:MM"}}, "it asked for a day and a time"),
        ("*", {}, "the equation `q` is left out"),
        ("Q", {"rows": ROWS, "attributes": {"hidden": 1}}, "a hidden question of this type is left out"),
    ],
)
def test_whatever_is_left_behind_is_noted(kind: str, parts: dict[str, Any], note: str) -> None:
    _, notes = one(kind, **parts)
    assert any(note in each for each in notes), notes


def test_questions_for_files_take_kinds_of_files() -> None:
    limits = {"allowed_filetypes": "png, gif, docx", "max_num_of_files": 3, "max_filesize": 2048}
    found, _ = one("|", attributes=limits)
    expected = {"type": "file", "accept": ["image", "document"], "max_files": 3, "max_bytes": 2 << 20}
    assert found["q"] | expected == found["q"]


def test_options_carried_over_pages_that_change_places_and_a_rule_that_comes_too_early() -> None:
    survey = Survey()
    first = survey.group("a")
    survey.question(first, "M", "known", rows=ROWS)
    survey.question(first, "F", "liked", rows=ROWS, answers=SCALE, attributes={"array_filter": "known"})
    one_of = survey.group("b", randomization_group="r")
    survey.question(one_of, "S", "b1")
    survey.question(survey.group("c", randomization_group="r"), "S", "c1", relevance="!is_empty(b1)")
    made = settled(from_limesurvey(str(survey)))
    assert questions(made)["liked"]["carry"] == [{"question": "known", "which": "selected"}]
    assert made.definition["shuffle"] == [["b", "c"]]
    assert "show_if" not in questions(made)["c1"]
    assert any(note.where == "c1" and "is left out" in note.detail for note in made.notes)
    assert [issue for issue in lint(parse_definition(made.definition)) if issue.level == "error"] == []


def test_a_file_of_version_2_has_its_texts_beside_the_codes() -> None:
    answers: list[Row] = [
        {
            "qid": 1,
            "code": code,
            "answer": text,
            "assessment_value": 0,
            "sortorder": place,
            "language": "en",
            "scale_id": 0,
        }
        for place, (code, text) in enumerate(SCALE.items())
    ]
    tables: dict[str, list[Row]] = {
        "groups": [
            {
                "gid": 5,
                "sid": 29846,
                "group_name": "Only",
                "group_order": 0,
                "description": "",
                "language": "en",
            }
        ],
        "questions": [
            old_row(5, 1, "one", "First?"),
            old_row(5, 2, "two", "Then?", type="S", relevance='29846X5X1.NAOK == "A1"'),
        ],
        "answers": answers,
        "surveys": [{"sid": 29846, "language": "en", "format": "A"}],
    }
    made = from_limesurvey(lss(tables))
    assert questions(made)["one"]["options"] == [
        {"code": "A1", "text": {"en": "one"}},
        {"code": "A2", "text": {"en": "two"}},
    ]
    assert questions(made)["two"]["show_if"] == "one == 'A1'"
    assert [note.detail for note in made.notes] == [
        "all groups stood on one page; here each is a page of its own"
    ]


NAMES = {
    "q": Target("q", Sort.CHOICE, {"1": "1", "2": "2", "-oth-": "other"}),
    "m": Target("m", Sort.SEVERAL, {"a": "a", "b": "b"}),
    "m_a": Target("m contains 'a'", Sort.MEMBER, {"Y": "m contains 'a'", "N": ""}, "m"),
    "m_b": Target("m contains 'b'", Sort.MEMBER, {"Y": "m contains 'b'", "N": ""}, "m"),
    "n": Target("n", Sort.NUMBER),
    "k": Target("k", Sort.TABLE),
    "k_1": Target("k.1", Sort.NUMBER, {}, "k"),
    "k_2": Target("k.2", Sort.NUMBER, {}, "k"),
}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ('((q.NAOK == "-oth-"))', "q == 'other'"),
        ("q eq '1' or q ne '2'", "q == '1' or q != '2'"),
        ("n gt 3 and n le 5", "n > 3 and n <= 5"),
        ('n == "3"', "n == 3"),
        ('m_a.NAOK != "Y"', "not m contains 'a'"),
        ('m_a == ""', "not m contains 'a'"),
        ("!is_empty(m_a) && is_empty(n)", "m contains 'a' and empty(n)"),
        ("count(that.m.NAOK) >= 2", "count(m) >= 2"),
        ("count(m_a, m_b) == 1", "count(m) == 1"),
        ("sum(k_1.NAOK, k_2.NAOK) > 10", "sum(k) > 10"),
        ("0", "false"),
    ],
)
def test_each_way_to_say_it(theirs: str, ours: str) -> None:
    assert EXPRESSION_SCRIPT.translated(theirs, NAMES) == ours


@pytest.mark.parametrize(
    "theirs", ["n.shown", "sum(k_1) > 3", "if(n > 1, 1, 0)", "n = 3", "rand(1, 2) == 1", "m > 3"]
)
def test_what_we_cannot_say_is_refused(theirs: str) -> None:
    with pytest.raises(UntranslatableError):
        EXPRESSION_SCRIPT.translated(theirs, NAMES)


def many(n_questions: int = 1, n_answers: int = 1, n_groups: int = 1) -> str:
    survey = Survey()
    for _ in range(n_groups):
        group = survey.group("g")
    for place in range(n_questions):
        survey.question(group, "L", f"q{place}", answers={f"A{n}": "a" for n in range(n_answers)})
    return str(survey)


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ((1001, 1, 1), "1,001 questions"),
        ((1, 1001, 1), "1,001 answers to one question"),
        ((1, 1, 201), "201 groups"),
    ],
)
def test_what_is_larger_than_a_survey_can_be_is_refused_at_once(
    sizes: tuple[int, int, int], reason: str
) -> None:
    with pytest.raises(ForeignSurveyError, match=reason):
        from_limesurvey(many(*sizes))


DEEP = "<a>" * 50 + "</a>" * 50
BOMB = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><document>&b;</document>'


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "no XML"),
        ("not xml", "no XML"),
        ("<document></document>", "no survey of LimeSurvey"),
        (lss({"surveys": [{"sid": 1}]}, kind="Question"), "no survey of LimeSurvey"),
        (f"<document>{DEEP}</document>", "elements deep"),
        (BOMB, "DOCTYPE"),
        ("<document>\x00</document>", "no XML"),
    ],
)
def test_what_is_no_survey_or_attacks_the_parser_is_refused(document: str, reason: str) -> None:
    with pytest.raises(ForeignSurveyError, match=reason):
        from_limesurvey(document)
