"""In which order a respondent sees options, rows, questions and pages: from the interview's seed, the same for ever.

Each part gets the SHA-256 of (seed, where it stands, its code) as its lot, and parts are ordered by their lots. So an order needs
no random-number generator whose next version deals differently, any page can be shown again exactly as it was seen, and an
option added later does not change how the others stand to each other. Codes are unique where they stand, so lots never tie.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from services.ingestion.domain.survey.definition import Definition, Page
from services.ingestion.domain.survey.parts import Option, Order, Row
from services.ingestion.domain.survey.questions import Choosing, Matrix, MaxDiffSet, OtherText, Question

_Part = TypeVar("_Part", Option, Row)


def seed_of(token_hash: str) -> int:
    """The seed of the interview with this session token (its SHA-256, hexadecimal): 63 bits, known before anything is stored."""
    return int(token_hash[:16], 16) >> 1


def lot(seed: int, *where: str) -> int:
    """The lot of something in an interview: uniform over 0 … 2²⁵⁶ - 1."""
    return int.from_bytes(hashlib.sha256("\0".join((str(seed), *where)).encode()).digest())


def ordered(parts: Sequence[_Part], order: Order, seed: int, where: str) -> list[_Part]:
    """Parts as they are shown; pinned ones keep their places."""
    free = [part for part in parts if not part.pinned]
    if order == "random":
        free.sort(key=lambda part: lot(seed, where, part.code))
    elif order == "rotate" and free:
        start = lot(seed, where) % len(free)
        free = free[start:] + free[:start]
    elif order == "reverse" and lot(seed, where) % 2:
        free.reverse()
    rest = iter(free)
    return [part if part.pinned else next(rest) for part in parts]


def displayed(question: Question, seed: int) -> Question:
    """A question whose options or rows stand in the order in which the respondent sees them; what is stored knows no order."""
    if isinstance(question, Matrix):
        rows = ordered(question.rows, question.order, seed, question.code)
        return question.model_copy(update={"rows": tuple(rows)})
    if isinstance(question, Choosing):
        options = ordered(question.options, question.order, seed, question.code)
        return question.model_copy(update={"options": tuple(options)})
    return question


def ordered_pages(definition: Definition, seed: int) -> list[Page]:
    """The pages in the order of an interview: those that change places in each other's, blocks as a whole."""
    units = [list(pages) for _, pages in groupby(definition.pages, key=lambda page: page.block or page.code)]
    names = [unit[0].block or unit[0].code for unit in units]
    for group in definition.shuffle:
        places = [place for place, name in enumerate(names) if name in group]
        dealt = sorted(places, key=lambda place: lot(seed, "pages", names[place]))
        moved = [(units[place], names[place]) for place in dealt]
        for place, (unit, name) in zip(places, moved, strict=True):
            units[place], names[place] = unit, name
    return [page for unit in units for page in unit]


def question_groups(page: Page, seed: int) -> list[tuple[Question, ...]]:
    """A page's questions in the order of an interview, each together with the texts that are asked beside it."""
    groups = list(_with_those_beside(page.questions))
    if page.order == "random":
        groups.sort(key=lambda group: lot(seed, page.code, _drawn_as(group[0])))
    return groups


def _drawn_as(question: Question) -> str:
    """The code that a question's lot is drawn by: the sets of one maxdiff have one lot, and stay together."""
    return question.of if isinstance(question, MaxDiffSet) else question.code


def _with_those_beside(questions: Sequence[Question]) -> Iterator[tuple[Question, ...]]:
    group: list[Question] = []
    for question in questions:
        if group and not isinstance(question, OtherText):
            yield tuple(group)
            group = []
        group.append(question)
    if group:
        yield tuple(group)
