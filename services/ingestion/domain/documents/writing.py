"""A document → the files that are stored of it: pages in pieces of a fixed number, the whole text, the tables.

Pages lie in pieces so that one page of a long document is one small object to fetch. Offsets count Unicode code points
in the whole text, in which blocks are set apart by a blank line and pages by a form feed.
"""

import json
from pathlib import Path
from typing import Any

from services.ingestion.domain.documents.model import Block, Document, DocumentPage, Rows
from services.ingestion.domain.refusals import TOO_COMPLEX, FileRefused

PAGES_PER_PIECE = 50
MAX_CHARACTERS = 50_000_000
MAX_TABLES = 5000
BETWEEN_BLOCKS = "\n\n"
BETWEEN_PAGES = "\f"
TEXT, TABLES, PREVIEW = "text.txt", "tables.json", "preview.json"


def piece_name(page: int) -> str:
    """Return the name of the piece that holds a page (numbered from 1)."""
    return f"pages-{(page - 1) // PAGES_PER_PIECE + 1:05d}.json"


def write_document(document: Document, folder: Path) -> dict[str, Any]:
    """Write all pieces into the folder and return counts: pages, words, characters, headings, tables; raises FileRefused."""
    writer = _Writer(folder)
    with (folder / TEXT).open("w", encoding="utf-8", newline="") as text:
        for page in document.pages:
            text.write(writer.add(page))
    for loose in document.loose_tables:
        writer.add_table(loose.page, loose.rows, None, None)
    return writer.finish()


class _Writer:
    """Counts code points and gathers pages into pieces."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._piece: list[dict[str, Any]] = []
        self._tables: list[dict[str, Any]] = []
        self._first: dict[str, Any] | None = None
        self._at = 0
        self._counts = {"pages": 0, "words": 0, "characters": 0, "headings": 0}

    def add(self, page: DocumentPage) -> str:
        """Add a page; returns what it adds to the whole text."""
        written = BETWEEN_PAGES if self._counts["pages"] else ""
        self._at += len(written)
        blocks: list[dict[str, Any]] = []
        for block in page.blocks:
            gap = BETWEEN_BLOCKS if blocks else ""
            start = self._at + len(gap)
            self._at = start + len(block.text)
            _refuse_too_long(self._at)
            written += gap + block.text
            blocks.append(self._shaped(page, block, start))
        self._counts["pages"] += 1
        self._counts["words"] += sum(len(block.text.split()) for block in page.blocks)
        shaped = {"number": page.number, "ocr": page.is_ocr, "confidence": page.confidence, "blocks": blocks}
        self._first = self._first or shaped
        self._piece.append(shaped)
        if len(self._piece) == PAGES_PER_PIECE:
            self._flush()
        return written

    def _shaped(self, page: DocumentPage, block: Block, start: int) -> dict[str, Any]:
        self._counts["headings"] += block.kind == "heading"
        shaped: dict[str, Any] = {
            "kind": block.kind,
            "text": block.text,
            "start": start,
            "end": start + len(block.text),
            "level": block.level,
            "repeated": block.repeated,
        }
        if block.rows is not None:
            shaped["table"] = self.add_table(page.number, block.rows, start, start + len(block.text))
        return shaped

    def add_table(self, page: int, rows: Rows, start: int | None, end: int | None) -> int | None:
        """Note a table and return its number; None beyond the limit."""
        if len(self._tables) >= MAX_TABLES:
            return None
        number = len(self._tables) + 1
        width = max(map(len, rows))
        self._tables.append(
            {
                "number": number,
                "page": page,
                "n_rows": len(rows),
                "n_columns": width,
                "start": start,
                "end": end,
                "rows": [[*row, *[""] * (width - len(row))] for row in rows],
            }
        )
        return number

    def _flush(self) -> None:
        _dump(self._folder / piece_name(self._counts["pages"]), self._piece)
        self._piece = []

    def finish(self) -> dict[str, Any]:
        """Write what is left and return the counts."""
        if self._piece:
            self._flush()
        _dump(self._folder / TABLES, self._tables)
        _dump(self._folder / PREVIEW, {"columns": [], "rows": [], "page": self._first})
        return {**self._counts, "characters": self._at, "tables": len(self._tables)}


def _dump(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def _refuse_too_long(n_characters: int) -> None:
    if n_characters > MAX_CHARACTERS:
        raise FileRefused(
            TOO_COMPLEX,
            f"The document has more than {MAX_CHARACTERS:,} characters of text.",
            "Split it into several documents and upload each.",
        )
