"""Simulated respondents: which questions and answers are reached, how interviews end, where nobody gets any further.

They go through the one engine page by page as people do. What no simulated respondent reaches is not proven to be dead, but is
worth a look; a question that no drawn answer satisfies is named with what it said.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import Any

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.answers import Answer
from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.guessing import Guesses
from services.ingestion.domain.survey.nonresponse import KEY
from services.ingestion.domain.survey.questions import Hidden, Question

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


def simulate(definition: Definition, n: int, seed: int) -> Coverage:
    """Let `n` respondents answer an `expanded` definition that the linter finds no error in; the same seed, the same answers."""
    rnd = Random(seed)  # noqa: S311 - nothing secret is drawn
    guesses = Guesses(definition, rnd)
    coverage = Coverage(n)
    for number in range(n):
        _Respondent(definition, guesses, rnd, seed + number).go_through(coverage)
    return coverage


class _Respondent:
    """One simulated respondent."""

    def __init__(self, definition: Definition, guesses: Guesses, rnd: Random, seed: int) -> None:
        self._definition, self._guesses, self._rnd, self._seed = definition, guesses, rnd, seed
        hidden = [question for _, _, question in definition.questions() if isinstance(question, Hidden)]
        link = {q.code: rnd.choice(q.cells).code if q.cells else "simulated" for q in hidden}
        self._state = engine.open_interview(definition, link, seed=seed)
        self._done: set[str] = set()

    def go_through(self, coverage: Coverage) -> None:
        """Answer step by step to an end, or until a question cannot be satisfied; note what was met."""
        stuck = self._answer_all()
        for question in self._state.visible:
            coverage.asked[question.code] += 1
            answer = self._state.effective.get(question.code)
            if answer is not None:
                coverage.answered[question.code] += 1
                coverage.values.setdefault(question.code, Counter()).update(_listed(answer))
        for code, kind in self._state.unanswered.items():
            coverage.missing.setdefault(code, Counter())[kind] += 1
        coverage.cells.update(self._state.cells)
        coverage.n_questions.append(sum(not isinstance(q, engine.UNANSWERED) for q in self._state.visible))
        if stuck is not None:
            coverage.stuck[stuck] += 1
            coverage.outcomes["stuck"] += 1
            return
        ending = engine.ending_of(self._definition, self._state)
        coverage.outcomes[ending.outcome] += 1
        coverage.endings[ending.code] += 1

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
