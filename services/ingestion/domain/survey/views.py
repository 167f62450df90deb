"""Questions as the JSON door shows them: texts in the respondent's language, without the logic behind them."""

from collections.abc import Callable
from typing import Any

from services.ingestion.domain.survey.definition import (
    Definition,
)
from services.ingestion.domain.survey.engine import State, Step
from services.ingestion.domain.survey.ordering import displayed
from services.ingestion.domain.survey.parts import Asked, Text
from services.ingestion.domain.survey.phrases import say
from services.ingestion.domain.survey.piping import Pipes
from services.ingestion.domain.survey.texts import read

HIDDEN_FIELDS = frozenset(
    {
        "show_if",
        "required_if",
        "required",
        "checks",
        "then",
        "carry",
        "order",
        "about",
        "attention",
        "missing",
    }
)
PART_FIELDS = ("value", "pinned")
TEXTS = ("text", "help", "low", "high", "unit", "placeholder")
PARTS = ("options", "rows", "columns")


def step_view(step: Step, state: State, definition: Definition, language: str, seed: int) -> dict[str, Any]:
    """`{page, position, questions}` of a step, as the respondent with this seed sees it."""
    pipes = Pipes(definition, state.effective, language)
    questions = [
        question_view(
            displayed(question, seed),
            state,
            lambda text: pipes.into(read(text, language, definition.default_language)),
            language=language,
        )
        for question in step.questions
    ]
    return {"page": step.page.code, "position": step.position, "questions": questions}


def question_view(
    question: Asked, state: State, words: Callable[[Text], str], *, language: str
) -> dict[str, Any]:
    """One question as JSON: its limits, options and texts, whether it is required now, and the present answer."""
    view = question.model_dump(mode="json", exclude=set(HIDDEN_FIELDS), exclude_none=True)
    for name in TEXTS:
        if isinstance(view.get(name), dict):
            view[name] = words(view[name])
    for name in PARTS:
        for part in view.get(name, ()):
            if isinstance(part, dict):
                part["text"] = words(part["text"])
                for hidden in PART_FIELDS:
                    part.pop(hidden, None)
    view["required"] = question.code in state.required
    if question.missing:
        view["missing"] = [
            {
                "code": offered.code,
                "text": words(offered.text) if offered.text else say(language, offered.code),
            }
            for offered in question.missing
        ]
    view["answer"] = state.told.get(question.code)
    return view
