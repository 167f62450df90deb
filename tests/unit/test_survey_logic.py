"""Loops, carried options, other texts, checks, jumps, endings, orders and piped answers: pure, and the linter's word on each."""

import itertools
from collections import Counter
from typing import Any

import pytest

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import Definition, parse_definition
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.lint import lint
from services.ingestion.domain.survey.ordering import displayed, ordered_pages
from services.ingestion.domain.survey.piping import Pipes
from tests.ingestion.survey_definitions import options, text

BRANDS = ("bmw", "vw", "audi")


def q(code: str, kind: str = "nps", **fields: Any) -> dict[str, Any]:
    return {"code": code, "type": kind, "text": text(code), **fields}


def choice(code: str, *codes: str, kind: str = "multiple_choice", **fields: Any) -> dict[str, Any]:
    return q(code, kind, options=options(*(codes or BRANDS)), **fields)


def written(*pages: dict[str, Any] | list[dict[str, Any]], **fields: Any) -> Definition:
    listed = [page if isinstance(page, dict) else {"questions": page} for page in pages]
    coded = [{"code": f"p{i}", **page} for i, page in enumerate(listed)]
    return parse_definition({"languages": ["en"], "pages": coded, **fields})


def survey(*pages: dict[str, Any] | list[dict[str, Any]], **fields: Any) -> Definition:
    """A definition as it is asked, which the linter finds no error in."""
    definition = written(*pages, **fields)
    assert [issue for issue in lint(definition) if issue.level == "error"] == []
    return expanded(definition)


def faults(definition: Definition) -> dict[str, str]:
    return {issue.pointer: issue.detail for issue in lint(definition) if issue.level == "error"}


def state(definition: Definition, **answers: Any) -> engine.State:
    applied = engine.apply(definition, {}, answers)
    assert applied.faults == {}
    return applied.state


def codes(questions: Any) -> list[str]:
    return [question.code for question in questions]


# --- other texts


def test_what_is_meant_by_other_is_a_question_of_its_own() -> None:
    brands = q(
        "brand",
        "single_choice",
        options=[*options("bmw"), {"code": "x", "text": text("Other"), "other": True}],
    )
    definition = survey([brands | {"required": True}, q("after", show_if="brand_x == 'Lada'")])
    assert codes(state(definition).visible) == ["brand"]
    chosen = state(definition, brand="x")
    assert codes(chosen.visible) == ["brand", "brand_x"]
    assert chosen.required == {"brand", "brand_x"}
    assert codes(state(definition, brand="x", brand_x="Lada").visible) == ["brand", "brand_x", "after"]
    assert (
        engine.apply(definition, {}, {"brand": "bmw", "brand_x": "Lada"}).faults["brand_x"][0].key
        == "not_asked"
    )
    [first, *_] = engine.steps(definition, chosen, "FOCUS")
    assert codes(first.questions) == ["brand", "brand_x"], "asked beside its question, not after it"


# --- carried options


def test_options_are_carried_over_from_what_was_selected() -> None:
    best = q("best", "single_choice", options=options("none"), carry=[{"question": "known"}])
    definition = survey([choice("known")], [best])
    assert codes(state(definition).visible) == ["known", "best"], "its own option is left"
    two = state(definition, known=["vw", "bmw"])
    assert [option.code for option in two.visible[1].options] == ["bmw", "vw", "none"]  # type: ignore[union-attr]
    refused = engine.apply(definition, two.answers, {"best": "audi"})
    assert refused.faults["best"][0].key == "not_option"
    answered = engine.apply(definition, two.answers, {"best": "vw"}).state
    assert answered.effective["best"] == "vw"
    gone = engine.apply(definition, answered.answers, {"known": ["bmw"]}).state
    assert "best" not in gone.effective
    back = engine.apply(definition, gone.answers, {"known": ["bmw", "vw"]}).state
    assert "best" not in back.effective or back.effective["best"] == "vw"


@pytest.mark.parametrize(
    ("which", "expected"), [("selected", ["vw"]), ("unselected", ["bmw", "audi"]), ("all", list(BRANDS))]
)
def test_which_options_are_carried(which: str, expected: list[str]) -> None:
    rows = q("rate", "matrix_number", carry=[{"question": "known", "which": which}])
    definition = survey([choice("known")], [rows])
    found = state(definition, known=["vw"]).visible[1]
    assert codes(found.rows) == expected  # type: ignore[union-attr]


def test_options_are_carried_from_the_same_page_and_the_page_is_the_step_again() -> None:
    best = q("best", "single_choice", options=[], carry=[{"question": "known"}])
    definition = survey([choice("known"), best])
    assert codes(state(definition).visible) == ["known"]
    two = state(definition, known=["vw", "audi"])
    assert codes(two.visible[1].options) == ["vw", "audi"]  # type: ignore[union-attr]
    [step] = engine.steps(definition, two, "CLASSIC")
    assert codes(step.questions) == ["known", "best"]


def test_a_question_to_which_nothing_is_carried_is_not_asked() -> None:
    rate = q("rate", "matrix_number", carry=[{"question": "known"}], required=True)
    definition = survey([choice("known")], [rate])
    nothing = state(definition)
    assert (codes(nothing.visible), nothing.not_asked) == (["known"], ("rate",))
    some = state(definition, known=["vw", "audi"])
    assert set(engine.lacks(some, some.visible)) == {"rate"}
    full = engine.apply(definition, some.answers, {"rate": {"vw": 1, "audi": 2}}).state
    assert not engine.lacks(full, full.visible)
    fewer = engine.apply(definition, full.answers, {"known": ["vw"]}).state
    assert fewer.effective["rate"] == {"vw": 1}


# --- loops


def test_a_loop_of_too_many_questions_is_refused_before_it_is_written_out() -> None:
    many = choice("known", *(f"o{place}" for place in range(400)))
    looped = {"loop": {"over": "known"}, "questions": [q(f"q{place}") for place in range(40)]}
    definition = written([many], looped, [q("last", show_if="q0_o399 > 1")])
    assert list(faults(definition)) == ["/pages"]
    assert "more than 1000 questions" in faults(definition)["/pages"]
    assert sum(1 for _ in expanded(definition).questions()) < 1_100, "of 16,002"


def test_a_page_is_asked_for_each_selected_option() -> None:
    inner = [q("why", "short_text") | {"text": text("Why {{ loop }}?")}, q("more", show_if="why == 'price'")]
    definition = survey(
        [choice("known")], {"questions": inner, "loop": {"over": "known"}}, [q("end", show_if="more_vw > 5")]
    )
    assert codes(state(definition).visible) == ["known"]
    seen = state(definition, known=["vw", "bmw"], why_vw="price", more_vw=9)
    assert codes(seen.visible) == ["known", "why_bmw", "why_vw", "more_vw", "end"]
    assert seen.visible[1].text == {"en": "Why Bmw?"}
    assert seen.not_asked == ("more_bmw", "why_audi", "more_audi")


def test_pages_of_one_loop_are_asked_option_by_option() -> None:
    loop = {"over": "known", "which": "unselected"}
    definition = survey(
        [choice("known")],
        {"questions": [q("a")], "loop": loop},
        {"questions": [q("b", show_if="a > 5")], "loop": loop},
    )
    seen = state(definition, known=["vw"], a_bmw=6, a_audi=7)
    assert codes(seen.visible) == ["known", "a_bmw", "b_bmw", "a_audi", "b_audi"]


# --- checks


def test_a_check_refuses_with_the_words_of_the_survey() -> None:
    check = {"condition": "sold <= bought", "message": text("Not more than you bought.")}
    definition = survey([q("bought", "number"), q("sold", "number", checks=[check])])
    refused = engine.apply(definition, {}, {"bought": 3, "sold": 4})
    [fault] = refused.faults["sold"]
    assert (fault.key, fault.values["text"]) == ("own_words", text("Not more than you bought."))
    assert refused.state.answers == {"bought": 3}
    fine = state(definition, bought=5, sold=4)
    assert not engine.lacks(fine, fine.visible)
    changed = engine.apply(definition, fine.answers, {"bought": 1}).state
    assert set(engine.lacks(changed, changed.visible)) == {"sold"}, (
        "an answer that no longer fits is asked for again"
    )


def test_a_soft_check_warns_and_stores() -> None:
    check = {"condition": "age < 100", "message": text("Really?"), "soft": True}
    definition = survey([q("age", "number", checks=[check])])
    applied = engine.apply(definition, {}, {"age": 104})
    assert (applied.faults, applied.state.answers) == ({}, {"age": 104})
    assert applied.warnings["age"][0].values["text"] == text("Really?")
    assert engine.apply(definition, {}, {"age": 30}).warnings == {}


# --- jumps and endings


def test_a_jump_leaves_out_what_lies_between() -> None:
    definition = survey([q("a", then=[{"when": "a < 5", "to": "p2"}]), q("b")], [q("c")], [q("d")])
    assert codes(state(definition, a=9).visible) == ["a", "b", "c", "d"]
    short = state(definition, a=1)
    assert (codes(short.visible), short.not_asked) == (["a", "d"], ("b", "c"))


def test_screened_out_ends_at_once() -> None:
    definition = survey(
        [q("age", "number", then=[{"when": "age < 18", "to": "@screen_out"}])],
        [q("b", required=True)],
        endings=[{"code": "screen_out", "outcome": "screened_out", "message": text("Sorry")}],
    )
    young = state(definition, age=12)
    assert young.ended is not None
    assert (young.ended.outcome, young.ended.message) == ("screened_out", text("Sorry"))
    assert codes(young.visible) == ["age"]
    assert not engine.lacks(young, young.visible)
    assert state(definition, age=30).ended is None


def test_the_first_jump_that_holds_decides() -> None:
    jumps = [{"when": "a > 8", "to": "@complete"}, {"when": "a > 5", "to": "d"}, {"to": "c"}]
    definition = survey([q("a", then=jumps), q("b"), q("c"), q("d")])
    assert codes(state(definition, a=9).visible) == ["a"]
    assert codes(state(definition, a=6).visible) == ["a", "d"]
    assert codes(state(definition, a=1).visible) == ["a", "c", "d"]


# --- orders


def test_orders_follow_from_the_seed_and_change_nothing_stored() -> None:
    letters = tuple("abcdefgh")
    pinned = [*options(*letters), {"code": "none", "text": text("None"), "pinned": True, "exclusive": True}]
    [question] = written([q("x", "multiple_choice", options=pinned, order="random")]).pages[0].questions
    orders = [tuple(codes(displayed(question, seed).options)) for seed in range(200)]  # type: ignore[union-attr]
    assert orders == [tuple(codes(displayed(question, seed).options)) for seed in range(200)]  # type: ignore[union-attr]
    assert len(set(orders)) > 190
    assert {order[-1] for order in orders} == {"none"}
    assert {tuple(sorted(order[:-1])) for order in orders} == {letters}
    definition = survey([q("x", "multiple_choice", options=pinned, order="random")])
    assert state(definition, x=["c", "a"]).answers == {"x": ["a", "c"]}


@pytest.mark.parametrize(
    ("order", "n_orders"), [("rotate", 5), ("reverse", 2), ("random", 120), ("fixed", 1)]
)
def test_every_order_is_as_likely_as_the_others(order: str, n_orders: int) -> None:
    [question] = written([choice("x", *"abcde", order=order)]).pages[0].questions
    n_seeds = n_orders * 200
    seen = Counter(tuple(codes(displayed(question, seed).options)) for seed in range(n_seeds))  # type: ignore[union-attr]
    assert len(seen) == n_orders
    # Chi-squared with n - 1 degrees of freedom: mean n - 1, standard deviation sqrt(2 (n - 1)).
    chi2 = sum((count - 200) ** 2 / 200 for count in seen.values())
    assert chi2 <= n_orders - 1 + 5 * (2 * max(1, n_orders - 1)) ** 0.5


def test_an_option_added_later_does_not_change_how_the_others_stand() -> None:
    [few], [many] = (
        written([choice("x", *listed, order="random")]).pages[0].questions for listed in ("abcd", "abcde")
    )
    for seed in range(50):
        longer = codes(displayed(many, seed).options)  # type: ignore[union-attr]
        assert [code for code in longer if code != "e"] == codes(displayed(few, seed).options)  # type: ignore[union-attr]


def test_pages_and_blocks_change_places_and_questions_on_a_page() -> None:
    blocks = [{"questions": [q(f"q{i}")], "block": "ab"[i // 2]} for i in range(4)]
    definition = survey(
        [q("first")],
        *blocks,
        {"questions": [q("x"), q("y"), q("z")], "order": "random"},
        shuffle=[["a", "b"]],
    )
    orders = {tuple(page.code for page in ordered_pages(definition, seed)) for seed in range(40)}
    assert orders == {("p0", "p1", "p2", "p3", "p4", "p5"), ("p0", "p3", "p4", "p1", "p2", "p5")}
    everything = state(definition)
    for layout in ("CLASSIC", "FOCUS"):
        seen = [
            tuple(
                code
                for step in engine.steps(definition, everything, layout, seed)
                for code in codes(step.questions)
            )
            for seed in range(60)
        ]
        assert {order[-3:] for order in seen} == set(itertools.permutations("xyz"))
        assert {tuple(sorted(order)) for order in seen} == {("first", "q0", "q1", "q2", "q3", "x", "y", "z")}


# --- piping


def test_answers_are_put_into_texts() -> None:
    grid = q("grid", "matrix_single", rows=[{"code": "r", "text": text("R")}], columns=options("good"))
    definition = survey(
        [choice("known"), q("n", "number"), q("name", "short_text"), grid, {"code": "pid", "type": "hidden"}]
    )
    given = {"known": ["vw", "bmw"], "n": 3.5, "name": "<b>Åsa & Co", "grid": {"r": "good"}, "pid": "a/b?"}
    pipes = Pipes(definition, given, "en")
    assert pipes.into("{{ known }} {{known.code}} {{ n }} {{ name }} {{ grid.r }}") == (
        "Vw, Bmw vw, bmw 3.5 <b>Åsa & Co Good"
    )
    assert Pipes(definition, {}, "en").into("Dear {{ name | friend }}, {{ n }}.") == "Dear friend, ."
    assert pipes.into_address("https://p.example/?s=1&id={{ pid }}&n={{ name }}") == (
        "https://p.example/?s=1&id=a%2Fb%3F&n=%3Cb%3E%C3%85sa%20%26%20Co"
    )


# --- the linter


@pytest.mark.parametrize(
    ("definition", "pointer", "words"),
    [
        (written([q("a", then=[{"to": "nope"}])]), "/pages/0/questions/0/then/0/to", "no page, question or ending 'nope'"),
        (written([q("a"), q("b", then=[{"to": "a"}])]), "/pages/0/questions/1/then/0/to", "jumps lead forward"),
        (written([q("a", then=[{"when": "b > 1", "to": "b"}]), q("b")]), "/pages/0/questions/0/then/0/when", "asked only later"),
        (written([q("a", checks=[{"condition": "b > 1", "message": text("x")}]), q("b")]), "/pages/0/questions/0/checks/0/condition", "asked only later"),
        (written([choice("a", carry=[{"question": "b"}]), choice("b")]), "/pages/0/questions/0/carry/0/question", "no earlier question"),
        (written([choice("a"), choice("b", carry=[{"question": "a"}])]), "/pages/0/questions/1/carry/0", "an own option too"),
        (written([q("a")], {"questions": [q("b")], "loop": {"over": "a"}}), "/pages/1/loop/over", "no earlier question in which"),
        (written({"questions": [choice("a"), q("b")], "loop": {"over": "a"}}), "/pages/0/loop/over", "no earlier question in which"),
        (written([choice("a")], {"questions": [q("b")], "loop": {"over": "a"}}, [q("c", show_if="b > 1")]), "/pages/2/questions/0/show_if", "later"),
        (written([choice("a"), q("a_vw")], {"questions": [q("a2")], "loop": {"over": "a"}}, [q("a2_vw")]), "/pages", "would be called 'a2_vw'"),
        (written([q("a")], [q("b", show_if="a > 1")], shuffle=[["p0", "p1"]]), "/pages/1/questions/0/show_if", "later"),
        (written({"questions": [q("a"), q("b", show_if="a > 1")], "order": "random"}), "/pages/0/questions/1/show_if", "later"),
        (written([q("a")], shuffle=[["p0", "nope"]]), "/shuffle/0/1", "no page or block 'nope'"),
        (written([q("a")], endings=[{"code": "complete", "outcome": "screened_out"}]), "/endings/0/outcome", "is complete"),
        (written([q("a") | {"text": text("Hi {{ b }}")}]), "/pages/0/questions/0/text/en", "'b' is not asked before this text (at character 4)"),
        (written([q("a") | {"text": text("Hi {{ loop }}")}]), "/pages/0/questions/0/text/en", "in pages with a loop only"),
        (written([q("a")], [q("b") | {"text": text("{{ a.row }}")}]), "/pages/1/questions/0/text/en", "has no part 'row'"),
        (written([q("a")], endings=[{"code": "complete", "redirect": "https://x.org/?a={{ zz }}"}]), "/endings/0/redirect", "'zz' is not asked"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_named(definition: Definition, pointer: str, words: str) -> None:
    assert words in faults(definition)[pointer]


def test_after_the_group_everything_is_known() -> None:
    survey([q("a")], [q("b")], [q("c", show_if="a > b")], shuffle=[["p0", "p1"]])
    survey({"questions": [q("a"), q("b")], "order": "random"}, [q("c", show_if="a > b")])


def test_what_looks_like_an_answer_and_is_none_stays_as_it_is_with_a_warning() -> None:
    definition = written([q("a") | {"text": text("{{ 7*7 }}")}])
    [issue] = lint(definition)
    assert (issue.level, issue.pointer) == ("warning", "/pages/0/questions/0/text/en")
    assert Pipes(definition, {}, "en").into("{{ 7*7 }}") == "{{ 7*7 }}"


@pytest.mark.parametrize(
    ("condition", "words"),
    [("year(a) > 1", "takes a date"), ("length(a) > 1", "takes a text"), ("days(3) > 1", "takes a question")],
)
def test_functions_say_what_they_take(condition: str, words: str) -> None:
    assert words in faults(written([q("a"), q("b", show_if=condition)]))["/pages/0/questions/1/show_if"]


def test_ages_follow_from_dates() -> None:
    definition = survey(
        [q("born", "date"), q("moved", "date"), q("child", show_if="days(moved) - days(born) < 18 * 365.25")]
    )
    assert "child" in codes(state(definition, born="2000-05-01", moved="2010-01-01").visible)
    assert "child" not in codes(state(definition, born="1950-05-01", moved="2010-01-01").visible)


def test_in_a_loop_the_words_of_other_are_known_by_the_code_of_their_turn() -> None:
    other = {"code": "x", "text": text("Other"), "other": True}
    kind = {
        "code": "kind",
        "type": "single_choice",
        "text": text("Kind?"),
        "options": [*options("new"), other],
    }
    why = {"code": "why", "type": "short_text", "text": text("Why?"), "show_if": "length(kind_x) > 9"}
    later = {"code": "last", "type": "consent", "text": text("Ok?"), "show_if": "not empty(kind_vw_x)"}
    definition = parse_definition(
        {
            "languages": ["en"],
            "pages": [
                {
                    "code": "p1",
                    "questions": [
                        {
                            "code": "known",
                            "type": "multiple_choice",
                            "text": text("?"),
                            "options": options("vw", "kia"),
                        }
                    ],
                },
                {"code": "p2", "loop": {"over": "known"}, "questions": [kind, why]},
                {"code": "p3", "questions": [later]},
            ],
        }
    )
    assert [issue.detail for issue in lint(definition) if issue.level == "error"] == []
    state = engine.apply(
        expanded(definition), {}, {"known": ["vw"], "kind_vw": "x", "kind_vw_x": "second hand"}
    ).state
    assert [question.code for question in state.visible] == [
        "known",
        "kind_vw",
        "kind_vw_x",
        "why_vw",
        "last",
    ]
