"""Which kinds of values fit together in an expression, checked once before publishing, with the position of what does not fit.

Why apart from evaluation: a published survey is known to be well-kinded, so evaluating it for a respondent cannot fail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from services.ingestion.domain.survey.expressions import (
    DATE_FUNCTIONS,
    NONRESPONSE_FUNCTIONS,
    Binary,
    Call,
    Constant,
    ExpressionError,
    ListOf,
    Node,
    Reference,
    Unary,
)


class Kind(StrEnum):
    """What sort of value an expression has; ANY is the empty list's and a hidden field's."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "true or false"
    DATE = "date or time"
    SET = "several options"
    TABLE = "one value per row"
    LIST = "list"
    PAIR = "a best and a worst option"
    FILES = "files"
    SIGNATURE = "a signature"


@dataclass(frozen=True)
class Meaning:
    """What a reference stands for: the kind of its value, the codes it can have (None: any), the ways not to answer it."""

    kind: Kind
    codes: frozenset[str] | None = None
    missing: frozenset[str] = frozenset()


Scope = Callable[[Reference], Meaning]


def kind_of(node: Node, scope: Scope) -> Kind:
    """The kind of an expression's value; ExpressionError where kinds do not fit, or a code can never be met."""
    match node:
        case Reference():
            return scope(node).kind
        case Constant() | ListOf():
            return _literal_kind(node, scope)
        case Unary():
            return _unary_kind(node, scope)
        case Call():
            return _call_kind(node, scope)
        case Binary():
            return _binary_kind(node, scope)
    raise TypeError(f"unknown node {node!r}")


def _literal_kind(node: Constant | ListOf, scope: Scope) -> Kind:
    """The kind of something written out in the expression."""
    if isinstance(node, ListOf):
        _same_kind(node.items, scope)
        return Kind.LIST
    if isinstance(node.constant, bool):
        return Kind.BOOLEAN
    return Kind.TEXT if isinstance(node.constant, str) else Kind.NUMBER


def _same_kind(items: tuple[Node, ...], scope: Scope) -> None:
    """Check that a list holds texts only or numbers only."""
    kinds = [kind_of(item, scope) for item in items]
    for item, kind in zip(items, kinds, strict=True):
        if kind not in {Kind.TEXT, Kind.NUMBER} or kind != kinds[0]:
            raise ExpressionError("a list holds texts only or numbers only", item.position)


def _unary_kind(node: Unary, scope: Scope) -> Kind:
    """Negation is true or false; a sign needs a number."""
    kind = kind_of(node.operand, scope)
    if node.operator == "not":
        if kind is not Kind.BOOLEAN:
            raise ExpressionError(f"'not' needs a condition, this is {kind}", node.operand.position)
        return Kind.BOOLEAN
    if kind is not Kind.NUMBER:
        raise ExpressionError(f"'-' needs a number, this is {kind}", node.operand.position)
    return Kind.NUMBER


def _call_kind(node: Call, scope: Scope) -> Kind:
    """`empty` takes a question, `count` several options or rows, `sum` rows."""
    kind = kind_of(node.argument, scope)
    if not isinstance(node.argument, Reference):
        raise ExpressionError(f"{node.function}() takes a question", node.argument.position)
    if node.function in NONRESPONSE_FUNCTIONS:
        _offered(node.function, node.argument, scope)
        return Kind.BOOLEAN
    if node.function == "count" and kind not in {Kind.SET, Kind.TABLE, Kind.FILES}:
        raise ExpressionError(
            f"count() takes a question with several answers, this has {kind}", node.argument.position
        )
    if node.function in DATE_FUNCTIONS and kind is not Kind.DATE:
        raise ExpressionError(f"{node.function}() takes a date, this is {kind}", node.argument.position)
    if node.function == "length" and kind is not Kind.TEXT:
        raise ExpressionError(f"length() takes a text, this is {kind}", node.argument.position)
    if node.function == "sum" and kind is not Kind.TABLE:
        raise ExpressionError(f"sum() takes a question with rows, this has {kind}", node.argument.position)
    return Kind.BOOLEAN if node.function == "empty" else Kind.NUMBER


def _offered(function: str, argument: Reference, scope: Scope) -> None:
    """Only what a question offers can be said."""
    if argument.row is not None or function not in scope(argument).missing:
        raise ExpressionError(
            f"{function}() takes a question that offers it: `missing` of {argument.code!r} does not",
            argument.position,
        )


def _binary_kind(node: Binary, scope: Scope) -> Kind:
    """The kind of two joined expressions, after checking that their kinds can be joined so."""
    left, right = kind_of(node.left, scope), kind_of(node.right, scope)
    match node.operator:
        case "and" | "or":
            _need(node, left, right, allowed={Kind.BOOLEAN})
        case "+" | "-" | "*" | "/" | "%":
            _need(node, left, right, allowed={Kind.NUMBER})
            return Kind.NUMBER
        case "in":
            _member(node.left, node.right, left=left, right=right, scope=scope)
        case "contains":
            _contains(node, left=left, right=right, scope=scope)
        case _:
            _comparable(node, left, right)
            _known_codes(node.left, node.right, scope)
            _known_codes(node.right, node.left, scope)
    return Kind.BOOLEAN


def _need(node: Binary, left: Kind, right: Kind, *, allowed: set[Kind]) -> None:
    """Both sides must be of an allowed kind."""
    for side, kind in ((node.left, left), (node.right, right)):
        if kind not in allowed:
            wanted = " or ".join(sorted(allowed))
            raise ExpressionError(
                f"{node.operator!r} needs {wanted} on both sides, this is {kind}", side.position
            )


def _comparable(node: Binary, left: Kind, right: Kind) -> None:
    """Equality needs alike sides; order needs numbers or dates."""
    alike = left == right or {left, right} == {Kind.TEXT, Kind.DATE}
    if not alike or left in {Kind.SET, Kind.TABLE, Kind.LIST}:
        raise ExpressionError(
            f"{left} cannot be compared with {right} by {node.operator!r}", node.right.position
        )
    if node.operator not in {"==", "!="} and left != Kind.NUMBER and Kind.DATE not in {left, right}:
        raise ExpressionError(f"{left} has no order for {node.operator!r}", node.left.position)


def _member(item: Node, group: Node, *, left: Kind, right: Kind, scope: Scope) -> None:
    """`x in [..]` or `'a' in q`: the group must be a list or a question with several answers."""
    if right not in {Kind.LIST, Kind.SET}:
        raise ExpressionError(f"'in' needs a list or several options, this is {right}", group.position)
    if left not in {Kind.TEXT, Kind.NUMBER, Kind.DATE}:
        raise ExpressionError(f"{left} cannot be looked up by 'in'", item.position)
    for member in group.items if isinstance(group, ListOf) else ():
        _alike(left, kind_of(member, scope), member)
        _known_codes(item, member, scope)
    _known_codes(group, item, scope)


def _alike(left: Kind, right: Kind, at: Node) -> None:
    """Members of a list must be of the kind that is looked up."""
    if left != right and {left, right} != {Kind.TEXT, Kind.DATE}:
        raise ExpressionError(f"{left} is never {right}", at.position)


def _contains(node: Binary, *, left: Kind, right: Kind, scope: Scope) -> None:
    """`q contains 'a'`: an option among several, or a text within a text."""
    if left not in {Kind.SET, Kind.TEXT}:
        raise ExpressionError(
            f"'contains' needs several options or a text, this is {left}", node.left.position
        )
    if right is not Kind.TEXT:
        raise ExpressionError(f"'contains' looks for a text, this is {right}", node.right.position)
    if left is Kind.SET:
        _known_codes(node.left, node.right, scope)


def _known_codes(question: Node, value: Node, scope: Scope) -> None:
    """A text that a choice is compared with must be one of its codes, or the condition could never be met."""
    if (
        not isinstance(question, Reference)
        or not isinstance(value, Constant)
        or not isinstance(value.constant, str)
    ):
        return
    codes = scope(question).codes
    if codes is not None and value.constant not in codes:
        raise ExpressionError(f"{question.code!r} has no option {value.constant!r}", value.position)
