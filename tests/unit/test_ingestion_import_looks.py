"""What the page of an import report shows, from the JSON of a file and its report."""

from typing import Any

import pytest

from services.ingestion.domain.import_looks import MOST_BLOCKS, MOST_COLUMNS, ReportLook, look_of

AGE: dict[str, Any] = {
    "name": "age",
    "alias": "age",
    "label": "Age in years",
    "kind": "integer",
    "confidence": 0.987,
    "reason": "98 of 99 cells are written like 1234",
    "missing": 25,
    "distinct": 40,
    "distinct_is_exact": False,
    "examples": ["20", "31"],
    "min": 18,
    "max": 1234567,
    "mean": 43.123456,
    "quantiles": {"p05": 19, "p25": 30, "p50": 42.5, "p75": 1055.0, "p95": 71},
    "quantiles_are_exact": False,
    "histogram": {"from": 18, "to": 1234567, "n": [1, 4, 0, 2]},
    "personal_data": None,
}
MAIL: dict[str, Any] = {
    "name": "Mail",
    "alias": "mail",
    "label": "Mail",
    "kind": "email",
    "confidence": 1.0,
    "reason": "e-mail addresses",
    "missing": 0,
    "distinct": 2,
    "examples": ["a•••@•••"],
    "top_values": [{"value": "a•••", "n": 3}, {"value": "b•••", "n": 1}],
    "personal_data": {"kind": "email", "share": 0.97, "reason": "the cells are addresses"},
}


def seen(columns: list[dict[str, Any]], preview: dict[str, Any] | None = None, **report: Any) -> ReportLook:
    file = {"columns_metadata": {"columns": columns}, "size_bytes": 1234, "sha256": "ab"}
    return look_of(file, {"format": "text", "rows": {"read": 100}, **report}, preview or {})


def test_a_column_of_numbers_has_a_histogram_and_says_what_is_only_about_right() -> None:
    [age] = seen([AGE]).columns
    assert (age.kind, age.confidence, age.missing) == ("whole number", "99% sure", "25 (25 %)")
    assert [(b.x, b.y, b.height) for b in age.bins] == [(0, 75, 25), (25, 0, 100), (50, 100, 0), (75, 50, 50)]
    assert age.ends == ("18", "1,234,567")
    assert dict(age.facts) == {
        "Different values": "about 40",
        "Mean": "43.1235",
        "From – to": "18 – 1,234,567",
        "Quartiles": "about 30, 42.5, 1,055",
    }
    assert (age.bars, age.needs_a_look) == ([], False)


def test_columns_of_persons_come_first_and_their_cells_are_hidden_in_the_rows() -> None:
    columns = [{"alias": "age", "kind": "integer"}, {"alias": "mail", "kind": "email"}]
    look = seen([AGE, MAIL], {"columns": columns, "rows": [[20, "ann@example.com"], [None, None]]})
    [mail] = look.personal
    assert mail.personal == "e-mail address, 97 % of the values: the cells are addresses"
    assert mail.anchor == "column-2"
    assert look.body == [["20", "hidden"], ["", ""]]
    assert [(b.label, b.width) for b in mail.bars] == [("a•••", 100), ("b•••", 33.33)]


def test_doubts_stand_at_the_top_and_at_their_column() -> None:
    look = seen([AGE, MAIL], doubts=["age: taken as integer, not surely", "the set x is left out"])
    assert look.doubts == ["age: taken as integer, not surely", "the set x is left out"]
    assert [column.doubts for column in look.columns] == [["taken as integer, not surely"], []]


def test_parts_that_only_one_format_has_are_shown_as_facts() -> None:
    look = seen(
        [],
        encoding={"name": "cp1252", "byte_order_mark": False, "alternatives": []},
        program="SPSS",
        joined=[],
    )
    assert look.sections == [
        ("Encoding", [("name", "cp1252"), ("byte order mark", "no"), ("alternatives", "none")]),
    ]
    assert look.facts[-1] == ("Program", "SPSS")
    assert look.tiles == [("rows read", "100"), ("columns", "0")]


def test_a_document_shows_what_is_on_its_pages_and_how_its_text_begins() -> None:
    counts = {"pages": 2, "words": 1234, "headings": 1, "tables": 0, "characters": 6000}
    file = {"columns_metadata": {}, "size_bytes": 1, "sha256": "ab"}
    blocks = [{"kind": "heading", "text": "Findings"}, {"kind": "paragraph", "text": "x" * 2000}]
    report = {
        "format": "pdf",
        "ocr": {"pages": [], "languages": [], "mean_confidence": None},
        "pages_are": "the pages of the PDF",
    }
    look = look_of(file, report | counts, {"columns": [], "rows": [], "page": {"blocks": blocks * 10}})
    assert look.tiles == [("pages", "2"), ("words", "1,234"), ("headings", "1"), ("tables", "0")]
    assert (look.sections, look.facts[-1]) == ([], ("Characters", "6,000"))
    assert look.beginning[0] == ("heading", "Findings")
    assert len(look.beginning) == MOST_BLOCKS
    assert len(look.beginning[1][1]) == 1000


@pytest.mark.parametrize("columns", [[], [{"name": "x", "kind": "text"}]])
def test_little_is_enough(columns: list[dict[str, Any]]) -> None:
    assert len(seen(columns).columns) == len(columns)


def test_a_very_wide_table_shows_its_first_columns_and_how_many_there_are() -> None:
    look = seen([AGE | {"alias": f"a{i}"} for i in range(MOST_COLUMNS + 7)])
    assert (len(look.columns), look.n_columns) == (MOST_COLUMNS, MOST_COLUMNS + 7)


def test_long_cells_and_lists_are_cut_for_the_eye() -> None:
    columns = [
        {"alias": "t", "kind": "text"},
        {"alias": "m", "kind": "multiple"},
        {"alias": "b", "kind": "boolean"},
    ]
    [row] = seen([], {"columns": columns, "rows": [["x" * 1000, ["A", "B"], True]]}).body
    assert (len(row[0]), row[1:]) == (160, ["A; B", "true"])


def test_many_doubts_are_counted_and_a_colon_in_a_name_parts_nothing() -> None:
    doubts = ["a: b: not sure"] * 300
    look = seen([AGE | {"alias": "a: b"}, AGE | {"alias": "b"}], doubts=doubts)
    assert (len(look.doubts), look.n_doubts) == (200, 300)
    assert [set(column.doubts) for column in look.columns] == [{"not sure"}, set()]
