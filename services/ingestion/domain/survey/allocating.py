"""Cells of an experiment: which respondents see which version, in balance. Pure; who counts is `service.cells`.

An interview gets the cell with the fewest interviews that are complete or under way, which is minimisation without a random
element (Taves, Clinical Pharmacology & Therapeutics 15, 1974); among equals its lot decides, so nobody can tell what comes next.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.ordering import lot
from services.ingestion.domain.survey.questions import Hidden

_PREFIX = "cell:"
_DIGEST_LENGTH = 40


def experiments(definition: Definition) -> list[Hidden]:
    """The questions whose value is the cell of an experiment."""
    questions = (question for _, _, question in definition.questions())
    return [question for question in questions if isinstance(question, Hidden) and question.cells]


def seat_of(question: str, cell: str) -> str:
    """The name under which seats in a cell are counted; no quota can have it, and any codes fit in."""
    return _PREFIX + hashlib.sha256(f"{question}={cell}".encode()).hexdigest()[:_DIGEST_LENGTH]


def wished(question: Hidden, answers: Mapping[str, Any], seed: int) -> dict[str, str]:
    """Cells by the names of their seats, those to be taken first at the front; only one where the link has named it."""
    named = answers.get(question.code)
    codes = (
        [named]
        if named
        else sorted((cell.code for cell in question.cells), key=lambda c: lot(seed, question.code, c))
    )
    return {seat_of(question.code, code): code for code in codes}


def seats_held(definition: Definition, answers: Mapping[str, Any]) -> list[str]:
    """Names of the seats that an interview has by its cells."""
    found = ((question.code, answers.get(question.code)) for question in experiments(definition))
    return [seat_of(code, str(cell)) for code, cell in found if cell]
