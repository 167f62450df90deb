"""Refused and don't know: taken, shown again, satisfying what is required, and missing everywhere else."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import Definition, parse_definition
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.forms import raw_answers
from services.ingestion.domain.survey.lint import lint
from services.ingestion.domain.survey.nonresponse import parted
from services.ingestion.domain.survey.simulating import simulate
from services.ingestion.domain.survey.tables import tabulate
from services.ingestion.domain.survey.turning import Sent, turn
from tests.ingestion.survey_definitions import options, text
from tests.unit.test_survey_tables import column, entry, interview, of, q

BOTH = [{"code": "refused"}, {"code": "dont_know", "text": text("No idea")}]
ROWS = [{"code": "r1", "text": text("First")}, {"code": "r2", "text": text("Second")}]
REFUSED, DONT_KNOW = {"@missing": "refused"}, {"@missing": "dont_know"}
KINDS = [
    q("single", "single_choice", options=options("x", "y")),
    q("several", "multiple_choice", options=options("x", "y"), min=1),
    q("words", "long_text", min_length=3),
    q("amount", "number", min=1),
    q("nps", "nps"),
    q("agree", "likert"),
    q("grid", "matrix_single", rows=ROWS, columns=options("x", "y")),
    q("sum", "constant_sum", options=options("x", "y")),
    q("rank", "ranking", options=options("x", "y")),
    q("day", "date"),
    q("where", "address"),
]


def offering(*questions: dict[str, Any]) -> Definition:
    """A definition whose questions are required and may be refused or not known."""
    definition: Definition = of(*({"required": True, "missing": BOTH} | question for question in questions))
    return definition


@pytest.mark.parametrize("question", KINDS, ids=lambda question: question["type"])
def test_every_type_takes_it_as_satisfying_and_as_missing(question: dict[str, Any]) -> None:
    definition = offering(question)
    applied = engine.apply(definition, {}, {question["code"]: REFUSED})
    assert applied.faults == {}
    assert applied.state.answers == {question["code"]: REFUSED}
    assert applied.state.effective == {}
    assert engine.lacks(applied.state, applied.state.visible) == {}
    again = engine.apply(definition, applied.state.answers, {}).state
    assert again.told == {question["code"]: REFUSED}
    table = tabulate([(1, definition)], [interview(applied.state.answers), interview({})])
    alias = table.columns[0].name
    assert (column(table, alias), column(table, f"{alias}__missing")) == (
        [None, None],
        ["refused", "skipped"],
    )
    assert entry(table, alias)["missing"] == {"n": 2, "refused": 1, "skipped": 1}


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ({"@missing": "not_reached"}, "not_offered"),
        ({"@missing": ["refused", "dont_know"]}, "missing_and_answer"),
        ({"@missing": "refused", "@answer": 3}, "missing_and_answer"),
        ({"@missing": None}, "not_offered"),
    ],
)
def test_what_is_not_offered_or_comes_with_an_answer_is_refused(raw: Any, key: str) -> None:
    applied = engine.apply(offering(q("a", "number")), {"a": 1}, {"a": raw})
    assert [fault.key for fault in applied.faults["a"]] == [key]
    assert applied.state.answers == {"a": 1}


def test_a_question_that_offers_nothing_takes_no_word_for_an_answer() -> None:
    applied = engine.apply(of(q("a", "number")), {}, {"a": REFUSED})
    assert [fault.key for fault in applied.faults["a"]] == ["not_offered"]


def test_checks_do_not_speak_of_who_refuses() -> None:
    strict = [{"condition": "a < 100", "message": text("Really?")}]
    definition = offering(q("a", "number", checks=strict))
    assert engine.apply(definition, {}, {"a": REFUSED}).faults == {}
    assert engine.apply(definition, {"a": REFUSED}, {}).state.broken == {}


def test_conditions_see_no_answer_and_can_ask_why() -> None:
    definition = offering(
        q("a", "number"),
        q("small", "nps", show_if="a < 5"),
        q("why", "short_text", show_if="refused(a)"),
        q("unsure", "short_text", show_if="dont_know(a) or empty(a)"),
    )
    assert [issue for issue in lint(definition) if issue.level == "error"] == []

    def shown(raw: Any) -> list[str]:
        return [one.code for one in engine.apply(definition, {}, {"a": raw}).state.visible]

    assert shown(REFUSED) == ["a", "why", "unsure"]
    assert shown(DONT_KNOW) == ["a", "unsure"]
    assert shown(3) == ["a", "small"]


@pytest.mark.parametrize("condition", ["refused(a)", "dont_know(m.r1)", "refused('a')"])
def test_asking_for_what_no_one_can_say_is_refused_before_publishing(condition: str) -> None:
    definition = of(
        q("a", "number", missing=[{"code": "dont_know"}]),
        q("m", "matrix_number", rows=ROWS, missing=BOTH),
        q("b", "nps", show_if=condition),
    )
    assert [issue.pointer for issue in lint(definition) if issue.level == "error"] == [
        "/pages/0/questions/2/show_if"
    ]


def test_what_is_not_answered_cannot_be_refused() -> None:
    twice = [{"code": "refused"}, {"code": "refused"}]
    definition = of(
        q("s", "statement", missing=BOTH), q("k", "consent", missing=BOTH), q("n", "nps", missing=twice)
    )
    found = [issue.pointer for issue in lint(definition) if issue.pointer.endswith("/missing")]
    assert found == [f"/pages/0/questions/{place}/missing" for place in range(3)]


def test_a_form_says_it_among_buttons_or_in_boxes_beside_the_answer() -> None:
    definition = offering(
        q("c", "single_choice", options=options("x", "y")),
        q("t", "short_text"),
        q("m", "matrix_single", rows=ROWS, columns=options("x", "y")),
        q("n", "number"),
    )
    questions = [question for _, _, question in definition.questions()]
    fields = {"a.c": ["@refused"], "m.t": ["dont_know"], "a.t": [""], "m.m": ["refused"], "a.n": ["4"]}
    assert raw_answers(questions, fields) == {"c": REFUSED, "t": DONT_KNOW, "m": REFUSED, "n": 4}
    both = raw_answers(questions, {"a.t": ["@refused"], "a.n": ["4"], "m.n": ["refused", "dont_know"]})
    assert both["t"] == "@refused"  # words of the respondent's own, not a button
    assert parted(both["n"]) == (4, ("refused", "dont_know"))
    turned = turn(
        definition,
        "CLASSIC",
        engine.apply(definition, {}, {}).state,
        Sent(0, "next", ("n",), {"a.n": ["4"], "m.n": ["refused"]}),
    )
    assert turned.faults["n"].key == "missing_and_answer"


def test_in_a_loop_it_is_offered_in_each_turn() -> None:
    document = {
        "languages": ["en"],
        "pages": [
            {"code": "p", "questions": [q("known", "multiple_choice", options=options("x", "y"))]},
            {
                "code": "each",
                "loop": {"over": "known"},
                "questions": [
                    q(
                        "mark",
                        "nps",
                        required=True,
                        missing=[{"code": "refused", "text": text("No word on {{ loop }}")}],
                    ),
                    q("why", "short_text", show_if="refused(mark)"),
                ],
            },
        ],
    }
    asked = expanded(parse_definition(document))
    applied = engine.apply(asked, {}, {"known": ["y"], "mark_y": REFUSED})
    assert [one.code for one in applied.state.visible] == ["known", "mark_y", "why_y"]
    assert applied.state.visible[1].missing[0].text == text("No word on Y")


def test_simulated_respondents_say_it_now_and_then() -> None:
    coverage = simulate(offering(q("n", "nps")), 200, seed=Random(4).randrange(1000))
    said = sum(coverage.missing["n"].values())
    assert 1 <= said <= 40
    assert coverage.answered["n"] == 200 - said
    assert coverage.outcomes == Counter(complete=200)
