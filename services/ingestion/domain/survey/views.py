"""Questions as the JSON door shows them: texts in the respondent's language, without the logic behind them."""

from typing import Any

from services.ingestion.domain.survey.definition import Asked, Definition
from services.ingestion.domain.survey.engine import State, Step
from services.ingestion.domain.survey.texts import read

HIDDEN_FIELDS = frozenset({"show_if", "required_if", "required"})
TEXTS = ("text", "help", "low", "high", "unit", "placeholder")
PARTS = ("options", "rows", "columns")


def step_view(step: Step, state: State, definition: Definition, language: str) -> dict[str, Any]:
    """`{page, position, questions}` of a step."""
    questions = [question_view(question, state, definition, language) for question in step.questions]
    return {"page": step.page.code, "position": step.position, "questions": questions}


def question_view(question: Asked, state: State, definition: Definition, language: str) -> dict[str, Any]:
    """One question as JSON: its limits, options and texts, whether it is required now, and the present answer."""
    view = question.model_dump(mode="json", exclude=set(HIDDEN_FIELDS), exclude_none=True)
    for name in TEXTS:
        if isinstance(view.get(name), dict):
            view[name] = read(view[name], language, definition.default_language)
    for name in PARTS:
        for part in view.get(name, ()):
            if isinstance(part, dict):
                part["text"] = read(part["text"], language, definition.default_language)
                part.pop("value", None)
    view["required"] = question.code in state.required
    view["answer"] = state.effective.get(question.code)
    return view
