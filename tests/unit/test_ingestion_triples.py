"""A dataset leaves as Triple-S 2.0: an independent reader of the standard's rules gets back what was in it."""

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree as ET

import duckdb
import pytest

from contracts.datasets.values import ExportFormat
from services.ingestion.domain.exports.request import Wish
from services.ingestion.domain.exports.writing import write_export
from tests.imported_file import silent


class TripleS:
    """An archive read as the standard says: values by variable, answers by their labels, scores, and the elements themselves."""

    def __init__(self, archive: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            self.names = opened.namelist()
            root = ET.fromstring(opened.read("survey.xml"))  # noqa: S314 - written by ourselves just now
            record = root.find("survey/record")
            assert record is not None
            assert (root.tag, root.get("version"), record.get("format")) == ("sss", "2.0", "csv")
            text = opened.read(str(record.get("href"))).decode("utf-8")
        self.lines = text.splitlines()
        rows = list(csv.reader(io.StringIO(text, newline="")))[int(str(record.get("skip"))) :]
        self.elements = {str(element.findtext("name")): element for element in record}
        assert [element.get("ident") for element in record] == [str(n) for n in range(1, len(record) + 1)]
        self.values = {
            name: [_value(element, row[_place(element)]) for row in rows]
            for name, element in self.elements.items()
        }

    def type_of(self, name: str) -> str:
        return str(self.elements[name].get("type"))

    def labels(self, name: str) -> dict[str, str]:
        return {str(value.get("code")): str(value.text) for value in self.elements[name].iter("value")}

    def scores(self, name: str) -> dict[str, str | None]:
        return {str(value.get("code")): value.get("score") for value in self.elements[name].iter("value")}


def _place(element: ET.Element) -> int:
    position = element.find("position")
    assert position is not None
    return int(str(position.get("start"))) - 1


def _value(element: ET.Element, field: str) -> Any:
    if not field:
        return None
    labels = {str(value.get("code")): value.text for value in element.iter("value")}
    spread = element.find("spread")
    match element.get("type"):
        case "single":
            return labels[field]
        case "multiple" if spread is not None:
            width, subfields = int(str(spread.get("width"))), int(str(spread.get("subfields")))
            assert len(field) == width * subfields
            pieces = [int(field[at : at + width]) for at in range(0, len(field), width)]
            return [labels[str(piece)] for piece in pieces if piece]
        case "multiple":
            assert len(field) == max(map(int, labels))
            return [labels[str(place)] for place, sign in enumerate(field, 1) if sign == "1"]
        case "quantity":
            return labels.get(field, float(field))
        case _:
            return field


def codes(**labels: str) -> list[dict[str, Any]]:
    return [{"code": code.removeprefix("_"), "label": label} for code, label in labels.items()]


def exported(
    columns: Mapping[str, tuple[str, list[Any]]], entries: list[dict[str, Any]]
) -> tuple[TripleS, list[str]]:
    """The archive made of a dataset with these columns (SQL type, values), and the notes about it."""
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        work = Path(folder)
        names = ", ".join(f'"{name}" {kind}' for name, (kind, _) in columns.items())
        connection.execute(f"CREATE TABLE made ({names})")
        marks = ", ".join("?" for _ in columns)
        rows = list(zip(*(values for _, values in columns.values()), strict=True))
        if rows:
            connection.executemany(f"INSERT INTO made VALUES ({marks})", rows)
        connection.execute(f"COPY made TO '{work / 'rows.parquet'}' (FORMAT parquet)")
        codebook = {"variables": [{"label": entry["alias"], **entry} for entry in entries]}
        made = write_export(
            connection, work / "rows.parquet", codebook, Wish(ExportFormat.TRIPLES), work, silent
        )
        assert made.n_rows == len(rows)
        return TripleS(made.path.read_bytes()), made.notes


@pytest.fixture(scope="module")
def survey() -> tuple[TripleS, list[str]]:
    many = {f"b{n}": f"Brand {n}" for n in range(1, 31)}
    return exported(
        {
            "drink": ("VARCHAR", ["tea", "coffee", None, None, None]),
            "drink__missing": ("VARCHAR", [None, None, "not_asked", "refused", "skipped"]),
            "agree": ("VARCHAR", ["1", "5", "3", "1", None]),
            "media": ("VARCHAR[]", [["tv", "web"], [], ["web"], None, None]),
            "media__missing": ("VARCHAR", [None, None, None, "dont_know", "not_reached"]),
            "known": ("VARCHAR[]", [["b1"], ["b30", "b2"], [], None, ["b7"]]),
            "age": ("BIGINT", [34, 7, -2, None, None]),
            "age__missing": ("VARCHAR", [None, None, None, "refused", "not_asked"]),
            "weight": ("DOUBLE", [0.5, 1.25, 1.0, None, 2.0]),
            "again": ("BOOLEAN", [True, False, None, True, False]),
            "day": ("DATE", ["2026-02-03", "1999-12-31", None, None, None]),
            "clock": ("TIME", ["09:05:00", None, None, None, "23:59:59"]),
            "at": ("TIMESTAMPTZ", ["2026-02-03 10:20:30+00", None, None, None, None]),
            "why": ("VARCHAR", ['so "that", ü', "=1+1", "two\r\nlines", "", None]),
            "ä ö": ("VARCHAR", ["x", None, None, None, None]),
        },
        [
            {"alias": "drink", "kind": "category", "label": "Tea & <coffee>?", "codes": codes(tea="Tea", coffee="Coffee")},
            {
                "alias": "agree", "kind": "ordered",
                "codes": [{"code": str(n), "label": f"step {n}", "value": n - 3} for n in range(1, 6)],
            },
            {"alias": "media", "kind": "multiple", "codes": codes(tv="TV", web="Web", radio="Radio")},
            {"alias": "known", "kind": "multiple", "codes": codes(**many)},
            {"alias": "age", "kind": "integer"},
            {"alias": "weight", "kind": "decimal"},
            {"alias": "again", "kind": "boolean"},
            {"alias": "day", "kind": "date"},
            {"alias": "clock", "kind": "time"},
            {"alias": "at", "kind": "datetime"},
            {"alias": "why", "kind": "text"},
            {"alias": "ä ö", "kind": "text"},
        ],
    )  # fmt: skip


def test_every_value_comes_back(survey: tuple[TripleS, list[str]]) -> None:
    read, _ = survey
    assert read.names == ["survey.xml", "survey.csv"]
    assert read.values.pop("serial") == [1, 2, 3, 4, 5]
    assert read.values == {
        "drink": ["Tea", "Coffee", None, "Refused", "No answer"],
        "agree": ["step 1", "step 5", "step 3", "step 1", None],
        "media": [["TV", "Web"], [], ["Web"], ["Don't know"], None],
        "known": [["Brand 1"], ["Brand 30", "Brand 2"], [], None, ["Brand 7"]],
        "age": [34.0, 7.0, -2.0, "Refused", None],
        "weight": [0.5, 1.25, 1.0, None, 2.0],
        "again": ["1", "0", None, "1", "0"],
        "day": ["20260203", "19991231", None, None, None],
        "clock": ["090500", None, None, None, "235959"],
        "at": ["20260203", None, None, None, None],
        "at_time": ["102030", None, None, None, None],
        "why": ['so "that", ü', "=1+1", "two lines", None, None],
        "v____": ["x", None, None, None, None],
    }


def test_types_labels_scores_and_codes_are_the_standards(survey: tuple[TripleS, list[str]]) -> None:
    read, _ = survey
    assert read.elements["serial"].get("use") == "serial"
    assert {name: read.type_of(name) for name in read.elements if name != "serial"} == {
        "drink": "single", "agree": "single", "media": "multiple", "known": "multiple", "age": "quantity", "weight": "quantity",
        "again": "logical", "day": "date", "clock": "time", "at": "date", "at_time": "time", "why": "character", "v____": "character",
    }  # fmt: skip
    assert read.elements["drink"].findtext("label") == "Tea & <coffee>?"
    assert read.labels("drink") == {"1": "Tea", "2": "Coffee", "9": "Refused", "8": "No answer"}
    assert read.scores("agree") == {"1": "-2", "2": "-1", "3": "0", "4": "1", "5": "2"}
    assert read.labels("media") == {"1": "TV", "2": "Web", "3": "Radio", "4": "Don't know"}
    ranges = {name: read.elements[name].find("values/range") for name in ("age", "weight")}
    assert {name: found.attrib for name, found in ranges.items() if found is not None} == {
        "age": {"from": "-2", "to": "34"},
        "weight": {"from": "0.50", "to": "2.00"},
    }
    assert read.labels("age") == {"99": "Refused"}
    spread = read.elements["known"].find("spread")
    assert spread is not None
    assert spread.attrib == {"subfields": "2", "width": "2"}
    assert read.elements["media"].find("spread") is None
    assert read.elements["why"].findtext("size") == "12"


def test_strings_of_0_and_1_are_quoted_and_each_row_is_one_line(survey: tuple[TripleS, list[str]]) -> None:
    read, _ = survey
    assert len(read.lines) == 6
    assert read.lines[3].split(",")[3] == '"0100"'


def test_what_is_lost_is_noted(survey: tuple[TripleS, list[str]]) -> None:
    _, notes = survey
    assert notes == [
        "media: not_reached are blank; CSV and Parquet tell them apart",
        "why: line breaks in 1 texts are blanks",
    ]


def test_numbers_of_many_digits_are_rounded_with_a_note() -> None:
    read, notes = exported(
        {"x": ("DOUBLE", [1 / 3, float("inf"), None])}, [{"alias": "x", "kind": "decimal"}]
    )
    assert read.values["x"] == [0.333333333, None, None]
    assert notes == ["x: numbers are rounded to 9 digits after the point"]


def test_a_dataset_without_rows_is_a_file_without_rows() -> None:
    entries: list[dict[str, Any]] = [
        {"alias": "m", "kind": "multiple", "codes": []},
        {"alias": "c", "kind": "category", "codes": []},
        {"alias": "n", "kind": "integer"},
    ]
    read, _ = exported({"m": ("VARCHAR[]", []), "c": ("VARCHAR", []), "n": ("BIGINT", [])}, entries)
    assert read.values == {"serial": [], "m": [], "c": [], "n": []}
