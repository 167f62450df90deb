"""The expression language of surveys: text → tree, the kind of its value, and its value for given answers.

Why a language of our own: conditions are written by researchers and evaluated on respondents' answers, so nothing of Python may be
reachable. The grammar below (LALR(1), parsed by lark) is the whole language; `docs/surveys.md` explains it to its users.

Missing values: a question that was not asked or not answered is *missing*. Comparing something missing is false (`!=` is true),
arithmetic with it is missing, and as a condition it counts as false. So a condition never fails at run time.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken, VisitError

MAX_DEPTH = 50
_EPOCH = dt.date(1970, 1, 1)
MAX_NUMBER = 1e15  # beyond this a float no longer holds every whole number
DATE_FUNCTIONS = ("days", "month", "weekday", "year")
NONRESPONSE_FUNCTIONS = ("dont_know", "refused")
FUNCTIONS = ("count", *DATE_FUNCTIONS, "empty", "length", *NONRESPONSE_FUNCTIONS, "sum")
NONRESPONSE = "@missing"
"""Under this key the values hold which questions were refused or not known, by code."""
RESERVED_WORDS = frozenset({"and", "or", "not", "in", "contains", "true", "false"})
"""No question can have these codes; a function's name may be one, since a call has parentheses."""

GRAMMAR = r"""
start: disjunction
?disjunction: conjunction | disjunction OR conjunction -> binary
?conjunction: negation | conjunction AND negation -> binary
?negation: comparison | NOT negation -> unary
?comparison: sum
    | sum COMPARE sum -> binary
    | sum CONTAINS sum -> binary
    | sum IN sum -> binary
    | sum NOT IN sum -> not_in
?sum: product | sum ADD product -> binary | sum MINUS product -> binary
?product: signed | product MULTIPLY signed -> binary
?signed: atom | MINUS signed -> unary
?atom: NUMBER -> number
    | STRING -> string
    | TRUE -> true
    | FALSE -> false
    | REFERENCE -> reference
    | REFERENCE "(" disjunction ")" -> call
    | "[" [disjunction ("," disjunction)*] "]" -> list_of
    | "(" disjunction ")"

OR: "or"
AND: "and"
NOT: "not"
IN: "in"
CONTAINS: "contains"
TRUE: "true"
FALSE: "false"
COMPARE: "==" | "!=" | "<=" | ">=" | "<" | ">"
ADD: "+"
MINUS: "-"
MULTIPLY: "*" | "/" | "%"
NUMBER: /\d{1,15}(\.\d{1,15})?/
STRING: /'[^'\\]*(\\.[^'\\]*)*'/ | /"[^"\\]*(\\.[^"\\]*)*"/
REFERENCE: /[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)?/
%ignore /\s+/
"""

WORDS = {
    "REFERENCE": "a question code", "NUMBER": "a number", "STRING": "a text in quotes", "LPAR": "(", "LSQB": "[",
    "RPAR": ")", "RSQB": "]", "COMMA": ",", "COMPARE": "a comparison", "$END": "the end",
    "MULTIPLY": "*, / or %", "ADD": "+", "MINUS": "-",
}  # fmt: skip


class ExpressionError(ValueError):
    """An expression is wrong at `position` (0-based character of its text)."""

    def __init__(self, message: str, position: int) -> None:
        self.message, self.position = message, position
        super().__init__(f"{message} (at character {position + 1})")


Values = Mapping[str, Any]


@dataclass(frozen=True)
class Node:
    """A part of an expression's tree; `position` is where it begins, `depth` how deep the tree under it is."""

    position: int
    depth: int = field(default=1, kw_only=True)

    def value(self, values: Values) -> Any:
        """The value for effective answers by question code; None when it is missing."""
        raise NotImplementedError

    def parts(self) -> tuple["Node", ...]:
        """The nodes directly under this one, from left to right."""
        return ()


@dataclass(frozen=True)
class Constant(Node):
    """A text, number or truth value written in the expression."""

    constant: str | float | bool

    def value(self, values: Values) -> Any:  # noqa: ARG002 - a constant needs no answers
        """The constant itself."""
        return self.constant


@dataclass(frozen=True)
class Reference(Node):
    """A question's answer, or with `row` one row of it."""

    code: str
    row: str | None

    def value(self, values: Values) -> Any:
        """The effective answer, None when the question was not asked or not answered."""
        answer = values.get(self.code)
        return answer if self.row is None or not isinstance(answer, Mapping) else answer.get(self.row)


@dataclass(frozen=True)
class Unary(Node):
    """`not x` or `-x`."""

    operator: str
    operand: Node

    def value(self, values: Values) -> Any:
        """The negation: of a condition, in which missing is not met, or of a number."""
        if self.operator == "not":
            return not holds(self.operand, values)
        number = self.operand.value(values)
        return None if number is None else -number

    def parts(self) -> tuple[Node, ...]:
        """The operand."""
        return (self.operand,)


@dataclass(frozen=True)
class Binary(Node):
    """Two expressions joined by an operator."""

    operator: str
    left: Node
    right: Node

    def value(self, values: Values) -> Any:
        """Both sides joined; `and` and `or` look at the right side only when they must."""
        if self.operator == "and":
            return holds(self.left, values) and holds(self.right, values)
        if self.operator == "or":
            return holds(self.left, values) or holds(self.right, values)
        return OPERATIONS[self.operator](self.left.value(values), self.right.value(values))

    def parts(self) -> tuple[Node, ...]:
        """Both sides."""
        return self.left, self.right


@dataclass(frozen=True)
class Call(Node):
    """`empty(x)`, `count(x)`, `sum(x)`, `length(x)`, or a number of a day: `year(x)`, `month(x)`, `weekday(x)`, `days(x)`."""

    function: str
    argument: Node

    def value(self, values: Values) -> Any:
        """Whether nothing is answered, how many answers or characters are given, their sum, or the number of a day."""
        answer = self.argument.value(values)
        if self.function == "empty":
            return answer is None or answer in ("", [], {})
        if self.function == "count":
            return len(answer) if answer is not None else 0
        if answer is None:
            return None
        if self.function == "length":
            return len(answer)
        if self.function in DATE_FUNCTIONS:
            return _number_of_day(self.function, answer)
        numbers = [
            n for n in (answer or {}).values() if isinstance(n, int | float) and not isinstance(n, bool)
        ]
        return sum(numbers) if numbers else None

    def parts(self) -> tuple[Node, ...]:
        """The argument."""
        return (self.argument,)


class Said(Call):
    """`refused(x)`, `dont_know(x)`: whether the respondent said so instead of an answer."""

    def value(self, values: Values) -> Any:
        """True where just that was said."""
        code = self.argument.code if isinstance(self.argument, Reference) else ""
        return values.get(NONRESPONSE, {}).get(code) == self.function


def _number_of_day(function: str, text: str) -> int | None:
    """Year, month, weekday (Monday 1, ISO 8601) or days since 1970-01-01 of a day; missing for a time of day."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    numbers = {"year": day.year, "month": day.month, "weekday": day.isoweekday(), "days": (day - _EPOCH).days}
    return numbers[function]


@dataclass(frozen=True)
class ListOf(Node):
    """Values in brackets, for `in`."""

    items: tuple[Node, ...]

    def value(self, values: Values) -> Any:
        """The values of its items."""
        return [item.value(values) for item in self.items]

    def parts(self) -> tuple[Node, ...]:
        """Its items."""
        return self.items


def holds(condition: Node, values: Values) -> bool:
    """Whether a condition is met; something missing is not met."""
    return condition.value(values) is True


def references(node: Node) -> Iterator[Reference]:
    """Every mention of a question in an expression, from left to right."""
    if isinstance(node, Reference):
        yield node
    for part in node.parts():
        yield from references(part)


def _arithmetic(operation: Callable[[float, float], float]) -> Callable[[Any, Any], Any]:
    """Arithmetic in which missing stays missing; a division by zero and numbers beyond MAX_NUMBER are missing."""

    def computed(left: Any, right: Any) -> Any:
        if left is None or right is None:
            return None
        try:
            result: float = operation(left, right)
        except (ZeroDivisionError, OverflowError):
            return None
        if not abs(result) <= MAX_NUMBER:
            return None
        return int(result) if float(result).is_integer() else result

    return computed


def _ordered(operation: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison by order in which missing is never met."""
    return lambda left, right: left is not None and right is not None and operation(left, right)


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(lambda a, b: a / b),
    "%": _arithmetic(lambda a, b: a % b),
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
    "==": lambda a, b: a is not None and a == b,
    "!=": lambda a, b: a is None or a != b,
    "in": lambda a, group: a is not None and group is not None and a in group,
    "contains": lambda group, item: group is not None and item in group,
}


def _joined(position: int, *parts: Node) -> int:
    """The depth of a node over `parts`; ExpressionError past MAX_DEPTH, so that no expression can exhaust the stack."""
    depth = 1 + max((part.depth for part in parts), default=0)
    if depth > MAX_DEPTH:
        raise ExpressionError(f"the expression is nested more than {MAX_DEPTH} deep", position)
    return depth


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Builds the tree bottom-up while the parser reduces, so that parsing needs no recursion."""

    def start(self, node: Node) -> Node:
        return node

    def number(self, token: Token) -> Node:
        return Constant(token.start_pos or 0, float(token) if "." in token else int(token))

    def string(self, token: Token) -> Node:
        body = str(token[1:-1])
        return Constant(token.start_pos or 0, body.replace("\\" + token[0], token[0]).replace("\\\\", "\\"))

    def true(self, token: Token) -> Node:
        return Constant(token.start_pos or 0, constant=True)

    def false(self, token: Token) -> Node:
        return Constant(token.start_pos or 0, constant=False)

    def reference(self, token: Token) -> Node:
        code, _, row = str(token).partition(".")
        if code in RESERVED_WORDS:
            raise ExpressionError(f"{code!r} is a word of the language, not a question", token.start_pos or 0)
        return Reference(token.start_pos or 0, code, row or None)

    def unary(self, operator: Token, operand: Node) -> Node:
        position = operator.start_pos or 0
        return Unary(position, str(operator), operand, depth=_joined(position, operand))

    def binary(self, left: Node, operator: Token, right: Node) -> Node:
        return Binary(left.position, str(operator), left, right, depth=_joined(left.position, left, right))

    def not_in(self, left: Node, negation: Token, _in: Token, right: Node) -> Node:
        depth = _joined(left.position, left, right)
        member = Binary(left.position, "in", left, right, depth=depth)
        return Unary(negation.start_pos or 0, "not", member, depth=depth + 1)

    def call(self, name: Token, argument: Node) -> Node:
        position = name.start_pos or 0
        if name not in FUNCTIONS:
            raise ExpressionError(
                f"there is no function {str(name)!r}; known: {', '.join(FUNCTIONS)}", position
            )
        kind = Said if name in NONRESPONSE_FUNCTIONS else Call
        return kind(position, str(name), argument, depth=_joined(position, argument))

    def list_of(self, *items: Node | None) -> Node:
        present = tuple(item for item in items if item is not None)
        position = present[0].position if present else 0
        return ListOf(position, present, depth=_joined(position, *present))


_PARSER = Lark(GRAMMAR, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """The tree of an expression; ExpressionError with the position where it stops making sense."""
    try:
        return _PARSER.parse(text)  # type: ignore[return-value]  # the transformer turns the tree into a Node
    except VisitError as wrapped:
        if isinstance(wrapped.orig_exc, ExpressionError):
            raise wrapped.orig_exc from None
        raise
    except UnexpectedInput as unexpected:
        raise _syntax_error(unexpected, text) from None


def _syntax_error(unexpected: UnexpectedInput, text: str) -> ExpressionError:
    """What the parser met and what could have stood there, in words."""
    if isinstance(unexpected, UnexpectedCharacters):
        position = int(getattr(unexpected, "pos_in_stream", 0) or 0)
        return ExpressionError(f"{text[position]!r} is not part of the language", position)
    if isinstance(unexpected, UnexpectedToken | UnexpectedEOF):
        expected = sorted({WORDS.get(name, name.lower()) for name in unexpected.expected})
        token = getattr(unexpected, "token", None)
        at_end = token is None or token.type == "$END"
        met = "the expression ends" if at_end else f"{str(token)!r} stands"
        position = len(text) if at_end or token is None else (token.start_pos or 0)
        return ExpressionError(f"{met} where one of these is expected: {', '.join(expected)}", position)
    return ExpressionError("this cannot be read", 0)
