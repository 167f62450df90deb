"""Which questions are counted in the live results, and in which order their values are listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.ingestion.domain.survey import allocating
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.expanding import expanded
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


def counted_questions(definition: Mapping[str, Any]) -> list[Counted]:
    """The questions of a stored definition that have answers, in the order asked."""
    questions = (question for _, _, question in expanded(parse_definition(definition)).questions())
    return [
        Counted(q.code, _values(q), not isinstance(q, Hidden | Computed))
        for q in questions
        if not isinstance(q, Statement)
    ]


def pages(definition: Mapping[str, Any]) -> list[str]:
    """Codes of the pages of a stored definition, each turn of a loop for itself."""
    return [page.code for page in expanded(parse_definition(definition)).pages]


def quotas(definition: Mapping[str, Any]) -> list[tuple[str, int]]:
    """(code, target) of each quota of a stored definition."""
    return [(quota.code, quota.target) for quota in parse_definition(definition).quotas]


def experiments(definition: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """(code, cells) of each experiment of a stored definition."""
    found = allocating.experiments(expanded(parse_definition(definition)))
    return [(question.code, [cell.code for cell in question.cells]) for question in found]


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
