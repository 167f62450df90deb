"""Conditions of SurveyJS → conditions of ours.

`{q} = 'a' and {r} notempty` becomes `q == 'a' and not empty(r)`. Values of choices become their codes; what our language cannot say is
refused by name, so that the import leaves the condition out with a note instead of saying something else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.ingestion.domain.survey.foreign.taking import plain

_TOKEN = re.compile(
    r"\s*(?:\{(?P<ref>[^{}]+)\}|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<operator>>=|<=|<>|!=|==|=|<|>|&&|\|\||!|[+\-*/%()\[\],])|(?P<word>[A-Za-z_]\w*))"
)
_COMPARE = {"=": "==", "==": "==", "equal": "==", "<>": "!=", "!=": "!=", "notequal": "!=", ">": ">", "greater": ">", "<": "<", "less": "<",
            ">=": ">=", "greaterorequal": ">=", "<=": "<=", "lessorequal": "<="}  # fmt: skip


class UntranslatableError(ValueError):
    """A condition says something that ours cannot; the text names it."""


@dataclass(frozen=True)
class Known:
    """A question that conditions may mention: its code, the codes of its values, whether it has several, its rows."""

    code: str
    values: Mapping[str, str]
    is_multiple: bool = False
    rows: Mapping[str, str] | None = None


def translated(text: str, questions: Mapping[str, Known]) -> str:
    """Return a condition of ours; raises UntranslatableError."""
    return _Translation(text, questions).whole()


class _Translation:
    """A recursive descent over the tokens of one condition."""

    def __init__(self, text: str, questions: Mapping[str, Known]) -> None:
        self._questions = questions
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise UntranslatableError(f"{text[position:].strip()[:20]!r} is not understood")
            self._tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
            position = found.end()
        self._at = 0

    def whole(self) -> str:
        said = self._any()
        if self._at < len(self._tokens):
            raise UntranslatableError(f"{self._tokens[self._at][1]!r} stands where nothing is expected")
        return said

    def _peek(self) -> str:
        return self._tokens[self._at][1].lower() if self._at < len(self._tokens) else ""

    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _take(self, *words: str) -> bool:
        if self._kind() in {"operator", "word"} and self._peek() in words:
            self._at += 1
            return True
        return False

    def _any(self) -> str:
        said = self._all()
        while self._take("or", "||"):
            said = f"{said} or {self._all()}"
        return said

    def _all(self) -> str:
        said = self._one()
        while self._take("and", "&&"):
            said = f"{said} and {self._one()}"
        return said

    def _one(self) -> str:
        if self._take("!", "not"):
            return f"not ({self._one()})"
        if self._take("("):
            said = self._any()
            if not self._take(")"):
                raise UntranslatableError("a parenthesis is not closed")
            return f"({said})"
        return self._comparison()

    def _comparison(self) -> str:
        name, subject = self._subject()
        if self._take("empty"):
            return f"empty({subject})"
        if self._take("notempty"):
            return f"not empty({subject})"
        operator = self._peek()
        self._at += 1
        if operator in _COMPARE:
            return f"{subject} {_COMPARE[operator]} {self._value(name)}"
        return self._membership(operator, subject, name)

    def _membership(self, operator: str, subject: str, name: Known) -> str:
        values = self._values(name)
        if operator in {"contains", "notcontains", "allof"}:
            said = _joined("and", [f"{subject} contains {value}" for value in values])
        elif operator in {"anyof", "noneof"} and name.is_multiple:
            said = _joined("or", [f"{subject} contains {value}" for value in values])
        elif operator in {"anyof", "noneof"}:
            said = f"{subject} in [{', '.join(values)}]"
        else:
            raise UntranslatableError(f"{operator or 'nothing'!r} is no comparison")
        return f"not {said}" if operator in {"notcontains", "noneof"} else said

    def _subject(self) -> tuple[Known, str]:
        if self._kind() != "ref":
            raise UntranslatableError("a comparison begins with a question in braces")
        name, _, row = self._tokens[self._at][1].strip().partition(".")
        self._at += 1
        known = self._questions.get(name)
        if known is None:
            raise UntranslatableError(f"{{{name}}} is no question that was taken over")
        if not row:
            return known, known.code
        code = (known.rows or {}).get(row)
        if code is None:
            raise UntranslatableError(f"{{{name}.{row}}} is no row that was taken over")
        return known, f"{known.code}.{code}"

    def _values(self, name: Known) -> list[str]:
        if not self._take("["):
            return [self._value(name)]
        values = [self._value(name)]
        while self._take(","):
            values.append(self._value(name))
        if not self._take("]"):
            raise UntranslatableError("a list is not closed")
        return values

    def _value(self, name: Known) -> str:
        sign = "-" if self._take("-") else ""
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        self._at += 1
        if kind == "ref":
            self._at -= 1
            return self._subject()[1]
        if kind == "word" and text.lower() not in {"true", "false"}:
            raise UntranslatableError(f"{text!r} is not understood")
        if kind not in {"single", "double", "number", "word"}:
            raise UntranslatableError("a value is missing")
        return _constant(kind, f"{sign}{text}", name)


def _joined(word: str, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({f' {word} '.join(parts)})"


def _constant(kind: str, text: str, name: Known) -> str:
    """A value of ours: the code of a choice, else the number, text or truth that stands there."""
    value: Any = text.lower() if kind == "word" else text
    code = name.values.get(plain(value))
    if code is not None:
        return f"'{code}'"
    if name.values and kind != "number":
        raise UntranslatableError(f"{text!r} is no choice of the question")
    if kind in {"number", "word"}:
        return str(value)
    quote = '"' if "'" in text else "'"
    return f"{quote}{text}{quote}"
