"""Responses as a table: columns, labels, typed missing values, and versions that do not lose columns."""

import io
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq

from services.ingestion.domain.survey.columns import parquet_bytes
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.engine import Layout
from services.ingestion.domain.survey.reaching import not_reached
from services.ingestion.domain.survey.tables import Interview, Table, tabulate
from tests.ingestion.survey_definitions import options, text

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ROWS = [{"code": "r1", "text": text("First")}, {"code": "r2", "text": text("Second")}]


def q(code: str, kind: str, **fields: Any) -> dict[str, Any]:
    """A question with a text."""
    return {"code": code, "type": kind, "text": text(code.upper()), **fields}


def of(*questions: dict[str, Any]) -> Any:
    """A definition of one page."""
    return parse_definition({"languages": ["en"], "pages": [{"code": "p", "questions": list(questions)}]})


def interview(answers: dict[str, Any], *, not_asked: tuple[str, ...] = (), version: int = 1) -> Interview:
    """A complete interview of 90 seconds."""
    identifier = uuid.uuid5(uuid.NAMESPACE_OID, repr((answers, version)))
    return Interview(
        identifier, version, answers, frozenset(not_asked), "en", START, START + timedelta(seconds=90)
    )


def column(table: Table, name: str) -> list[Any] | None:
    """Values of a column, None when the table has none of that name."""
    return next((c.values for c in table.columns if c.name == name), None)


def entry(table: Table, alias: str) -> dict[str, Any]:
    """A variable's entry in the codebook."""
    return next(e for e in table.codebook["variables"] if e["alias"] == alias)


def test_missing_values_say_why() -> None:
    definition = of(q("a", "number"), q("b", "number", show_if="a > 1"))
    table = tabulate(
        [(1, definition)],
        [interview({"a": 2, "b": 3}), interview({"a": 1}, not_asked=("b",)), interview({"a": 5})],
    )
    assert column(table, "b") == [3.0, None, None]
    assert column(table, "b__missing") == [None, "not_asked", "skipped"]
    assert column(table, "a__missing") is None
    assert entry(table, "b")["missing"] == {"n": 2, "not_asked": 1, "skipped": 1}


def test_an_answer_kept_for_a_question_that_is_not_asked_does_not_count() -> None:
    table = tabulate([(1, of(q("a", "number")))], [interview({"a": 7}, not_asked=("a",))])
    assert column(table, "a") == [None]


def test_each_row_of_a_matrix_is_a_variable() -> None:
    definition = of(
        q("m", "matrix_single", rows=ROWS, columns=options("x", "y")),
        q("t", "constant_sum", options=options("a", "b"), total=10),
        q("k", "ranking", options=options("a", "b")),
    )
    table = tabulate([(1, definition)], [interview({"m": {"r1": "y"}, "t": {"a": 4, "b": 6}, "k": ["b"]})])
    assert (column(table, "m_r1"), column(table, "m_r2")) == (["y"], [None])
    assert (column(table, "t_a"), column(table, "k_a"), column(table, "k_b")) == ([4.0], [None], [1])
    assert entry(table, "m_r1")["label"] == "M: First"
    assert entry(table, "m_r1")["name"] == "m.r1"
    assert [c["label"] for c in entry(table, "m_r1")["codes"]] == ["X", "Y"]


def test_scales_have_codes_with_values_and_choices_keep_their_codes() -> None:
    definition = of(
        q("n", "nps", low=text("Never"), high=text("Surely")),
        q("c", "single_choice", options=options("tea", "coffee")),
        q("s", "multiple_choice", options=options("pen", "ink")),
        q("l", "likert", options=options("no", "yes")),
    )
    table = tabulate([(1, definition)], [interview({"n": 10, "c": "tea", "s": ["pen"], "l": "yes"})])
    assert (column(table, "n"), column(table, "c"), column(table, "s")) == (["10"], ["tea"], [["pen"]])
    assert (entry(table, "n")["kind"], entry(table, "c")["kind"], entry(table, "s")["kind"]) == (
        "ordered",
        "category",
        "multiple",
    )
    assert entry(table, "n")["codes"][0] == {"code": "0", "label": "0 – Never", "value": 0}
    assert [c["value"] for c in entry(table, "l")["codes"]] == [1, 2]
    assert table.codebook["multiple_response_sets"] == ["s", "quality_flags"]


def test_an_edit_never_loses_a_column_and_older_interviews_were_not_asked_the_new_question() -> None:
    first = of(q("a", "number"), q("c", "single_choice", options=options("x")))
    second = of(q("c", "single_choice", options=options("y")), q("b", "number"))
    table = tabulate(
        [(1, first), (2, second)],
        [interview({"a": 1, "c": "x"}), interview({"b": 2, "c": "y"}, version=2)],
    )
    assert [e["alias"] for e in table.codebook["variables"]][:3] == ["c", "b", "a"]
    assert column(table, "a__missing") == [None, "not_asked"]
    assert column(table, "b__missing") == ["not_asked", None]
    assert [c["code"] for c in entry(table, "c")["codes"]] == ["y", "x"]


def test_names_that_collide_are_told_apart() -> None:
    definition = of(q("m_r1", "number"), q("m", "matrix_number", rows=ROWS), q("language", "short_text"))
    table = tabulate([(1, definition)], [interview({"m_r1": 1, "m": {"r1": 2}, "language": "Klingon"})])
    assert (column(table, "m_r1"), column(table, "m_r1_2")) == ([1.0], [2.0])
    assert (column(table, "language"), column(table, "language_2")) == (["Klingon"], ["en"])


def test_a_slider_is_whole_when_its_grid_is() -> None:
    definition = of(q("plain", "slider"), q("fine", "slider", step=0.5), q("off", "slider", min=0.5))
    table = tabulate([(1, definition)], [interview({"plain": 40, "fine": 40.5, "off": 1.5})])
    kinds = [entry(table, alias)["kind"] for alias in ("plain", "fine", "off")]
    assert kinds == ["integer", "decimal", "decimal"]
    assert column(table, "plain") == [40]


def test_paradata_follow_the_questions() -> None:
    table = tabulate([(1, of(q("a", "number")))], [interview({"a": 1})])
    assert column(table, "duration_s") == [90.0]
    assert column(table, "submitted_at") == [START + timedelta(seconds=90)]
    assert entry(table, "response_id")["role"] == "id"


def test_equal_interviews_give_equal_bytes() -> None:
    definition, rows = of(q("a", "number")), [interview({"a": 1}), interview({})]
    first, second = tabulate([(1, definition)], rows), tabulate([(1, definition)], rows)
    assert first.content_hash == second.content_hash
    assert parquet_bytes(first) == parquet_bytes(second)
    assert tabulate([(1, definition)], rows[:1]).content_hash != first.content_hash


def test_the_file_has_the_types_that_the_codebook_promises() -> None:
    definition = of(
        q("n", "number"),
        q("i", "number", decimals=0),
        q("d", "date"),
        q("t", "time"),
        q("k", "consent"),
        q("s", "multiple_choice", options=options("pen", "ink")),
        {"code": "x", "type": "computed", "expression": "n * 2"},
    )
    answers = {"n": 1, "i": 2, "d": "2024-02-29", "t": "08:30", "k": True, "s": ["ink"], "x": 2}
    for rows in ([], [interview(answers), interview({}, not_asked=("s",))]):
        read = pq.read_table(io.BytesIO(parquet_bytes(tabulate([(1, definition)], rows))))
        kinds = {
            name: str(read.schema.field(name).type)
            for name in ("n", "i", "d", "t", "k", "s", "x", "started_at")
        }
        assert kinds == {
            "n": "double", "i": "int64", "d": "date32[day]", "t": "time64[us]", "k": "bool",
            "s": "list<element: string>", "x": "double", "started_at": "timestamp[us, tz=UTC]",
        }  # fmt: skip
        assert read.num_rows == len(rows)


def test_what_was_not_reached_is_told_apart_from_what_was_skipped_or_not_asked() -> None:
    document = {
        "languages": ["en"],
        "pages": [
            {"code": "p1", "questions": [q("a", "number"), q("b", "number")]},
            {"code": "p2", "questions": [q("c", "number", show_if="a > 1"), q("d", "number")]},
        ],
    }
    definition = parse_definition(document)
    places: list[tuple[Layout, int]] = [("CLASSIC", 1), ("FOCUS", 2)]
    for layout, cursor in places:
        behind = not_reached(definition, layout, {"a": 1}, seed=0, cursor=cursor)
        assert behind == {"c", "d"}
        whole = interview({"a": 2, "b": 1, "c": 1, "d": 1})
        partial = replace(
            interview({"a": 1}, not_asked=("c",)),
            status="in_progress", submitted_at=None, not_reached=behind,
        )  # fmt: skip
        table = tabulate([(1, definition)], [whole, partial])
        kinds = [(column(table, f"{name}__missing") or [None, None])[1] for name in "abcd"]
        assert kinds == [None, "skipped", "not_reached", "not_reached"]
        assert column(table, "status") == ["complete", "in_progress"]
        assert (column(table, "duration_s"), table.codebook["n_finished"]) == ([90.0, None], 1)


def test_an_answer_behind_the_place_of_an_interview_was_reached_all_the_same() -> None:
    definition = of(q("a", "number"), q("b", "number"), q("c", "number"))
    assert not_reached(definition, "FOCUS", {"c": 1}, seed=0, cursor=1) == {"b"}
