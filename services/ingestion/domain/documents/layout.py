"""Lines of pages → blocks, and which of them repeat at the edges of most pages.

Headings show by the size of their letters, paragraphs by gaps and indents, lists by their marks.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.ingestion.domain.documents.mending import Vocabulary
from services.ingestion.domain.documents.model import Block, BlockKind
from services.ingestion.domain.documents.pdf import Line, RawPage

# Marks that begin an item: bullets, `1.`, `a)`, `(iv)`.
_ITEM = re.compile(r"(?:[•‣◦▪●○■–—*·-]\s+|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s+)\S")
_DIGITS = re.compile(r"\d+")
_HEADING_RATIO = 1.12
_LONGEST_HEADING = 200
_LOWEST_LEVEL = 6
_SAME_SIZE = 0.06
_GAP_RATIO = 0.45
_WIDEST_PITCH_RATIO = 1.8
_INDENT_RATIO = 0.8
_EDGE_LINES = 2
_EDGE_RATIO = 0.15
_MIN_REPEATED_RATIO = 0.6
_MIN_PAGES_TO_REPEAT = 3


@dataclass(frozen=True, slots=True)
class Sizes:
    """The size of a document's body text and those of its headings, the largest first."""

    body: float
    headings: tuple[float, ...]

    def level(self, line: Line) -> int | None:
        """Return the heading level of a line, None for body text."""
        size = round(line.size, 1)
        if size not in self.headings or len(line.text) > _LONGEST_HEADING:
            return None
        return min(self.headings.index(size) + 1, _LOWEST_LEVEL)


def sizes_of(pages: Iterable[RawPage]) -> Sizes:
    """Return the sizes of letters: that of most characters is the body's, clearly larger ones are headings'."""
    n_characters: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            n_characters[round(line.size, 1)] += len(line.text)
    if not n_characters:
        return Sizes(0.0, ())
    body = n_characters.most_common(1)[0][0]
    larger = sorted((size for size in n_characters if size > body * _HEADING_RATIO), reverse=True)
    return Sizes(body, tuple(larger))


def repeated_lines(pages: Sequence[RawPage], body: float) -> dict[str, str]:
    """Return the lines that stand at the edge of most pages, digits as `#`, with the edge: `header` or `footer`."""
    filled = [page for page in pages if page.lines]
    if len(filled) < _MIN_PAGES_TO_REPEAT:
        return {}
    counts: Counter[tuple[str, str]] = Counter()
    for page in filled:
        by_height = sorted(page.lines, key=lambda line: -line.top)
        above, below = page.height * (1 - _EDGE_RATIO), page.height * _EDGE_RATIO
        headers = [line for line in by_height[:_EDGE_LINES] if line.bottom > above]
        footers = [line for line in by_height[-_EDGE_LINES:] if line.top < below]
        counts.update({("header", _pattern(line, body)) for line in headers})
        counts.update({("footer", _pattern(line, body)) for line in footers})
    needed = len(filled) * _MIN_REPEATED_RATIO
    return {pattern: edge for (edge, pattern), n in counts.items() if n >= needed}


def _pattern(line: Line, body: float) -> str:
    text = " ".join(line.text.split())
    # Headings are numbered too: only small print counts as the same with other numbers.
    return text if line.size > body * _HEADING_RATIO else _DIGITS.sub("#", text)


def blocks_of(
    lines: Sequence[Line], sizes: Sizes, repeated: dict[str, str], words: Vocabulary
) -> list[tuple[Block, Line]]:
    """Return the blocks of lines that follow each other on a page, each with its first line."""
    blocks: list[tuple[Block, Line]] = []
    for group in _groups(lines, sizes, repeated):
        first = group[0]
        text = words.mend("\n".join(line.text for line in group))
        edge = repeated.get(_pattern(first, sizes.body)) if len(group) == 1 else None
        blocks.append((_block(text, first, sizes, edge), first))
    return blocks


def _block(text: str, first: Line, sizes: Sizes, edge: str | None) -> Block:
    level = None if edge else sizes.level(first)
    flowing = " ".join(text.split("\n"))
    if level is not None:
        return Block(BlockKind.HEADING, flowing, level=level)
    if _ITEM.match(text):
        return Block(BlockKind.LIST, flowing, level=1, repeated=edge)
    return Block(BlockKind.PARAGRAPH, flowing, repeated=edge)


def _groups(lines: Sequence[Line], sizes: Sizes, repeated: dict[str, str]) -> Iterable[list[Line]]:
    if not lines:
        return
    pitch = _pitch(lines)
    group = [lines[0]]
    for above, below in pairwise(lines):
        is_edge = any(_pattern(line, sizes.body) in repeated for line in (above, below))
        if is_edge or _begins_block(above, below, group[0], sizes, pitch):
            yield group
            group = []
        group.append(below)
    yield group


def _pitch(lines: Sequence[Line]) -> float:
    """The usual distance from one line to the next, in points; 0 where there is none."""
    steps = [above.bottom - below.bottom for above, below in pairwise(lines)]
    downwards = sorted(step for step in steps if step > 0)
    return downwards[len(downwards) // 2] if downwards else 0.0


def _begins_block(above: Line, below: Line, first: Line, sizes: Sizes, pitch: float) -> bool:
    step = above.bottom - below.bottom
    size = max(above.size, 1.0)
    return bool(
        step < 0
        or abs(above.size - below.size) > size * _SAME_SIZE
        # Where all paragraphs have one line, the usual distance is that between paragraphs.
        or step > max(min(pitch, size * _WIDEST_PITCH_RATIO), size) * (1 + _GAP_RATIO)
        or _ITEM.match(below.text)
        or sizes.level(above) != sizes.level(below)
        or (below.left > above.left + size * _INDENT_RATIO and not _ITEM.match(first.text))
    )
