"""HTML form fields → raw answers, as the JSON door would receive them.

Why: a browser without JavaScript sends only texts. Field names are `a.<question>` or `a.<question>.<part>`; what cannot be read as
the type's value is passed on as text, so that `answers` refuses it with its own message and the page shows it again.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.ingestion.domain.survey.answers import BEST_WORST
from services.ingestion.domain.survey.attachments import Attached
from services.ingestion.domain.survey.nonresponse import KINDS, SIGN, said
from services.ingestion.domain.survey.questions import (
    Address,
    Consent,
    ConstantSum,
    FileQuestion,
    Likert,
    Matrix,
    MaxDiff,
    MultipleChoice,
    Number,
    Question,
    Ranking,
    Scale,
    SignatureQuestion,
    SingleChoice,
    Slider,
)

PREFIX = "a."
MISSING_PREFIX = "m."
"""Of the boxes beside an answer that say why there is none; where one of several is chosen, it is among them instead."""
REMOVED_PREFIX = "d."
"""Of the boxes that take a file away; `a.` names those that are there, `f.` those that come."""
FILES_PREFIX = "f."
ONE_OF_SEVERAL = (SingleChoice, Likert, Scale, Slider)
"""Types with buttons of which one is chosen: those that say why there is no answer stand among them."""
Fields = Mapping[str, Sequence[str]]

_NUMBER = re.compile(r"[+-]?\d{1,16}(?:[.,]\d{1,16})?", re.ASCII)


def raw_answers(
    questions: Sequence[Question], fields: Fields, arrived: Mapping[str, Sequence[Attached]] | None = None
) -> dict[str, Any]:
    """The raw answer of each question that the form showed; empty ones take an answer back."""
    return {
        question.code: _raw_or_why_not(question, fields, (arrived or {}).get(question.code, ()))
        for question in questions
        if question.type != "statement"
    }


def _raw_or_why_not(question: Question, fields: Fields, arrived: Sequence[Attached]) -> Any:
    """What the form says about a question, or why it is not answered."""
    raw = _files(question, fields, arrived) if isinstance(question, FileQuestion) else _raw(question, fields)
    if not question.missing:
        return raw
    chosen = _first(fields, question.code) if isinstance(question, ONE_OF_SEVERAL) else None
    if chosen in {f"{SIGN}{kind}" for kind in KINDS}:
        return said([str(chosen).removeprefix(SIGN)], None)
    ticked = [kind for kind in fields.get(MISSING_PREFIX + question.code, ()) if kind]
    return said(list(dict.fromkeys(ticked)), raw)


def _files(question: FileQuestion, fields: Fields, arrived: Sequence[Attached]) -> list[Any]:
    """The files that stay and those that came; where there can be but one, a new one takes its place."""
    removed = set(fields.get(REMOVED_PREFIX + question.code, ()))
    kept = [named for named in _values(fields, question.code) if named not in removed]
    return [*([] if arrived and question.max_files == 1 else kept), *arrived]


def _raw(question: Question, fields: Fields) -> Any:
    """What the form says about one question."""
    match question:
        case MultipleChoice():
            return list(dict.fromkeys(_values(fields, question.code)))
        case Consent():
            return bool(_first(fields, question.code))
        case Number() | Slider() | Scale():
            return number(_first(fields, question.code))
        case Likert():
            text = _first(fields, question.code)
            return text if question.options else number(text)
        case Matrix():
            return {row.code: _cell(question, fields, row.code) for row in question.rows}
        case _:
            return _raw_parts(question, fields)


def _raw_parts(question: Question, fields: Fields) -> Any:
    """Questions of several inputs, or of a single text."""
    match question:
        case ConstantSum():
            return {o.code: number(_first(fields, f"{question.code}.{o.code}")) for o in question.options}
        case SignatureQuestion():
            return {part: _first(fields, f"{question.code}.{part}") for part in ("typed", "drawn")}
        case MaxDiff():
            return {part: _first(fields, f"{question.code}.{part}") for part in BEST_WORST}
        case Ranking():
            return _ranked(question, fields)
        case Address():
            return {name: _first(fields, f"{question.code}.{name}") for name in question.fields}
        case _:
            return _first(fields, question.code)


def _values(fields: Fields, name: str) -> list[str]:
    """All values of a field."""
    return [value for value in fields.get(PREFIX + name, ()) if value]


def _first(fields: Fields, name: str) -> str | None:
    """The first value of a field; None when it is absent or empty."""
    return next(iter(_values(fields, name)), None)


def _cell(question: Matrix, fields: Fields, row: str) -> Any:
    """What the form says about one row of a matrix."""
    name = f"{question.code}.{row}"
    if question.type == "matrix_multiple":
        return list(dict.fromkeys(_values(fields, name)))
    text = _first(fields, name)
    return number(text) if question.type == "matrix_number" else text


def number(text: str | None) -> Any:
    """The number that a text writes, with a point or a comma; the text itself when it is none, None when it is empty."""
    if text is None or not text.strip():
        return None
    if not _NUMBER.fullmatch(text.strip()):
        return text
    plain = text.strip().replace(",", ".")
    return float(plain) if "." in plain else int(plain)


def _ranked(question: Ranking, fields: Fields) -> Any:
    """Option codes in the order of the ranks given to them; a rank given twice stays visible as a repetition."""
    ranks = [
        (rank, option.code)
        for option in question.options
        if isinstance(rank := number(_first(fields, f"{question.code}.{option.code}")), int)
    ]
    if len({rank for rank, _ in ranks}) < len(ranks):
        return [code for _, code in sorted(ranks)] + [ranks[0][1]]
    return [code for _, code in sorted(ranks)]
