"""What the answer to a required question must have before an interview can be complete."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.ingestion.domain.survey.answers import BEST_WORST, Fault
from services.ingestion.domain.survey.issues import escape
from services.ingestion.domain.survey.parts import Asked
from services.ingestion.domain.survey.questions import Address, Consent, Matrix, MaxDiff, Ranking

OPTIONAL_ADDRESS_FIELDS = frozenset({"line2", "region"})


def lacking(question: Asked, answer: Any) -> Fault | None:
    """What a required question still lacks, None when its answer is complete."""
    if answer is None:
        return Fault("consent_required" if isinstance(question, Consent) else "required")
    if isinstance(question, Consent) and answer is not True:
        return Fault("consent_required")
    if isinstance(question, Ranking):
        wanted = min(question.max or len(question.options), len(question.options))
        return Fault("rank_all", {"n": wanted}) if len(answer) < wanted else None
    if isinstance(question, Matrix):
        return _first_missing(_needed_parts(question), answer, "required_row")
    return _first_missing(_needed_parts(question), answer, "required")


def _needed_parts(question: Asked) -> Iterable[str]:
    """The parts that the answer to a required question must have."""
    match question:
        case Matrix(required_rows="all"):
            return (row.code for row in question.rows)
        case Address():
            return (name for name in question.fields if name not in OPTIONAL_ADDRESS_FIELDS)
        case MaxDiff():
            return BEST_WORST
        case _:
            return ()


def _first_missing(parts: Iterable[str], answer: Mapping[str, Any], key: str) -> Fault | None:
    """A fault at the first part that has no answer."""
    return next((Fault(key, where=f"/{escape(part)}") for part in parts if part not in answer), None)
