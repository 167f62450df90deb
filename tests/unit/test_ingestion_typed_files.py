"""Parquet and JSON: types that a file states are kept, texts are understood like those of any file, nothing is lost."""

import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.domain.bytescan import BLANKS
from services.ingestion.domain.refusals import FileRefused
from tests.imported_file import Imported


def parquet(**columns: pa.Array) -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.table(columns), written)
    return written.getvalue()


def lines(*items: Any) -> bytes:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items).encode()


def test_a_parquet_files_types_are_kept() -> None:
    noon = dt.datetime(2020, 1, 2, 12, tzinfo=dt.UTC)
    found = Imported(
        parquet(
            whole=pa.array([1, None, -(2**40)]),
            small=pa.array([1, 2, 3], pa.uint8()),
            broken=pa.array([0.5, float("nan"), float("inf")]),
            money=pa.array([Decimal("1.10"), None, Decimal("-2.25")]),
            yes=pa.array([True, None, False]),
            day=pa.array([dt.date(2020, 2, 29), None, dt.date(1700, 1, 1)]),
            at=pa.array([noon, None, noon]),
            naive=pa.array([dt.datetime(2020, 1, 2, 12), None, None]),  # noqa: DTZ001 - a file without zone
            clock=pa.array([dt.time(23, 59), None, dt.time(0)]),
            several=pa.array([["a", "b"], None, ["b"]]),
            place=pa.array([{"city": "Graz"}, None, {"city": "Linz"}]),
            text=pa.array(["x", "", None]),
            coded=pa.array(["low", "high", "low"]).dictionary_encode(),
            id=pa.array([2**63, 5, 7], pa.uint64()),
        )
    )
    assert found.kinds == {
        "whole": "integer", "small": "integer", "broken": "decimal", "money": "decimal", "yes": "boolean", "day": "date",
        "at": "datetime", "naive": "datetime", "clock": "time", "several": "multiple", "place": "text",
        "text": "text", "coded": "ordered", "id": "id",
    }  # fmt: skip
    assert found.column("whole") == [1, None, -(2**40)]
    assert found.column("broken") == [0.5, None, None]
    assert found.column("money") == [1.1, None, -2.25]
    assert found.column("day") == [dt.date(2020, 2, 29), None, dt.date(1700, 1, 1)]
    assert found.column("at")[0] == found.column("naive")[0] == "2020-01-02 12:00:00+00"
    assert found.column("several") == [["a", "b"], None, ["b"]]
    assert [code["code"] for code in found.variables["several"]["codes"]] == ["a", "b"]
    assert json.loads(found.column("place")[0]) == {"city": "Graz"}
    assert found.column("text") == ["x", None, None]
    assert found.column("id")[0] == str(2**63)
    assert found.variables["day"]["missing"] == {"n": 1}


def test_bytes_in_a_parquet_file_are_left_out_and_that_is_said() -> None:
    found = Imported(parquet(picture=pa.array([b"\x00\x01", b""]), n=pa.array([1, 2])))
    assert found.names == ["n"]
    assert found.table.report["doubts"] == ["picture: left out, since it holds bytes"]


def test_a_parquet_file_that_was_cut_is_refused_with_a_reason() -> None:
    whole = parquet(n=pa.array(range(10_000)))
    for content in (whole[: len(whole) // 2], whole[:-4], b"PAR1" + bytes(100) + b"PAR1"):
        with pytest.raises(FileRefused) as refused:
            Imported(content)
        assert refused.value.slug == "file-damaged"


def test_json_lines_become_columns_in_the_order_of_their_first_appearance() -> None:
    found = Imported(
        lines(
            {
                "id": "a1",
                "age": 34,
                "address": {"city": "Graz", "zip": "08010"},
                "media": ["TV", "Radio"],
                "ok": True,
            },
            {"id": "a2", "age": None, "extra": "x", "nested": [{"deep": 1}]},
            {"id": "a3", "age": 51, "address": {"city": "Linz", "zip": "04020"}, "media": []},
        )
    )
    assert found.names == ["id", "age", "address.city", "address.zip", "media", "ok", "extra", "nested"]
    assert found.column("age") == [34, None, 51]
    assert found.column("address.zip") == ["08010", None, "04020"], "leading zeros stay"
    assert found.column("media")[0] in ("TV;Radio", ["TV", "Radio"])
    assert found.column("nested")[1] == '[{"deep":1}]'
    assert found.table.report["format"] == "json"


def test_a_list_of_objects_is_read_like_lines() -> None:
    rows = [{"n": 1, "t": "é\n;,"}, {"n": 2, "t": None}]
    for content in (json.dumps(rows).encode(), b"\xef\xbb\xbf " + json.dumps(rows, indent=2).encode()):
        found = Imported(content)
        assert (found.column("n"), found.column("t")) == ([1, 2], ["é\n;,", None])


def test_lines_that_are_no_objects_are_rejected_with_their_number() -> None:
    found = Imported(lines({"n": 1}) + b'{"n": 2\n\n[1]\n' + lines({"n": 3}, {"n": 4}))
    assert found.column("n") == [1, 3, 4]
    report = found.table.report
    assert report["rows"] == {"read": 3, "rejected": 2, "repaired": 0, "blank": 1}
    assert [note["line"] for note in report["rejected"]] == [2, 4]


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b'{"a": 1}\n' + b"not json\n" * 5, "file-damaged"),
        (b'[{"a": 1}, {"a": ', "file-damaged"),
        (b'{"a":1}\n' + b'{"b": "' + b"x" * 1_100_000 + b'"}\n' * 3, "file-damaged"),
        (lines(*({f"n{i}": 1} for i in range(6000))), "file-too-complex"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "file-damaged"),
    ],
    ids=["mostly no JSON", "cut list", "huge cells", "too many names", "deep"],
)
def test_bad_json_is_refused_with_a_reason(content: bytes, slug: str) -> None:
    with pytest.raises(FileRefused) as refused:
        Imported(content)
    assert (refused.value.slug, bool(refused.value.hint)) == (slug, True)


@pytest.mark.parametrize(
    "content",
    [b"{name},{age}\n1,2\n3,4\n", b'"{""a"": 1}",b\n1,2\n3,4\n', b"[x],[y]\n1,2\n", b'{"a",b\n1,2\n'],
)
def test_a_table_whose_header_has_braces_is_no_json(content: bytes) -> None:
    assert Imported(content).table.report["format"] == "text"


SCALARS = (
    st.none()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), SCALARS, min_size=1), min_size=1, max_size=20))
@settings(max_examples=40)
def test_no_row_of_json_lines_is_lost_or_invented(rows: list[dict[str, Any]]) -> None:
    found = Imported(lines(*rows))
    assert found.table.n_rows == len(rows)
    for name in found.names:
        for row, value in zip(rows, found.column(name), strict=True):
            if row.get(name) in (None, "") or not str(row.get(name)).strip(BLANKS):
                assert value is None
