"""Simulated interviews as the table that real ones become: the same variables, labels, missing kinds and paradata.

For trying out analyses, exports and reports before anybody has answered. The same survey, seed and number give the same table, so there
is no clock: interviews begin a minute apart on a day long gone, which no real one can have begun on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.attachments import attached_in, file_questions
from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.quality import flags_of
from services.ingestion.domain.survey.reaching import not_reached
from services.ingestion.domain.survey.simulating import Coverage, Walk, walks
from services.ingestion.domain.survey.tables import UNDER_WAY, Interview, Table, tabulate

FIRST_AT = datetime(2001, 1, 1, tzinfo=UTC)
APART = timedelta(minutes=1)
_SECONDS_A_QUESTION = (2.0, 12.0)
"""From who hardly reads to who thinks about it; speeding is met as well."""
_LONGEST_PAUSE_S = 60.0
COMPLETE = "complete"
_MOST_BITS = 128

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Simulation:
    """What is simulated: the newest of `versions` (number and `expanded` definition, oldest first), and whose rows are wanted."""

    versions: Sequence[tuple[int, Definition]]
    n: int
    seed: int
    includes: frozenset[str] = frozenset()
    """How interviews may stand that are rows besides complete ones: screened_out, in_progress."""


def simulated_table(simulation: Simulation, progress: Progress) -> tuple[Table, Coverage]:
    """The table of the interviews that count, and what all of them met; complexity as `walks`."""
    _, definition = simulation.versions[-1]
    coverage = Coverage(simulation.n)
    # A source of its own: with or without a table, the same seed draws the same answers.
    rnd = Random(f"{simulation.seed}/paradata")  # noqa: S311 - nothing secret is drawn
    interviews: list[Interview] = []
    for number, walk in enumerate(walks(definition, simulation.n, simulation.seed)):
        coverage.count(walk)
        interviews.append(_interview(simulation, walk, rnd, FIRST_AT + number * APART))
        progress(number + 1)
    wanted = {COMPLETE, *simulation.includes}
    table = tabulate(simulation.versions, [one for one in interviews if one.status in wanted])
    return table, coverage


def _interview(simulation: Simulation, walk: Walk, rnd: Random, started_at: datetime) -> Interview:
    """A respondent's way as the interview that would be stored of it."""
    number, definition = simulation.versions[-1]
    n_seen = sum(not isinstance(question, engine.SILENT) for question in walk.state.visible)
    active_s = round(sum(rnd.uniform(*_SECONDS_A_QUESTION) for _ in range(n_seen)), 1)
    pause_s = round(rnd.uniform(0, _LONGEST_PAUSE_S), 1)
    identifier = UUID(int=rnd.getrandbits(_MOST_BITS), version=4)
    language = rnd.choice(definition.languages)
    is_finished = walk.ending is not None
    return Interview(
        uuid=identifier,
        version=number,
        answers=_storable(definition, walk.state.answers),
        not_asked=frozenset(walk.state.not_asked),
        language=language,
        started_at=started_at,
        submitted_at=started_at + timedelta(seconds=active_s + pause_s) if is_finished else None,
        active_s=active_s,
        flags=_flags(definition, walk, language, active_s) if is_finished else (),
        status=walk.outcome if is_finished else UNDER_WAY,
        not_reached=frozenset() if is_finished else _behind(definition, walk),
    )


def _flags(definition: Definition, walk: Walk, language: str, active_s: float) -> tuple[str, ...]:
    default = definition.default_language
    found = flags_of(
        walk.state, language=language, default_language=default, active_s=active_s, is_trapped=False
    )
    return tuple(flag.kind for flag in found)


def _behind(definition: Definition, walk: Walk) -> frozenset[str]:
    """Questions at and behind the one where it is stuck."""
    shown = engine.steps(definition, walk.state, "FOCUS", walk.seed)
    position = next(
        (step.position for step in shown if walk.stuck in {question.code for question in step.questions}),
        engine.end_position(definition, "FOCUS"),
    )
    return not_reached(definition, "FOCUS", walk.state.answers, seed=walk.seed, cursor=position)


def _storable(definition: Definition, answers: dict[str, Any]) -> dict[str, Any]:
    """Answers whose files have neither name nor id, since there is no such file: only their number is known."""
    nameless = {
        code: [{"id": "", "name": "", "kind": one.kind, "bytes": 0} for one in attached_in(answers[code])]
        for code in file_questions(definition)
        if code in answers
    }
    return {**answers, **nameless}
