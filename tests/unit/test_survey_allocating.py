"""Cells of experiments: what they are called, who is given which first, and what the linter says of them."""

from collections import Counter
from typing import Any

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.allocating import experiments, seat_of, seats_held, wished
from services.ingestion.domain.survey.definition import Definition, parse_definition
from services.ingestion.domain.survey.lint import lint
from services.ingestion.domain.survey.piping import Pipes
from services.ingestion.domain.survey.simulating import simulate
from tests.ingestion.survey_definitions import options, text


def trial(**fields: Any) -> Definition:
    """An experiment with three cells, and a question that only one of them is asked."""
    ad = {"code": "ad", "type": "hidden", "cells": options("a", "b", "c"), **fields}
    liked = {"code": "liked", "type": "nps", "text": text("And {{ ad }}?"), "show_if": "ad == 'b'"}
    return parse_definition({"pages": [{"code": "p", "questions": [ad, liked]}]})


def test_each_cell_comes_first_for_about_as_many_and_for_the_same_for_ever() -> None:
    [question] = experiments(trial())
    first = Counter(next(iter(wished(question, {}, seed).values())) for seed in range(3000))
    assert sorted(first) == ["a", "b", "c"]
    # 1,000 expected, standard deviation 26.
    assert all(abs(n - 1000) < 130 for n in first.values())
    assert list(wished(question, {}, 5)) == list(wished(question, {}, 5))


def test_a_link_names_a_cell_or_nothing() -> None:
    [question] = experiments(trial())
    named = engine.open_interview(trial(), {"ad": "b"}).answers
    assert wished(question, named, 1) == {seat_of("ad", "b"): "b"}
    assert seats_held(trial(), named) == [seat_of("ad", "b")]
    assert engine.open_interview(trial(), {"ad": "zebra"}).answers == {}


def test_names_of_seats_fit_whatever_the_codes_and_never_meet() -> None:
    assert len(seat_of("q" * 64, "o" * 64)) <= 64
    assert seat_of("a_b", "c") != seat_of("a", "b_c")


def test_conditions_know_the_cells_and_texts_their_labels() -> None:
    assert [issue.detail for issue in lint(trial()) if issue.level == "error"] == []
    state = engine.open_interview(trial(), {"ad": "b"})
    assert [question.code for question in state.visible] == ["liked"]
    assert Pipes(trial(), state.effective, "en").into("And {{ ad }}?") == "And B?"
    wrong = parse_definition(
        {
            "pages": [
                {
                    "code": "p",
                    "questions": [
                        {"code": "ad", "type": "hidden", "cells": options("a", "b")},
                        {"code": "x", "type": "nps", "text": text("x"), "show_if": "ad == 'z'"},
                    ],
                }
            ]
        }
    )
    assert any("'z'" in issue.detail for issue in lint(wrong) if issue.level == "error")


def test_what_makes_no_experiment_is_said() -> None:
    default = [(i.pointer, i.level) for i in lint(trial(default="a"))]
    assert ("/pages/0/questions/0/default", "error") in default
    lonely = [(i.pointer, i.level) for i in lint(trial(cells=options("a", "b")[:1])) if "cells" in i.pointer]
    assert lonely == [("/pages/0/questions/0/cells", "warning")]


def test_simulated_respondents_meet_all_cells() -> None:
    coverage = simulate(trial(), 60, seed=3)
    assert 0 < coverage.asked["liked"] < 60
