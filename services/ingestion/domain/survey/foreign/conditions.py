"""Conditions of other programs → conditions of ours: one tree (`condition_trees`), one way to say it.

A `Notation` holds what differs: how names and signs are written, and which functions there are. Values of choices become their codes.
What our language cannot say is refused by name, so that an import leaves the condition out with a note instead of saying something else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from services.ingestion.domain.survey.foreign.condition_trees import (
    COMPARISONS,
    MEMBERSHIPS,
    NUMBER,
    Node,
    Syntax,
    UntranslatableError,
)

_LEVEL_OF_NOT = 2
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_MET = frozenset({"1", "true", "y"})


class Sort(StrEnum):
    """What sort of answer a name stands for; MEMBER is one option among several, which is chosen or not."""

    CHOICE = "a choice"
    SEVERAL = "several answers"
    NUMBER = "a number"
    TEXT = "a text"
    DATE = "a date"
    TRUTH = "true or false"
    TABLE = "a question with rows"
    MEMBER = "an option"


@dataclass(frozen=True)
class Target:
    """What a foreign name is called here, and the codes of its values; `parent` is the question that it is a part of."""

    said: str
    sort: Sort = Sort.TEXT
    values: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""


@dataclass(frozen=True)
class Said:
    """A piece of a condition of ours, and how tightly it holds together: 0 for `or` up to 6 for one word."""

    text: str
    level: int = 6

    def within(self, level: int) -> str:
        """The piece as it stands beside an operator of a level."""
        return self.text if self.level >= level else f"({self.text})"


Function = Callable[["Saying", Sequence[Node]], Said]


@dataclass(frozen=True)
class Notation(Syntax):
    """How a program writes conditions, and what its functions are called here."""

    functions: Mapping[str, Function]
    named: Callable[[str], str] = str.strip
    """A name without what its notation adds to it."""

    def translated(self, text: str, names: Mapping[str, Target]) -> str:
        """Return a condition of ours; raises UntranslatableError."""
        return Saying(names, self).condition(self.tree(text)).text

    def value(self, text: str, names: Mapping[str, Target]) -> str:
        """Return an expression of ours of any kind; raises UntranslatableError."""
        saying, node = Saying(names, self), self.tree(text)
        is_condition = node.role == "not" or node.word in {"and", "or", *COMPARISONS, *MEMBERSHIPS}
        return (saying.condition(node) if is_condition else saying.value(node)).text


class Saying:
    """Says a foreign condition in our language, given what its names are called here."""

    def __init__(self, names: Mapping[str, Target], notation: Notation) -> None:
        self._names = names
        self._notation = notation

    def condition(self, node: Node) -> Said:
        """Something that is met or not."""
        if node.role in {"joined", "not"}:
            return self._joined_condition(node)
        if node.role == "call":
            return self._notation.functions[node.word](self, node.parts)
        if node.role in {"text", "number", "word"}:
            return Said("true" if node.word.strip().lower() in _MET else "false")
        if node.role == "ref":
            return _given(self.target(node))
        raise UntranslatableError(f"{node.word!r} is no condition")

    def _joined_condition(self, node: Node) -> Said:
        if node.word in {"or", "and"}:
            level = 0 if node.word == "or" else 1
            left, right = (self.condition(part) for part in node.parts)
            return Said(f"{left.within(level)} {node.word} {right.within(level + 1)}", level)
        if node.word == "not":
            return self.negated(node.parts)
        if node.word in COMPARISONS:
            return self._compared(node.word, *node.parts)
        if node.word in MEMBERSHIPS:
            return self._member(node.word, *node.parts)
        raise UntranslatableError(f"{node.word!r} makes no condition")

    def value(self, node: Node) -> Said:
        """A value to compare or to compute with."""
        if node.role == "ref":
            target = self.target(node)
            if target.sort in {Sort.MEMBER, Sort.TABLE}:
                raise UntranslatableError(f"{node.word!r} is {target.sort}, which has no value")
            return Said(target.said)
        if node.role in {"number", "word"}:
            return Said(node.word)
        if node.role == "text":
            return Said(quoted(node.word))
        if node.role == "call":
            return self._notation.functions[node.word](self, node.parts)
        if node.role == "signed":
            return Said(f"-{self.value(node.parts[0]).within(6)}", 5)
        if node.role == "joined" and node.word in "+-*/%":
            level = 4 if node.word in "+-" else 5
            left, right = (self.value(part) for part in node.parts)
            return Said(f"{left.within(level)} {node.word} {right.within(level + 1)}", level)
        raise UntranslatableError(f"{node.word!r} is no value")

    def target(self, node: Node) -> Target:
        """What a name stands for."""
        if node.role != "ref":
            raise UntranslatableError(f"{node.word!r} stands where a question is expected")
        found = self._names.get(self._notation.named(node.word))
        if found is None:
            raise UntranslatableError(f"`{node.word}` is no question that was taken over")
        return found

    def _compared(self, operator: str, left: Node, right: Node) -> Said:
        if right.role == "ref" and left.role in {"text", "number", "word"}:
            left, right, operator = right, left, _MIRRORED[operator]
        if left.role != "ref" or right.role not in {"text", "number", "word"}:
            return Said(f"{self.value(left).within(4)} {operator} {self.value(right).within(4)}", 3)
        target = self.target(left)
        if right.role == "text" and not right.word:
            said = self.negated((left,)) if target.sort is Sort.MEMBER else Said(f"empty({target.said})")
            return self._turned(said, operator)
        if target.sort is Sort.MEMBER:
            return self._turned(
                Said(target.said, 3), operator, is_met=_value_of(target, right) == target.said
            )
        if target.sort is Sort.SEVERAL:
            chosen = self._member("contains", left, right)
            return self._turned(Said(f"{chosen.text} and count({target.said}) == 1", 1), operator)
        if target.values and operator not in {"==", "!="}:
            return _in_order(target, operator, right)
        return Said(f"{target.said} {operator} {_value_of(target, right)}", 3)

    @staticmethod
    def _turned(said: Said, operator: str, *, is_met: bool = True) -> Said:
        if operator not in {"==", "!="}:
            raise UntranslatableError(f"{operator!r} has no meaning there")
        return said if (operator == "==") is is_met else Said(f"not {said.within(3)}", 2)

    def _member(self, operator: str, left: Node, right: Node) -> Said:
        target = self.target(left)
        values = [_value_of(target, each) for each in (right.parts if right.role == "list" else (right,))]
        if not values:
            raise UntranslatableError("a list is empty")
        if operator in {"anyof", "noneof"} and target.sort is not Sort.SEVERAL:
            said = Said(f"{target.said} in [{', '.join(values)}]", 3)
        else:
            word, level = ("or", 0) if operator in {"anyof", "noneof"} else ("and", 1)
            parts = [f"{target.said} contains {value}" for value in values]
            said = Said(f" {word} ".join(parts), level if len(parts) > 1 else 3)
        return said if operator in {"contains", "anyof", "allof"} else Said(f"not {said.within(3)}", 2)

    def negated(self, parts: Sequence[Node]) -> Said:
        """`not x`."""
        [part] = self.exactly(1, parts)
        said = self.condition(part)
        if said.text.startswith("not ") and said.level == _LEVEL_OF_NOT:
            return Said(said.text.removeprefix("not "), 3)
        return Said(f"not {said.within(_LEVEL_OF_NOT)}", _LEVEL_OF_NOT)

    def empty(self, parts: Sequence[Node]) -> Said:
        """Whether nothing is answered."""
        [part] = self.exactly(1, parts)
        target = self.target(part)
        return self.negated(parts) if target.sort is Sort.MEMBER else Said(f"empty({target.said})")

    def filled(self, parts: Sequence[Node]) -> Said:
        """Whether something is answered."""
        said = self.empty(parts)
        if said.text.startswith("not "):
            return Said(said.text.removeprefix("not "), 3)
        return Said(f"not {said.text}", _LEVEL_OF_NOT)

    def selected(self, parts: Sequence[Node]) -> Said:
        """Whether an option is chosen, of one or of several."""
        question, option = self.exactly(2, parts)
        is_one = self.target(question).sort is Sort.CHOICE
        return (
            self._compared("==", question, option) if is_one else self._member("contains", question, option)
        )

    def contained(self, parts: Sequence[Node]) -> Said:
        """Whether a text stands within an answer."""
        question, text = self.exactly(2, parts)
        return Said(f"{self.value(question).within(4)} contains {self.value(text).within(4)}", 3)

    def length(self, parts: Sequence[Node]) -> Said:
        """Characters of an answer."""
        [part] = self.exactly(1, parts)
        return Said(f"length({self.target(part).said})")

    def itself(self, parts: Sequence[Node]) -> Said:
        """What a function changes nothing about, such as `number(x)` of a number."""
        [part] = self.exactly(1, parts)
        return self.value(part)

    def met(self, parts: Sequence[Node]) -> Said:
        """What is written around a condition and changes nothing about it."""
        [part] = self.exactly(1, parts)
        return self.condition(part)

    def counted(self, parts: Sequence[Node]) -> Said:
        """How many options are chosen."""
        return Said(f"count({self._whole(parts, {Sort.SEVERAL, Sort.TABLE})})")

    def summed(self, parts: Sequence[Node]) -> Said:
        """The sum over the rows of a question."""
        return Said(f"sum({self._whole(parts, {Sort.TABLE})})")

    def true(self, parts: Sequence[Node]) -> Said:
        """What is always met."""
        self.exactly(0, parts)
        return Said("true")

    def false(self, parts: Sequence[Node]) -> Said:
        """What is never met."""
        self.exactly(0, parts)
        return Said("false")

    def _whole(self, parts: Sequence[Node], sorts: set[Sort]) -> str:
        """The question that is meant, or of which all parts are named."""
        targets = [self.target(part) for part in parts]
        if len(targets) == 1 and targets[0].sort in sorts:
            return targets[0].said
        parents = {target.parent for target in targets}
        parent = parents.pop() if len(parents) == 1 else ""
        every = {target.said for target in self._names.values() if target.parent == parent}
        if not parent or {target.said for target in targets} != every:
            raise UntranslatableError("only all parts of one question are counted or added up")
        return parent

    @staticmethod
    def exactly(n: int, parts: Sequence[Node]) -> Sequence[Node]:
        """The arguments of a function that takes so many."""
        if len(parts) != n:
            raise UntranslatableError(f"a function has {len(parts)} arguments instead of {n}")
        return parts


def _given(target: Target) -> Said:
    """A name that stands as a condition."""
    if target.sort is Sort.MEMBER:
        return Said(target.said, 3)
    if target.sort is Sort.TRUTH:
        return Said(target.said)
    if code := target.values.get("true"):
        return Said(f"{target.said} == {quoted(code)}", 3)
    if target.sort is Sort.NUMBER:
        return Said(f"not empty({target.said}) and {target.said} != 0", 1)
    return Said(f"not empty({target.said})", 2)


def _value_of(target: Target, node: Node) -> str:
    """A value as it is written beside a name: the code of a choice, else what stands there."""
    if node.role not in {"text", "number", "word"}:
        raise UntranslatableError(f"{node.word!r} is no value")
    if target.sort in {Sort.MEMBER, Sort.TRUTH}:
        if node.word not in target.values:
            raise UntranslatableError(f"{node.word!r} is never its value")
        return target.values[node.word]
    if target.values:
        code = target.values.get(node.word)
        if code is None:
            raise UntranslatableError(f"{node.word!r} is no choice of the question")
        return quoted(code)
    if target.sort is Sort.NUMBER:
        if node.number is None:
            raise UntranslatableError(f"{node.word!r} is no number")
        return node.number
    return node.word if node.role == "word" else quoted(node.word)


def _in_order(target: Target, operator: str, node: Node) -> Said:
    """A choice of numbers compared by order: the codes that fulfil it."""
    if target.sort is not Sort.CHOICE or node.number is None:
        raise UntranslatableError(f"{target.sort} has no order for {operator!r}")
    limit = float(node.number)
    fits = {"<": limit.__gt__, "<=": limit.__ge__, ">": limit.__lt__, ">=": limit.__le__}[operator]
    codes = [
        quoted(code)
        for value, code in target.values.items()
        if NUMBER.fullmatch(value) and fits(float(value))
    ]
    return Said(f"{target.said} in [{', '.join(codes)}]", 3) if codes else Said("false")


def quoted(text: str) -> str:
    """A text as our language writes it."""
    quote = '"' if "'" in text else "'"
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return f"{quote}{escaped}{quote}"


def both(outer: str | None, inner: str | None) -> str | None:
    """One condition of two."""
    said = [text for text in (outer, inner) if text]
    return said[0] if len(said) == 1 else " and ".join(f"({text})" for text in said) or None
