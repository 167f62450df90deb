"""Tables on the pages of a PDF, by how their texts are aligned (camelot's `network`), and the lines that they take up.

What camelot finds is judged again, since text in columns looks like a table too. A table takes the place of its lines
only where the letters of both are the same: nothing is lost and nothing stands twice.
"""

import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.ingestion.domain.documents.mending import DIVIDED, plain_letters
from services.ingestion.domain.documents.model import Rows
from services.ingestion.domain.documents.pdf import Line, RawPage

MAX_PAGES = 200
_PAGE_S, _ALL_S = 10, 120
_MIN_SIDE = 2
_MIN_FILLED_RATIO = 0.5
_MOST_WORDS = 12
_SLACK = 3.0


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table on a page: its cells, and the lines whose place it takes; none where they hold other letters."""

    rows: Rows
    lines: frozenset[int]


class TableFinder:
    """Looks for tables page by page, within limits of pages and time; notes where it did not look or failed."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._spent_s = 0.0
        self._n_pages = 0
        self.not_searched: list[int] = []

    def tables(self, page: RawPage) -> list[PageTable]:
        """Return the tables of a page, from top to bottom."""
        if len(page.lines) < _MIN_SIDE:
            return []
        if self._n_pages >= MAX_PAGES or self._spent_s > _ALL_S:
            self.not_searched.append(page.number)
            return []
        self._n_pages += 1
        began = time.monotonic()
        try:
            with _alarm(_PAGE_S):
                found = _camelot(self._source, page.number)
        except Exception:  # noqa: BLE001 - a library in pure Python on hostile bytes: anything may come; the text is there
            self.not_searched.append(page.number)
            return []
        finally:
            self._spent_s += time.monotonic() - began
        return [_placed(table, page.lines) for table in found]


@contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True, slots=True)
class _Found:
    rows: Rows
    top: float
    bottom: float
    left: float
    right: float


def _camelot(source: Path, number: int) -> list[_Found]:
    import warnings

    from camelot.io import read_pdf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = read_pdf(str(source), flavor="network", pages=str(number), suppress_stdout=True)
    found = [trimmed for table in tables if (trimmed := _trimmed(table))]
    return sorted((table for table in found if _is_table(table.rows)), key=lambda table: -table.top)


def _trimmed(table: Any) -> _Found | None:
    """The table without lines of prose above and below it: rows with one filled cell."""
    cells = [[plain_letters(cell).strip() for cell in row] for row in table.data]
    counts = [sum(map(bool, row)) for row in cells]
    wide = [i for i, n in enumerate(counts) if n >= _MIN_SIDE]
    if not wide:
        return None
    first, last = wide[0], wide[-1]
    tops, bottoms = zip(*table.rows[first : last + 1], strict=True)
    left, _, right, _ = table._bbox  # noqa: SLF001 - camelot gives the place of a table nowhere else
    kept = [i for i in range(len(cells[0])) if any(row[i] for row in cells[first : last + 1])]
    rows = [[row[i] for i in kept] for row in cells[first : last + 1]]
    return _Found(rows, max(tops), min(bottoms), left, right)


def _is_table(rows: Rows) -> bool:
    cells = [cell for row in rows for cell in row]
    filled = [cell for cell in cells if cell]
    words = sorted(len(cell.split()) for cell in filled)
    return (
        len(rows) >= _MIN_SIDE
        and len(rows[0]) >= _MIN_SIDE
        and len(filled) >= len(cells) * _MIN_FILLED_RATIO
        and words[len(words) * 3 // 4] <= _MOST_WORDS
    )


def _placed(table: _Found, lines: Sequence[Line]) -> PageTable:
    inside = frozenset(
        i
        for i, line in enumerate(lines)
        if table.bottom - _SLACK <= (line.top + line.bottom) / 2 <= table.top + _SLACK
        and line.right > table.left - _SLACK
        and line.left < table.right + _SLACK
    )
    same = _letters(lines[i].text for i in inside) == _letters(cell for row in table.rows for cell in row)
    return PageTable(table.rows, inside if same else frozenset())


def _letters(texts: Any) -> Counter[str]:
    return Counter("".join("".join(text.split()) for text in texts).replace(DIVIDED, "-"))
