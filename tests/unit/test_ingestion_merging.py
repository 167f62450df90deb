"""Waves below each other and datasets side by side, against what pandas or plain Python give; every conflict named."""

from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.domain.merging.append import Wave, append
from services.ingestion.domain.merging.join import Key, join
from services.ingestion.domain.merging.sources import Source
from services.ingestion.domain.refusals import FileRefused


@pytest.fixture
def connection() -> Any:
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'")
        yield opened


def entry(alias: str, kind: str, codes: str = "", **more: Any) -> dict[str, Any]:
    listed = [{"code": code, "label": code.upper(), "value": None} for code in codes.split()]
    found = {
        "alias": alias,
        "name": alias,
        "label": alias,
        "kind": kind,
        "role": None,
        "missing": {"n": 0},
        "source": {},
    }
    return found | more | ({"codes": listed} if codes else {})


def source(
    connection: Any,
    folder: Path,
    number: int,
    columns: dict[str, Any],
    *entries: dict[str, Any],
    sets: tuple[str, ...] = (),
) -> Source:
    path = folder / f"{number}.parquet"
    pq.write_table(pa.table(columns), path)
    codebook = {"variables": list(entries), "multiple_response_sets": list(sets)}
    return Source.opened(connection, number, f"Dataset {number}", path, codebook)


def appended(
    connection: Any, folder: Path, *sources: Source, **more: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    waves = [Wave(each, f"w{each.dataset_id}", f"Wave {each.dataset_id}") for each in sources]
    codebook = append(connection, waves, folder / "out.parquet", wave_variable="wave", **more)
    return pq.read_table(folder / "out.parquet").to_pydict(), codebook


def test_waves_meet_by_alias_and_what_was_not_asked_says_so(connection: Any, tmp_path: Path) -> None:
    first = source(connection, tmp_path, 1,
        {"Q1": ["a", None, "b"], "age": [1, 2, 3], "Q1__missing": [None, "refused", None]},
        entry("Q1", "category", "a b"), entry("age", "integer"))  # fmt: skip
    second = source(connection, tmp_path, 2,
        {"q1": ["c", None], "brands": [["x"], None], "age": [1.5, None]},
        entry("q1", "category", "c a", label="Other wording"), entry("brands", "multiple", "x"), entry("age", "decimal"),
        sets=("brands",))  # fmt: skip
    columns, codebook = appended(connection, tmp_path, first, second)
    assert columns == {
        "wave": ["w1", "w1", "w1", "w2", "w2"],
        "Q1": ["a", None, "b", "c", None],
        "age": [1.0, 2.0, 3.0, 1.5, None],
        "brands": [None, None, None, ["x"], None],
        "Q1__missing": [None, "refused", None, None, None],
        "brands__missing": ["not_asked"] * 3 + [None] * 2,
    }
    by_alias = {e["alias"]: e for e in codebook["variables"]}
    assert [code["code"] for code in by_alias["Q1"]["codes"]] == ["a", "b", "c"]
    assert by_alias["Q1"]["missing"] == {"n": 2, "refused": 1}
    assert by_alias["brands"]["missing"] == {"n": 4, "not_asked": 3}
    assert by_alias["wave"]["codes"][1] == {"code": "w2", "label": "Wave 2", "value": None}
    assert codebook["multiple_response_sets"] == ["brands"]
    assert codebook["n_rows"] == 5
    merge = codebook["merge"]
    assert merge["only_in"] == {"brands": ["w2"]}
    assert merge["rows"] == [{"dataset_id": 1, "code": "w1", "n": 3}, {"dataset_id": 2, "code": "w2", "n": 2}]
    assert merge["doubts"] == [
        "Q1: worded as 'Q1' in Wave 1, 'Other wording' in Wave 2; the first wording is kept",
        "age: integer in Wave 1, decimal in Wave 2; taken as decimal",
    ]


def rated(connection: Any, folder: Path, number: int) -> Source:
    """A dataset with an id and a grid of two rows."""
    rows = [
        entry(
            item, "ordered", "low high", question={"text": "Rate", "item": item, "part": "row", "of": "rate"}
        )
        for item in ("rate_1", "rate_2")
    ]
    columns: dict[str, Any] = {"id": [1, 2], "rate_1": ["low", "high"], "rate_2": ["high", None]}
    return source(connection, folder, number, columns, entry("id", "integer"), *rows)


def test_a_grid_stays_one_below_each_other_and_is_two_side_by_side(connection: Any, tmp_path: Path) -> None:
    waves = rated(connection, tmp_path, 1), rated(connection, tmp_path, 2)
    _, codebook = appended(connection, tmp_path, *waves)
    [grid] = codebook["grids"]
    assert (grid["alias"], grid["label"], [c["code"] for c in grid["codes"]]) == (
        "rate",
        "Rate",
        ["low", "high"],
    )
    keys = [Key("id", "id")]
    joined = join(connection, *waves, tmp_path / "side.parquet", keys=keys, how="left", suffix="_b")
    assert [(g["alias"], [item["alias"] for item in g["items"]]) for g in joined["grids"]] == [
        ("rate", ["rate_1", "rate_2"]),
        ("rate_b", ["rate_1_b", "rate_2_b"]),
    ]


def test_codes_that_mean_different_things_are_reported(connection: Any, tmp_path: Path) -> None:
    one = source(connection, tmp_path, 1, {"q": ["1"]}, entry("q", "category", "1"))
    other = entry("q", "category") | {"codes": [{"code": "1", "label": "No", "value": None}]}
    two = source(connection, tmp_path, 2, {"q": ["1"]}, other)
    _, codebook = appended(connection, tmp_path, one, two)
    assert codebook["merge"]["doubts"] == [
        "q: code '1' is '1' in an earlier wave and 'No' in Wave 2; the first label is kept"
    ]


def test_kinds_that_cannot_be_one_are_refused_by_name_and_can_be_left_out(
    connection: Any, tmp_path: Path
) -> None:
    one = source(connection, tmp_path, 1, {"q": [1], "x": ["a"]}, entry("q", "integer"), entry("x", "text"))
    two = source(
        connection,
        tmp_path,
        2,
        {"q": ["1"], "x": ["b"]},
        entry("q", "category", "1"),
        entry("x", "category", "b"),
    )
    with pytest.raises(FileRefused, match=r"'q' is integer in Wave 1, category in Wave 2") as refused:
        appended(connection, tmp_path, one, two)
    assert "exclude" in refused.value.hint
    columns, codebook = appended(connection, tmp_path, one, two, exclude=["Q"])
    assert columns == {"wave": ["w1", "w2"], "x": ["a", "b"]}
    assert codebook["variables"][1]["kind"] == "text"


def test_the_name_of_the_wave_variable_must_be_free(connection: Any, tmp_path: Path) -> None:
    one = source(connection, tmp_path, 1, {"Wave": ["a"]}, entry("Wave", "text"))
    with pytest.raises(FileRefused, match="a variable 'wave' already"):
        appended(connection, tmp_path, one, one)


def test_appending_a_dataset_to_itself_doubles_its_rows_in_order(connection: Any, tmp_path: Path) -> None:
    one = source(connection, tmp_path, 1, {"n": list(range(300_000))}, entry("n", "integer"))
    columns, _ = appended(connection, tmp_path, one, one)
    assert columns["n"] == list(range(300_000)) * 2


def people(connection: Any, folder: Path) -> Source:
    return source(connection, folder, 1,
        {"id": ["2", "1", None, "9"], "name": ["b", "a", "c", "z"], "name__missing": [None] * 4},
        entry("id", "id"), entry("name", "text"))  # fmt: skip


def scores(connection: Any, folder: Path) -> Source:
    return source(connection, folder, 2,
        {"rid": [1, 2, 3, None], "name": ["A", None, "C", "D"], "name__missing": [None, "refused", None, None]},
        entry("rid", "integer"), entry("name", "text"))  # fmt: skip


@pytest.mark.parametrize(
    ("how", "ids", "names"),
    [
        ("left", ["2", "1", None, "9"], [None, "A", None, None]),
        ("inner", ["2", "1"], [None, "A"]),
        ("full", ["2", "1", None, "9", "3", None], [None, "A", None, None, "C", "D"]),
    ],
)
def test_rows_find_each_other_by_key(
    connection: Any, tmp_path: Path, how: str, ids: list[Any], names: list[Any]
) -> None:
    codebook = join(
        connection, people(connection, tmp_path), scores(connection, tmp_path), tmp_path / "out.parquet",
        keys=[Key("id", "rid")], how=how, suffix="_2",
    )  # fmt: skip
    columns = pq.read_table(tmp_path / "out.parquet").to_pydict()
    assert columns["id"] == ids
    assert columns["name_2"] == names
    assert columns["name_2__missing"][0] == "refused"
    merge = codebook["merge"]
    assert (merge["left"]["n"], merge["left"]["matched"], merge["left"]["without_key"]) == (4, 2, 1)
    assert merge["left"]["unmatched_examples"] == ["9"]
    assert (merge["right"]["matched"], merge["right"]["unmatched_examples"]) == (2, ["3"])
    second = next(e for e in codebook["variables"] if e["alias"] == "name_2")
    assert second["source"] == {"dataset": 2, "variable": "name"}
    assert second["missing"] == {"n": names.count(None), "refused": 1}


def test_a_key_in_several_rows_of_the_right_is_refused_with_examples(connection: Any, tmp_path: Path) -> None:
    one = source(connection, tmp_path, 1, {"id": ["a"]}, entry("id", "id"))
    many = source(
        connection,
        tmp_path,
        2,
        {"id": ["a", "a", "b"], "x": [1, 2, 3]},
        entry("id", "id"),
        entry("x", "integer"),
    )
    with pytest.raises(FileRefused, match=r"1 values of id stand in several rows of Dataset 2: a \(2 rows\)"):
        join(connection, one, many, tmp_path / "o", keys=[Key("id", "id")], how="left", suffix="_2")
    with pytest.raises(FileRefused, match="'nope' of Dataset 1 cannot be a key"):
        join(connection, one, many, tmp_path / "o", keys=[Key("nope", "id")], how="left", suffix="_2")


KEYS = st.lists(st.none() | st.integers(0, 6), max_size=12)


@given(
    left=KEYS,
    right=st.lists(st.integers(0, 6), unique=True, max_size=7),
    how=st.sampled_from(["left", "inner"]),
)
def test_joins_are_those_of_pandas(left: list[int | None], right: list[int], how: Any) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name, duckdb.connect() as connection:
        folder = Path(name)
        one = pa.array(left, pa.int64())
        sources = (
            source(connection, folder, 1, {"k": one, "k2": one}, entry("k", "integer"), entry("k2", "integer")),
            source(connection, folder, 2, {"r": pa.array(right, pa.int64()), "v": pa.array(right, pa.int64())},
                   entry("r", "integer"), entry("v", "integer")),
        )  # fmt: skip
        keys = [Key("k", "r"), Key("k2", "v")]
        join(connection, *sources, folder / "out", keys=keys, how=how, suffix="_2")
        found = pq.read_table(folder / "out").to_pydict()["k"]
    frame = pd.DataFrame({"k": pd.array(left, "Int64")}).merge(
        pd.DataFrame({"k": pd.array(right, "Int64")}), how=how, on="k"
    )
    assert found == [None if pd.isna(k) else int(k) for k in frame["k"]]
