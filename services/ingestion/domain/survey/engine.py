"""The one engine that every respondent meets: which questions are asked, what is stored, where to go on, and when it is complete.

Why one: the page in CLASSIC and FOCUS and the JSON door differ in what they show at once, never in what a question means. All of
them call `apply` with the stored answers and what was newly given, and store what comes back. Everything here is a pure function of
(definition, answers, layout, position); conditions look only at earlier questions, so one pass from first to last is enough.

Names: *answers* is everything stored by question code, also for questions that are not asked any more; *effective* is only what
counts now, computed values included; *not asked* are the codes of questions hidden by their condition.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from services.ingestion.domain.survey.answers import (
    OWN_WORDS,
    Answer,
    AnswerRefused,
    Fault,
)
from services.ingestion.domain.survey.attachments import resolved
from services.ingestion.domain.survey.balancing import dealt
from services.ingestion.domain.survey.carrying import narrowed, still_given
from services.ingestion.domain.survey.completing import lacking
from services.ingestion.domain.survey.definition import Definition, Ending, Page
from services.ingestion.domain.survey.expanding import is_carrying
from services.ingestion.domain.survey.expressions import NONRESPONSE, holds, parse
from services.ingestion.domain.survey.nonresponse import KEY, nonresponse, taken
from services.ingestion.domain.survey.ordering import ordered_pages, question_groups
from services.ingestion.domain.survey.parts import COMPLETE, Asked
from services.ingestion.domain.survey.questions import (
    Computed,
    Hidden,
    MaxDiffSet,
    Question,
    Statement,
)
from services.ingestion.domain.survey.texts import storable

Layout = Literal["CLASSIC", "FOCUS"]
Answers = dict[str, Any]

SILENT = (Hidden, Computed)
UNANSWERED = (Hidden, Computed, Statement)


@dataclass(frozen=True)
class State:
    """What follows from the answers given so far."""

    answers: Answers
    effective: Answers
    visible: tuple[Question, ...]
    required: frozenset[str]
    not_asked: tuple[str, ...]
    ended: Ending | None = None
    """How the answers end the interview before its last question; None where they do not."""
    broken: Mapping[str, Fault] = field(default_factory=dict)
    """Stored answers that do not fulfil a check any more, since others changed."""
    cells: tuple[str, ...] = ()
    """Codes of the quotas that the respondent falls into."""
    unanswered: Mapping[str, str] = field(default_factory=dict)
    """Questions whose respondent said why there is no answer: `refused`, `dont_know`."""

    @property
    def told(self) -> Answers:
        """What counts, with `{"@missing": kind}` for what was asked and not answered with a word."""
        return self.effective | {code: {KEY: kind} for code, kind in self.unanswered.items()}

    @property
    def visible_codes(self) -> frozenset[str]:
        """Codes of the questions that are shown, statements included."""
        return frozenset(question.code for question in self.visible)

    def lacking(self, question: Asked) -> Fault | None:
        """What the question still lacks before the interview can be complete."""
        if question.code in self.broken:
            return self.broken[question.code]
        if question.code not in self.required or question.code in self.unanswered:
            return None
        return lacking(question, self.effective.get(question.code))


@dataclass(frozen=True)
class Applied:
    """New answers taken in: the state after them, and per code why some were not taken."""

    state: State
    faults: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)
    warnings: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)
    """Of answers that are taken: what a soft check says about them."""


@dataclass(frozen=True)
class Step:
    """What is shown at once: a page (CLASSIC) or a question (FOCUS); `position` is its place in the definition."""

    position: int
    page: Page
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Progress:
    """How many of the steps that are shown, given the answers so far, lie behind the respondent."""

    done: int
    total: int


def open_interview(definition: Definition, link: Mapping[str, str], *, seed: int = 0) -> State:
    """The state before the first answer; hidden fields take their values from the link's parameters."""
    carried: Answers = {}
    for _, _, question in definition.questions():
        if isinstance(question, Hidden):
            value = storable(link.get(question.code) or question.default or "")
            if value and (not question.cells or value in {cell.code for cell in question.cells}):
                carried[question.code] = value
    return apply(definition, carried, {}, seed=seed).state


def apply(
    definition: Definition, stored: Mapping[str, Any], given: Mapping[str, Any], *, seed: int = 0
) -> Applied:
    """Take raw answers in and recompute everything after them. A raw null or empty value takes an answer back.

    Answers to questions that are not asked are faults, and so are unknown codes; a stored answer whose question is no longer asked
    is kept, without effect. Nothing of a refused answer is stored. The seed deals the sets of maxdiff questions. Linear in the
    number of questions.
    """
    taking = _Taking(definition, stored, given, seed)
    for page in definition.pages:
        taking.reach(page.code)
        page_shown = taking.holds(page.show_if, default=True)
        for question in page.questions:
            taking.take(question, shown=page_shown and taking.holds(question.show_if, default=True))
    known = {question.code for _, _, question in definition.questions()}
    for code in given:
        if code not in known:
            taking.faults[code] = (Fault("unknown_question"),)
    return Applied(taking.state(), taking.faults, taking.warnings)


class _Taking:
    """One pass over the questions: what is stored, what counts, what is refused so far."""

    def __init__(
        self, definition: Definition, stored: Mapping[str, Any], given: Mapping[str, Any], seed: int
    ) -> None:
        self.definition, self.stored, self.given, self.seed = definition, stored, given, seed
        self.answers: Answers = {}
        self.effective: Answers = {}
        self.unanswered: dict[str, str] = {}
        self.values: Answers = {NONRESPONSE: self.unanswered}
        self.visible: list[Question] = []
        self.required: set[str] = set()
        self.not_asked: list[str] = []
        self.faults: dict[str, tuple[Fault, ...]] = {}
        self.warnings: dict[str, tuple[Fault, ...]] = {}
        self.broken: dict[str, Fault] = {}
        self.asked: dict[str, Question] = {}
        self.ended: Ending | None = None
        self._jumps_to: str | None = None

    def reach(self, code: str) -> None:
        """Come to a page or question: a jump to it ends here."""
        if self._jumps_to == code:
            self._jumps_to = None

    def holds(self, condition: str | None, *, default: bool) -> bool:
        """Whether a condition is met by what counts so far."""
        return default if condition is None else holds(parse(condition), self.values)

    def take(self, question: Question, *, shown: bool) -> None:
        """Take one question's answer in, in its turn."""
        self.reach(question.code)
        if isinstance(question, MaxDiffSet):
            self.reach(question.of)
            question = dealt(question, self.seed, self.stored.get(question.code))
        is_passed = self.ended is not None or self._jumps_to is not None
        narrow = narrowed(question, self.definition, self.asked, self.effective)
        if not shown or is_passed or narrow is None:
            self._skip(question)
            return
        question = self.asked[question.code] = narrow
        if isinstance(question, Computed):
            answer = parse(question.expression).value(self.values)
            if question.code in self.given:
                self.faults[question.code] = (Fault("not_answerable"),)
        else:
            answer = self._answer(question)
        self._count(question.code, answer)
        if not isinstance(question, SILENT):
            self.visible.append(question)
        if question.required or self.holds(question.required_if, default=False):
            self.required.add(question.code)
        self._jump(question)

    def _count(self, code: str, answer: Answer | None) -> None:
        """Keep an answer, and let it count where it is one."""
        if answer is None:
            return
        self.answers[code] = answer
        kind = nonresponse(answer)
        if kind is not None:
            self.unanswered[code] = kind
        else:
            self.effective[code] = self.values[code] = answer

    def _jump(self, question: Question) -> None:
        """Note where the interview goes on after a question, or that it ends there."""
        for jump in question.then:
            if self.holds(jump.when, default=True):
                self.ended = self.definition.ending(jump.to)
                self._jumps_to = None if self.ended else jump.to
                return

    def _skip(self, question: Question) -> None:
        """A hidden question: its older answer is kept without effect, a new one is refused."""
        if not isinstance(question, Statement):
            self.not_asked.append(question.code)
        if question.code in self.stored and not isinstance(question, Computed):
            self.answers[question.code] = self.stored[question.code]
        if question.code in self.given:
            self.faults[question.code] = (Fault("not_asked"),)

    def _answer(self, question: Question) -> Answer | None:
        """The answer that counts: the newly given one when it is acceptable, else the stored one."""
        stored = self.stored.get(question.code)
        kept: Answer | None = stored if nonresponse(stored) else still_given(question, stored)
        if question.code not in self.given:
            failed = None if kept is None else self._failed(question, kept, soft=False)
            if failed is not None:
                self.broken[question.code] = failed
            return kept
        if isinstance(question, UNANSWERED):
            self.faults[question.code] = (Fault("not_answerable"),)
            return kept
        try:
            answer = taken(question, resolved(question, self.given[question.code], kept))
        except AnswerRefused as refused:
            self.faults[question.code] = refused.faults
            return kept
        if answer is None:
            return None
        if (failed := self._failed(question, answer, soft=False)) is not None:
            self.faults[question.code] = (failed,)
            return kept
        if (doubted := self._failed(question, answer, soft=True)) is not None:
            self.warnings[question.code] = (doubted,)
        return answer

    def _failed(self, question: Question, answer: Answer, *, soft: bool) -> Fault | None:
        """What the first check that an answer does not fulfil has to say."""
        if nonresponse(answer):
            return None
        values = {**self.values, question.code: answer}
        for check in question.checks:
            if check.soft is soft and not holds(parse(check.condition), values):
                return Fault(OWN_WORDS, {"text": check.message})
        return None

    def state(self) -> State:
        """Everything taken in."""
        required = frozenset(
            question.code
            for question in self.visible
            if question.code in self.required and not isinstance(question, UNANSWERED)
        )
        visible = tuple(self.visible)
        not_asked = tuple(self.not_asked)
        cells = tuple(quota.code for quota in self.definition.quotas if self.holds(quota.when, default=True))
        return State(
            self.answers,
            self.effective,
            visible,
            required,
            not_asked,
            self.ended,
            self.broken,
            cells,
            self.unanswered,
        )


def steps(definition: Definition, state: State, layout: Layout, seed: int = 0) -> Iterator[Step]:
    """The steps that are shown, in the order of the interview with this seed.

    Positions count all pages (CLASSIC) or all questions (FOCUS; texts asked beside a question count with it), so a position keeps
    its meaning when an answer hides others.
    """
    shown = {question.code: question for question in state.visible}
    position = 0
    for index, page in enumerate(ordered_pages(definition, seed)):
        groups = [
            tuple(shown[question.code] for question in group if question.code in shown)
            for group in question_groups(page, seed)
        ]
        if layout == "CLASSIC":
            if any(groups):
                yield Step(index, page, tuple(question for group in groups for question in group))
            continue
        for group in groups:
            if group:
                yield Step(position, page, group)
            position += 1


def end_position(definition: Definition, layout: Layout) -> int:
    """The position behind the last step."""
    if layout == "CLASSIC":
        return len(definition.pages)
    return sum(len(question_groups(page, seed=0)) for page in definition.pages)


def step_at(shown: Sequence[Step], position: int) -> Step | None:
    """The first shown step at or after a position, None behind the last."""
    return next((step for step in shown if step.position >= position), None)


def step_before(shown: Sequence[Step], position: int) -> Step | None:
    """The last shown step before a position, None at the first."""
    return next((step for step in reversed(shown) if step.position < position), None)


def ending_of(definition: Definition, state: State) -> Ending:
    """How the interview ends, as its answers stand."""
    return state.ended or definition.ending(COMPLETE) or Ending(code="complete")


def lacks(state: State, questions: Sequence[Question]) -> dict[str, Fault]:
    """Per code what the questions still lack."""
    return {question.code: fault for question in questions if (fault := state.lacking(question)) is not None}


def incomplete_step(shown: Sequence[Step], state: State) -> Step | None:
    """The first step with a required question that is not answered."""
    return next((step for step in shown if lacks(state, step.questions)), None)


def next_question(step: Step, state: State) -> str:
    """Code of the first question of a step that has no answer yet, its last where all have one."""
    told, asked = state.told, [each.code for each in step.questions if not isinstance(each, UNANSWERED)]
    return next((code for code in asked if code not in told), step.questions[-1].code)


def next_step(shown: Sequence[Step], state: State, position: int) -> Step | None:
    """Where the JSON door goes on: the first step that still lacks something, or lies at or behind the position; None when done."""
    return next((step for step in shown if step.position >= position or lacks(state, step.questions)), None)


def position_after(
    shown: Sequence[Step], given: Mapping[str, Any], position: int, *, before: frozenset[str] | None = None
) -> int:
    """The JSON door's position after a PUT: behind the last step it answered; an empty PUT skips the present step.

    Where the answers opened questions on an answered step, which were not shown `before`, that step is asked once more.
    """
    reached = _position_behind(shown, given, position)
    for step in shown:
        codes = {question.code for question in step.questions}
        if before is not None and step.position < reached and codes & given.keys() and codes - before:
            return step.position
    return reached


def _position_behind(shown: Sequence[Step], given: Mapping[str, Any], position: int) -> int:
    touched = [step.position for step in shown if any(question.code in given for question in step.questions)]
    if not given:
        present = step_at(shown, position)
        touched = [present.position] if present else []
    return max([position, *(place + 1 for place in touched)])


def progress(shown: Sequence[Step], position: int) -> Progress:
    """Steps behind and steps in all, as they stand with the present answers."""
    return Progress(sum(step.position < position for step in shown), len(shown))


def may_go_on(
    definition: Definition, shown: Sequence[Step], step: Step, layout: Layout, seed: int = 0
) -> bool:
    """Whether a step may follow: one is shown, or one could still be opened by this step's answers."""
    if step_at(shown, step.position + 1) is not None:
        return True
    position = 0
    for index, page in enumerate(ordered_pages(definition, seed)):
        for question, *_ in question_groups(page, seed):
            place = index if layout == "CLASSIC" else position
            if place > step.position and _is_conditional(page, question) and not isinstance(question, SILENT):
                return True
            position += 1
    return False


def _is_conditional(page: Page, question: Question) -> bool:
    return page.show_if is not None or question.show_if is not None or is_carrying(question)
