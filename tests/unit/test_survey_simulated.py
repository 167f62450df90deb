"""Simulated interviews as a table: it looks as the real one does, and the same seed gives the same bytes."""

from typing import Any

import pytest

from deploy.browser.specimen import DEFINITION
from services.ingestion.domain.survey.columns import parquet_bytes
from services.ingestion.domain.survey.definition import Definition, parse_definition
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.simulated import FIRST_AT, Simulation, simulated_table
from services.ingestion.domain.survey.simulating import Coverage, simulate
from services.ingestion.domain.survey.tables import Table, tabulate
from tests.ingestion.survey_definitions import options, text
from tests.ingestion.test_survey_doors import BRAND_STUDY, SCREENER
from tests.unit.test_survey_logic import q, survey

SPECIMEN = expanded(parse_definition(DEFINITION))
LOOPED = expanded(parse_definition(BRAND_STUDY))


def simulated(
    *definitions: Definition, n: int = 40, seed: int = 3, includes: tuple[str, ...] = ()
) -> tuple[Table, Coverage]:
    versions = list(enumerate(definitions, 1))
    return simulated_table(Simulation(versions, n, seed, frozenset(includes)), lambda _: None)


def column(table: Table, name: str) -> list[Any]:
    return next(column.values for column in table.columns if column.name == name)


def described(table: Table) -> list[dict[str, Any]]:
    """What the codebook says of the variables, apart from what depends on rows: missing values and languages met."""
    return [
        {
            name: value
            for name, value in entry.items()
            if name != "missing" and (entry["alias"], name) != ("language", "codes")
        }
        for entry in table.codebook["variables"]
    ]


@pytest.mark.parametrize("definition", [SPECIMEN, LOOPED], ids=["every type of question", "loops"])
def test_its_variables_are_those_of_the_real_dataset(definition: Definition) -> None:
    table, coverage = simulated(definition)
    assert table.n_rows == coverage.outcomes["complete"] > 0
    assert described(table) == described(tabulate([(1, definition)], []))
    kinds = {kind for entry in table.codebook["variables"] for kind in entry["missing"]} - {"n"}
    assert kinds <= {"not_asked", "skipped", "refused", "dont_know"}
    assert parquet_bytes(table), "every value can be stored as its variable says"


def test_the_same_seed_gives_the_same_bytes_and_what_simulate_counts() -> None:
    (one, coverage), (again, _), (other, _) = (simulated(LOOPED, seed=seed) for seed in (7, 7, 8))
    assert parquet_bytes(one) == parquet_bytes(again)
    assert one.content_hash == again.content_hash != other.content_hash
    assert coverage == simulate(LOOPED, 40, 7)


def test_paradata_are_those_of_people_but_for_the_day() -> None:
    table, _ = simulated(LOOPED)
    assert len(set(column(table, "response_id"))) == table.n_rows
    assert {moment.date() for moment in column(table, "started_at")} == {FIRST_AT.date()}
    active_s, duration_s = column(table, "active_s"), column(table, "duration_s")
    assert all(0 < active <= lasting for active, lasting in zip(active_s, duration_s, strict=True))
    assert set(column(table, "survey_version")) == {1}


def test_rows_are_the_interviews_that_the_survey_wants() -> None:
    screener = expanded(parse_definition(SCREENER))
    table, coverage = simulated(screener)
    assert set(column(table, "status")) == {"complete"}
    more, _ = simulated(screener, includes=("screened_out",))
    assert column(more, "status").count("screened_out") == coverage.outcomes["screened_out"] > 0
    assert more.n_rows == 40


def test_who_is_stuck_is_under_way_and_has_not_reached_the_rest() -> None:
    never = {"condition": "b != b", "message": text("Never")}
    pages = [q("a"), q("b", required=True, checks=[never])], [q("c")]
    table, coverage = simulated(survey(*pages), n=5, includes=("in_progress",))
    assert (coverage.stuck, table.codebook["n_finished"]) == ({"b": 5}, 0)
    assert column(table, "c__missing") == column(table, "b__missing") == ["not_reached"] * 5
    assert column(table, "submitted_at") == [None] * 5
    assert simulated(survey(*pages), n=5)[0].n_rows == 0


def test_columns_of_older_versions_stay() -> None:
    table, _ = simulated(survey([q("old")]), survey([q("new")]))
    assert set(column(table, "old__missing")) == {"not_asked"}
    assert set(column(table, "survey_version")) == {2}


def test_of_files_only_the_number_is_known_and_cells_are_given_to_all() -> None:
    ad = {"code": "ad", "type": "hidden", "cells": options("a", "b")}
    definition = survey(
        [ad, q("bill", "file", max_files=3, required=True), q("name", "signature", required=True)]
    )
    table, _ = simulated(definition)
    assert set(column(table, "bill_count")) == {1, 2, 3}
    assert column(table, "bill_ids") == column(table, "bill_names") == [None] * 40
    assert set(column(table, "ad")) == {"a", "b"}
    assert set(column(table, "name_how")) == {"typed"}
