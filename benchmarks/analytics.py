"""Seconds for a weighted crosstab with letters, end to end, against the query it cannot do without and against pandas.

    python -m benchmarks.analytics [--rows N] [--repeat N]

Writes a survey of N rows (5 million by default) as Parquet, then measures in one run on the same file and threads:
DuckDB's bare grouped query (the floor: what any engine on it must do), our computation from Parquet to the finished
table with tests and letters, means by group, and `pandas.crosstab` on columns that are in memory already. Each figure
is the least of several runs; ratios are against the floor of the same run.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from contracts.datasets.codebook import Code, Codebook, Variable
from services.analytics.consumers.engine.compute import Calculation, compute
from services.analytics.consumers.engine.session import DuckDb
from services.analytics.schemas.calculations import (
    CalculationParameters,
    CrosstabParameters,
    FrequencyParameters,
    MeanParameters,
)

THREADS = 2
MEMORY = "2GB"
REGIONS = tuple(f"region {i}" for i in range(8))
VOTES = tuple(f"party {i}" for i in range(6))
SURVEY = """
    COPY (
        SELECT 'region ' || CAST(floor(8 * random()) AS INTEGER) AS region,
               'party ' || CAST(floor(6 * random()) AS INTEGER) AS vote,
               CAST(18 + floor(72 * random()) AS BIGINT) AS age,
               exp(10 + 2 * (random() - 0.5)) AS income,
               0.2 + 2.8 * random() AS w
        FROM range({n})
    ) TO '{path}' (FORMAT parquet)
"""
BARE = """
    SELECT vote, region, count(*), sum(w), sum(w * w) FROM read_parquet('{path}') GROUP BY vote, region
"""


def codebook() -> Codebook:
    """The variables of the survey."""

    def coded(alias: str, labels: tuple[str, ...]) -> Variable:
        return Variable(alias, alias, alias, "category", tuple(Code(label, label) for label in labels))

    numbers = (("age", "integer"), ("income", "decimal"), ("w", "decimal"))
    return Codebook(
        (coded("region", REGIONS), coded("vote", VOTES), *(Variable(a, a, a, kind) for a, kind in numbers))
    )


def least_s(work: Callable[[], object], repeat: int) -> float:
    """Seconds of the fastest of several runs."""
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def pandas_s(path: Path, repeat: int) -> float:
    """Seconds of `pandas.crosstab`, weighted and unweighted, without any test or letter."""
    import pandas as pd

    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT vote, region, w FROM read_parquet('{path}')").df()

    def work() -> None:
        pd.crosstab(rows["vote"], rows["region"])
        pd.crosstab(rows["vote"], rows["region"], values=rows["w"], aggfunc="sum")

    return least_s(work, repeat)


def measure(path: Path, n_rows: int, repeat: int) -> None:
    """Measure and print."""
    book, database = codebook(), DuckDb(threads=THREADS, memory_limit=MEMORY)
    bare = duckdb.connect(config={"threads": str(THREADS)})

    def run(parameters: CalculationParameters, weight: str | None) -> Callable[[], object]:
        def work() -> object:
            with database.open(path) as engine:
                return compute(engine, Calculation(parameters, book, weight=weight))

        return work

    crosstab = CrosstabParameters(rows=["vote"], columns=["region"])
    floor_s = least_s(lambda: bare.execute(BARE.format(path=path)).fetchall(), repeat)
    figures = {
        "DuckDB's bare grouped query (floor)": floor_s,
        "weighted crosstab with letters": least_s(run(crosstab, "w"), repeat),
        "unweighted crosstab with letters": least_s(run(crosstab, None), repeat),
        "frequency, weighted": least_s(run(FrequencyParameters(variables=["vote"]), "w"), repeat),
        "mean of an integer by group": least_s(
            run(MeanParameters(variable="age", by=["region"]), "w"), repeat
        ),
        "mean of a continuous number": least_s(
            run(MeanParameters(variable="income"), "w"), max(1, repeat // 3)
        ),
        "pandas.crosstab, in memory": pandas_s(path, 1),
    }
    print(f"{n_rows:,} rows, {THREADS} threads")
    for name, seconds in figures.items():
        print(f"  {name:40} {1000 * seconds:9.1f} ms   {seconds / floor_s:6.2f} × floor")
    ours = figures["weighted crosstab with letters"]
    print(f"  weighted crosstab: {ours / floor_s:.2f} × floor (goal ≤ 2.0)", end="; ")
    print(f"{figures['pandas.crosstab, in memory'] / ours:.1f} × faster than pandas (goal ≥ 10)")


def main() -> None:
    """Read the arguments, write the survey, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeat", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "survey.parquet"
        with duckdb.connect() as connection:
            connection.execute("SELECT setseed(0.42)")
            connection.execute(SURVEY.format(n=arguments.rows, path=path))
        measure(path, arguments.rows, arguments.repeat)


if __name__ == "__main__":
    main()
