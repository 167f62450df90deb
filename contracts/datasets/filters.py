"""Filters: a JSON expression tree, checked against the codebook and turned into typed nodes.

Leaves are two-valued: a comparison with a missing value is false, so `not` is a true complement and every respondent is
either in or out. Errors carry JSON Pointers into the tree. Nothing here builds SQL: the engine turns nodes into an
expression, so a value given by a user can never become syntax.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.datasets.codebook import CATEGORICAL, NUMERIC, Codebook, Variable

MAX_DEPTH: Final = 24
MAX_NODES: Final = 500
_N_SHOWN: Final = 12
_BEYOND_INTEGERS: Final = 2**63
Scalar = str | float | bool | dt.date | dt.datetime


@dataclass(frozen=True, slots=True)
class All:
    """True where every part is true."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """True where at least one part is true."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """True where the part is false."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`variable operator value`, false where the variable is missing; operator ∈ eq ne lt le gt ge."""

    variable: Variable
    operator: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class OneOf:
    """True where the variable has (a multiple-response set: contains) one of the values."""

    variable: Variable
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """True where the variable has no value."""

    variable: Variable


@dataclass(frozen=True, slots=True)
class TextMatch:
    """True where the text contains (or starts with) the words, without regard to case."""

    variable: Variable
    words: str
    at_start: bool


Node = All | Either | Negation | Comparison | OneOf | Missing | TextMatch


class FilterError(Exception):
    """The filter does not fit the dataset; `errors` lists (JSON Pointer, sentence)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{pointer}: {detail}" for pointer, detail in errors))
        self.errors = errors


def read_filter(tree: object, codebook: Codebook, *, pointer: str = "/filter") -> Node:
    """The typed filter; raises FilterError with every fault of the tree, each with its pointer."""
    reader = _Reader(codebook)
    node = reader.read(tree, pointer, depth=0)
    if reader.errors or node is None:
        raise FilterError(reader.errors)
    return node


class _Reader:
    """Walks one tree and collects its faults, so that a user sees all of them at once."""

    def __init__(self, codebook: Codebook) -> None:
        self.codebook = codebook
        self.errors: list[tuple[str, str]] = []
        self.n_nodes = 0

    def fail(self, pointer: str, detail: str) -> Node | None:
        """Note a fault; the answer is always None, so that a reader can `return self.fail(…)`."""
        self.errors.append((pointer, detail))
        return None

    def read(self, tree: object, pointer: str, *, depth: int) -> Node | None:
        self.n_nodes += 1
        if depth > MAX_DEPTH or self.n_nodes > MAX_NODES:
            return self.fail(pointer, f"a filter has at most {MAX_DEPTH} levels and {MAX_NODES} expressions")
        if not isinstance(tree, Mapping):
            return self.fail(
                pointer, 'an expression is an object such as {"op":"eq","variable":"sex","value":"f"}'
            )
        op = tree.get("op")
        if op in ("and", "or"):
            return self._read_group(tree, pointer, depth=depth)
        if op == "not":
            part = self.read(tree.get("arg", _first(tree.get("args"))), f"{pointer}/arg", depth=depth + 1)
            return Negation(part) if part is not None else None
        if not isinstance(op, str) or op not in _LEAVES:
            known = ", ".join(OPERATORS)
            return self.fail(f"{pointer}/op", f"unknown operator {op!r}; known: {known}")
        return self._read_leaf(tree, op, pointer)

    def _read_group(self, tree: Mapping[str, Any], pointer: str, *, depth: int) -> Node | None:
        args = tree.get("args")
        if not isinstance(args, list) or not args:
            return self.fail(
                f"{pointer}/args", f"'{tree['op']}' needs a list of at least one expression in 'args'"
            )
        parts = [self.read(arg, f"{pointer}/args/{i}", depth=depth + 1) for i, arg in enumerate(args)]
        kept = tuple(part for part in parts if part is not None)
        return All(kept) if tree["op"] == "and" else Either(kept)

    def _read_leaf(self, tree: Mapping[str, Any], op: str, pointer: str) -> Node | None:
        name = tree.get("variable")
        variable = self.codebook.find(name) if isinstance(name, str) else None
        if variable is None:
            return self.fail(f"{pointer}/variable", self.codebook.explain_unknown(str(name)))
        try:
            return _LEAVES[op](variable, op, tree.get("value"))
        except ValueError as error:
            return self.fail(f"{pointer}/value", str(error))


def _first(args: object) -> object:
    return args[0] if isinstance(args, list) and len(args) == 1 else None


def _read_comparison(variable: Variable, op: str, value: object) -> Node:
    if variable.kind == "multiple":
        member = OneOf(variable, (_scalar(variable, value),))
        if op == "eq":
            return member
        if op == "ne":
            return All((Negation(member), Negation(Missing(variable))))
        raise ValueError(f"'{variable.alias}' is a multiple-response set; use contains, in, eq or ne")
    if op in ("eq", "ne"):
        return Comparison(variable, op, _scalar(variable, value))
    if variable.kind == "ordered":
        return OneOf(variable, _codes_on_side(variable, op, _scalar(variable, value)))
    if variable.kind in CATEGORICAL or variable.kind in ("text", "id", "email", "phone", "url", "geo"):
        raise ValueError(f"'{variable.alias}' is of kind {variable.kind} and has no order; use eq, ne or in")
    return Comparison(variable, op, _scalar(variable, value))


def _codes_on_side(variable: Variable, op: str, value: Scalar) -> tuple[Scalar, ...]:
    """The codes of an ordered variable that lie below or above the given code, in codebook order."""
    codes = [code.code for code in variable.codes]
    at = codes.index(str(value))
    sides = {"lt": codes[:at], "le": codes[: at + 1], "gt": codes[at + 1 :], "ge": codes[at:]}
    return tuple(sides[op])


def _read_one_of(variable: Variable, _op: str, value: object) -> Node:
    if not isinstance(value, list) or not value:
        raise ValueError("'in' needs a list of at least one value")
    return OneOf(variable, tuple(_scalar(variable, item) for item in value))


def _read_missing(variable: Variable, _op: str, _value: object) -> Node:
    return Missing(variable)


def _read_text_match(variable: Variable, op: str, value: object) -> Node:
    if variable.kind == "multiple" and op == "contains":
        return OneOf(variable, (_scalar(variable, value),))
    if variable.kind in NUMERIC or variable.kind in ("boolean", "date", "datetime", "time", "multiple"):
        raise ValueError(f"'{variable.alias}' is of kind {variable.kind}; '{op}' needs text or a category")
    if not isinstance(value, str) or not value:
        raise ValueError(f"'{op}' needs a text that is not empty")
    if variable.codes:
        return OneOf(variable, _codes_with_words(variable, value.casefold(), at_start=op == "starts_with"))
    return TextMatch(variable, value, at_start=op == "starts_with")


def _codes_with_words(variable: Variable, words: str, *, at_start: bool) -> tuple[Scalar, ...]:
    """The codes whose label contains (starts with) the words: people filter categories by what they read."""
    labels = [(code.code, code.label.casefold()) for code in variable.codes]
    return tuple(code for code, label in labels if (label.startswith(words) if at_start else words in label))


_LEAVES: Final[Mapping[str, Callable[[Variable, str, object], Node]]] = {
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), _read_comparison),
    "in": _read_one_of,
    "is_missing": _read_missing,
    "contains": _read_text_match,
    "starts_with": _read_text_match,
}


OPERATORS: Final = ("and", "or", "not", *_LEAVES)
"""Every operator of a filter expression."""


def _scalar(variable: Variable, value: object) -> Scalar:
    """The value as the variable's own type; raises ValueError with what would fit."""
    if variable.kind in NUMERIC:
        return _number(variable, value)
    if variable.kind == "boolean":
        return _boolean(variable, value)
    if variable.kind in ("date", "datetime"):
        return _moment(variable, value)
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else None
    if text is None:
        raise ValueError(f"'{variable.alias}' is of kind {variable.kind}; give a text, not {value!r}")
    codes = [code.code for code in variable.codes]
    if codes and text not in codes:
        shown = ", ".join(f"'{code}'" for code in codes[:_N_SHOWN]) + (", …" if len(codes) > _N_SHOWN else "")
        raise ValueError(f"'{variable.alias}' has no code '{text}'; it has {shown}")
    return text


def _number(variable: Variable, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _BEYOND_INTEGERS:
        raise ValueError(
            f"'{variable.alias}' is of kind {variable.kind}; give a finite number below 2^63, not {value!r}"
        )
    return value


def _boolean(variable: Variable, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise ValueError(f"'{variable.alias}' is of kind boolean; give true or false, not {value!r}")


def _moment(variable: Variable, value: object) -> dt.date | dt.datetime:
    reader = dt.date if variable.kind == "date" else dt.datetime
    try:
        return reader.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(
            f"'{variable.alias}' is of kind {variable.kind}; give it in ISO 8601, not {value!r}"
        ) from None
