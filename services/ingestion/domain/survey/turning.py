"""Turning pages: what a sent form does to an interview, and what the respondent sees next. Pure, for both layouts.

A form says which step it showed and which questions (`shown`), so the browser's back button, a second tab and a changed condition all
mean what the respondent saw, not what the server last sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.answers import Fault
from services.ingestion.domain.survey.attachments import Attached
from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.forms import Fields, raw_answers
from services.ingestion.domain.survey.questions import Question

Action = Literal["next", "back", "submit", "save"]


@dataclass(frozen=True)
class Sent:
    """A form as it was sent: the step it showed, the button pressed, the questions it asked, its fields."""

    at: int
    action: Action
    shown: tuple[str, ...]
    fields: Fields
    warned: tuple[str, ...] = ()
    """The questions whose doubtful answers the respondent was warned of, and sends again."""
    is_trapped: bool = False
    """Whether a field was filled in that people do not see."""
    arrived: Mapping[str, tuple[Attached, ...]] = field(default_factory=dict)
    """Files that came with the form, by question."""
    refused: Mapping[str, Fault] = field(default_factory=dict)
    """Why files that came with it are not taken."""


@dataclass(frozen=True)
class Turned:
    """What follows: the new state, where to go (`cursor`), and either faults to show there or the wish to finish."""

    state: engine.State
    cursor: int
    faults: Mapping[str, Fault] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    anchor: str | None = None
    finishes: bool = False
    warnings: Mapping[str, Fault] = field(default_factory=dict)
    saves: bool = False
    """Whether the respondent leaves, to go on later."""


def turn(
    definition: Definition, layout: engine.Layout, before: engine.State, sent: Sent, *, seed: int = 0
) -> Turned:
    """Take a form in: store what is acceptable, and decide which step comes next; `before` is the state that the form met.

    Forward: faults and unanswered required questions keep the respondent on the step, and so do questions that the new answers open
    on it (`anchor` is the first), and, once, answers that a soft check doubts. Back, or saving to go on later: nothing keeps them. Behind the last step the
    answers are reviewed, or finished when the button said so and nothing required is missing anywhere. Who is screened out is sent
    to the end at once.
    """
    asked = _asked(definition, before, sent.shown)
    raw = raw_answers(asked, sent.fields, sent.arrived)
    applied = engine.apply(definition, before.answers, raw, seed=seed)
    state = applied.state
    shown = list(engine.steps(definition, state, layout, seed))
    if sent.action == "save":
        return Turned(state, sent.at, saves=True)
    if sent.action == "back":
        previous = engine.step_before(shown, sent.at)
        return Turned(state, previous.position if previous else 0)
    present = engine.step_at(shown, sent.at)
    here = present.questions if present is not None and present.position == sent.at else ()
    seen = [question for question in here if question.code in sent.shown]
    codes = {question.code for question in seen}
    faults = {code: refused[0] for code, refused in applied.faults.items() if code in codes}
    faults |= {code: fault for code, fault in sent.refused.items() if code in codes}
    faults = engine.lacks(state, seen) | faults
    if faults:
        return Turned(state, sent.at, faults, raw)
    doubts = {
        code: doubted[0]
        for code, doubted in applied.warnings.items()
        if code in codes and code not in sent.warned
    }
    if doubts:
        return Turned(state, sent.at, warnings=doubts)
    opened = next((question.code for question in here if question.code not in sent.shown), None)
    if opened is not None:
        return Turned(state, sent.at, anchor=opened)
    return _forward(definition, layout, state, sent, shown)


def _asked(definition: Definition, before: engine.State, shown: tuple[str, ...]) -> list[Question]:
    """The questions that the form showed and that respondents answer, with the options that they had then."""
    asked = {question.code: question for question in before.visible}
    return [
        asked.get(question.code, question)
        for _, _, question in definition.questions()
        if question.code in shown and not isinstance(question, engine.UNANSWERED)
    ]


def _forward(
    definition: Definition, layout: engine.Layout, state: engine.State, sent: Sent, shown: list[engine.Step]
) -> Turned:
    """The next step; behind the last one the review, or the end."""
    following = engine.step_at(shown, sent.at + 1)
    if following is not None:
        return Turned(state, following.position)
    is_screened_out = state.ended is not None and state.ended.outcome == "screened_out"
    if sent.action != "submit" and not is_screened_out:
        return Turned(state, engine.end_position(definition, layout))
    lacking = engine.incomplete_step(shown, state)
    if lacking is not None:
        return Turned(state, lacking.position, engine.lacks(state, lacking.questions))
    return Turned(state, engine.end_position(definition, layout), finishes=True)
