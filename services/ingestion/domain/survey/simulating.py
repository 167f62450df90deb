"""Simulated respondents: which questions and answers are reached, how interviews end, where nobody gets any further.

They go through the one engine page by page as people do. What no simulated respondent reaches is not proven to be dead, but is
worth a look; a question that no drawn answer satisfies is named with what it said.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import Any

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.answers import Answer
from services.ingestion.domain.survey.definition import Definition, Ending
from services.ingestion.domain.survey.guessing import Guesses
from services.ingestion.domain.survey.nonresponse import KEY
from services.ingestion.domain.survey.questions import Hidden, Question
from services.ingestion.domain.survey.results import counted_questions

MOST_TRIES = 20
_SKIPPED = 0.1
_UNANSWERED = 0.05
"""Who says why there is no answer, where a question offers that."""
_MOST_STEPS = 1000


@dataclass
class Coverage:
    """What `n` simulated respondents met; counts of respondents."""

    n: int
    outcomes: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    values: dict[str, Counter[str]] = field(default_factory=dict)
    cells: Counter[str] = field(default_factory=Counter)
    stuck: Counter[str] = field(default_factory=Counter)
    missing: dict[str, Counter[str]] = field(default_factory=dict)
    """Per question how many said why they do not answer."""
    n_questions: list[int] = field(default_factory=list)

    @property
    def median_questions(self) -> float:
        """Questions that the respondent in the middle is asked."""
        return float(median(self.n_questions)) if self.n_questions else 0.0

    def count(self, walk: "Walk") -> None:
        """Note what one respondent met."""
        state = walk.state
        self.asked.update(question.code for question in state.visible)
        for code, answer in state.effective.items():
            self.answered[code] += 1
            self.values.setdefault(code, Counter()).update(_listed(answer))
        for code, kind in state.unanswered.items():
            self.missing.setdefault(code, Counter())[kind] += 1
        self.cells.update(state.cells)
        self.n_questions.append(sum(not isinstance(q, engine.UNANSWERED) for q in state.visible))
        self.outcomes[walk.outcome] += 1
        if walk.ending is not None:
            self.endings[walk.ending.code] += 1
        if walk.stuck is not None:
            self.stuck[walk.stuck] += 1

    def report(self, definition: Definition) -> dict[str, Any]:
        """The coverage of an `expanded` definition as it is shown, JSON-ready."""
        listed = counted_questions(definition)
        return {
            "n": self.n,
            "outcomes": dict(self.outcomes),
            "endings": dict(self.endings),
            "median_questions": self.median_questions,
            "questions": [
                {
                    "code": question.code,
                    "asked": self.asked[question.code],
                    "answered": self.answered[question.code],
                    "missing": dict(self.missing.get(question.code, {})),
                    "counts": question.in_order(list(self.values.get(question.code, {}).items()))
                    if question.values is not None
                    else [],
                }
                for question in listed
            ],
            "never_asked": [q.code for q in listed if q.is_shown and not self.asked[q.code]],
            "stuck": dict(self.stuck),
            "quotas": {quota.code: self.cells[quota.code] for quota in definition.quotas},
        }


@dataclass(frozen=True)
class Walk:
    """How one simulated respondent went through a survey."""

    state: engine.State
    seed: int
    ending: Ending | None
    """None where a question could not be satisfied."""
    stuck: str | None = None
    """The code of that question."""

    @property
    def outcome(self) -> str:
        """complete, screened_out, or stuck."""
        return "stuck" if self.ending is None else self.ending.outcome


def simulate(definition: Definition, n: int, seed: int) -> Coverage:
    """What `n` respondents meet in an `expanded` definition that the linter finds no error in; the same seed, the same answers."""
    coverage = Coverage(n)
    for walk in walks(definition, n, seed):
        coverage.count(walk)
    return coverage


def walks(definition: Definition, n: int, seed: int) -> Iterator[Walk]:
    """Let `n` respondents answer, one after the other; what `simulate` counts. Quadratic in the number of questions."""
    rnd = Random(seed)  # noqa: S311 - nothing secret is drawn
    guesses = Guesses(definition, rnd)
    for number in range(n):
        yield _Respondent(definition, guesses, rnd, seed + number).go_through()


class _Respondent:
    """One simulated respondent."""

    def __init__(self, definition: Definition, guesses: Guesses, rnd: Random, seed: int) -> None:
        self._definition, self._guesses, self._rnd, self._seed = definition, guesses, rnd, seed
        hidden = [question for _, _, question in definition.questions() if isinstance(question, Hidden)]
        link = {q.code: rnd.choice(q.cells).code if q.cells else "simulated" for q in hidden}
        self._state = engine.open_interview(definition, link, seed=seed)
        self._done: set[str] = set()

    def go_through(self) -> Walk:
        """Answer step by step to an end, or until a question cannot be satisfied."""
        stuck = self._answer_all()
        ending = None if stuck is not None else engine.ending_of(self._definition, self._state)
        return Walk(self._state, self._seed, ending, stuck)

    def _answer_all(self) -> str | None:
        """The question at which it ends without an end; None where it does end."""
        for _ in range(_MOST_STEPS):
            shown = engine.steps(self._definition, self._state, "FOCUS", self._seed)
            open_step = next(
                (step for step in shown if any(q.code not in self._done for q in step.questions)), None
            )
            if open_step is None:
                return None
            for question in open_step.questions:
                if question.code not in self._done and not self._satisfy(question):
                    return question.code
                self._done.add(question.code)
        return "too many steps"

    def _satisfy(self, question: Question) -> bool:
        """Answer a question, or skip it where that is allowed; False where no answer is taken."""
        if isinstance(question, engine.UNANSWERED):
            return True
        is_required = question.code in self._state.required
        if not is_required and self._rnd.random() < _SKIPPED:
            return True
        for _ in range(MOST_TRIES):
            applied = engine.apply(
                self._definition,
                self._state.answers,
                {question.code: self._drawn(question)},
                seed=self._seed,
            )
            if not applied.faults and not (is_required and applied.state.lacking(question)):
                self._state = applied.state
                return True
        return not is_required

    def _drawn(self, question: Question) -> Any:
        """An answer, or now and then why there is none."""
        if question.missing and self._rnd.random() < _UNANSWERED:
            return {KEY: self._rnd.choice(question.missing).code}
        return self._guesses.answer(question)


def _listed(answer: Answer) -> list[str]:
    """The values of an answer that are counted one by one: codes, numbers of scales, truth; of rows none."""
    listed: list[Any] = answer if isinstance(answer, list) else [] if isinstance(answer, dict) else [answer]
    listed = [] if any(isinstance(value, dict) for value in listed) else listed
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in listed]
