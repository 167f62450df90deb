"""Interviews → the table that analyses read: columns, typed missing values and codebook.

The same interviews always give the same table, byte for byte: rows in the order in which interviews began, no clock. A value that
is missing says why in a parallel column `<alias>__missing`: the question was *not asked* (hidden, or not in that version), *not reached*
(an interview that was broken off), *refused*, *not known*, or *skipped*. Paradata follow behind the questions.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.datasets.values import MissingKind
from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.nonresponse import nonresponse
from services.ingestion.domain.survey.quality import KINDS
from services.ingestion.domain.survey.variables import Shape, Storage, Variable, unique_alias, variables

_FLAGS = Shape(
    "multiple",
    "list",
    tuple({"code": kind, "label": kind.replace("_", " ").capitalize(), "value": None} for kind in KINDS),
)


UNDER_WAY, ERASED = "in_progress", "erased"
STATUSES = ("complete", "screened_out", "quota_full", UNDER_WAY, ERASED)
_STATUS = Shape(
    "category",
    "string",
    tuple({"code": one, "label": one.replace("_", " ").capitalize(), "value": None} for one in STATUSES),
)


@dataclass(frozen=True)
class Interview:
    """An interview as it is stored; complete ones are the rule."""

    uuid: UUID
    version: int
    answers: Mapping[str, Any]
    not_asked: frozenset[str]
    language: str
    started_at: datetime | None
    submitted_at: datetime | None
    active_s: float | None = None
    """Seconds spent on its pages; None where they were not noted."""
    flags: tuple[str, ...] = ()
    """Kinds of doubts about it."""
    status: str = "complete"
    not_reached: frozenset[str] = frozenset()
    """Questions behind the place where it was broken off."""


@dataclass(frozen=True)
class Column:
    """One column of the file; None is missing."""

    name: str
    storage: Storage
    values: list[Any]


@dataclass(frozen=True)
class Table:
    """The responses of a survey: columns of equal length and the codebook that explains them."""

    columns: list[Column]
    codebook: dict[str, Any]
    n_rows: int

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over values and codebook: equal interviews and versions, equal hash."""
        content = [[column.name, column.storage, column.values] for column in self.columns]
        text = json.dumps([content, self.codebook], default=str, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def tabulate(versions: Sequence[tuple[int, Definition]], interviews: Sequence[Interview]) -> Table:
    """The table of a survey's interviews; `versions` are (number, definition), oldest first."""
    asked = {number: {q.code for _, _, q in definition.questions()} for number, definition in versions}
    taken: set[str] = set()
    columns: list[Column] = []
    entries: list[dict[str, Any]] = []
    for variable in variables(versions):
        taken.add(variable.alias.lower())
        read = [_value(variable, interview, asked[interview.version]) for interview in interviews]
        missing = [kind for _, kind in read]
        columns.append(Column(variable.alias, variable.shape.storage, [value for value, _ in read]))
        if any(missing):
            columns.append(Column(f"{variable.alias}__missing", "string", missing))
        entries.append(_entry(variable, missing, version=max(asked, default=1)))
    for variable, values in _paradata(interviews, taken):
        columns.append(Column(variable.alias, variable.shape.storage, values))
        missing = [
            _why_unknown(one) if value is None else None
            for value, one in zip(values, interviews, strict=True)
        ]
        entries.append(_entry(variable, missing, version=None))
    sets = [entry["alias"] for entry in entries if entry["kind"] == "multiple"]
    codebook = {"variables": entries, "n_rows": len(interviews), "multiple_response_sets": sets}
    n_finished = sum(interview.status != UNDER_WAY for interview in interviews)
    if n_finished < len(interviews):
        codebook["n_finished"] = n_finished
    return Table(columns, codebook, len(interviews))


def _why_unknown(interview: Interview) -> str:
    """Why a fact about an interview is missing."""
    if interview.status == ERASED:
        return MissingKind.ERASED.value
    kind = MissingKind.NOT_REACHED if interview.submitted_at is None else MissingKind.SKIPPED
    return kind.value


def _value(variable: Variable, interview: Interview, asked: set[str]) -> tuple[Any, str | None]:
    """(stored value, None) of an interview, or (None, why it is missing)."""
    answer = interview.answers.get(variable.question)
    why = _why_not_answered(variable.question, interview, asked) or nonresponse(answer)
    if why is not None:
        return None, why
    if variable.part is not None:
        answer = _part(answer, variable.part)
    if answer is None:
        return None, MissingKind.SKIPPED.value
    return variable.shape.read(answer), None


def _why_not_answered(question: str, interview: Interview, asked: set[str]) -> str | None:
    """Why the question has no answer in this interview, whatever is stored; None where it may have one."""
    if interview.status == ERASED:
        return MissingKind.ERASED.value
    if question not in asked:
        return MissingKind.NOT_ASKED.value
    if question in interview.not_reached:
        return MissingKind.NOT_REACHED.value
    return MissingKind.NOT_ASKED.value if question in interview.not_asked else None


def _part(answer: Any, part: str) -> Any:
    """One part of an answer: a row's value, or the rank of an option (1 is the best)."""
    if isinstance(answer, list):
        return answer.index(part) + 1 if part in answer else None
    return answer.get(part) if isinstance(answer, Mapping) else None


def _entry(variable: Variable, missing: Sequence[str | None], *, version: int | None) -> dict[str, Any]:
    """The variable's entry in the codebook."""
    counts = Counter(kind for kind in missing if kind)
    entry: dict[str, Any] = {
        "alias": variable.alias,
        "name": variable.name,
        "label": variable.label,
        "kind": variable.shape.kind,
        "missing": {"n": counts.total(), **dict(sorted(counts.items()))},
        "role": "id" if variable.shape.kind == "id" else None,
        "source": {"question": variable.question, "version": version}
        if version
        else {"paradata": variable.question},
    }
    if variable.shape.codes or variable.shape.kind in {"category", "multiple", "ordered"}:
        entry["codes"] = [dict(code) for code in variable.shape.codes]
    return entry


def _paradata(interviews: Sequence[Interview], taken: set[str]) -> list[tuple[Variable, list[Any]]]:
    """Facts about the interviews as variables; their names give way to question codes."""
    durations_s = [
        None if not i.submitted_at or not i.started_at else (i.submitted_at - i.started_at).total_seconds()
        for i in interviews
    ]
    languages = sorted({i.language for i in interviews if i.status != ERASED})
    codes = tuple({"code": language, "label": language, "value": None} for language in languages)
    facts: list[tuple[str, str, Shape, list[Any]]] = [
        ("response_id", "Interview", Shape("id", "string"), [str(i.uuid) for i in interviews]),
        ("started_at", "Started", Shape("datetime", "timestamp"), [i.started_at for i in interviews]),
        ("submitted_at", "Submitted", Shape("datetime", "timestamp"), [i.submitted_at for i in interviews]),
        ("duration_s", "Duration in seconds", Shape("duration", "double"), durations_s),
        (
            "active_s",
            "Seconds spent on its pages",
            Shape("duration", "double"),
            [i.active_s for i in interviews],
        ),
        ("quality_flags", "Doubts about the interview", _FLAGS, [list(i.flags) for i in interviews]),
        (
            "language",
            "Language",
            Shape("category", "string", codes),
            [i.language or None for i in interviews],
        ),
        ("status", "How the interview ended", _STATUS, [i.status for i in interviews]),
        ("survey_version", "Survey version", Shape("integer", "bigint"), [i.version for i in interviews]),
    ]
    return [
        (Variable(unique_alias(name, taken), name, label, shape, name), values)
        for name, label, shape, values in facts
    ]
