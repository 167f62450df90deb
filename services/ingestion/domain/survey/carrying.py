"""Which options or rows a question has for one respondent, where some are taken over from earlier answers.

`expanding` wrote all that may be taken over into the question; here those are left out that this respondent's answers do not bring
along. An answer given before, whose option is gone by now, does not count, and counts again when the option comes back.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.ingestion.domain.survey.answers import Answer
from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.expanding import suffix_of
from services.ingestion.domain.survey.parts import Carried, Option
from services.ingestion.domain.survey.questions import Choosing, ConstantSum, Matrix, Question


def narrowed(
    question: Question, definition: Definition, asked: Mapping[str, Question], effective: Mapping[str, Any]
) -> Question | None:
    """Return the question with the parts that this respondent has; None where none is left.

    `asked` are the earlier questions as they were asked, `effective` their answers.
    """
    if not isinstance(question, Choosing | Matrix) or not question.carry:
        return question
    name = "rows" if isinstance(question, Matrix) else "options"
    code = suffix_of if isinstance(question, Matrix) else _code_of
    borrowed: set[str] = set()
    brought: set[str] = set()
    for carried in question.carry:
        borrowed |= {code(option) for option in _options(definition, carried.question)}
        brought |= {code(option) for option in _brought(carried, asked, effective)}
    kept = tuple(
        part for part in getattr(question, name) if part.code not in borrowed or part.code in brought
    )
    return question.model_copy(update={name: kept}) if kept else None


def _code_of(option: Option) -> str:
    return option.code


def _options(definition: Definition, code: str) -> Sequence[Option]:
    found = (question for _, _, question in definition.questions() if question.code == code)
    question = next(found, None)
    return question.options if isinstance(question, Choosing) else ()


def _brought(carried: Carried, asked: Mapping[str, Question], effective: Mapping[str, Any]) -> list[Option]:
    source = asked.get(carried.question)
    if not isinstance(source, Choosing):
        return []
    answer = effective.get(carried.question)
    selected = {answer} if isinstance(answer, str) else set(answer or ())
    if carried.which == "all":
        return list(source.options)
    return [option for option in source.options if (option.code in selected) is (carried.which == "selected")]


def still_given(question: Question, answer: Answer | None) -> Answer | None:
    """What is left of a stored answer with the parts that the question has now; None where nothing is."""
    if answer is None or not isinstance(question, Choosing | Matrix) or not question.carry:
        return answer
    codes = {part.code for part in (question.rows if isinstance(question, Matrix) else question.options)}
    if isinstance(answer, list):
        return [code for code in answer if code in codes] or None
    if isinstance(question, ConstantSum):
        return answer if isinstance(answer, dict) and set(answer) == codes else None
    if isinstance(answer, dict):
        return {row: value for row, value in answer.items() if row in codes} or None
    return answer if answer in codes else None
