"""Univariate sets of NIST's Statistical Reference Datasets, computed by the whole engine from a Parquet file.

Source: NIST StRD, Univariate Summary Statistics: NumAcc1 (3 values), NumAcc2, NumAcc3, NumAcc4 (1,001 values each: one
centre, then 500 pairs a tenth below and above). Certified means and standard deviations are exact. The digits that can
be demanded of the standard deviation are those that the values keep as doubles: 1.2 ± 0.1 all, 10,000,000.2 ± 0.1
about eight.
"""

from pathlib import Path

import duckdb
import pytest

from contracts.datasets.codebook import Codebook, Variable
from services.analytics.consumers.engine.compute import Calculation, compute
from services.analytics.consumers.engine.session import DuckDb
from services.analytics.schemas.calculations import MeanParameters


def alternating(centre: int) -> list[float]:
    """One centre, then 500 pairs a tenth below and above, each the double nearest to its decimal text."""
    return [float(f"{centre}.2"), *(float(f"{centre}.{digit}") for _ in range(500) for digit in (1, 3))]


@pytest.mark.parametrize(
    ("values", "mean", "sd", "tolerance"),
    [
        ([10_000_001.0, 10_000_003.0, 10_000_002.0], 10_000_002, 1, 1e-15),
        (alternating(1), 1.2, 0.1, 1e-14),
        (alternating(1_000_000), 1_000_000.2, 0.1, 1e-9),
        (alternating(10_000_000), 10_000_000.2, 0.1, 1e-8),
    ],
    ids=["NumAcc1", "NumAcc2", "NumAcc3", "NumAcc4"],
)
def test_means_and_standard_deviations_are_those_certified(
    tmp_path: Path, values: list[float], mean: float, sd: float, tolerance: float
) -> None:
    path = tmp_path / "set.parquet"
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT unnest($values::DOUBLE[]) AS x", {"values": values})
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    database = DuckDb(threads=2, memory_limit="500MB")
    with database.open(path) as engine:
        book = Codebook((Variable("x", "x", "x", "decimal"),))
        [group] = compute(engine, Calculation(MeanParameters(variable="x"), book))["groups"]
    database.close()
    assert group["mean"] == pytest.approx(mean, rel=1e-15)
    assert group["sd"] == pytest.approx(sd, rel=tolerance)
    assert group["se"] == pytest.approx(sd / len(values) ** 0.5, rel=tolerance)
