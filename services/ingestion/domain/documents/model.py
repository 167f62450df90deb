"""What a document consists of, whatever it was written with: pages of blocks, in reading order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class BlockKind(StrEnum):
    """What a block of text is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    FOOTNOTE = "footnote"


Rows = list[list[str]]


@dataclass(slots=True)
class Block:
    """A stretch of text of one kind; a table's text is its rows, cells set apart by tabs."""

    kind: BlockKind
    text: str
    level: int | None = None
    """Of a heading: 1 is the highest. Of a list: how deep the item lies, from 1."""
    rows: Rows | None = None
    repeated: str | None = None
    """`header` or `footer` where it stands on most pages."""


@dataclass(slots=True)
class DocumentPage:
    """A page with its blocks; `confidence` (0–100) where it was read from a picture."""

    number: int
    blocks: list[Block] = field(default_factory=list)
    is_ocr: bool = False
    confidence: float | None = None


@dataclass(slots=True)
class LooseTable:
    """A table that was found beside the text of a page: its cells are in other blocks too, or in none."""

    page: int
    rows: Rows


@dataclass(slots=True)
class Document:
    """All that was read of a document, and how."""

    pages: Sequence[DocumentPage]
    loose_tables: list[LooseTable] = field(default_factory=list)
    how: dict[str, Any] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def table_block(rows: Rows) -> Block:
    """Return a table as a block; line breaks and tabs inside its cells become blanks in the text."""
    text = "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows)
    return Block(BlockKind.TABLE, text, rows=rows)


def portions(blocks: Sequence[Block], *, size: int) -> Iterator[DocumentPage]:
    """Yield the blocks of a text without pages in portions of `size`, numbered like pages."""
    for number, start in enumerate(range(0, len(blocks), size), 1):
        yield DocumentPage(number, list(blocks[start : start + size]))


def page_ranges(numbers: Sequence[int]) -> str:
    """Return page numbers as people write them: `page 2`, `pages 1–3, 7`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    listed = ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
    return f"page{'s' if len(numbers) > 1 else ''} {listed}"
