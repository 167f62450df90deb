"""Derived variables against values worked out row by row in Python, and every fault with its pointer."""

import datetime as dt
import math
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.datasets.codebook import read_codebook
from services.ingestion.domain.derivations.definitions import TYPES, read_definition
from services.ingestion.domain.derivations.deriving import Derivation, derivations_in, derive
from services.ingestion.domain.derivations.expressions import OPERATIONS
from services.ingestion.domain.derivations.values import DefinitionError
from services.ingestion.domain.refusals import FileRefused

Rows = list[dict[str, Any]]


def entry(alias: str, kind: str, codes: tuple[Any, ...] = (), **more: Any) -> dict[str, Any]:
    listed = [c if isinstance(c, dict) else {"code": c, "label": c.title(), "value": None} for c in codes]
    found = {
        "alias": alias,
        "name": alias,
        "label": f"{alias}?",
        "kind": kind,
        "missing": {"n": 0},
        "source": {},
    }
    return found | more | ({"codes": listed} if codes else {})


SCALE = tuple({"code": str(n), "label": f"{n} stars", "value": n} for n in range(1, 6))
CODEBOOK = {
    "variables": [
        entry("age", "integer"),
        entry("income", "decimal"),
        entry("sex", "category", ("f", "m")),
        entry("region", "category", ("north", "south", "east")),
        entry("q1", "ordered", SCALE),
        entry("q2", "ordered", SCALE),
        entry("brands", "multiple", ("bmw", "vw", "fiat")),
        entry("day", "date"),
        entry("at", "datetime"),
        entry("word", "text"),
        entry("is_new", "boolean"),
        entry("t", "time"),
    ],
    "n_rows": 5,
    "multiple_response_sets": ["brands"],
}
UTC = dt.UTC
ROWS: Rows = [
    {"age": 17, "income": 10.5, "sex": "f", "region": "north", "q1": "5", "q2": "4", "brands": ["bmw", "vw"], "day": dt.date(2026, 1, 1), "at": dt.datetime(2026, 1, 1, 23, 30, tzinfo=UTC), "word": " Straße ", "is_new": True},
    {"age": 18, "income": 0.0, "sex": "m", "region": "south", "q1": "1", "q2": None, "brands": [], "day": dt.date(2024, 12, 30), "at": dt.datetime(2026, 7, 31, 1, 0, tzinfo=UTC), "word": "", "is_new": False},
    {"age": 34, "income": -4.0, "sex": None, "region": "east", "q1": None, "q2": "2", "brands": ["fiat"], "day": None, "at": None, "word": None, "is_new": None},
    {"age": 35, "income": None, "sex": "f", "region": None, "q1": "3", "q2": "3", "brands": None, "day": dt.date(2026, 2, 28), "at": dt.datetime(2026, 12, 31, 0, 0, tzinfo=UTC), "word": "a", "is_new": True},
    {"age": None, "income": 1e300, "sex": "m", "region": "north", "q1": None, "q2": None, "brands": ["vw", "fiat"], "day": dt.date(1999, 12, 31), "at": dt.datetime(1999, 12, 31, 12, 0, tzinfo=UTC), "word": "Ab", "is_new": False},
]  # fmt: skip
SCHEMA = pa.schema(
    [
        ("age", pa.int64()),
        ("income", pa.float64()),
        *((name, pa.string()) for name in ("sex", "region", "q1", "q2")),
        ("brands", pa.list_(pa.string())),
        ("day", pa.date32()),
        ("at", pa.timestamp("us", "UTC")),
        ("word", pa.string()),
        ("is_new", pa.bool_()),
        ("t", pa.time64("us")),
        ("sex__missing", pa.string()),
    ]
)


def file_of(folder: Path, rows: Rows = ROWS) -> Path:
    path = folder / "rows.parquet"
    whole = [{**row, "sex__missing": "refused" if row.get("sex") is None else None} for row in rows]
    pq.write_table(pa.Table.from_pylist(whole, SCHEMA), path)
    return path


def derived(folder: Path, *definitions: tuple[str, dict[str, Any]], rows: Rows = ROWS) -> tuple[Any, Any]:
    """The columns of the derived file, and the codebook's entries, both by alias."""
    asked = [Derivation(alias, f"Label of {alias}", one, is_new=True) for alias, one in definitions]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        made = derive(
            connection, file_of(folder, rows), CODEBOOK, asked, folder / "out.parquet", lambda *_: None
        )
    table = pq.read_table(made.parquet)
    return table.to_pydict(), {e["alias"]: e for e in made.codebook["variables"]} | {"": made.codebook}


def computed(folder: Path, expression: dict[str, Any], rows: Rows = ROWS, **more: Any) -> list[Any]:
    columns, _ = derived(folder, ("x", {"type": "compute", "expression": expression, **more}), rows=rows)
    return list(columns["x"])


def test_recode_groups_values_and_keeps_what_a_missing_value_is(tmp_path: Path) -> None:
    groups = [{"code": "woman", "label": "Woman", "values": ["f"]}]
    columns, entries = derived(
        tmp_path,
        ("a", {"type": "recode", "variable": "sex", "groups": groups}),
        ("b", {"type": "recode", "variable": "sex", "groups": groups, "others": "keep"}),
        ("c", {"type": "recode", "variable": "sex", "groups": groups, "others": {"code": "o", "label": "Other"}}),
        ("d", {"type": "recode", "variable": "q1", "ordered": True, "groups": [
            {"code": "low", "values": ["1", "2"], "value": 1}, {"code": "high", "values": ["4", "5"], "value": 3}]}),
    )  # fmt: skip
    assert columns["a"] == ["woman", None, None, "woman", None]
    assert columns["b"] == ["woman", "m", None, "woman", "m"]
    assert columns["c"] == ["woman", "o", None, "woman", "o"]
    assert columns["d"] == ["high", "low", None, None, None]
    assert columns["b__missing"] == [None, None, "refused", None, None]
    assert entries["b"]["missing"] == {"n": 1, "refused": 1}
    assert [c["code"] for c in entries["b"]["codes"]] == ["woman", "m"]
    assert entries["d"]["kind"] == "ordered"
    assert [c["value"] for c in entries["d"]["codes"]] == [1, 3]
    assert entries["a"]["source"] == {
        "derived": {"type": "recode", "variable": "sex", "groups": groups},
        "from": ["sex"],
    }
    assert entries["a"]["label"] == "Label of a"


def test_bands_take_their_cut_into_the_upper_one(tmp_path: Path) -> None:
    columns, entries = derived(
        tmp_path,
        ("a", {"type": "band", "variable": "age", "cuts": [18, 35]}),
        ("b", {"type": "band", "variable": "income", "cuts": [0, 1.5], "labels": ["red", "thin", "fat"]}),
        ("c", {"type": "band", "variable": "day", "cuts": ["2026-01-01"]}),
    )
    assert columns["a"] == ["<18", "18–34", "18–34", "35+", None]
    assert columns["b"] == ["1.5+", "0 – <1.5", "<0", None, "1.5+"]
    assert [c["label"] for c in entries["b"]["codes"]] == ["red", "thin", "fat"]
    assert columns["c"] == ["2026-01-01+", "<2026-01-01", None, "2026-01-01+", "<2026-01-01"]
    assert entries["a"]["kind"] == "ordered"


@given(
    cuts=st.lists(st.integers(-50, 50), min_size=1, max_size=6, unique=True).map(sorted),
    ages=st.lists(st.none() | st.integers(-60, 60), min_size=1, max_size=20),
)
def test_every_number_falls_into_exactly_one_band(cuts: list[int], ages: list[int | None]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        columns, entries = derived(
            Path(name),
            ("x", {"type": "band", "variable": "age", "cuts": cuts}),
            rows=[{"age": a} for a in ages],
        )
    codes = [c["code"] for c in entries["x"]["codes"]]
    expected = [None if age is None else codes[sum(age >= cut for cut in cuts)] for age in ages]
    assert columns["x"] == expected
    assert len(set(codes)) == len(cuts) + 1


@pytest.mark.parametrize("unit", ["year", "quarter", "month", "week", "weekday"])
def test_periods_are_those_of_the_iso_calendar(tmp_path: Path, unit: str) -> None:
    columns, entries = derived(tmp_path, ("x", {"type": "period", "variable": "day", "unit": unit}))

    def period(day: dt.date | None) -> str | None:
        if day is None:
            return None
        iso = day.isocalendar()
        return {
            "year": f"{day.year}",
            "quarter": f"{day.year}-Q{(day.month + 2) // 3}",
            "month": f"{day:%Y-%m}",
            "week": f"{iso.year}-W{iso.week:02}",
            "weekday": str(iso.weekday),
        }[unit]

    expected = [period(row["day"]) for row in ROWS]
    assert columns["x"] == expected
    codes = [c["code"] for c in entries["x"]["codes"]]
    assert codes == (list("1234567") if unit == "weekday" else sorted({p for p in expected if p}))


def test_combinations_sets_and_nets_are_counted_from_rows(tmp_path: Path) -> None:
    columns, entries = derived(
        tmp_path,
        ("both", {"type": "combine", "variables": ["sex", "region"]}),
        ("top", {"type": "set", "variables": ["q1", "q2"], "selected": ["4", "5"]}),
        ("makes", {"type": "net", "variable": "brands", "nets": [{"code": "de", "label": "German", "values": ["bmw", "vw"]}]}),
        ("only", {"type": "net", "variable": "brands", "keep": False, "nets": [{"code": "de", "values": ["bmw", "vw"]}]}),
    )  # fmt: skip
    assert columns["both"] == ["f|north", "m|south", None, None, "m|north"]
    assert len(entries["both"]["codes"]) == 6
    assert {"code": "f|north", "label": "F × North", "value": None} in entries["both"]["codes"]
    # Asked is who has a value in one of them at least.
    assert columns["top"] == [["q1", "q2"], [], [], [], None]
    assert columns["makes"] == [["de", "bmw", "vw"], [], ["fiat"], None, ["de", "vw", "fiat"]]
    assert columns["only"] == [["de"], [], [], None, ["de"]]
    assert entries[""]["multiple_response_sets"] == ["brands", "top", "makes", "only"]


def test_conditions_take_the_first_that_holds(tmp_path: Path) -> None:
    young = {"op": "lt", "variable": "age", "value": 35}
    rich = {"op": "gt", "variable": "income", "value": 5}
    cases = [{"code": "y", "label": "Young", "when": young}, {"code": "r", "when": rich}]
    columns, _ = derived(
        tmp_path,
        ("x", {"type": "conditions", "cases": cases}),
        ("z", {"type": "conditions", "cases": cases, "otherwise": {"code": "o"}}),
    )
    assert columns["x"] == ["y", "y", "y", None, "r"]
    assert columns["z"] == ["y", "y", "y", "o", "r"]


V, C, S = ({"variable": name} for name in ("age", "income", "q1"))
SCORES = [{"score": "q1"}, {"score": "q2"}]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"op": "+", "args": [V, {"value": 1}]}, [18, 19, 35, 36, None]),
        ({"op": "-", "args": [V]}, [-17, -18, -34, -35, None]),
        ({"op": "*", "args": [V, C]}, [178.5, 0, -136, None, None]),
        ({"op": "/", "args": [V, C]}, [17 / 10.5, None, -8.5, None, None]),
        ({"op": "sqrt", "args": [C]}, [10.5**0.5, 0, None, None, 1e150]),
        ({"op": "ln", "args": [C]}, [math.log(10.5), None, None, None, math.log(1e300)]),
        ({"op": "exp", "args": [C]}, [math.exp(10.5), 1, math.exp(-4), None, None]),
        ({"op": "power", "args": [C, {"value": 2}]}, [110.25, 0, 16, None, None]),
        ({"op": "abs", "args": [C]}, [10.5, 0, 4, None, 1e300]),
        ({"op": "floor", "args": [{"op": "/", "args": [V, {"value": 10}]}]}, [1, 1, 3, 3, None]),
        ({"op": "round", "args": [{"op": "/", "args": [V, {"value": 4}]}, {"value": 1}]}, [4.3, 4.5, 8.5, 8.8, None]),
        ({"op": "sum", "args": SCORES}, [9, 1, 2, 6, None]),
        ({"op": "sum", "args": SCORES, "at_least": 2}, [9, None, None, 6, None]),
        ({"op": "mean", "args": SCORES}, [4.5, 1, 2, 3, None]),
        ({"op": "minimum", "args": SCORES}, [4, 1, 2, 3, None]),
        ({"op": "maximum", "args": SCORES}, [5, 1, 2, 3, None]),
        ({"op": "count", "args": [*SCORES, {"variable": "word"}]}, [3, 2, 1, 3, 1]),
        ({"op": "year", "args": [{"variable": "day"}]}, [2026, 2024, None, 2026, 1999]),
        ({"op": "month", "args": [{"variable": "at"}]}, [1, 7, None, 12, 12]),
        ({"op": "day", "args": [{"variable": "at"}]}, [1, 31, None, 31, 31]),
        ({"op": "hour", "args": [{"variable": "at"}]}, [23, 1, None, 0, 12]),
        ({"op": "days_between", "args": [{"variable": "day"}, {"variable": "at"}]}, [23.5 / 24, 578 + 1 / 24, None, 306, 0.5]),
        ({"op": "length", "args": [{"variable": "word"}]}, [8, 0, None, 1, 2]),
        ({"if": {"op": "eq", "variable": "sex", "value": "f"}, "then": V, "else": {"value": 0}}, [17, 0, 0, 35, 0]),
        ({"if": {"op": "eq", "variable": "sex", "value": "f"}, "then": V}, [17, None, None, 35, None]),
    ],
)  # fmt: skip
def test_expressions_give_what_python_gives(
    tmp_path: Path, expression: dict[str, Any], expected: list[float | None]
) -> None:
    found = computed(tmp_path, expression)
    assert [None if x is None else pytest.approx(x, rel=1e-12) for x in found] == expected


def test_texts_and_truths(tmp_path: Path) -> None:
    word = {"variable": "word"}
    assert computed(tmp_path, {"op": "upper", "args": [{"op": "trim", "args": [word]}]})[3:] == ["A", "AB"]
    assert computed(tmp_path, {"op": "concat", "args": [{"variable": "sex"}, {"value": "-"}, word]}) == [
        "f- Straße ", "m-", None, "f-a", "m-Ab",
    ]  # fmt: skip
    assert computed(tmp_path, {"true_if": {"op": "ge", "variable": "age", "value": 18}}) == [
        False, True, True, True, False,
    ]  # fmt: skip
    assert computed(tmp_path, {"op": "/", "args": [V, {"value": 2}]}, kind="integer") == [9, 9, 17, 18, None]


def test_a_derived_variable_can_be_derived_from(tmp_path: Path) -> None:
    columns, entries = derived(
        tmp_path,
        ("score", {"type": "compute", "expression": {"op": "mean", "args": SCORES}}),
        ("level", {"type": "band", "variable": "score", "cuts": [3], "labels": ["low", "high"]}),
    )
    assert columns["level"] == ["3+", "<3", "<3", "3+", None]
    assert entries["level"]["source"]["from"] == ["score"]
    assert list(columns)[-3:] == ["score", "level", "sex__missing"]


def test_what_no_longer_fits_is_listed_and_what_is_new_is_refused(tmp_path: Path) -> None:
    gone = {"type": "band", "variable": "gone", "cuts": [1]}
    fits = {"type": "band", "variable": "age", "cuts": [18]}
    path = file_of(tmp_path)
    with duckdb.connect() as connection:
        kept = [Derivation("old", "Old", gone), Derivation("x", "X", fits)]
        made = derive(connection, path, CODEBOOK, kept, tmp_path / "out.parquet", lambda *_: None)
        with pytest.raises(
            FileRefused, match="'new' cannot be derived: /definition/variable: there is no variable 'gone'"
        ):
            derive(
                connection,
                path,
                CODEBOOK,
                [Derivation("new", "New", gone, is_new=True)],
                tmp_path / "o",
                lambda *_: None,
            )
    assert [each["alias"] for each in made.codebook["not_derived"]] == ["old"]
    assert [one.alias for one in derivations_in(made.codebook)] == ["x", "old"]


def test_labels_that_a_person_gave_stay(tmp_path: Path) -> None:
    fits = {"type": "band", "variable": "age", "cuts": [18]}
    path = file_of(tmp_path)
    with duckdb.connect() as connection:
        first = derive(
            connection, path, CODEBOOK, [Derivation("x", "X", fits)], tmp_path / "1", lambda *_: None
        )
        entry = first.codebook["variables"][-1]
        entry["label"], entry["codes"][0]["label"] = "Age group", "minors"
        again = derive(
            connection,
            tmp_path / "1",
            first.codebook,
            derivations_in(first.codebook),
            tmp_path / "2",
            lambda *_: None,
        )
    assert again.codebook["variables"][-1] == entry
    assert pq.read_table(tmp_path / "1").equals(pq.read_table(tmp_path / "2"))


@pytest.mark.parametrize(
    ("definition", "pointer", "says"),
    [
        (None, "/definition/type", "give a definition whose type is one of: recode"),
        ({"type": "recode", "variable": "sx", "groups": []}, "/definition/variable", "did you mean 'sex'"),
        ({"type": "recode", "variable": "day", "groups": []}, "/definition/variable", "is of kind date"),
        ({"type": "recode", "variable": "sex"}, "/definition/groups", "a list of 1 to 500"),
        ({"type": "recode", "variable": "sex", "groups": [{"code": "a", "values": ["x"]}]}, "/definition/groups/0/values", "has no code 'x'"),
        ({"type": "recode", "variable": "sex", "groups": [{"values": ["f"]}]}, "/definition/groups/0", "give a category"),
        ({"type": "recode", "variable": "word", "groups": [{"code": "a", "values": ["x"]}], "others": "keep"}, "/definition/others", "needs categories"),
        ({"type": "recode", "variable": "sex", "groups": [], "other": 1}, "/definition/other", "'recode' knows: groups"),
        ({"type": "band", "variable": "age", "cuts": [2, 2]}, "/definition/cuts/1", "cuts rise"),
        ({"type": "band", "variable": "age", "cuts": ["x"]}, "/definition/cuts/0", "a finite number"),
        ({"type": "band", "variable": "day", "cuts": ["1.1.26"]}, "/definition/cuts/0", "ISO 8601"),
        ({"type": "band", "variable": "age", "cuts": [1], "labels": ["a"]}, "/definition/labels", "give 2 texts"),
        ({"type": "period", "variable": "day", "unit": "hour"}, "/definition/unit", "a date has no hour"),
        ({"type": "combine", "variables": ["sex", "sex"]}, "/definition/variables", "two different"),
        ({"type": "set", "variables": ["sex", "q1"], "selected": ["9"]}, "/definition/selected", "has no code '9'"),
        ({"type": "net", "variable": "brands", "nets": [{"code": "x", "values": ["y"]}]}, "/definition/nets/0/values", "has no code 'y'"),
        ({"type": "conditions", "cases": [{"code": "a", "when": {"op": "eq", "variable": "zz", "value": 1}}]}, "/definition/cases/0/when/variable", "no variable 'zz'"),
        ({"type": "compute", "expression": {"op": "nope", "args": []}}, "/definition/expression/op", "unknown operation 'nope'"),
        ({"type": "compute", "expression": {"op": "+", "args": [V]}}, "/definition/expression/args", "2 to 100 operands"),
        ({"type": "compute", "expression": {"op": "+", "args": [V, {"variable": "word"}]}}, "/definition/expression/args/1", "takes a number"),
        ({"type": "compute", "expression": {"op": "sum", "args": [V], "at_least": 2}}, "/definition/expression/at_least", "from 1 to 1"),
        ({"type": "compute", "expression": {"variable": "t"}}, "/definition/expression/variable", "cannot be computed with"),
        ({"type": "compute", "expression": {"score": "sex"}}, "/definition/expression/score", "no numeric values"),
        ({"type": "compute", "expression": {"variable": "day"}}, "/definition/expression", "use 'period'"),
        ({"type": "compute", "expression": V, "kind": "text"}, "/definition/kind", "one of: decimal"),
        ({"type": "compute", "expression": {"value": float("inf")}}, "/definition/expression/value", "finite number"),
        ({"type": "compute", "expression": {"value": 1, "variable": "age"}}, "/definition/expression", "exactly one of"),
        ({"type": "compute", "expression": {"if": {}, "then": V, "else": {"value": "x"}}}, "/definition/expression/if/op", "unknown operator"),
        ({"type": "compute", "expression": {"if": {"op": "is_missing", "variable": "age"}, "then": V, "else": {"value": "x"}}}, "/definition/expression/else", "make both alike"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(definition: Any, pointer: str, says: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_definition("x", "", definition, read_codebook(CODEBOOK))
    assert pointer in [where for where, _ in caught.value.errors], caught.value.errors
    assert says in str(caught.value)


def test_a_tree_too_deep_is_refused_and_not_a_crash() -> None:
    tree: dict[str, Any] = V
    for _ in range(900):
        tree = {"op": "abs", "args": [tree]}
    with pytest.raises(DefinitionError, match="at most 24 levels"):
        read_definition("x", "", {"type": "compute", "expression": tree}, read_codebook(CODEBOOK))


def test_values_never_become_syntax(tmp_path: Path) -> None:
    evil = "'); DROP TABLE base; --"
    columns, _ = derived(
        tmp_path,
        (
            "x",
            {
                "type": "conditions",
                "cases": [{"code": evil, "when": {"op": "is_missing", "variable": "age"}}],
            },
        ),
    )
    assert columns["x"] == [None] * 4 + [evil]
    assert computed(tmp_path, {"op": "concat", "args": [{"value": evil}, {"variable": "word"}]})[1] == evil


def test_every_type_and_operation_is_tested_here() -> None:
    text = Path(__file__).read_text()
    assert [name for name in TYPES if f'"type": "{name}"' not in text] == []
    assert [name for name in OPERATIONS if f'"op": "{name}"' not in text and name != "lower"] == []
