"""The engine: what is asked and stored, where it goes on, and that every door stores the same."""

import itertools
import json
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import Definition, parse_definition
from services.ingestion.domain.survey.lint import lint
from services.ingestion.domain.survey.turning import Sent, turn
from tests.ingestion.survey_definitions import DRINKS, options, text


def survey(*pages: list[dict[str, Any]]) -> Definition:
    """A definition with these pages of questions."""
    coded = [{"code": f"p{i}", "questions": questions} for i, questions in enumerate(pages)]
    return parse_definition({"languages": ["en"], "pages": coded})


def q(code: str, kind: str = "nps", **fields: Any) -> dict[str, Any]:
    """A question with a text."""
    return {"code": code, "type": kind, "text": text(code), **fields}


def positions(definition: Definition, state: engine.State, layout: engine.Layout) -> list[int]:
    """Positions of the steps that are shown."""
    return [step.position for step in engine.steps(definition, state, layout)]


def test_a_question_is_asked_only_where_its_condition_holds() -> None:
    definition = parse_definition(DRINKS)
    tea = engine.apply(definition, {}, {"drink": "tea"}).state
    coffee = engine.apply(definition, {}, {"drink": "coffee"}).state
    assert (tea.not_asked, coffee.not_asked) == (("cups",), ())
    assert positions(definition, tea, "FOCUS") == [0, 2]
    assert positions(definition, coffee, "FOCUS") == [0, 1, 2]
    assert positions(definition, tea, "CLASSIC") == [0]


def test_an_answer_to_a_question_that_is_not_asked_is_refused_and_not_stored() -> None:
    applied = engine.apply(parse_definition(DRINKS), {}, {"drink": "tea", "cups": 3, "nobody": 1, "why": 5})
    assert {code: faults[0].key for code, faults in applied.faults.items()} == {
        "cups": "not_asked",
        "nobody": "unknown_question",
        "why": "not_text",
    }
    assert applied.state.answers == {"drink": "tea"}


def test_a_changed_answer_recomputes_everything_after_it_and_keeps_what_is_no_longer_asked() -> None:
    definition = survey(
        [
            q("a"),
            q("b", show_if="a > 5"),
            {"code": "c", "type": "computed", "expression": "b * 2"},
            q("d", show_if="c > 6"),
        ]
    )
    first = engine.apply(definition, {}, {"a": 9, "b": 4, "d": 1}).state
    assert first.effective == {"a": 9, "b": 4, "c": 8, "d": 1}
    changed = engine.apply(definition, first.answers, {"a": 1}).state
    assert changed.effective == {"a": 1}
    assert changed.not_asked == ("b", "d")
    assert changed.answers == {"a": 1, "b": 4, "d": 1}
    back = engine.apply(definition, changed.answers, {"a": 9}).state
    assert back == first
    refused = engine.apply(definition, first.answers, {"c": 100})
    assert refused.faults["c"][0].key == "not_answerable"
    assert refused.state.effective["c"] == 8


def test_a_page_can_be_hidden_as_a_whole() -> None:
    document = {
        "pages": [
            {"code": "p0", "questions": [q("a")]},
            {"code": "p1", "show_if": "a > 5", "questions": [q("b")]},
        ]
    }
    definition = parse_definition(document)
    assert positions(definition, engine.apply(definition, {}, {"a": 1}).state, "CLASSIC") == [0]
    assert positions(definition, engine.apply(definition, {}, {"a": 7}).state, "CLASSIC") == [0, 1]


def test_required_can_depend_on_answers() -> None:
    definition = survey([q("a"), q("b", required_if="a < 5"), q("c", "statement", required=True)])
    state = engine.apply(definition, {}, {"a": 1}).state
    assert set(engine.lacks(state, state.visible)) == {"b"}
    other = engine.apply(definition, {}, {"a": 9}).state
    assert not engine.lacks(other, other.visible)


def test_hidden_fields_come_from_the_link_and_are_cleaned() -> None:
    definition = survey(
        [{"code": "src", "type": "hidden", "default": "none"}, q("a", show_if="src == 'panel'")]
    )
    assert engine.open_interview(definition, {}).answers == {"src": "none"}
    assert engine.open_interview(definition, {"src": "pa\x00nel\ud800", "evil": "x"}).answers == {
        "src": "panel"
    }
    assert "a" in engine.open_interview(definition, {"src": "panel"}).visible_codes


def test_progress_counts_the_steps_that_are_shown_now() -> None:
    definition = parse_definition(DRINKS)
    state = engine.apply(definition, {}, {"drink": "tea"}).state
    shown = list(engine.steps(definition, state, "FOCUS"))
    assert engine.progress(shown, 2) == engine.Progress(1, 2)


def test_the_json_door_goes_to_the_first_step_that_lacks_something() -> None:
    definition = survey([q("a", required=True)], [q("b")], [q("c", required=True)])
    state = engine.apply(definition, {}, {"c": 3}).state
    shown = list(engine.steps(definition, state, "CLASSIC"))
    position = engine.position_after(shown, {"c": 3}, 0)
    assert position == 3
    assert engine.next_step(shown, state, position) == shown[0]
    done = engine.apply(definition, state.answers, {"a": 1}).state
    assert engine.next_step(shown, done, position) is None


def test_an_empty_put_skips_the_present_step() -> None:
    definition = survey([q("a")], [q("b")])
    state = engine.apply(definition, {}, {}).state
    shown = list(engine.steps(definition, state, "CLASSIC"))
    assert engine.position_after(shown, {}, 0) == 1
    assert engine.position_after(shown, {}, 1) == 2
    assert engine.position_after(shown, {}, 2) == 2


# --- turning pages


def sent(at: int, action: Literal["next", "back", "submit"], shown: str, **fields: str | list[str]) -> Sent:
    """A form; `a_drink` stands for the field a.drink."""
    listed = {k.replace("_", ".", 1): v if isinstance(v, list) else [v] for k, v in fields.items()}
    return Sent(at, action, tuple(shown.split()), listed)


def standing(definition: Definition, answers: dict[str, Any]) -> engine.State:
    """The state with these answers."""
    return engine.apply(definition, answers, {}).state


def test_a_question_that_the_answer_opens_on_the_same_page_is_shown_before_going_on() -> None:
    definition = parse_definition(DRINKS)
    turned = turn(
        definition,
        "CLASSIC",
        standing(definition, {}),
        sent(0, "submit", "drink why", a_drink="coffee", a_why="x"),
    )
    assert (turned.cursor, turned.anchor, turned.finishes) == (0, "cups", False)
    assert turned.state.answers == {"drink": "coffee", "why": "x"}
    done = turn(
        definition,
        "CLASSIC",
        standing(definition, turned.state.answers),
        sent(0, "submit", "drink cups why", a_drink="coffee", a_cups="", a_why="x"),
    )
    assert done.finishes


def test_what_is_wrong_keeps_the_respondent_on_the_page_and_the_rest_is_stored() -> None:
    definition = survey([q("a", required=True), q("b", "number", max=5)], [q("c")])
    turned = turn(definition, "CLASSIC", standing(definition, {}), sent(0, "next", "a b", a_b="many"))
    assert {code: fault.key for code, fault in turned.faults.items()} == {"a": "required", "b": "not_number"}
    assert turned.raw["b"] == "many"
    assert turned.cursor == 0


def test_going_back_asks_for_nothing_and_keeps_what_was_typed() -> None:
    definition = survey([q("a")], [q("b", required=True), q("c", "long_text")])
    turned = turn(
        definition, "CLASSIC", standing(definition, {"a": 1}), sent(1, "back", "b c", a_c="half a thought")
    )
    assert (turned.cursor, turned.faults) == (0, {})
    assert turned.state.answers == {"a": 1, "c": "half a thought"}


def test_submitting_leads_to_the_first_required_question_without_an_answer() -> None:
    definition = survey([q("a", required=True)], [q("b")])
    turned = turn(definition, "CLASSIC", standing(definition, {}), sent(1, "submit", "b", a_b="3"))
    assert (turned.cursor, turned.finishes, set(turned.faults)) == (0, False, {"a"})


def test_a_form_of_a_page_that_is_hidden_by_now_goes_on() -> None:
    definition = parse_definition(
        {
            "pages": [
                {"code": "p0", "questions": [q("a")]},
                {"code": "p1", "show_if": "a > 5", "questions": [q("b", required=True)]},
                {"code": "p2", "questions": [q("c")]},
            ]
        }
    )
    turned = turn(definition, "CLASSIC", standing(definition, {"a": 1}), sent(1, "next", "b"))
    assert (turned.cursor, turned.faults) == (2, {})


def test_fields_that_the_form_did_not_show_are_ignored() -> None:
    definition = parse_definition(DRINKS)
    form = sent(0, "next", "drink", a_drink="tea", a_cups="3", a_zz="1")
    turned = turn(definition, "CLASSIC", standing(definition, {}), form)
    assert turned.state.answers == {"drink": "tea"}


# --- one engine, three doors

ROWS = [{"code": "r1", "text": text("R1")}, {"code": "r2", "text": text("R2")}]
KINDS: dict[str, tuple[dict[str, Any], st.SearchStrategy[Any], str]] = {
    "single_choice": ({"options": options("a", "b")}, st.sampled_from(["a", "b"]), "{} == 'a'"),
    "multiple_choice": (
        {"options": options("a", "b", "c")},
        st.lists(st.sampled_from(["a", "b", "c"]), unique=True, min_size=1),
        "{} contains 'b'",
    ),
    "long_text": ({}, st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), "not empty({})"),
    "number": ({}, st.integers(-50, 50) | st.sampled_from([0.5, -2.25]), "{} > 0"),
    "nps": ({}, st.integers(0, 10), "{} >= 5"),
    "consent": ({}, st.booleans(), "{}"),
    "matrix_single": (
        {"rows": ROWS, "columns": options("x", "y")},
        st.fixed_dictionaries(
            {}, optional={"r1": st.sampled_from(["x", "y"]), "r2": st.sampled_from(["x", "y"])}
        ),
        "{}.r1 == 'x'",
    ),
    "ranking": ({"options": options("a", "b")}, st.permutations(["a", "b"]), "'a' in {}"),
    "date": ({}, st.dates().map(lambda day: day.isoformat()), "{} < '2000-01-01'"),
}


@st.composite
def surveys_with_choices(draw: st.DrawFn) -> tuple[Definition, dict[str, Any]]:
    """A survey of conditional questions on pages, and what a respondent would choose if asked."""
    questions: list[dict[str, Any]] = []
    choices: dict[str, Any] = {}
    for number in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from(sorted(KINDS)))
        fields, strategy, _ = KINDS[kind]
        question = q(f"q{number}", kind, **fields)
        conditional = draw(st.booleans())
        if questions and conditional:
            earlier: dict[str, Any] = draw(st.sampled_from(questions))
            condition = KINDS[earlier["type"]][2].format(earlier["code"])
            question["show_if"] = draw(st.sampled_from([condition, f"not ({condition})"]))
        # An unticked box says no, so a consent that is asked always has an answer.
        if kind == "consent" or draw(st.booleans()):
            choices[question["code"]] = draw(strategy)
        questions.append(question)
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(questions) - 1)))))
    bounds = [0, *cuts, len(questions)]
    definition = survey(*[questions[a:b] for a, b in itertools.pairwise(bounds) if a < b])
    return definition, choices


def fields_of(code: str, answer: Any) -> dict[str, list[str]]:
    """The form fields with which a browser would send an answer."""
    if answer is None or answer is False:
        return {}
    if isinstance(answer, dict):
        return {f"a.{code}.{row}": [str(value)] for row, value in answer.items()}
    if isinstance(answer, list):
        return {f"a.{code}": answer}
    return {f"a.{code}": ["yes" if answer is True else str(answer)]}


def on_page(definition: Definition, layout: engine.Layout, choices: dict[str, Any]) -> engine.State:
    """The state after filling in forms until the end."""
    cursor, stored, state = 0, dict[str, Any](), engine.apply(definition, {}, {}).state
    for _ in range(100):
        step = engine.step_at(list(engine.steps(definition, state, layout)), cursor)
        if step is None:
            return state
        fields: dict[str, list[str]] = {}
        for question in step.questions:
            answer = choices.get(question.code)
            if question.type == "ranking" and answer:
                fields |= {f"a.{question.code}.{o}": [str(i)] for i, o in enumerate(answer, start=1)}
            else:
                fields |= fields_of(question.code, answer)
        shown = tuple(question.code for question in step.questions)
        turned = turn(
            definition, layout, standing(definition, stored), Sent(step.position, "next", shown, fields)
        )
        assert not turned.faults
        cursor, state, stored = turned.cursor, turned.state, turned.state.answers
    raise AssertionError("the interview does not end")


def through_json(definition: Definition, choices: dict[str, Any]) -> engine.State:
    """The state after answering step by step through the JSON door."""
    stored, position = dict[str, Any](), 0
    state = engine.apply(definition, {}, {}).state
    for _ in range(100):
        step = engine.next_step(list(engine.steps(definition, state, "FOCUS")), state, position)
        if step is None:
            return state
        given = {
            question.code: choices[question.code] for question in step.questions if question.code in choices
        }
        applied = engine.apply(definition, stored, given)
        assert not applied.faults
        state, stored = applied.state, applied.state.answers
        position = engine.position_after(list(engine.steps(definition, state, "FOCUS")), given, position)
    raise AssertionError("the interview does not end")


@settings(max_examples=300, deadline=None)
@given(surveys_with_choices())
def test_both_layouts_and_the_json_door_store_equal_bytes_for_equal_choices(
    case: tuple[Definition, dict[str, Any]],
) -> None:
    definition, choices = case
    assert not [issue for issue in lint(definition) if issue.level == "error"]
    ends = [
        on_page(definition, "CLASSIC", choices),
        on_page(definition, "FOCUS", choices),
        through_json(definition, choices),
    ]
    # A page may show a question for a moment that a later answer on the same page hides: what was said to it is kept
    # without effect, so what counts is compared.
    assert len({json.dumps([end.effective, end.not_asked]) for end in ends}) == 1


@given(surveys_with_choices(), st.data())
def test_recomputing_is_stable_and_never_loses_an_answer(
    case: tuple[Definition, dict[str, Any]], data: st.DataObject
) -> None:
    definition, choices = case
    state = through_json(definition, choices)
    assert engine.apply(definition, state.answers, {}).state == state
    if choices:
        code = data.draw(st.sampled_from(sorted(choices)))
        changed = engine.apply(definition, state.answers, {code: None}).state
        assert set(state.answers) - {code} <= set(changed.answers)
