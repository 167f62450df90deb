"""Exports of survey programs through HTTP: joined on import, and analysed as sets of statistics files are."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from tests.analytics.conftest import Analyse
from tests.conftest import Clients, Person
from tests.ingestion.test_files import Drain, imported, read
from tests.unit.test_ingestion_survey_exports import BRANDS, qualtrics, surveymonkey, text


class Export(NamedTuple):
    """An export of 30 interviews: its rows, the set's alias, its options, the columns they stand in."""

    rows: Sequence[Sequence[str]]
    n_header_rows: int
    alias: str
    labels: Sequence[str]
    places: Sequence[int]
    banner: str
    banner_place: int

    def chosen(self) -> list[tuple[str, list[str]]]:
        """(banner answer, options chosen) of those who chose any, counted from the file as it was written."""
        rows = self.rows[self.n_header_rows :]
        found = [
            (
                row[self.banner_place],
                [label for label, i in zip(self.labels, self.places, strict=True) if row[i]],
            )
            for row in rows
        ]
        return [each for each in found if each[1]]


QUALTRICS = Export(qualtrics(), 3, "Q2", ["Acorn", "Birch", "Other (please specify)"], (3, 4, 5), "Q3_2", 8)
SURVEYMONKEY = Export(
    surveymonkey(), 2, "Which brands do you know?", BRANDS, (5, 6, 7), "How do you like them? - Acorn", 9
)
EXPORTS = [pytest.param(QUALTRICS, id="Qualtrics"), pytest.param(SURVEYMONKEY, id="SurveyMonkey")]


@pytest.fixture
async def taken_in(
    request: pytest.FixtureRequest, clients: Clients, drain: Drain, alice: Person, project: int
) -> dict[str, Any]:
    """The file of an export (indirect parameter), read."""
    file: dict[str, Any] = await imported(clients, drain, alice, project, text(request.param.rows))
    return file | {"export": request.param}


@pytest.mark.parametrize("taken_in", EXPORTS, indirect=True)
async def test_an_export_is_joined_and_the_report_says_so(
    taken_in: dict[str, Any], clients: Clients, alice: Person
) -> None:
    export, [dataset_id] = taken_in["export"], taken_in["dataset_ids"]
    dataset = (await clients.ingestion.get(f"/api/datasets/{dataset_id}", headers=alice.headers)).json()
    assert dataset["codebook"]["multiple_response_sets"] == [export.alias]
    [found] = [entry for entry in dataset["variables"] if entry["alias"] == export.alias]
    assert [code["label"] for code in found["codes"]] == list(export.labels)
    [grid] = dataset["codebook"]["grids"]
    assert (len(grid["items"]), len(grid["codes"])) == (2, 5)
    report = await read(clients, alice, taken_in["id"], "/report")
    assert report["header"]["rows"] == export.n_header_rows
    assert {told["kind"] for told in report["joined"]} == {"multiple_response_set", "grid"}
    assert all(told["reason"] and 0 < told["confidence"] <= 1 for told in report["joined"])


@pytest.mark.parametrize("taken_in", EXPORTS, indirect=True)
async def test_a_joined_set_is_counted_on_those_who_answered(
    taken_in: dict[str, Any], analyse: Analyse
) -> None:
    export, [dataset_id] = taken_in["export"], taken_in["dataset_ids"]
    expected = export.chosen()
    result = await analyse(dataset_id, "FREQUENCY", {"variables": [export.alias]})
    [table] = result["result_data"]["tables"]
    mentions = Counter(option for _, options in expected for option in options)
    assert table["labels"] == list(export.labels)
    assert table["count"] == [mentions[label] for label in export.labels]
    assert table["base"] == len(expected)

    result = await analyse(dataset_id, "CROSSTAB", {"rows": [export.alias], "columns": [export.banner]})
    [table] = result["result_data"]["tables"]
    bases = Counter(answer for answer, _ in expected)
    assert table["base"] == [bases[label] for label in table["column_labels"]]
    cells = Counter((option, answer) for answer, options in expected for option in options)
    counts = [[cells[row, column] for column in table["column_labels"]] for row in table["row_labels"]]
    assert table["count"] == counts
