"""Stubs and banners: from stored values to categories, in codebook order."""

import datetime as dt
from collections.abc import Collection
from typing import Any, Final

import ibis

from contracts.datasets.codebook import CATEGORICAL, Variable
from services.analytics.domain.failures import UncomputableError
from services.analytics.domain.statistics import Axis

MAX_UNCODED: Final = 100
MAX_CATEGORIES: Final = 2_000


def with_membership(table: ibis.Table, variable: Variable, name: str) -> ibis.Table:
    """The table with a column `name` of the category each respondent is in: one row per category for a set.

    Respondents without any category (missing, or a set with nothing chosen) have no row.
    """
    column = table[variable.alias]
    if variable.kind == "multiple":
        return table.mutate(**{name: column.unique().unnest()})
    return table.mutate(**{name: column}).filter(column.notnull())


def answered(table: ibis.Table, *variables: Variable) -> ibis.Table:
    """Rows in which every variable has an answer; an empty set is an answer, a missing one is not."""
    for variable in variables:
        table = table.filter(table[variable.alias].notnull())
    return table


def code_of(value: Any) -> str:
    """The code of a stored value: text as it is, whole numbers without a point, dates in ISO 8601."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return str(value)


def axis_of(variable: Variable, seen: Collection[Any]) -> Axis:
    """The variable's categories: those of its codebook in order, then values met only in the data, ascending.

    Raises UncomputableError where there are more than a table can show.
    """
    known = {code.code: code.label for code in variable.codes}
    if not known and variable.kind == "boolean":
        known = {"true": "true", "false": "false"}
    extra = {code_of(value): value for value in seen if code_of(value) not in known}
    limit = MAX_CATEGORIES if variable.kind in CATEGORICAL or variable.kind == "multiple" else MAX_UNCODED
    if len(known) + len(extra) > limit:
        detail = (
            f"'{variable.alias}' ({variable.kind}) has {len(known) + len(extra)} different values; a table shows at "
            f"most {limit}: band it, or use MEAN for numbers"
        )
        raise UncomputableError("too-many-categories", detail)
    codes = [*known, *sorted(extra, key=lambda code: _order(extra[code]))]
    return Axis(variable, tuple(codes), tuple(known.get(code, code) for code in codes))


def _order(value: Any) -> tuple[int, float, str]:
    """Numbers by size (also when stored as text), then everything else by its text."""
    try:
        return (0, float(value), "")
    except (TypeError, ValueError):
        return (1, 0.0, code_of(value))
