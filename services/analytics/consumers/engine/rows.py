"""Which rows count, with which weight: the filtered table every calculation starts from."""

import sys
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

import ibis

from contracts.datasets.codebook import Variable
from contracts.datasets.filters import Node
from contracts.datasets.predicates import condition
from services.analytics.consumers.engine.session import Engine, double
from services.analytics.domain.failures import UncomputableError
from services.analytics.domain.statistics import Grid, Tally, WeightUse

WEIGHT: Final = "_w"


@dataclass(frozen=True, slots=True)
class Cases:
    """The rows inside the filter with a positive weight, and the grids on which weights are summed exactly."""

    engine: Engine
    table: ibis.Table
    weighted: bool
    use: WeightUse
    grid: Grid
    squares: Grid

    def sums(self, table: ibis.Table) -> dict[str, Any]:
        """The aggregations n, Σw, Σw² on their grids; without a weight n alone says all three."""
        n = table.count().name("n")
        if not self.weighted:
            return {"n": n}
        w = table[WEIGHT]
        exact = (w * double(self.grid.factor)).cast("int64").sum()
        squares = (w * w * double(self.squares.factor)).cast("int64").sum()
        return {"n": n, "w": exact, "w2": squares}

    def tally(self, sums: tuple[int, ...]) -> Tally:
        """The tally that (n,) or (n, Σw, Σw²) on the grids stands for."""
        n = int(sums[0] or 0)
        if not self.weighted:
            return Tally(n, float(n), float(n))
        return Tally(n, float(self.grid.exact(sums[1] or 0)), float(self.squares.exact(sums[2] or 0)))


def select_cases(engine: Engine, *, node: Node | None, weight: Variable | None) -> Cases:
    """The cases of an analysis; raises UncomputableError for a negative weight or none at all.

    Cases whose weight is missing, not finite or zero are left out of weighted and unweighted figures alike and counted.
    """
    table = engine.table
    if node is not None:
        table = table.filter(condition(node, table))
    if weight is None:
        [(n_rows,)] = engine.rows(table.aggregate(n=table.count()))
        return Cases(engine, table, weighted=False, use=WeightUse(n_rows), grid=Grid(0), squares=Grid(0))
    table = table.mutate(**{WEIGHT: require_column(engine.table, weight).cast("float64")})
    bounds = _clean_bounds(engine, table)
    use, largest = bounds if bounds is not None else _weight_use(engine, table, weight)
    w = table[WEIGHT]
    # DuckDB orders NaN above every number, so the upper limit drops NaN and infinity in one comparison.
    kept = table.filter((w > 0) & (w <= double(sys.float_info.max)))
    return Cases(
        engine, kept, weighted=True, use=use, grid=Grid.up_to(largest), squares=Grid.up_to(largest * largest)
    )


def _clean_bounds(engine: Engine, table: ibis.Table) -> tuple[WeightUse, float] | None:
    """The use and largest weight where every row has a positive finite weight, else None.

    Without a filter the file's own statistics answer this; only files with gaps pay for a scan that counts them.
    """
    w = table[WEIGHT]
    facts = table.aggregate(n=table.count(), answered=w.count(), least=w.min(), most=w.max())
    n, n_answered, least, most = engine.rows(facts)[0]
    clean = n and n == n_answered and least > 0 and isfinite(most)
    return (WeightUse(int(n)), float(most)) if clean else None


def require_column(table: ibis.Table, variable: Variable) -> Any:
    """The variable's column; raises UncomputableError if the file lacks it."""
    if variable.alias not in table.columns:
        raise UncomputableError("missing-column", f"the dataset's file has no column '{variable.alias}'")
    return table[variable.alias]


def _weight_use(engine: Engine, table: ibis.Table, weight: Variable) -> tuple[WeightUse, float]:
    w = table[WEIGHT]
    usable = w.notnull() & ~w.isnan() & ~w.isinf()
    facts = table.aggregate(
        n=table.count(),
        usable=usable.sum(),
        zero=(usable & (w == 0)).sum(),
        negative=(usable & (w < 0)).sum(),
        largest=w.max(where=usable),
    )
    n, n_usable, n_zero, n_negative, largest = [value or 0 for value in engine.rows(facts)[0]]
    if n_negative:
        detail = (
            f"weight '{weight.alias}' is negative in {n_negative} of {n} cases; weights must not be below 0"
        )
        raise UncomputableError("negative-weight", detail)
    if n and n_usable == n_zero:
        raise UncomputableError(
            "no-weighted-cases", f"weight '{weight.alias}' is missing or 0 in all {n} cases"
        )
    return WeightUse(int(n), int(n - n_usable), int(n_zero)), float(largest)
