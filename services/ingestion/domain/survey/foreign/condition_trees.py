"""Conditions of other programs as trees: one tokenizer and one grammar, for which a `Syntax` says how signs and names are written."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_TOKENS = 400
MAX_CHARACTERS = 10_000
MAX_NESTING = 40
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
MEMBERSHIPS = frozenset({"contains", "notcontains", "anyof", "noneof", "allof"})
_LEVELS = (
    frozenset({"or"}),
    frozenset({"and"}),
    COMPARISONS | MEMBERSHIPS,
    frozenset("+-"),
    frozenset("*/%"),
)
_COMPARISON_LEVEL = 2
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")


class UntranslatableError(ValueError):
    """A condition says something that ours cannot; the text names it."""


@dataclass(frozen=True)
class Node:
    """A part of a foreign condition: an operator, function, name or value (`word`), and what it works on."""

    role: str
    word: str
    parts: tuple["Node", ...] = ()

    @property
    def number(self) -> str | None:
        """The number that a value is, also where it is written as a text."""
        is_number = self.role in {"number", "text"} and NUMBER.fullmatch(self.word.strip())
        return self.word.strip() if is_number else None


@dataclass(frozen=True)
class Syntax:
    """How a program writes conditions. Groups of `token`: ref, text, number, sign, word; words without parentheses are names where `bare`."""

    token: re.Pattern[str]
    operators: Mapping[str, str]
    functions: Mapping[str, Any]
    bare: bool = False
    after: Mapping[str, str] = field(default_factory=dict)
    """Functions that are written behind what they are about."""

    def tree(self, text: str) -> Node:
        """The tree of a condition; raises UntranslatableError."""
        return _Parser(text, self).whole()


class _Parser:
    """A recursive descent over the tokens of one condition."""

    def __init__(self, text: str, syntax: Syntax) -> None:
        self._syntax = syntax
        self._tokens = _tokens(text, syntax)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        said = self._joined(0)
        if self._at < len(self._tokens):
            raise UntranslatableError(f"{self._tokens[self._at][1]!r} stands where nothing is expected")
        return said

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _take(self, sign: str) -> bool:
        if self._peek() == ("sign", sign):
            self._at += 1
            return True
        return False

    def _operator(self, wanted: frozenset[str]) -> str | None:
        role, word = self._peek()
        meant = self._syntax.operators.get(word.lower()) if role in {"sign", "word"} else None
        if meant not in wanted:
            return None
        self._at += 1
        return meant

    def _joined(self, level: int) -> Node:
        if level == _COMPARISON_LEVEL and self._operator(frozenset({"not"})):
            return Node("not", "not", (self._deeper(lambda: self._joined(level)),))
        if level == len(_LEVELS):
            return self._signed()
        left = self._joined(level + 1)
        while operator := self._operator(_LEVELS[level]):
            left = Node("joined", operator, (left, self._joined(level + 1)))
        role, word = self._peek()
        if level == _COMPARISON_LEVEL and role == "word" and word.lower() in self._syntax.after:
            self._at += 1
            left = Node("call", self._syntax.after[word.lower()], (left,))
        return left

    def _deeper(self, part: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise UntranslatableError(f"it is nested more than {MAX_NESTING} deep")
        said = part()
        self._depth -= 1
        return said

    def _signed(self) -> Node:
        if self._operator(frozenset({"!"})):
            return Node("not", "not", (self._deeper(self._signed),))
        if not self._take("-"):
            return self._atom()
        operand = self._deeper(self._signed)
        is_number = operand.role == "number"
        return Node("number", f"-{operand.word}") if is_number else Node("signed", "-", (operand,))

    def _atom(self) -> Node:
        role, word = self._peek()
        self._at += 1
        if (role, word) == ("sign", "("):
            inner = self._deeper(lambda: self._joined(0))
            self._close(")", "a parenthesis")
            return inner
        if (role, word) == ("sign", "["):
            return Node("list", "[", self._listed("]", "a list"))
        if role in {"ref", "text", "number"}:
            return Node(role, word)
        if role == "word":
            return self._word(word)
        raise UntranslatableError(
            f"{word!r} stands where a value is expected" if word else "a value is missing"
        )

    def _word(self, word: str) -> Node:
        if self._take("("):
            name = word.lower()
            if name not in self._syntax.functions:
                raise UntranslatableError(f"the function `{word}` has no counterpart")
            return Node("call", name, self._listed(")", "a function"))
        if self._syntax.bare:
            return Node("ref", word)
        if word.lower() in {"true", "false"}:
            return Node("word", word.lower())
        raise UntranslatableError(f"{word!r} is not understood")

    def _listed(self, end: str, what: str) -> tuple[Node, ...]:
        if self._take(end):
            return ()
        items = [self._deeper(lambda: self._joined(0))]
        while self._take(","):
            items.append(self._deeper(lambda: self._joined(0)))
        self._close(end, what)
        return tuple(items)

    def _close(self, end: str, what: str) -> None:
        if not self._take(end):
            raise UntranslatableError(f"{what} is not closed")


def _tokens(text: str, syntax: Syntax) -> list[tuple[str, str]]:
    if len(text) > MAX_CHARACTERS:
        raise UntranslatableError(f"it has more than {MAX_CHARACTERS} characters")
    found: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = syntax.token.match(text, at)
        if match is None:
            raise UntranslatableError(f"{text[at:].strip()[:20]!r} is not understood")
        role = match.lastgroup or ""
        found.append((role.rstrip("2"), match[role]))
        at = match.end()
        if len(found) > MAX_TOKENS:
            raise UntranslatableError(f"it has more than {MAX_TOKENS} words and signs")
    return found
