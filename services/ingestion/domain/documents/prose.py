"""Whether a text is prose to read, or a list or table with one line per case.

Prose shows in two ways: sentences run on from line to line, or paragraphs of sentences are set apart by blank lines. A list
of answers, one per line, has neither: it stays a table of one column, however long the answers are.
"""

import re
from itertools import pairwise

_SENTENCE_END = re.compile(r"[.!?…:][\"'”’»)\]]*$")
_TWO_SENTENCES = re.compile(r"[.!?…][\"'”’»)]*\s+[\"'“‘«(]*[^\W\d_a-zß-öø-ÿ]")
_HEADING_MARK = re.compile(r"#{1,6} \S")
_LONG_LINE = 40
_FEW_LINES = 3
_MIN_WORDS = 5
_MIN_RUN_ON_RATIO = 0.2
_MIN_SENTENCE_RATIO = 0.5
_MIN_GAPS_RATIO = 0.2


def is_prose(sample: str) -> bool:
    """Return True when the first lines of a text read like prose; linear in the sample."""
    lines = [line.strip() for line in sample.splitlines()]
    filled = [line for line in lines if line]
    if not filled:
        return False
    if _is_markdown(lines):
        return True
    if len(filled) <= _FEW_LINES and any(_TWO_SENTENCES.search(line) for line in filled):
        return True
    words = sorted(len(line.split()) for line in filled)
    return words[len(words) // 2] >= _MIN_WORDS and (_runs_on(lines) or _has_paragraphs(lines, filled))


def _is_markdown(lines: list[str]) -> bool:
    # A heading with a blank line or the end below it; a list of hashtags has neither blank.
    return any(_HEADING_MARK.match(line) and not below for line, below in pairwise([*lines, ""])) and any(
        len(line.split()) >= _MIN_WORDS for line in lines
    )


def _runs_on(lines: list[str]) -> bool:
    neighbours = [(line, below) for line, below in pairwise(lines) if line and below]
    n_run_on = sum(
        len(line) >= _LONG_LINE and not _SENTENCE_END.search(line) and below[0].islower()
        for line, below in neighbours
    )
    return bool(neighbours) and n_run_on >= len(neighbours) * _MIN_RUN_ON_RATIO


def _has_paragraphs(lines: list[str], filled: list[str]) -> bool:
    n_gaps = sum(1 for line, below in pairwise(lines) if line and not below)
    n_sentences = sum(1 for line in filled if _SENTENCE_END.search(line))
    return n_gaps >= len(filled) * _MIN_GAPS_RATIO and n_sentences >= len(filled) * _MIN_SENTENCE_RATIO
