"""Arithmetic on variables: a JSON tree, checked against the codebook and turned into typed nodes.

    {"variable": "income"}   {"value": 12}   {"score": "q1"}
    {"op": "mean", "args": [{"score": "q1"}, {"score": "q2"}], "at_least": 2}
    {"if": <filter>, "then": <expression>, "else": <expression or null>}   {"true_if": <filter>}

A missing operand makes the result missing; `sum`, `mean`, `minimum`, `maximum` and `count` take what is there, and are missing
where fewer than `at_least` operands are (1 by default). What is undefined (division by zero, a logarithm of 0) is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.datasets.codebook import NUMERIC, Codebook, Variable
from contracts.datasets.filters import FilterError, Node, read_filter
from services.ingestion.domain.derivations.values import (
    Call,
    Cases,
    Column,
    Constant,
    Score,
    Truth,
    Type,
    Value,
)

MAX_DEPTH: Final = 24
MAX_NODES: Final = 500
_LONGEST_TEXT: Final = 10_000
_LARGEST: Final = 2.0**63


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation takes and gives."""

    takes: Type
    gives: Type
    fewest: int
    most: int
    says: str


_ANY = 100
OPERATIONS: Final[Mapping[str, Operation]] = {
    "+": Operation(Type.NUMBER, Type.NUMBER, 2, _ANY, "the sum; missing where one operand is"),
    "-": Operation(Type.NUMBER, Type.NUMBER, 1, 2, "the difference, or the number with the other sign"),
    "*": Operation(Type.NUMBER, Type.NUMBER, 2, _ANY, "the product"),
    "/": Operation(Type.NUMBER, Type.NUMBER, 2, 2, "the quotient; missing where the divisor is 0"),
    "power": Operation(Type.NUMBER, Type.NUMBER, 2, 2, "the first to the power of the second"),
    "sqrt": Operation(Type.NUMBER, Type.NUMBER, 1, 1, "the square root; missing below 0"),
    "ln": Operation(Type.NUMBER, Type.NUMBER, 1, 1, "the natural logarithm; missing up to 0"),
    "exp": Operation(Type.NUMBER, Type.NUMBER, 1, 1, "e to that power"),
    "abs": Operation(Type.NUMBER, Type.NUMBER, 1, 1, "the absolute value"),
    "floor": Operation(Type.NUMBER, Type.NUMBER, 1, 1, "the largest whole number not above"),
    "round": Operation(
        Type.NUMBER, Type.NUMBER, 1, 2, "rounded half away from 0, to the second operand's digits"
    ),
    "sum": Operation(Type.NUMBER, Type.NUMBER, 1, _ANY, "the sum of the operands that are not missing"),
    "mean": Operation(Type.NUMBER, Type.NUMBER, 1, _ANY, "their arithmetic mean"),
    "minimum": Operation(Type.NUMBER, Type.NUMBER, 1, _ANY, "the smallest of them"),
    "maximum": Operation(Type.NUMBER, Type.NUMBER, 1, _ANY, "the largest of them"),
    "count": Operation(Type.NUMBER, Type.NUMBER, 1, _ANY, "how many operands are not missing; never missing"),
    "year": Operation(Type.MOMENT, Type.NUMBER, 1, 1, "the year"),
    "month": Operation(Type.MOMENT, Type.NUMBER, 1, 1, "the month, 1 to 12"),
    "day": Operation(Type.MOMENT, Type.NUMBER, 1, 1, "the day of the month"),
    "hour": Operation(Type.MOMENT, Type.NUMBER, 1, 1, "the hour in UTC, 0 to 23"),
    "days_between": Operation(
        Type.MOMENT, Type.NUMBER, 2, 2, "days from the first to the second; negative if it is earlier"
    ),
    "length": Operation(Type.TEXT, Type.NUMBER, 1, 1, "the number of characters (code points)"),
    "lower": Operation(Type.TEXT, Type.TEXT, 1, 1, "in lower case"),
    "upper": Operation(Type.TEXT, Type.TEXT, 1, 1, "in upper case"),
    "trim": Operation(Type.TEXT, Type.TEXT, 1, 1, "without blanks at both ends"),
    "concat": Operation(Type.TEXT, Type.TEXT, 2, _ANY, "one behind the other"),
}
"""Every operation of an expression."""


def read_expression(tree: object, codebook: Codebook, *, pointer: str) -> tuple[Value, Type]:
    """Return the typed tree and the type of its value; raises FilterError with every fault, each with its pointer."""
    reader = _Reader(codebook)
    found = reader.read(tree, pointer, depth=0)
    if reader.errors or found is None:
        raise FilterError(reader.errors)
    return found


Typed = tuple[Value, Type]


class _Reader:
    """Walks one tree and collects its faults, so that a user sees all of them at once."""

    def __init__(self, codebook: Codebook) -> None:
        self.codebook = codebook
        self.errors: list[tuple[str, str]] = []
        self.n_nodes = 0

    def _fail(self, pointer: str, detail: str) -> Typed | None:
        self.errors.append((pointer, detail))
        return None

    def read(self, tree: object, pointer: str, *, depth: int) -> Typed | None:
        self.n_nodes += 1
        if depth > MAX_DEPTH or self.n_nodes > MAX_NODES:
            return self._fail(pointer, f"an expression has at most {MAX_DEPTH} levels and {MAX_NODES} parts")
        if not isinstance(tree, Mapping):
            return self._fail(pointer, 'an expression is an object such as {"variable":"age"} or {"value":1}')
        forms = [name for name in ("variable", "value", "score", "true_if", "if", "op") if name in tree]
        if len(forms) != 1:
            return self._fail(
                pointer, "an expression has exactly one of: variable, value, score, op, if, true_if"
            )
        readers = {
            "variable": self._read_variable,
            "score": self._read_variable,
            "value": self._read_constant,
            "op": self._read_call,
            "if": self._read_choice,
            "true_if": self._read_truth,
        }
        return readers[forms[0]](tree, pointer, depth)

    def _read_variable(self, tree: Mapping[str, Any], pointer: str, _depth: int) -> Typed | None:
        form = "score" if "score" in tree else "variable"
        name = tree[form]
        variable = self.codebook.find(name) if isinstance(name, str) else None
        if variable is None:
            return self._fail(f"{pointer}/{form}", self.codebook.explain_unknown(str(name)))
        if form == "score":
            if any(code.value is not None for code in variable.codes):
                return Score(variable), Type.NUMBER
            return self._fail(
                f"{pointer}/score",
                f"'{variable.alias}' has no numeric values on its codes; give its codes values, or use 'variable'",
            )
        kind = _type_of(variable)
        if kind is None:
            return self._fail(
                f"{pointer}/variable",
                f"'{variable.alias}' is of kind {variable.kind}, which cannot be computed with",
            )
        return Column(variable), kind

    def _read_constant(self, tree: Mapping[str, Any], pointer: str, _depth: int) -> Typed | None:
        value, pointer = tree["value"], f"{pointer}/value"
        if isinstance(value, bool):
            return Constant(value), Type.BOOLEAN
        if isinstance(value, int | float):
            if abs(value) < _LARGEST:
                return Constant(float(value)), Type.NUMBER
            return self._fail(pointer, f"give a finite number below 2^63, not {value!r}")
        if isinstance(value, str) and len(value) <= _LONGEST_TEXT:
            return Constant(value), Type.TEXT
        return self._fail(
            pointer, f"a value is a number, a text of at most {_LONGEST_TEXT} characters, true or false"
        )

    def _read_truth(self, tree: Mapping[str, Any], pointer: str, _depth: int) -> Typed | None:
        node = self._read_condition(tree["true_if"], f"{pointer}/true_if")
        return None if node is None else (Truth(node), Type.BOOLEAN)

    def _read_condition(self, tree: object, pointer: str) -> Node | None:
        try:
            return read_filter(tree, self.codebook, pointer=pointer)
        except FilterError as error:
            self.errors += error.errors
            return None

    def _read_choice(self, tree: Mapping[str, Any], pointer: str, depth: int) -> Typed | None:
        node = self._read_condition(tree["if"], f"{pointer}/if")
        then = self.read(tree.get("then"), f"{pointer}/then", depth=depth + 1)
        other = tree.get("else")
        otherwise = self.read(other, f"{pointer}/else", depth=depth + 1) if other is not None else None
        if node is None or then is None or (other is not None and otherwise is None):
            return None
        if otherwise is not None and otherwise[1] is not then[1]:
            return self._fail(
                f"{pointer}/else", f"'then' is a {then[1]}, 'else' a {otherwise[1]}; make both alike"
            )
        return Cases(((node, then[0]),), otherwise[0] if otherwise else None), then[1]

    def _read_call(self, tree: Mapping[str, Any], pointer: str, depth: int) -> Typed | None:
        name, args = tree["op"], tree.get("args")
        operation = OPERATIONS.get(name) if isinstance(name, str) else None
        if operation is None:
            return self._fail(f"{pointer}/op", f"unknown operation {name!r}; known: {', '.join(OPERATIONS)}")
        if not isinstance(args, list) or not operation.fewest <= len(args) <= operation.most:
            wanted = _span(operation.fewest, operation.most)
            return self._fail(f"{pointer}/args", f"'{name}' needs a list of {wanted} in 'args'")
        at_least = tree.get("at_least", 1)
        if not isinstance(at_least, int) or isinstance(at_least, bool) or not 1 <= at_least <= len(args):
            return self._fail(f"{pointer}/at_least", f"give a whole number from 1 to {len(args)}")
        found = [self.read(arg, f"{pointer}/args/{i}", depth=depth + 1) for i, arg in enumerate(args)]
        for i, each in enumerate(found):
            if each is not None and not _fits(each[1], operation, name):
                self._fail(f"{pointer}/args/{i}", f"'{name}' takes a {operation.takes}, this is a {each[1]}")
        values = tuple(each[0] for each in found if each is not None)
        return (Call(name, values, at_least), operation.gives) if len(values) == len(args) else None


def _fits(given: Type, operation: Operation, name: str) -> bool:
    return given is operation.takes or name == "count"


def _span(fewest: int, most: int) -> str:
    if fewest == most:
        return f"{fewest} operand" + ("s" if fewest > 1 else "")
    return f"{fewest} to {most} operands"


def _type_of(variable: Variable) -> Type | None:
    if variable.kind in NUMERIC:
        return Type.NUMBER
    if variable.kind in {"date", "datetime"}:
        return Type.MOMENT
    if variable.kind == "boolean":
        return Type.BOOLEAN
    return None if variable.kind in {"multiple", "time"} else Type.TEXT
