"""How far an interview came that was not completed: which of its questions nobody has answered because they were not reached.

A break-off is no refusal and no skip; AAPOR, "Standard Definitions" (2023), tells them apart, and bases depend on it. Positions are those
of the interview's own order, which its seed gives.
"""

from collections.abc import Mapping
from typing import Any

from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.engine import SILENT, Layout
from services.ingestion.domain.survey.ordering import ordered_pages, question_groups

REACHED = "reached"
"""Under this key the paradata of an interview that a full quota ended keep its position."""


def not_reached(
    definition: Definition, layout: Layout, answers: Mapping[str, Any], *, seed: int, cursor: int
) -> frozenset[str]:
    """Codes of the questions at and behind the position where an interview stood that have no answer."""
    found: set[str] = set()
    position = 0
    for index, page in enumerate(ordered_pages(definition, seed)):
        for group in question_groups(page, seed):
            if (index if layout == "CLASSIC" else position) >= cursor:
                found |= {question.code for question in group if not isinstance(question, SILENT)}
            position += 1
    return frozenset(found - answers.keys())
