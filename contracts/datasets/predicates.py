"""Typed filter nodes as Ibis conditions; two-valued, so a condition on a missing value is false."""

from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import Any, Final

import ibis

from contracts.datasets.filters import (
    All,
    Comparison,
    Either,
    Missing,
    Negation,
    Node,
    OneOf,
    Scalar,
    TextMatch,
)

_OPERATORS: Final = {"eq": eq, "ne": ne, "lt": lt, "le": le, "gt": gt, "ge": ge}


def condition(node: Node, table: ibis.Table) -> Any:
    """The boolean column expression of a filter node on the table, never null."""
    if isinstance(node, All):
        return reduce(and_, [condition(part, table) for part in node.parts])
    if isinstance(node, Either):
        return reduce(or_, [condition(part, table) for part in node.parts])
    if isinstance(node, Negation):
        return ~condition(node.part, table)
    return _leaf(node, table)


def _leaf(node: Comparison | OneOf | Missing | TextMatch, table: ibis.Table) -> Any:
    column = table[node.variable.alias]
    if isinstance(node, Missing):
        return column.isnull()
    if isinstance(node, Comparison):
        met = _OPERATORS[node.operator](column, _stored(column, node.value))
    elif isinstance(node, OneOf):
        met = _one_of(column, node)
    else:
        text, words = column.cast("string").lower(), node.words.lower()
        met = text.startswith(words) if node.at_start else text.contains(words)
    return met.fill_null(ibis.literal(value=False))


def _one_of(column: Any, node: OneOf) -> Any:
    if not node.values:
        return ibis.literal(value=False)
    if node.variable.kind == "multiple":
        return reduce(or_, [column.contains(str(value)) for value in node.values])
    return column.isin([_stored(column, value) for value in node.values])


def _stored(column: Any, value: Scalar) -> Scalar:
    """The value as the column stores it: a boolean may be kept as its code, a code always is text."""
    if column.type().is_string() and isinstance(value, bool):
        return "true" if value else "false"
    return value
