"""Sufficient statistics of means: exact moments about a pivot and weighted order statistics, by group."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, Final

import ibis

from contracts.datasets.codebook import NUMERIC, Variable
from services.analytics.consumers.engine.axes import axis_of, code_of
from services.analytics.consumers.engine.rows import WEIGHT, Cases, require_column
from services.analytics.consumers.engine.session import double
from services.analytics.domain.statistics import Axis, Grid, GroupMoments, MeanStatistics

_X: Final = "_x"
_QUARTERS: Final = 4


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where the values lie: a pivot near their mean, and the largest distance from it and weight."""

    pivot: float
    reach: float
    weight: float


def mean_statistics(cases: Cases, variable: Variable, by: Sequence[Variable]) -> MeanStatistics:
    """Moments and quartiles of the variable in every group of the `by` variables that has a case."""
    for used in (variable, *by):
        require_column(cases.table, used)
    table, keys = _scored(cases, variable, by)
    missing = cases.engine.rows(_left_out(table, variable))[0]
    kept = table.filter(_is_finite(table[_X]))
    for key in keys:
        kept = kept.filter(kept[key].notnull())
    scale = _scale(cases, kept)
    moments = _moments(cases, kept, keys, scale)
    order = _order_statistics(cases, kept, keys)
    axes = [axis_of(axis, sorted({key[i] for key in moments}, key=str)) for i, axis in enumerate(by)]
    groups = _groups(moments, order, axes, Fraction(scale.pivot))
    return MeanStatistics(variable, tuple(axes), groups, int(missing[0] or 0), int(missing[1] or 0))


def _scored(cases: Cases, variable: Variable, by: Sequence[Variable]) -> tuple[ibis.Table, list[str]]:
    """The cases with the score in `_x`, a weight, and one column per `by` variable (a constant without any)."""
    table = cases.table if cases.weighted else cases.table.mutate(**{WEIGHT: double(1)})
    columns = {f"_by{i}": table[axis.alias] for i, axis in enumerate(by)} or {"_by0": ibis.literal(0)}
    table = table.mutate(**{_X: _score(table, variable), **columns})
    return table, list(columns)


def _score(table: ibis.Table, variable: Variable) -> Any:
    """The number a value stands for: itself, 1 and 0 for true and false, or the code's numeric value."""
    column = table[variable.alias]
    if variable.kind in NUMERIC or column.type().is_boolean():
        return column.cast("float64")
    values = {code.code: float(code.value) for code in variable.codes if code.value is not None}
    if variable.kind == "boolean" and not values:
        values = {"true": 1.0, "false": 0.0}
    pairs = [(code, double(value)) for code, value in values.items()]
    return column.cases(*pairs, else_=ibis.null("float64"))


def _is_finite(x: Any) -> Any:
    return x.notnull() & ~x.isnan() & ~x.isinf()


def _left_out(table: ibis.Table, variable: Variable) -> ibis.Expr:
    """One row: cases without an answer, cases whose answer has no finite number."""
    absent = table[variable.alias].isnull()
    unscored = ~absent & ~_is_finite(table[_X])
    return table.aggregate(absent=absent.sum(), unscored=unscored.sum())


def _scale(cases: Cases, table: ibis.Table) -> _Scale:
    """The pivot is the unweighted mean, from exact sums, so that it too is free of the order of rows."""
    x = table[_X]
    bounds = table.aggregate(n=table.count(), low=x.min(), high=x.max(), w=table[WEIGHT].max())
    n, low, high, weight = cases.engine.rows(bounds)[0]
    if not n:
        return _Scale(0.0, 0.0, 0.0)
    grid = Grid.up_to(max(abs(low), abs(high)))
    total = cases.engine.rows(table.aggregate(s=_exact_sum(x, grid)))[0][0]
    pivot = float(grid.exact(total) / n)
    return _Scale(pivot, max(abs(low - pivot), abs(high - pivot)), weight)


def _exact_sum(values: Any, grid: Grid) -> Any:
    return (values * double(grid.factor)).cast("int64").sum()


def _moments(
    cases: Cases, table: ibis.Table, keys: Sequence[str], scale: _Scale
) -> dict[tuple[Any, ...], tuple[int, tuple[Fraction, ...]]]:
    """Per group: n and the exact Σw, Σw², Σwd, Σwd², Σw²d, Σw²d² with d = x - pivot."""
    w, d = table[WEIGHT], table[_X] - double(scale.pivot)
    terms = [
        (w, scale.weight),
        (w * w, scale.weight**2),
        (w * d, scale.weight * scale.reach),
        (w * d * d, scale.weight * scale.reach**2),
        (w * w * d, scale.weight**2 * scale.reach),
        (w * w * d * d, scale.weight**2 * scale.reach**2),
    ]
    grids = [Grid.up_to(2 * bound) for _, bound in terms]
    sums = {
        f"s{i}": _exact_sum(term, grid) for i, ((term, _), grid) in enumerate(zip(terms, grids, strict=True))
    }
    found = cases.engine.rows(table.group_by(*keys).aggregate(n=table.count(), **sums))
    n_keys = len(keys)
    return {
        row[:n_keys]: (
            row[n_keys],
            tuple(grid.exact(total) for grid, total in zip(grids, row[n_keys + 1 :], strict=True)),
        )
        for row in found
    }


def _order_statistics(
    cases: Cases, table: ibis.Table, keys: Sequence[str]
) -> dict[tuple[Any, ...], tuple[float | None, ...]]:
    """Per group: minimum, maximum, mode (the smallest of several), then lower and upper value of each quartile.

    The weighted quantile is the inverse of the weighted distribution function, averaged where it is flat: definition 2
    of Hyndman and Fan (1996), The American Statistician 50:361, with Σw in place of counts. Exact integer comparison.
    """
    weights = _exact_sum(table[WEIGHT], cases.grid) if cases.weighted else table.count()
    values = table.group_by(*keys, _X).aggregate(w=weights)
    running = ibis.cumulative_window(group_by=list(keys), order_by=_X)
    whole = ibis.window(group_by=list(keys))
    ranked = values.mutate(
        cum=values["w"].sum().over(running),
        total=values["w"].sum().over(whole),
        top=values["w"].max().over(whole),
    )
    x, position = ranked[_X], ranked["cum"] * _QUARTERS
    quartiles = {}
    for k in range(1, _QUARTERS):
        quartiles[f"low{k}"] = x.min(where=position >= ranked["total"] * k)
        quartiles[f"high{k}"] = x.min(where=position > ranked["total"] * k)
    facts = ranked.group_by(*keys).aggregate(
        least=x.min(), most=x.max(), mode=x.min(where=ranked["w"] == ranked["top"]), **quartiles
    )
    return {row[: len(keys)]: row[len(keys) :] for row in cases.engine.rows(facts)}


def _groups(
    moments: dict[tuple[Any, ...], tuple[int, tuple[Fraction, ...]]],
    order: dict[tuple[Any, ...], tuple[float | None, ...]],
    axes: Sequence[Axis],
    pivot: Fraction,
) -> tuple[GroupMoments, ...]:
    """Groups in codebook order; without `by` exactly one, even if it is empty."""
    if not axes:
        return tuple(_group((), moments[key], order[key], pivot) for key in moments) or (_no_cases(pivot),)
    found = {tuple(code_of(part) for part in key): key for key in moments}
    combinations = product(*(axis.codes for axis in axes))
    return tuple(
        _group(codes, moments[found[codes]], order[found[codes]], pivot)
        for codes in combinations
        if codes in found
    )


def _no_cases(pivot: Fraction) -> GroupMoments:
    return GroupMoments((), 0, pivot, (Fraction(0),) * 6)


def _group(
    codes: tuple[str, ...],
    moments: tuple[int, tuple[Fraction, ...]],
    order: tuple[float | None, ...],
    pivot: Fraction,
) -> GroupMoments:
    least, most, mode, *quartiles = order
    pairs = zip(quartiles[::2], quartiles[1::2], strict=True)
    quantiles = tuple(None if a is None else (a + (a if b is None else b)) / 2 for a, b in pairs)
    n, sums = moments
    if least is not None and least == most:
        sums = _sums_of_one_value(sums, Fraction(least) - pivot)
    return GroupMoments(codes, n, pivot, sums, least, most, quantiles, mode)


def _sums_of_one_value(sums: tuple[Fraction, ...], d: Fraction) -> tuple[Fraction, ...]:
    """Where all values are alike the sums follow from the weights, so that the variance is 0 and not a rounding of it."""
    w, ww = sums[:2]
    return (w, ww, w * d, w * d * d, ww * d, ww * d * d)
