"""Which texts are categories, and which cells hold several answers at once.

A column of texts is a set of categories when few short texts recur; it is a multiple response when its cells are
combinations of few recurring answers (`Radio; TV`), joined by one separator.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.ingestion.domain.scales import Scale, find_scale, natural_order

# Columns with more distinct texts than this are never looked at as categories.
MAX_DISTINCT = 1500
_MAX_CODES = 50
_MAX_CODES_OF_LARGE_TABLES = 250
_MIN_ROWS_PER_CODE_OF_LARGE_TABLES = 20
_MAX_LABEL_CHARACTERS = 120
_COMMAS = (", ", ",")
_SEPARATORS = (";", "|", "\n", *_COMMAS)
_MAX_ANSWERS = 60
_MIN_SHARE_OF_COMBINATIONS = 0.1
_MIN_MENTIONS_PER_ANSWER = 3
_MIN_MENTIONS_OF_WHOLE = 5

GLUE = "\x1f"
"""Stands for the separator inside an answer while a cell is cut: a character that no text contains (ASCII 31)."""

Frequencies = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a categorical variable: what is stored, what people read, its number on a scale (or None)."""

    code: str
    label: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class MultipleResponse:
    """A column whose cells hold several answers: the separator, and the answers in natural order.

    `whole` are answers in whose wording the separator stands, such as "Laptop, large" between commas.
    """

    separator: str
    answers: tuple[str, ...]
    share_of_combinations: float
    whole: tuple[str, ...] = ()


def is_category(frequencies: Frequencies) -> bool:
    """True when few short texts recur; `frequencies` are distinct texts with their counts, blanks left out."""
    n_filled = sum(n for _, n in frequencies)
    n_codes = len(frequencies)
    if n_codes == 0 or max(len(text) for text, _ in frequencies) > _MAX_LABEL_CHARACTERS:
        return False
    if n_codes <= _MAX_CODES:
        # In a table of a few rows a handful of texts need not recur much to be categories.
        return n_codes * 2 <= n_filled or (n_codes < n_filled and n_codes <= 10)  # noqa: PLR2004 - a handful
    return n_codes <= _MAX_CODES_OF_LARGE_TABLES and n_codes * _MIN_ROWS_PER_CODE_OF_LARGE_TABLES <= n_filled


def codes_of(frequencies: Frequencies) -> tuple[tuple[Code, ...], Scale | None]:
    """Return the codes of a categorical column in the order of its scale, or in natural order, and the scale."""
    texts = [text for text, _ in frequencies]
    scale = find_scale(texts)
    if scale is not None:
        return tuple(Code(step.label, step.label, step.value) for step in scale.steps), scale
    return tuple(Code(text, text) for text in natural_order(texts)), None


def find_multiple_response(frequencies: Frequencies) -> MultipleResponse | None:
    """Return how cells hold several answers, or None; linear in the distinct texts."""
    for separator in _SEPARATORS:
        found = _split_by(frequencies, separator)
        if found is not None:
            return found
    return None


@dataclass(slots=True)
class _Splitting:
    """Counts over the cells of a column when cut at one separator."""

    mentions: Counter[str]
    n_cells: int = 0
    n_combined: int = 0
    n_distinct_combinations: int = 0
    n_distinct_single: int = 0

    @property
    def share(self) -> float:
        return self.n_combined / self.n_cells if self.n_cells else 0.0

    def is_plausible(self, separator: str) -> bool:
        """True when answers recur across many different combinations: they were ticked independently."""
        n_answers = len(self.mentions)
        enough = n_answers / 2
        if separator in _COMMAS:
            # Commas stand in sentences and place names too: every answer must also be seen without the others.
            enough = n_answers if self.n_distinct_single * 2 >= n_answers else float("inf")
        return (
            self.share >= _MIN_SHARE_OF_COMBINATIONS
            and 1 < n_answers <= _MAX_ANSWERS
            and self.n_distinct_combinations >= max(2, enough)
            and self.mentions.total() >= _MIN_MENTIONS_PER_ANSWER * n_answers
            and max(map(len, self.mentions)) <= _MAX_LABEL_CHARACTERS
        )


def _split_by(frequencies: Frequencies, separator: str) -> MultipleResponse | None:
    if separator == "," and any(", " in text for text, _ in frequencies):
        return None
    whole = _inseparable(frequencies, separator) if separator in _COMMAS else ()
    counts = _Splitting(Counter())
    for text, n in frequencies:
        answers = split_answers(text, separator, whole)
        if len(answers) != len(set(answers)):
            return None
        counts.mentions.update(dict.fromkeys(answers, n))
        counts.n_cells += n
        counts.n_combined += n if len(answers) > 1 else 0
        counts.n_distinct_combinations += len(answers) > 1
        counts.n_distinct_single += len(answers) == 1
    if not counts.is_plausible(separator):
        return None
    return MultipleResponse(separator, tuple(natural_order(counts.mentions)), counts.share, whole)


def _inseparable(frequencies: Frequencies, separator: str) -> tuple[str, ...]:
    """Neighbouring pieces that never occur without each other, joined again: one answer with the separator in it."""
    mentions: Counter[str] = Counter()
    neighbours: Counter[tuple[str, str]] = Counter()
    for text, n in frequencies:
        pieces = split_answers(text, separator)
        mentions.update(dict.fromkeys(pieces, n))
        neighbours.update(dict.fromkeys(pairwise(pieces), n))
    after = {
        one: other
        for (one, other), n in neighbours.items()
        if n == mentions[one] == mentions[other] and n >= _MIN_MENTIONS_OF_WHOLE
    }
    found = []
    for start in after.keys() - set(after.values()):
        words = [start]
        while words[-1] in after:
            words.append(after[words[-1]])
        found.append(separator.join(words))
    return tuple(sorted(found, key=len, reverse=True))


def split_answers(text: str, separator: str, whole: Sequence[str] = ()) -> list[str]:
    """Return the answers in a cell, without blanks around them; empty pieces are none. Those in `whole` are not cut."""
    for answer in whole:
        text = text.replace(answer, answer.replace(separator, GLUE))
    pieces = (part.strip().replace(GLUE, separator) for part in text.split(separator))
    return [piece for piece in pieces if piece]
