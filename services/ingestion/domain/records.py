"""The records of a delimited text one by one, for texts that do not obey their dialect everywhere.

Slower than DuckDB's reader, and used only where that one rejects something. Each record comes with its line number.
Short rows are filled, long rows whose surplus cells are empty are cut, both reported; other rows are rejected. A quote
that never closes costs its own line, not the rest of the file.
"""

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from services.ingestion.domain.dialects import Dialect, reader

MAX_CELL_CHARACTERS = 1_000_000
MAX_RECORD_LINES = 500
# DuckDB's longest line is 2,000,000 bytes; the difference is room for the quotes around missing cells.
MAX_RECORD_BYTES = 1_900_000
MOST_BYTES_PER_CHARACTER = 4
_MAX_LISTED = 1000
_EXCERPT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class LineNote:
    """What was wrong at one line, and what became of it."""

    line: int
    reason: str
    excerpt: str

    def as_json(self) -> dict[str, Any]:
        """Return the note as the import report shows it."""
        return {"line": self.line, "reason": self.reason, "text": self.excerpt}


@dataclass(slots=True)
class LineReport:
    """Counts and the first notes of rejected and of repaired rows."""

    n_rejected: int = 0
    n_repaired: int = 0
    n_blank: int = 0
    rejected: list[LineNote] = field(default_factory=list)
    repaired: list[LineNote] = field(default_factory=list)

    def reject(self, line: int, reason: str, text: str) -> None:
        """Note a row that is left out."""
        self.n_rejected += 1
        if len(self.rejected) < _MAX_LISTED:
            self.rejected.append(LineNote(line, reason, text[:_EXCERPT_CHARACTERS]))

    def repair(self, line: int, reason: str, text: str) -> None:
        """Note a row that is kept, changed."""
        self.n_repaired += 1
        if len(self.repaired) < _MAX_LISTED:
            self.repaired.append(LineNote(line, reason, text[:_EXCERPT_CHARACTERS]))


class _StrayQuoteError(Exception):
    """A quote opened on the record's first line and did not close within the limit."""


class _Lines:
    """Lines fed to the reader, remembering those of the present record so that a stray quote can be undone."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._pushed_back: list[str] = []
        self.record: list[str] = []
        self.number = 0

    def __iter__(self) -> "Iterator[str]":
        return self

    def __next__(self) -> str:
        if len(self.record) >= MAX_RECORD_LINES:
            raise _StrayQuoteError
        line = self._pushed_back.pop() if self._pushed_back else next(self._text)
        self.number += 1
        self.record.append(line)
        return line

    def give_back_all_but_first(self) -> None:
        self.number -= len(self.record) - 1
        self._pushed_back.extend(reversed(self.record[1:]))


def records(text: io.TextIOBase, dialect: Dialect, report: LineReport) -> Iterator[tuple[int, list[str]]]:
    """Yield (first line, cells) of every readable record that is not blank; notes the others in `report`."""
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    lines = _Lines(text)
    while True:
        yield from _until_stray_quote(lines, dialect, report)
        if not lines.record:
            return
        line = lines.number - len(lines.record) + 1
        report.reject(line, "a quote opens here and does not close", lines.record[0])
        lines.give_back_all_but_first()
        lines.record = []


def _until_stray_quote(
    lines: _Lines, dialect: Dialect, report: LineReport
) -> Iterator[tuple[int, list[str]]]:
    """Yield records; afterwards `lines.record` holds the lines behind a stray quote, or nothing at the end."""
    parsed = reader(lines, dialect)
    while True:
        lines.record = []
        try:
            row = next(parsed)
        except StopIteration:
            return
        except _StrayQuoteError:
            return
        except csv.Error:
            report.reject(
                lines.number, f"a cell has more than {MAX_CELL_CHARACTERS:,} characters", lines.record[-1]
            )
            continue
        if len(lines.record) > 1 and _is_open(lines, dialect):
            return
        if any(row):
            yield lines.number - len(lines.record) + 1, row
        else:
            report.n_blank += 1


def _is_open(lines: _Lines, dialect: Dialect) -> bool:
    # The reader closes an open quote at the end of the text without a word.
    return sum(line.count(dialect.quote) for line in lines.record) % 2 == 1 and not lines.record[-1].endswith(
        "\n"
    )


def too_large(row: Collection[str]) -> str | None:
    """Return why a row is too large for the table of texts, None when it is not."""
    if sum(map(len, row)) * MOST_BYTES_PER_CHARACTER <= MAX_RECORD_BYTES:
        return None
    n_bytes = sum(len(cell.encode("utf-8", "replace")) + cell.count('"') for cell in row)
    return f"the row has more than {MAX_RECORD_BYTES:,} bytes" if n_bytes > MAX_RECORD_BYTES else None


def fitted(row: list[str], line: int, n_columns: int, report: LineReport) -> list[str] | None:
    """Return a row with exactly `n_columns` cells, or None when it cannot be made to fit; notes what was done."""
    surplus = len(row) - n_columns
    reason = too_large(row)
    if reason is not None:
        report.reject(line, reason, " ¦ ".join(cell[:_EXCERPT_CHARACTERS] for cell in row[:10]))
        return None
    if surplus == 0:
        return row
    text = " ¦ ".join(row)
    if surplus < 0:
        report.repair(line, f"{len(row)} cells instead of {n_columns}; the rest is taken as missing", text)
        return row + [""] * -surplus
    if not any(row[n_columns:]):
        report.repair(line, f"{len(row)} cells instead of {n_columns}; the empty surplus is dropped", text)
        return row[:n_columns]
    report.reject(line, f"{len(row)} cells instead of {n_columns}", text)
    return None
