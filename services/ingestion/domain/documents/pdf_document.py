"""A PDF as a document: text, tables and, where that can be had, what stands on scanned pages."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.documents import pdf_tables
from services.ingestion.domain.documents.layout import Sizes, blocks_of, repeated_lines, sizes_of
from services.ingestion.domain.documents.mending import Vocabulary, plain_letters
from services.ingestion.domain.documents.model import (
    Block,
    Document,
    DocumentPage,
    LooseTable,
    page_ranges,
    table_block,
)
from services.ingestion.domain.documents.ocr import OcrReader, find_reader
from services.ingestion.domain.documents.pdf import Line, RawPage, open_pdf, read_pages, render
from services.ingestion.domain.limited_child import Report
from services.ingestion.domain.refusals import NEEDS_OCR, FileRefused

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument


@dataclass(slots=True)
class _Scanned:
    """The pages that are pictures: those that were read, and those that were not."""

    read: dict[int, DocumentPage] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    languages: str | None = None


def read_pdf(source: Path, work: Path, report: Report, *, ocr_budget_s: float) -> Document:
    """Return a PDF's text; raises FileRefused, also where all its pages are pictures that cannot be read here."""
    with closing(open_pdf(source)) as opened:
        raw = _raw_pages(opened, report)
        scanned = _read_scanned(opened, raw, work, report, ocr_budget_s)
    if scanned.missing and not scanned.read and not any(page.lines for page in raw):
        raise _needs_ocr(scanned, len(raw))
    return _understood(source, raw, scanned, report)


def _raw_pages(opened: "PdfDocument", report: Report) -> list[RawPage]:
    pages = []
    for page in read_pages(opened):
        page.lines = [replace(line, text=plain_letters(line.text)) for line in page.lines]
        pages.append(page)
        report("reading pages", page.number, len(opened))
    return pages


def _read_scanned(
    opened: "PdfDocument", raw: Sequence[RawPage], work: Path, report: Report, budget_s: float
) -> _Scanned:
    numbers = [page.number for page in raw if page.is_picture]
    scanned = _Scanned()
    reader = find_reader(budget_s) if numbers else None
    scanned.languages = reader.languages if reader else None
    for n, number in enumerate(numbers, 1):
        page = _read_picture(opened, reader, number, work)
        if page is None:
            scanned.missing.append(number)
        else:
            scanned.read[number] = page
        report("reading pictures of pages", n, len(numbers))
    return scanned


def _read_picture(
    opened: "PdfDocument", reader: OcrReader | None, number: int, work: Path
) -> DocumentPage | None:
    import pypdfium2

    if reader is None:
        return None
    try:
        return reader.read(render(opened, number), number, work)
    except (pypdfium2.PdfiumError, OSError, ValueError):
        return None


def _needs_ocr(scanned: _Scanned, n_pages: int) -> FileRefused:
    pages = page_ranges(scanned.missing)
    why = (
        "could not be read"
        if scanned.languages
        else "no program that reads pictures (Tesseract) is installed"
    )
    return FileRefused(
        NEEDS_OCR,
        f"The PDF has no text: its pages are pictures, as from a scanner ({pages} of {n_pages}), and {why}.",
        "Upload the document as its program exports it, or run text recognition over it first. The operator of this "
        "installation can install Tesseract (Debian: tesseract-ocr and a language such as tesseract-ocr-deu).",
    )


def _understood(source: Path, raw: list[RawPage], scanned: _Scanned, report: Report) -> Document:
    words, sizes = Vocabulary(), sizes_of(raw)
    repeated = repeated_lines(raw, sizes.body)
    words.learn(line.text for page in raw for line in page.lines)
    finder = pdf_tables.TableFinder(source)
    document = Document([], how={"pages_are": "the pages of the PDF"})
    pages = []
    for page in raw:
        tables = finder.tables(page)
        blocks = _blocks(page, tables, (sizes, repeated, words))
        pages.append(scanned.read.get(page.number) or DocumentPage(page.number, blocks))
        document.loose_tables += [LooseTable(page.number, t.rows) for t in tables if not t.lines]
        report("looking for tables", page.number, len(raw))
    document.pages = pages
    document.how |= _how(raw, scanned, finder)
    document.doubts = list(_doubts(raw, scanned, finder))
    return document


def _blocks(
    page: RawPage,
    tables: list[pdf_tables.PageTable],
    style: tuple[Sizes, dict[str, str], Vocabulary],
) -> list[Block]:
    """The page's blocks in the order of its lines, each table where its first line stood."""
    owner = {i: table for table in tables for i in table.lines}
    blocks: list[Block] = []
    waiting: list[Line] = []
    seen: set[int] = set()
    for i, line in enumerate(page.lines):
        table = owner.get(i)
        if table is None:
            waiting.append(line)
        elif id(table) not in seen:
            seen.add(id(table))
            blocks += [block for block, _ in blocks_of(waiting, *style)]
            waiting = []
            blocks.append(table_block(table.rows))
    return blocks + [block for block, _ in blocks_of(waiting, *style)]


def _how(raw: list[RawPage], scanned: _Scanned, finder: pdf_tables.TableFinder) -> dict[str, Any]:
    confidences = [page.confidence for page in scanned.read.values() if page.confidence is not None]
    return {
        "scanned_pages": sorted([*scanned.read, *scanned.missing]),
        "missing_pages": scanned.missing,
        "blank_pages": [page.number for page in raw if not page.lines and not page.is_picture],
        "ocr": {
            "pages": sorted(scanned.read),
            "languages": scanned.languages,
            "mean_confidence": round(sum(confidences) / len(confidences), 1) if confidences else None,
        },
        "pages_not_searched_for_tables": finder.not_searched,
    }


def _doubts(raw: list[RawPage], scanned: _Scanned, finder: pdf_tables.TableFinder) -> Iterator[str]:
    if scanned.missing:
        yield f"{page_ranges(scanned.missing)}: a picture without text, which was not read"
    if scanned.read:
        yield f"{page_ranges(sorted(scanned.read))}: read from a picture; check names and figures"
    if finder.not_searched:
        yield f"{page_ranges(finder.not_searched)}: not searched for tables"
    cut = [page.number for page in raw if page.is_cut]
    if cut:
        yield f"{page_ranges(cut)}: more text than a page can have; only its beginning was read"
