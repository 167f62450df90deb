"""A stored document → pages, tables, whole text and report, as files in a folder: the whole reading in one call.

Runs in a process of its own with limited memory and time (`document_child`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.ingestion.domain.documents.docx import read_docx
from services.ingestion.domain.documents.judging import is_word
from services.ingestion.domain.documents.model import Document
from services.ingestion.domain.documents.pdf_document import read_pdf
from services.ingestion.domain.documents.plain import read_rtf, read_text
from services.ingestion.domain.documents.writing import write_document
from services.ingestion.domain.limited_child import Report
from services.ingestion.domain.ole import refuse_protected_or_old
from services.ingestion.domain.refusals import EMPTY, NO_TEXT, NOT_SUPPORTED, FileRefused
from services.ingestion.domain.signatures import HEAD_BYTES, Format, Signature, judge

_HINT = "Save it as PDF, DOCX or plain text and upload that; a table belongs into a workbook or CSV."


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """What came of a document: the files to be stored, and what is known about it."""

    pieces: list[Path]
    columns_metadata: dict[str, Any]
    report: dict[str, Any]


def import_document(source: Path, work: Path, report: Report, *, ocr_budget_s: float) -> ImportedDocument:
    """Return the text of a document; raises FileRefused with a reason and a hint when there is none."""
    with source.open("rb") as file:
        signature = judge(file.read(HEAD_BYTES))
    document = _read(source, work, report, signature, ocr_budget_s)
    pieces = work / "pieces"
    pieces.mkdir()
    counts = write_document(document, pieces)
    if not counts["words"]:
        raise FileRefused(
            NO_TEXT,
            "The document can be read, but there is no text in it.",
            "Check that it is the right file.",
        )
    return ImportedDocument(
        pieces=sorted(pieces.iterdir()),
        columns_metadata={"document": counts},
        report={"format": signature.format.value, **document.how, **counts, "doubts": document.doubts},
    )


def _read(source: Path, work: Path, report: Report, signature: Signature, ocr_budget_s: float) -> Document:
    found = signature.format
    if found is Format.EMPTY:
        raise FileRefused(
            EMPTY, "The file is empty: 0 bytes.", "Export it again; the upload may have been cut off."
        )
    if found is Format.PDF:
        return read_pdf(source, work, report, ocr_budget_s=ocr_budget_s)
    if found is Format.DOCX or (found in {Format.XLSX, Format.ZIP} and is_word(source)):
        return read_docx(source, report)
    if found is Format.RTF:
        return read_rtf(source, report)
    if found in {Format.TEXT, Format.JSON}:
        return read_text(source, report)
    if found is Format.OLE:
        refuse_protected_or_old(source)
    raise FileRefused(
        NOT_SUPPORTED,
        f"By its content this is {signature.name}; it cannot be read as a document. "
        "Documents that are read: PDF, Word (.docx), RTF, Markdown and plain text.",
        _HINT,
    )
