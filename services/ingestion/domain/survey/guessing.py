"""Answers of simulated respondents: any answer that a question takes, with a liking for values on which conditions turn.

A condition such as `age < 18` would hardly ever be met by numbers drawn at random, so half of the numbers, texts and days are drawn
from the constants that the survey's expressions mention, and their neighbours.
"""

import datetime as dt
from collections.abc import Iterator
from functools import singledispatchmethod
from random import Random
from typing import Any

from services.ingestion.domain.survey.attachments import Attached
from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.expressions import Constant, Node, parse
from services.ingestion.domain.survey.parts import Asked
from services.ingestion.domain.survey.questions import (
    Address,
    Computed,
    Consent,
    ConstantSum,
    Contact,
    DateOrTime,
    FileQuestion,
    FreeText,
    Likert,
    Matrix,
    MaxDiff,
    MultipleChoice,
    Number,
    Ranking,
    Scale,
    SignatureQuestion,
    SingleChoice,
    Slider,
)

_USUAL = (0.0, 100.0)
_LIKING = 0.5
_WORDS = ("fine", "too expensive", "good service", "I do not know", "nothing", "it was quick and friendly")
_CONTACTS = {"email": "someone@example.com", "phone": "+4930123456", "url": "https://example.com/"}
_FIRST_DAY = dt.date(1930, 1, 1)
_N_DAYS = 40_000


def expressions_of(definition: Definition) -> Iterator[str]:
    """Every expression of a definition."""
    for quota in definition.quotas:
        yield quota.when
    for page in definition.pages:
        yield from filter(None, [page.show_if])
        for question in page.questions:
            yield from filter(None, [question.show_if, question.required_if, question.attention])
            yield from (check.condition for check in question.checks)
            yield from (jump.when for jump in question.then if jump.when)
            if isinstance(question, Computed):
                yield question.expression


class Guesses:
    """Draws answers; the same seed draws the same ones."""

    def __init__(self, definition: Definition, rnd: Random) -> None:
        self._rnd = rnd
        constants = {
            node.constant
            for text in expressions_of(definition)
            for node in _nodes(parse(text))
            if isinstance(node, Constant) and not isinstance(node.constant, bool)
        }
        self._numbers = sorted(value for value in constants if isinstance(value, int | float))
        self._texts = sorted(value for value in constants if isinstance(value, str))

    @singledispatchmethod
    def answer(self, question: Asked) -> Any:  # noqa: ARG002 - the signature of every type's draw
        """An answer to a question, as the JSON door takes it; None where respondents answer nothing."""
        return None

    @answer.register
    def _single(self, question: SingleChoice) -> Any:
        return self._rnd.choice(question.options).code

    @answer.register
    def _likert(self, question: Likert) -> Any:
        return (
            self._rnd.choice(question.options).code
            if question.options
            else self._rnd.choice(question.numbers)
        )

    @answer.register
    def _scale(self, question: Scale) -> Any:
        return self._rnd.choice(question.numbers)

    @answer.register
    def _plain_number(self, question: Number) -> Any:
        return round(self._number(question.min, question.max), question.decimals or 0)

    @answer.register
    def _slider(self, question: Slider) -> Any:
        n_steps = int((question.max - question.min) / question.step)
        return round(question.min + self._rnd.randint(0, n_steps) * question.step, 9)

    @answer.register
    def _matrix(self, question: Matrix) -> Any:
        return {row.code: self._cell(question) for row in question.rows}

    @answer.register
    def _signature(self, question: SignatureQuestion) -> Any:  # noqa: ARG002 - the signature of every type's draw
        return {"typed": "Jo Simulated"}

    @answer.register
    def _files(self, question: FileQuestion) -> Any:
        n_files = self._rnd.randint(1, question.max_files)
        return [Attached(f"simulated-{n}", f"file-{n}", question.accept[0], 1) for n in range(n_files)]

    @answer.register
    def _best_and_worst(self, question: MaxDiff) -> Any:
        best, worst = self._rnd.sample([item.code for item in question.options], 2)
        return {"best": best, "worst": worst}

    @answer.register
    def _ranking(self, question: Ranking) -> Any:
        codes = [option.code for option in question.options]
        return self._rnd.sample(codes, min(question.max or len(codes), len(codes)))

    @answer.register
    def _consent(self, question: Consent) -> Any:
        return question.required or self._rnd.random() < _LIKING

    @answer.register
    def _contact(self, question: Contact) -> Any:
        return _CONTACTS[question.type]

    @answer.register
    def _address(self, question: Address) -> Any:
        return dict.fromkeys(question.fields, "Somewhere 1")

    @answer.register
    def _several(self, question: MultipleChoice) -> Any:
        exclusive = [option.code for option in question.options if option.exclusive]
        if exclusive and self._rnd.random() < 1 / len(question.options):
            return [self._rnd.choice(exclusive)]
        free = [option.code for option in question.options if not option.exclusive]
        most = min(question.max or len(free), len(free))
        return self._rnd.sample(free, self._rnd.randint(min(max(question.min or 0, 1), most), most))

    def _number(self, low: float | None, high: float | None) -> float:
        least = low if low is not None else min(_USUAL[0], high if high is not None else 0)
        most = high if high is not None else max(_USUAL[1], least + _USUAL[1])
        near = [
            value + step for value in self._numbers for step in (-1, 0, 1) if least <= value + step <= most
        ]
        return (
            self._rnd.choice(near)
            if near and self._rnd.random() < _LIKING
            else self._rnd.uniform(least, most)
        )

    def _cell(self, question: Matrix) -> Any:
        if question.type == "matrix_single":
            return self._rnd.choice(question.columns).code
        if question.type == "matrix_multiple":
            codes = [column.code for column in question.columns if not column.exclusive]
            return (
                self._rnd.sample(codes, self._rnd.randint(1, len(codes)))
                if codes
                else [question.columns[0].code]
            )
        return (
            self._rnd.choice(_WORDS)
            if question.type == "matrix_text"
            else round(self._number(question.min, question.max))
        )

    @answer.register
    def _shares(self, question: ConstantSum) -> Any:
        codes = [option.code for option in question.options]
        whole = int(question.total)
        cuts = sorted(self._rnd.randint(0, whole) for _ in codes[1:])
        parts: list[float] = [
            after - before for before, after in zip([0, *cuts], [*cuts, whole], strict=True)
        ]
        parts[-1] += question.total - whole
        return dict(zip(codes, parts, strict=True))

    @answer.register
    def _moment(self, question: DateOrTime) -> Any:
        liked = [text for text in self._texts if (question.min or text) <= text <= (question.max or text)]
        if liked and self._rnd.random() < _LIKING:
            return self._rnd.choice(liked)
        if question.type == "time":
            return f"{self._rnd.randrange(24):02d}:{self._rnd.randrange(60):02d}"
        first = dt.date.fromisoformat(question.min) if question.min else _FIRST_DAY
        last = dt.date.fromisoformat(question.max) if question.max else first + dt.timedelta(days=_N_DAYS)
        return (first + dt.timedelta(days=self._rnd.randint(0, max(0, (last - first).days)))).isoformat()

    @answer.register
    def _text(self, question: FreeText) -> Any:
        liked = self._texts if self._texts and self._rnd.random() < _LIKING else _WORDS
        text = self._rnd.choice(liked).ljust(question.min_length or 0, "a")
        return text[: question.max_length] if question.max_length else text


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts():
        yield from _nodes(part)
