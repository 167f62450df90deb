"""What a derived variable is made of: a small tree of typed nodes that an engine turns into a column.

Nothing here builds SQL: values given by a user can never become syntax. Every definition (`definitions`) comes down to these
nodes, so that recodes, bands and nets cannot differ in how they treat missing values.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from contracts.datasets.codebook import Code, Variable
from contracts.datasets.filters import FilterError, Node


class Type(StrEnum):
    """The type of a value while it is computed."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    MOMENT = "day or time"


@dataclass(frozen=True, slots=True)
class Column:
    """The variable's stored value; a boolean among codes appears as true or false."""

    variable: Variable
    as_code: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in every row."""

    value: float | str | bool


@dataclass(frozen=True, slots=True)
class Score:
    """The numeric value of a variable's code; missing where the code has none."""

    variable: Variable


@dataclass(frozen=True, slots=True)
class Truth:
    """True or false: whether the row meets a condition; never missing."""

    condition: Node


@dataclass(frozen=True, slots=True)
class Cases:
    """The value of the first condition that the row meets; else `otherwise`, missing where that is None."""

    cases: tuple[tuple[Node, "Value"], ...]
    otherwise: "Value | None" = None


@dataclass(frozen=True, slots=True)
class Members:
    """A list of the codes whose condition the row meets; missing where the row does not meet `asked`."""

    members: tuple[tuple[Node, str], ...]
    asked: Node


@dataclass(frozen=True, slots=True)
class Joined:
    """The codes of several variables as one; missing where one of them is."""

    variables: tuple[Variable, ...]
    separator: str


@dataclass(frozen=True, slots=True)
class Period:
    """The calendar period of a day or time (in UTC), ISO 8601: `2026`, `2026-Q3`, `2026-07`, `2026-W31`; weekdays 1 to 7."""

    variable: Variable
    unit: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operation of `expressions.OPERATIONS` on values."""

    operation: str
    arguments: tuple["Value", ...]
    at_least: int = 1


Value = Column | Constant | Score | Truth | Cases | Members | Joined | Period | Call


@dataclass(frozen=True, slots=True)
class Derived:
    """A derived variable: what the codebook says of it, and how its value comes about."""

    alias: str
    label: str
    kind: str
    value: Value
    codes: tuple[Code, ...] = ()
    # Codes are those that occur in the rows; they are known once it is computed.
    codes_from_rows: bool = False
    unit: str | None = None
    # The one variable whose reasons of missing values hold for this one as well.
    missing_like: str | None = None
    definition: dict[str, Any] = field(default_factory=dict)


class DefinitionError(FilterError):
    """The definition does not fit the dataset; `errors` lists (JSON Pointer, sentence)."""
