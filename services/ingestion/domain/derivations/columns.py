"""Values of derived variables as Ibis columns; missing in, missing out, unless the operation says otherwise."""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add, mul
from typing import Any, Final

import ibis

from contracts.datasets.predicates import condition
from services.ingestion.domain.derivations.values import (
    Call,
    Cases,
    Column,
    Constant,
    Joined,
    Members,
    Period,
    Score,
    Truth,
    Value,
)

_PERIODS: Final[Mapping[str, str]] = {"year": "%Y", "month": "%Y-%m", "week": "%G-W%V", "hour": "%H"}
_SECONDS_PER_DAY: Final = 86_400.0


def column(value: Value, table: ibis.Table) -> Any:
    """The column expression of a value over the rows of a table."""
    return _COLUMNS[type(value)](value, table)


def _stored(value: Column, table: ibis.Table) -> Any:
    found = table[value.variable.alias]
    return found.cast("string") if value.as_code else found


def _constant(value: Constant, _table: ibis.Table) -> Any:
    return _double(value.value) if isinstance(value.value, float) else ibis.literal(value.value)


def _double(number: float) -> Any:
    # A literal with a point would be a DECIMAL to DuckDB, with other arithmetic.
    return ibis.literal(repr(number)).cast("float64")


def _score(value: Score, table: ibis.Table) -> Any:
    code = table[value.variable.alias].cast("string")
    scored = [
        (code == each.code, _double(float(each.value)))
        for each in value.variable.codes
        if each.value is not None
    ]
    return ibis.cases(*scored)


def _truth(value: Truth, table: ibis.Table) -> Any:
    return condition(value.condition, table)


def _cases(value: Cases, table: ibis.Table) -> Any:
    met = [(condition(node, table), column(each, table)) for node, each in value.cases]
    otherwise = column(value.otherwise, table) if value.otherwise is not None else None
    return ibis.cases(*met, else_=otherwise)


def _members(value: Members, table: ibis.Table) -> Any:
    absent = ibis.null("string")
    codes = [condition(node, table).ifelse(ibis.literal(code), absent) for node, code in value.members]
    found = ibis.array(codes).filter(lambda code: code.notnull())
    return condition(value.asked, table).ifelse(found, ibis.null("array<string>"))


def _joined(value: Joined, table: ibis.Table) -> Any:
    parts = [table[variable.alias].cast("string") for variable in value.variables]
    return reduce(lambda one, other: one + value.separator + other, parts)


def _period(value: Period, table: ibis.Table) -> Any:
    moment = table[value.variable.alias]
    if value.unit == "quarter":
        return moment.year().cast("string") + "-Q" + moment.quarter().cast("string")
    if value.unit == "weekday":
        return (moment.day_of_week.index() + 1).cast("string")
    return moment.strftime(_PERIODS[value.unit])


def _call(value: Call, table: ibis.Table) -> Any:
    arguments = [column(each, table) for each in value.arguments]
    if value.operation in _OF_SEVERAL:
        return _of_several(value, arguments)
    return _OPERATIONS[value.operation](arguments)


def _of_several(value: Call, arguments: list[Any]) -> Any:
    there = [each.notnull().cast("int64") for each in arguments]
    n_there = reduce(add, there)
    if value.operation == "count":
        return n_there.cast("float64")
    return (n_there >= value.at_least).ifelse(
        _OF_SEVERAL[value.operation](arguments, n_there), ibis.null("float64")
    )


def _sum(arguments: list[Any], _n_there: Any) -> Any:
    return reduce(add, [each.cast("float64").fill_null(_double(0.0)) for each in arguments])


def _mean(arguments: list[Any], n_there: Any) -> Any:
    return _sum(arguments, n_there) / n_there.nullif(0).cast("float64")


def _extreme(choose: Callable[..., Any]) -> Callable[[list[Any], Any], Any]:
    def chosen(arguments: list[Any], _n_there: Any) -> Any:
        floats = [each.cast("float64") for each in arguments]
        return choose(*floats)  # DuckDB's least and greatest leave NULL aside

    return chosen


_OF_SEVERAL: Final[Mapping[str, Callable[[list[Any], Any], Any]]] = {
    "sum": _sum,
    "mean": _mean,
    "minimum": _extreme(ibis.least),
    "maximum": _extreme(ibis.greatest),
    "count": _sum,
}


def _float(each: Any) -> Any:
    return each.cast("float64")


def _quotient(arguments: list[Any]) -> Any:
    return _float(arguments[0]) / _float(arguments[1]).nullif(_double(0.0))


def _where(is_defined: Any, result: Any) -> Any:
    return is_defined.ifelse(result, ibis.null("float64"))


def _guarded(defined: Callable[[Any], Any], result: Callable[[Any], Any]) -> Callable[[list[Any]], Any]:
    """An operation on numbers that is missing where it is not defined, instead of an error that ends the query."""

    def guarded(arguments: list[Any]) -> Any:
        given = _float(arguments[0])
        inside = _where(defined(given), given)
        return result(inside)

    return guarded


def _power(arguments: list[Any]) -> Any:
    base, exponent = map(_float, arguments)
    result = base**exponent
    return _where(~(result.isnan() | result.isinf()), result)


def _minus(arguments: list[Any]) -> Any:
    return -_float(arguments[0]) if len(arguments) == 1 else _float(arguments[0]) - _float(arguments[1])


def _round(arguments: list[Any]) -> Any:
    if len(arguments) == 1:
        return _float(arguments[0]).round().cast("float64")
    scale = _double(10.0) ** _float(arguments[1]).round()
    return (_float(arguments[0]) * scale).round().cast("float64") / scale


def _days_between(arguments: list[Any]) -> Any:
    first, second = (each.cast("timestamp").epoch_seconds().cast("float64") for each in arguments)
    return (second - first) / _SECONDS_PER_DAY


_OPERATIONS: Final[Mapping[str, Callable[[list[Any]], Any]]] = {
    "+": lambda given: reduce(add, map(_float, given)),
    "-": _minus,
    "*": lambda given: reduce(mul, map(_float, given)),
    "/": _quotient,
    "power": _power,
    "sqrt": _guarded(lambda x: x >= 0, lambda x: x.sqrt()),
    "ln": _guarded(lambda x: x > 0, lambda x: x.ln()),
    "exp": _guarded(lambda x: x <= 709, lambda x: x.exp()),  # noqa: PLR2004 - e^710 is beyond a double
    "abs": lambda given: _float(given[0]).abs(),
    "floor": lambda given: _float(given[0]).floor().cast("float64"),
    "round": _round,
    "year": lambda given: given[0].year().cast("float64"),
    "month": lambda given: given[0].month().cast("float64"),
    "day": lambda given: given[0].day().cast("float64"),
    "hour": lambda given: given[0].cast("timestamp").hour().cast("float64"),
    "days_between": _days_between,
    "length": lambda given: given[0].cast("string").length().cast("float64"),
    "lower": lambda given: given[0].cast("string").lower(),
    "upper": lambda given: given[0].cast("string").upper(),
    "trim": lambda given: given[0].cast("string").strip(),
    "concat": lambda given: reduce(add, [each.cast("string") for each in given]),
}
_COLUMNS: Final[Mapping[type, Callable[[Any, ibis.Table], Any]]] = {
    Column: _stored,
    Constant: _constant,
    Score: _score,
    Truth: _truth,
    Cases: _cases,
    Members: _members,
    Joined: _joined,
    Period: _period,
    Call: _call,
}
