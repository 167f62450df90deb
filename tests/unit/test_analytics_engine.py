"""The engine against plain loops over rows, on random tables: bases, sets, overlap, weights, missing answers."""

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.datasets.codebook import Code, Codebook, Variable
from services.analytics.consumers.engine.compute import Calculation, compute
from services.analytics.consumers.engine.session import DuckDb
from services.analytics.schemas.calculations import CalculationParameters, CrosstabParameters, MeanParameters

STUB, BANNER = ("a", "b"), ("x", "y", "z")
BOOK = Codebook(
    (
        Variable("stub", "stub", "Stub", "category", tuple(Code(c, c) for c in STUB)),
        Variable("several", "several", "Several", "multiple", tuple(Code(c, c) for c in BANNER)),
        Variable("banner", "banner", "Banner", "category", tuple(Code(c, c) for c in BANNER)),
        Variable("x", "x", "X", "decimal"),
        Variable("w", "w", "Weight", "decimal"),
    )
)
Row = tuple[str | None, list[str] | None, str | None, float | None, float]
rows_strategy = st.lists(
    st.tuples(
        st.sampled_from([*STUB, None]),
        st.none() | st.lists(st.sampled_from(BANNER), unique=True, max_size=3),
        st.sampled_from([*BANNER, None]),
        st.none() | st.floats(-1e4, 1e4, width=32),
        st.floats(0.125, 8, width=32),
    ),
    min_size=1,
    max_size=25,
)
quick = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def database() -> Iterator[DuckDb]:
    opened = DuckDb(threads=2, memory_limit="500MB")
    yield opened
    opened.close()


def computed(
    database: DuckDb, path: Path, rows: Sequence[Row], parameters: CalculationParameters, weight: str | None
) -> dict[str, Any]:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t (stub VARCHAR, several VARCHAR[], banner VARCHAR, x DOUBLE, w DOUBLE)"
        )
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", [list(row) for row in rows])
        path.unlink(missing_ok=True)
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    with database.open(path) as engine:
        return compute(engine, Calculation(parameters, BOOK, weight=weight))


def is_in(row: Row, variable: str, code: str) -> bool:
    if variable == "several":
        return code in (row[1] or ())
    return code == (row[0] if variable == "stub" else row[2])


def has_answered(row: Row, variable: str) -> bool:
    return {"stub": row[0], "several": row[1], "banner": row[2]}[variable] is not None


@quick
@given(
    rows_strategy,
    st.sampled_from([("stub", "banner"), ("several", "banner"), ("stub", "several"), ("several", "several")]),
)
def test_a_crosstab_equals_loops_over_rows(
    database: DuckDb, tmp_path: Path, rows: list[Row], pair: tuple[str, str]
) -> None:
    parameters = CrosstabParameters(rows=[pair[0]], columns=[pair[1]])
    [table] = computed(database, tmp_path / "t.parquet", rows, parameters, "w")["tables"]
    base = [row for row in rows if has_answered(row, pair[0]) and has_answered(row, pair[1])]
    for j, column in enumerate(table["column_codes"]):
        members = [row for row in base if is_in(row, pair[1], column)]
        total = math.fsum(row[4] for row in members)
        assert table["base"][j] == len(members)
        assert table["weighted_base"][j] == pytest.approx(total, rel=1e-14)
        for i, code in enumerate(table["row_codes"]):
            cell = [row[4] for row in members if is_in(row, pair[0], code)]
            assert table["count"][i][j] == len(cell)
            percent = table["column_percent"][i][j]
            if members:
                assert percent == pytest.approx(100 * math.fsum(cell) / total, rel=1e-13)
            else:
                assert percent is None
    assert table["total_base"] == len(base)


@quick
@given(rows_strategy)
def test_tests_between_overlapping_columns_equal_the_linearised_ones_where_weights_are_equal(
    database: DuckDb, tmp_path: Path, rows: list[Row]
) -> None:
    parameters = CrosstabParameters(rows=["stub"], columns=["several"])
    [table] = computed(database, tmp_path / "t.parquet", rows, parameters, None)["tables"]
    base = [row for row in rows if row[0] is not None and row[1] is not None]
    for (i, first), (j, second) in itertools.combinations(enumerate(BANNER), 2):
        n = [sum(is_in(row, "several", code) for row in base) for code in (first, second)]
        t = table["t"]["ABC"[i] + "-" + "ABC"[j]][0]
        if min(n) < 2:
            assert t is None
            continue
        p = [
            sum(is_in(row, "several", c) and row[0] == "a" for row in base) / m
            for c, m in zip((first, second), n, strict=True)
        ]
        scores = [
            is_in(row, "several", first) * ((row[0] == "a") - p[0]) / n[0]
            - is_in(row, "several", second) * ((row[0] == "a") - p[1]) / n[1]
            for row in base
        ]
        variance = math.fsum(score * score for score in scores)
        if variance > 1e-12 and t is not None:
            assert t == pytest.approx((p[0] - p[1]) / math.sqrt(variance), rel=1e-9, abs=1e-12)


@quick
@given(rows_strategy)
def test_means_equal_loops_over_rows(database: DuckDb, tmp_path: Path, rows: list[Row]) -> None:
    result = computed(
        database, tmp_path / "t.parquet", rows, MeanParameters(variable="x", by=["banner"]), "w"
    )
    values = [row[3] for row in rows if row[2] is not None and row[3] is not None]
    reach = max(values, default=0.0) - min(values, default=0.0)
    for group in result["groups"]:
        members = [(row[3], row[4]) for row in rows if row[2] == group["by"]["banner"] and row[3] is not None]
        total = math.fsum(w for _, w in members)
        mean = math.fsum(x * w for x, w in members) / total
        assert group["n"] == len(members)
        assert group["mean"] == pytest.approx(mean, rel=1e-12, abs=1e-9)
        assert group["effective_n"] == pytest.approx(total**2 / math.fsum(w * w for _, w in members))
        ranked = sorted(members)
        below = [
            x for k, (x, _) in enumerate(ranked) if math.fsum(w for _, w in ranked[: k + 1]) >= total / 2
        ]
        above = [x for k, (x, _) in enumerate(ranked) if math.fsum(w for _, w in ranked[: k + 1]) > total / 2]
        assert group["median"] == pytest.approx((below[0] + (above[0] if above else below[0])) / 2, abs=1e-9)
        if len(members) > 1:
            n = len(members)
            squares = math.fsum((w * (x - mean)) ** 2 for x, w in members)
            # Squares are taken about one pivot for all groups, so a double keeps 53 bits of the widest one.
            rounding = n * max(w * w for _, w in members) * reach**2 * 2**-50 / total**2
            wanted = n / (n - 1) * squares / total**2
            assert group["se"] ** 2 == pytest.approx(wanted, rel=1e-9, abs=rounding)
    assert {group["by"]["banner"] for group in result["groups"]} == {
        row[2] for row in rows if row[2] is not None and row[3] is not None
    }
