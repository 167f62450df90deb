"""Simulated respondents: they meet whatever can be met, and are stuck where people would be."""

from random import Random
from typing import Any

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.guessing import Guesses
from services.ingestion.domain.survey.simulating import Coverage, simulate
from tests.ingestion.survey_definitions import options, text
from tests.ingestion.test_survey_doors import BRAND_STUDY, SCREENER
from tests.unit.test_survey_logic import choice, q, survey, written


def simulated(*pages: Any, n: int = 200, **fields: Any) -> Coverage:
    return simulate(survey(*pages, **fields), n, seed=3)


def test_branches_on_rare_values_are_met() -> None:
    coverage = simulated(
        [
            q("age", "number", required=True, then=[{"when": "age < 18", "to": "@screen_out"}]),
            q("y", show_if="age == 42"),
        ],
        [q("name", "short_text"), q("z", show_if="name == 'Ada'")],
    )
    assert coverage.outcomes.keys() == {"complete", "screened_out"}
    assert coverage.asked["y"] > 0
    assert coverage.asked["z"] > 0
    assert coverage.outcomes.total() == 200


def test_what_cannot_be_met_is_never_asked() -> None:
    coverage = simulated([q("a"), q("b", show_if="a > 10"), q("c", show_if="a > 5 and a < 3")])
    assert (coverage.asked["a"], coverage.asked["b"], coverage.asked["c"]) == (200, 0, 0)


def test_a_question_that_no_answer_satisfies_is_named() -> None:
    impossible = {"condition": "b != b", "message": text("Never")}
    coverage = simulated([q("a"), q("b", required=True, checks=[impossible]), q("c")], n=20)
    assert coverage.stuck == {"b": 20}
    assert coverage.outcomes == {"stuck": 20}
    assert coverage.asked["c"] == 20, "asked, but nobody comes to an end"


def test_cells_and_computed_values_are_counted_though_nobody_is_asked_for_them() -> None:
    cells = [{"code": "a", "text": text("A")}, {"code": "b", "text": text("B")}]
    hidden = {"code": "ad", "type": "hidden", "cells": cells}
    twice = {"code": "twice", "type": "computed", "expression": "1 + 1"}
    coverage = simulated([hidden, q("a"), twice], n=20)
    assert coverage.values["ad"].total() == coverage.answered["ad"] == 20
    assert coverage.values["ad"].keys() == {"a", "b"}
    assert coverage.values["twice"] == {"2": 20}
    assert coverage.asked["ad"] == 0


def test_the_same_seed_gives_the_same_respondents() -> None:
    definition = expanded(parse_definition(BRAND_STUDY))
    assert simulate(definition, 50, 7) == simulate(definition, 50, 7)
    assert simulate(definition, 50, 7) != simulate(definition, 50, 8)


def test_loops_carried_options_and_quotas_are_met() -> None:
    coverage = simulate(expanded(parse_definition(BRAND_STUDY)), 300, 1)
    assert all(coverage.asked[code] for code in ("why_bmw", "why_vw", "why_x", "known_x", "best"))
    assert set(coverage.values["best"]) == {"bmw", "vw", "x", "none"}
    screened = simulate(expanded(parse_definition(SCREENER)), 100, 1)
    assert screened.endings["screen_out"] > 0
    cells = simulated([choice("sex", "f", "m", kind="single_choice", required=True)],
                      quotas=[{"code": "women", "when": "sex == 'f'", "target": 5}]).cells["women"]  # fmt: skip
    assert 60 < cells < 140


def test_drawn_answers_are_taken_by_every_type_of_question() -> None:
    """What is drawn is refused by nothing, so a stuck respondent says something about the survey."""
    rows = [{"code": "r1", "text": text("R")}, {"code": "r2", "text": text("S")}]
    questions = [
        choice("single", kind="single_choice"), choice("several", min=2, max=2), choice("rank", kind="ranking"),
        choice("sum", kind="constant_sum"), q("short", "short_text", min_length=30), q("long", "long_text", max_length=3),
        q("number", "number", min=5, decimals=2), q("below", "number", max=-3), q("slider", "slider", min=-1, max=1, step=0.25),
        q("day", "date", min="2026-01-01", max="2026-01-31"), q("time", "time"), q("email", "email"), q("phone", "phone"),
        q("url", "url"), q("nps", "nps"), q("rating", "rating", steps=7), q("likert", "likert"),
        choice("agree", kind="likert"), q("ok", "consent", required=True), q("where", "address"),
        q("m1", "matrix_single", rows=rows, columns=options("x", "y")), q("m2", "matrix_multiple", rows=rows, columns=options("x", "y")),
        q("m3", "matrix_number", rows=rows, min=1, max=4), q("m4", "matrix_text", rows=rows),
    ]  # fmt: skip
    definition = written(questions)
    for seed in range(40):
        guesses = Guesses(definition, Random(seed))
        answers = {question.code: guesses.answer(question) for _, _, question in definition.questions()}
        assert engine.apply(definition, {}, answers).faults == {}, answers
