"""Which questions are counted in the live results, and in which order their values are listed, of definitions that are `expanded`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.questions import (
    Computed,
    Consent,
    Hidden,
    Likert,
    MultipleChoice,
    Question,
    Scale,
    SingleChoice,
    Statement,
)


@dataclass(frozen=True)
class Counted:
    """A question of the results; `values` are its possible answers in order, None when they are not counted one by one."""

    code: str
    values: tuple[str, ...] | None
    is_shown: bool = True
    """Whether respondents see it: hidden and computed ones they do not."""

    def in_order(self, counts: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
        """Every possible value with its count, 0 included, then values of older versions."""
        found = dict(counts)
        listed = [*(self.values or ()), *(value for value in found if value not in (self.values or ()))]
        return [{"value": value, "count": found.get(value, 0)} for value in listed]


def counted_questions(definition: Definition) -> list[Counted]:
    """The questions that have answers, in the order asked."""
    questions = (question for _, _, question in definition.questions())
    return [
        Counted(q.code, _values(q), not isinstance(q, Hidden | Computed))
        for q in questions
        if not isinstance(q, Statement)
    ]


def _values(question: Question) -> tuple[str, ...] | None:
    """The possible answers as texts, None for open ones."""
    if isinstance(question, SingleChoice | MultipleChoice) or (
        isinstance(question, Likert) and question.options
    ):
        return tuple(option.code for option in question.options)
    if isinstance(question, Hidden) and question.cells:
        return tuple(cell.code for cell in question.cells)
    if isinstance(question, Scale | Likert):
        return tuple(str(number) for number in question.numbers)
    return ("true", "false") if isinstance(question, Consent) else None
